"""Returns on one clock: aligned, never across a gap, and refused where there are too few."""

import numpy as np
import pytest
from scipy import stats

from cryptofunk_tui.domain.base import to_ms
from cryptofunk_tui.risk.history import History, Series, TooLittleHistory, correlations
from tests.risk.scene import HOUR_MS, NOW, history, walk


def test_returns_are_the_newest_ones_of_one_bar_each() -> None:
    prices = walk(1)
    found = history({"BTC/EUR": prices}).returns(["BTC/EUR"], 720)
    assert found.shape == (720, 1)
    assert found[:, 0] == pytest.approx(np.diff(prices)[-720:] / prices[-721:-1])


def test_symbols_are_aligned_by_time_not_by_row() -> None:
    prices = walk(1)
    whole = history({"BTC/EUR": prices, "ETH/EUR": prices})
    eth = whole.series("ETH/EUR")
    keep = np.ones(len(eth), bool)
    keep[300] = False
    gappy = History(
        HOUR_MS,
        whole.until_ms,
        {"BTC/EUR": whole.series("BTC/EUR"), "ETH/EUR": Series(eth.open_ms[keep], eth.close[keep])},
    )
    found = gappy.returns(["BTC/EUR", "ETH/EUR"], 720)
    assert found[:, 0] == pytest.approx(found[:, 1])
    assert np.abs(found).max() <= np.abs(np.diff(prices) / prices[:-1]).max()
    assert len(found) == 720


def test_no_return_spans_a_gap() -> None:
    prices = np.concatenate([np.full(600, 100.0), np.full(145, 150.0)])
    stamps = to_ms(NOW) - HOUR_MS * np.arange(745, 0, -1, dtype=np.int64)
    stamps[:600] -= 10 * HOUR_MS
    found = History(HOUR_MS, to_ms(NOW), {"A/EUR": Series(stamps, prices)}).returns(["A/EUR"], 720)
    assert np.all(found == 0)


@pytest.mark.parametrize("bars", [0, 1, 500])
def test_too_little_history_is_refused(bars: int) -> None:
    with pytest.raises(TooLittleHistory, match="500 are needed"):
        history({"BTC/EUR": walk(1, bars=bars)}).returns(["BTC/EUR"], 720)


def test_a_shorter_configured_history_needs_no_more_than_itself() -> None:
    assert len(history({"BTC/EUR": walk(1, bars=101)}).returns(["BTC/EUR"], 100)) == 100


def test_an_unknown_symbol_has_no_history() -> None:
    with pytest.raises(TooLittleHistory, match="0 bars of BTC/EUR, DOGE/EUR"):
        history({"BTC/EUR": walk(1)}).returns(["BTC/EUR", "DOGE/EUR"], 720)


def test_a_market_that_stopped_is_not_recent() -> None:
    series = history({"BTC/EUR": walk(1)}).closes
    now = to_ms(NOW)
    assert History(HOUR_MS, now + 2 * HOUR_MS - 1, series).recent("BTC/EUR") is series["BTC/EUR"]
    with pytest.raises(TooLittleHistory, match="newest bar of BTC/EUR closed at 2025-03-01 00:00 UTC"):
        History(HOUR_MS, now + 2 * HOUR_MS, series).recent("BTC/EUR")
    with pytest.raises(TooLittleHistory, match="no bars of ETH/EUR"):
        History(HOUR_MS, now, series).recent("ETH/EUR")


def test_correlations_agree_with_scipy_and_a_flat_column_has_none() -> None:
    returns = np.random.default_rng(4).normal(size=(300, 3))
    returns[:, 1] += 2 * returns[:, 0]
    returns[:, 2] = 0.1
    found = correlations(returns)
    assert found[0, 1] == pytest.approx(stats.pearsonr(returns[:, 0], returns[:, 1]).statistic)
    assert np.diag(found) == pytest.approx(1)
    assert found[0, 2] == found[2, 1] == 0
