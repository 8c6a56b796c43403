"""Sharpe, Sortino, Calmar and drawdown by hand and by property."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cryptofunk_tui.quant.performance import calmar, drawdown, ratios

CURVES = st.lists(st.floats(0.01, 1e9), min_size=1, max_size=100)


def test_ratios_by_hand() -> None:
    returns = [0.02, -0.01, 0.03, 0.0]
    found = ratios(returns)
    assert found.sharpe == pytest.approx(0.01 / np.std(returns, ddof=1))
    assert found.annualized_sharpe == pytest.approx(0.01 / np.std(returns, ddof=1) * math.sqrt(365))
    assert found.annualized_sortino == pytest.approx(0.01 * math.sqrt(365) / math.sqrt(0.0001 / 4))
    assert found.observations == 4


def test_the_riskless_rate_is_a_years() -> None:
    plain, over = ratios([0.02, -0.01, 0.03]), ratios([0.02, -0.01, 0.03], risk_free_rate=0.365)
    deviation = float(np.std([0.02, -0.01, 0.03], ddof=1))
    assert plain.sharpe is not None
    assert over.sharpe == pytest.approx(plain.sharpe - 0.001 / deviation)


def test_without_risk_there_is_no_ratio() -> None:
    found = ratios([0.01, 0.01, 0.01])
    assert (found.sharpe, found.annualized_sharpe, found.annualized_sortino) == (None, None, None)
    assert ratios([0.01, 0.02]).annualized_sortino is None


@given(st.lists(st.floats(-0.5, 0.5), min_size=2, max_size=100))
def test_mirrored_returns_mirror_sharpe(returns: list[float]) -> None:
    there, back = ratios(returns).sharpe, ratios([-r for r in returns]).sharpe
    if there is None or back is None:
        assert there is back
    else:
        assert back == pytest.approx(-there)


@pytest.mark.parametrize(
    ("returns", "rate", "periods", "named"),
    [
        ([0.1], 0.0, 365.0, "returns has 1"),
        ([0.1, math.inf], 0.0, 365.0, "returns row 1"),
        ([0.1, 0.2], math.nan, 365.0, "risk_free_rate"),
        ([0.1, 0.2], 0.0, 0.0, "periods_per_year"),
    ],
)
def test_bad_input_is_named(returns: list[float], rate: float, periods: float, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        ratios(returns, rate, periods)


def test_the_deepest_fall_with_its_peak_trough_and_recovery() -> None:
    found = drawdown([100, 120, 90, 110, 125, 100, 118])
    assert found.max_drawdown == pytest.approx(-0.25)
    assert (found.peak_index, found.trough_index, found.recovery_index) == (1, 2, 4)
    assert found.current_drawdown == pytest.approx(118 / 125 - 1)


def test_the_starting_capital_is_the_first_peak() -> None:
    found = drawdown([100, 80, 90])
    assert found.max_drawdown == pytest.approx(-0.2)
    assert (found.peak_index, found.trough_index, found.recovery_index) == (0, 1, None)


def test_a_curve_that_never_falls_has_no_indices() -> None:
    found = drawdown([100, 100, 110])
    assert found.max_drawdown == found.current_drawdown == 0
    assert (found.peak_index, found.trough_index, found.recovery_index) == (None, None, None)


@given(CURVES)
def test_a_drawdown_is_never_above_zero(curve: list[float]) -> None:
    found = drawdown(curve)
    assert -1 <= found.max_drawdown <= found.current_drawdown <= 0
    if found.peak_index is not None and found.trough_index is not None:
        assert found.peak_index < found.trough_index
        assert max(curve[: found.trough_index + 1]) == curve[found.peak_index]
        assert found.max_drawdown == pytest.approx(curve[found.trough_index] / curve[found.peak_index] - 1)
        if found.recovery_index is not None:
            assert curve[found.recovery_index] >= curve[found.peak_index]
            assert found.recovery_index > found.trough_index


def test_calmar_is_yearly_growth_over_the_deepest_fall() -> None:
    curve = [100.0, 90.0, *([100.0] * 362), 120.0, 130.0]
    assert calmar(curve) == pytest.approx(0.30 / 0.10)
    assert calmar([100, 110]) is None


@given(st.lists(st.floats(0, 1e9), min_size=1, max_size=50), st.floats(1e-3, 1e9))
@example([5e-324], 2.0)
def test_calmar_never_fails(rest: list[float], start: float) -> None:
    found = calmar([start, *rest])
    assert found is None or math.isfinite(found)


@pytest.mark.parametrize(
    ("curve", "named"),
    [
        ([], "equity_curve has 0"),
        ([0.0, 1.0], "row 0"),
        ([1.0, -1.0], "row 1"),
        ([1.0, math.nan], "row 1"),
    ],
)
def test_a_bad_curve_is_named(curve: list[float], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        drawdown(curve)
