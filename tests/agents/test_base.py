import numpy as np
import pytest

from cryptofunk_tui.agents.base import ABSTAIN, BUY, HOLD, SELL, Need, Plans, Scores, direction, leaning
from cryptofunk_tui.agents.council import build
from cryptofunk_tui.domain.rules import Rules
from cryptofunk_tui.domain.signals import Action
from cryptofunk_tui.quant.indicators import IndicatorSpec


@pytest.mark.parametrize(
    "need",
    [
        *build(Rules()).needs,
        Need("bollinger", (("period", 20), ("std_dev", 2.5))),
        Need("bollinger", (("period", 20), ("std_dev", 2.1234567))),
    ],
    ids=lambda need: need.key,
)
def test_a_needs_key_is_the_indicators(need: Need) -> None:
    assert need.key == IndicatorSpec(need.name, need.parameters).key


def test_leaning_starts_at_the_threshold_on_both_sides() -> None:
    score = np.array([0.3, 0.2999, 0.0, -0.2999, -0.3, -1.0, 0.1 + 0.2 - 1e-12])
    scores = leaning(np.ones(7, dtype=np.bool_), score, 0.3)
    assert scores.action.tolist() == [BUY, HOLD, HOLD, HOLD, SELL, SELL, BUY]
    assert scores.confidence == pytest.approx([0.3, 0.7001, 1.0, 0.7001, 0.3, 1.0, 0.3])


def test_unknown_rows_abstain_without_confidence() -> None:
    known = np.array([True, False])
    scores = Scores.where(known, np.array([1, 1], dtype=np.int8), np.array([np.float64(1.7), np.nan]))
    assert scores.action.tolist() == [BUY, ABSTAIN]
    assert scores.confidence.tolist() == [1.0, 0.0]
    assert Scores.abstain(2).at(-1) == (Action.ABSTAIN, 0.0)


@pytest.mark.parametrize("action", list(Action))
def test_a_record_and_its_row_say_the_same(action: Action) -> None:
    assert Scores.single(action, 0.25).at(0) == (action, 0.25)


def test_direction_is_none_where_both_hold() -> None:
    up, down = np.array([True, False, True, False]), np.array([False, True, True, False])
    assert direction(up, down).tolist() == [1, -1, 0, 0]


def test_plans_stand_in_their_rows_only() -> None:
    plans = Plans.at(3, np.array([1]), stop=np.array([90.0]), target=np.array([120.0]), setup_ms=5)
    assert np.isnan(plans.stop[[0, 2]]).all()
    assert plans.stop[1] == 90.0
    assert np.isnan(plans.trail).all()
    assert plans.setup_ms.tolist() == [-1, 5, -1]
    assert plans.rows(1, 2).target.tolist() == [120.0]
