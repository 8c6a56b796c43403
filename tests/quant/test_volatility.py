"""Volatility against its own past."""

import numpy as np
import pytest

from cryptofunk_tui.quant.volatility import largest_move, volatility_ratio


def test_a_steady_market_is_its_own_median() -> None:
    returns = np.tile([0.01, -0.01], 200)
    assert volatility_ratio(returns, 24, (168, 720)) == pytest.approx(1.0)


def test_a_market_four_times_as_wild_reads_four() -> None:
    returns = np.concatenate([np.tile([0.01, -0.01], 200), np.tile([0.04, -0.04], 12)])
    assert volatility_ratio(returns, 24, (168, 720)) == pytest.approx(4.0)


def test_the_median_looks_back_no_further_than_its_most_bars() -> None:
    """Where the wild stretch fills the window of the median, it is the measure."""
    returns = np.concatenate([np.tile([0.01, -0.01], 500), np.tile([0.04, -0.04], 96)])
    assert volatility_ratio(returns, 24, (100, 168)) == pytest.approx(1.0)


def test_too_few_bars_or_a_market_that_stands_still_cannot_say() -> None:
    assert volatility_ratio(np.full(190, 0.01), 24, (168, 720)) is None
    assert volatility_ratio(np.full(191, 0.01), 24, (168, 720)) == pytest.approx(1.0)
    assert volatility_ratio(np.zeros(300), 24, (168, 720)) is None


def test_the_largest_move_ends_now() -> None:
    assert largest_move(np.array([100.0, 103.0, 102.0, 99.0])) == pytest.approx(1 - 99 / 103)
    assert largest_move(np.array([103.0, 99.0, 103.0])) == pytest.approx(103 / 99 - 1)
