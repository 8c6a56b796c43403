import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.domain.candles import Candles
from cryptofunk_tui.market.bars import aggregate, checked_multiple, window
from cryptofunk_tui.market.source import MarketError
from tests.market.scene import HOUR_MS, START_MS, candles

PRICES = st.lists(st.floats(min_value=0.5, max_value=2e5), min_size=1, max_size=60)


def test_four_hours_are_their_four_bars() -> None:
    four = aggregate(candles([10, 12, 9, 11, 20, 21, 22, 23]), "4h")
    assert four.timestamp_ms.tolist() == [START_MS, START_MS + 4 * HOUR_MS]
    assert four.open.tolist() == [10, 11]
    assert four.close.tolist() == [11, 23]
    assert four.high.tolist() == [12 * 1.01, 23 * 1.01]
    assert four.low.tolist() == [9 * 0.99, 11 * 0.99]
    assert four.volume.tolist() == [2 + 3 + 4 + 5, 6 + 7 + 8 + 9]


def test_an_interval_without_bars_stays_a_gap() -> None:
    four = aggregate(candles(list(range(1, 13)), skip=(4, 5, 6, 7)), "4h")
    assert four.timestamp_ms.tolist() == [START_MS, START_MS + 8 * HOUR_MS]


def test_nothing_aggregates_to_nothing() -> None:
    nothing = aggregate(candles([1]).rows(0, 0), "4h")
    assert len(nothing) == 0
    assert nothing.timeframe == "4h"


@given(PRICES, st.data())
def test_aggregated_bars_are_valid_and_keep_the_volume(prices: list[float], data: st.DataObject) -> None:
    skip = data.draw(st.sets(st.integers(0, len(prices) - 1), max_size=len(prices) - 1))
    bars = candles(prices, skip=sorted(skip))
    four = aggregate(bars, "4h")
    Candles.from_columns("BTC/EUR", "4h", four.columns())
    assert np.isclose(four.volume.sum(), bars.volume.sum())
    assert four.high.max() == bars.high.max()
    assert four.low.min() == bars.low.min()


@pytest.mark.parametrize("timeframe", ["1m", "90m", "30m"])
def test_what_does_not_divide_evenly_is_refused(timeframe: str) -> None:
    with pytest.raises(MarketError, match=f"bars of {timeframe} cannot be made of 1h bars"):
        checked_multiple("1h", timeframe)


def test_a_window_is_the_newest_or_the_first_since() -> None:
    bars = candles([1, 2, 3, 4, 5])
    assert window(bars, 2, None).close.tolist() == [4, 5]
    assert window(bars, 2, START_MS + HOUR_MS).close.tolist() == [2, 3]
    assert window(bars, 2, START_MS + HOUR_MS // 2).close.tolist() == [2, 3]
    assert len(window(bars, 2, START_MS + 9 * HOUR_MS)) == 0
