"""How well an account did: Sharpe, Sortino, Calmar and drawdown.

Formulas: Sharpe mean/sd (sample deviation), annualised × √periods; Sortino mean·√periods /
√mean(min(r, 0)²); Calmar CAGR / |max drawdown|; drawdown E/peak − 1 with the starting capital as the first
peak. Crypto never closes: a year has 365 days."""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cryptofunk_tui.domain.candles import Floats
from cryptofunk_tui.quant.checked import checked_series

DAYS_A_YEAR = 365.0
MAX_EXPONENT = math.log(sys.float_info.max) - 1


@dataclass(frozen=True, slots=True)
class Ratios:
    """Reward over risk; None where the risk is 0, so that no ratio exists."""

    sharpe: float | None
    annualized_sharpe: float | None
    annualized_sortino: float | None
    observations: int


@dataclass(frozen=True, slots=True)
class Drawdown:
    """The deepest fall from a peak, ≤ 0. The indices are None where the curve never fell; `recovery_index`
    is the first row after the trough that is back at the peak, None while it is not."""

    max_drawdown: float
    current_drawdown: float
    peak_index: int | None
    trough_index: int | None
    recovery_index: int | None


def ratios(
    returns: Sequence[float] | Floats, risk_free_rate: float = 0.0, periods_per_year: float = DAYS_A_YEAR
) -> Ratios:
    """Sharpe and Sortino of simple returns. `risk_free_rate` is a fraction a year, spread evenly over its
    periods. Raises ValueError for fewer than 2 returns or a number that is not finite."""
    series = checked_series("returns", returns, least=2)
    if not (np.isfinite(periods_per_year) and periods_per_year > 0):
        raise ValueError(f"periods_per_year must be above 0, not {periods_per_year}")
    if not np.isfinite(risk_free_rate):
        raise ValueError(f"risk_free_rate must be a finite number, not {risk_free_rate}")
    excess = series - risk_free_rate / periods_per_year
    mean = float(np.mean(excess))
    deviation = float(np.std(excess, ddof=1)) if np.ptp(series) > 0 else 0.0
    downside = float(np.sqrt(np.mean(np.minimum(excess, 0.0) ** 2)))
    root = float(np.sqrt(periods_per_year))
    sharpe = mean / deviation if deviation > 0 else None
    return Ratios(
        sharpe,
        None if sharpe is None else sharpe * root,
        mean * root / downside if downside > 0 else None,
        series.size,
    )


def drawdown(equity: Sequence[float] | Floats) -> Drawdown:
    """The drawdown of an equity curve. Raises ValueError for an empty curve, one that does not start above
    0, or a value below 0."""
    curve = _checked_equity(equity, least=1)
    peaks = np.maximum.accumulate(curve)
    falls = curve / peaks - 1
    trough = int(np.argmin(falls))
    if falls[trough] == 0:
        return Drawdown(0.0, 0.0, None, None, None)
    peak = int(np.argmax(curve[: trough + 1]))
    back = np.flatnonzero(curve[trough:] >= curve[peak])
    recovery = trough + int(back[0]) if back.size else None
    return Drawdown(float(falls[trough]), float(falls[-1]), peak, trough, recovery)


def calmar(equity: Sequence[float] | Floats, periods_per_year: float = DAYS_A_YEAR) -> float | None:
    """Compound yearly growth over the deepest fall; None where the curve never fell, or where it is so short
    and steep that a year of it is beyond all numbers."""
    deepest = drawdown(equity).max_drawdown
    growth = yearly_growth(equity, periods_per_year)
    return None if deepest == 0 or growth is None else growth / abs(deepest)


def yearly_growth(equity: Sequence[float] | Floats, periods_per_year: float = DAYS_A_YEAR) -> float | None:
    """Compound growth a year, as a fraction; None where the curve is so short and steep that a year of it is
    beyond all numbers."""
    curve = _checked_equity(equity, least=2)
    if curve[-1] == 0:
        return -1.0
    growth = math.log(curve[-1]) - math.log(curve[0])
    exponent = growth * periods_per_year / (curve.size - 1)
    return math.expm1(exponent) if exponent < MAX_EXPONENT else None


def _checked_equity(equity: Sequence[float] | Floats, *, least: int) -> Floats:
    """An equity curve as float64, checked to start above 0 and never to lie below it."""
    curve = checked_series("equity_curve", equity, least=least)
    if curve[0] <= 0:
        raise ValueError(f"equity_curve row 0: {curve[0]} must be above 0: it is the starting capital")
    if (curve < 0).any():
        row = int(np.argmax(curve < 0))
        raise ValueError(f"equity_curve row {row}: {curve[row]} is below 0; a spot account cannot be")
    return curve
