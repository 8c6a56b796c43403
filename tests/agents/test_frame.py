import numpy as np
import pytest

from cryptofunk_tui.agents.frame import Frame
from tests.agents.scene import candles, frame


def test_a_column_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="column 'rsi_14' has 2 values, the candles have 3"):
        Frame(candles([1.0, 1.0, 1.0]), {"rsi_14": np.zeros(2)})


def test_a_slice_keeps_what_is_warm() -> None:
    whole = frame({"a": [1.0, 2.0, 3.0, 4.0]}, warm=2)
    assert whole.trusted("a").tolist() == [False, False, True, True]
    assert whole.rows(1).trusted("a").tolist() == [False, True, True]
    assert whole.rows(-1).trusted("a").tolist() == [True]
    assert whole.rows(0, 2).trusted("a").tolist() == [False, False]


def test_a_slice_of_a_history_that_is_too_short_is_not_warm() -> None:
    assert frame({"a": [1.0, 2.0]}, warm=10).rows(-1).warm == 9


def test_absent_nan_and_infinite_are_unknown() -> None:
    seen = frame({"a": [1.0, np.nan, np.inf], "b": [1.0, 1.0, 1.0]})
    assert seen.known("a", "b").tolist() == [True, False, False]
    assert not seen.known("b", "c").any()


def test_features_of_now_stand_in_the_last_row() -> None:
    seen = frame({"a": [1.0, 2.0]}).with_now({"book.depth": 0.5})
    assert np.isnan(seen.columns["book.depth"][0])
    assert seen.columns["book.depth"][1] == 0.5


def test_why_a_row_is_unknown() -> None:
    seen = frame({"a": [1.0, np.nan], "b": [1.0, 1.0]}, warm=1)
    assert seen.why_unknown(0, "a", "b") == ("warming up: 1 more bars are needed",)
    assert seen.why_unknown(-1, "a", "b", "c") == ("a is not known", "c is not known")
