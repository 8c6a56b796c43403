"""How much a bad period may cost: value at risk and the mean loss beyond it.

Losses are positive shares; a negative figure says that even the tail gains. Formulas, with α = 1 − the
confidence and z = Φ⁻¹(α):

- historical: −quantile(α); CVaR −mean(returns at or below it)
- normal: −(μ + zσ); CVaR −μ + σφ(z)/α
- Cornish-Fisher: z' = z + (z²−1)S/6 + (z³−3z)K/24 − (2z³−5z)S²/36, K in excess; VaR −(μ + z'σ), CVaR the
  mean of z' over the tail, in closed form since ∫Heₙφ = −Heₙ₋₁φ (Maillard, "A User's Guide to the
  Cornish Fisher Expansion", 2012)."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, get_args

import numpy as np

from cryptofunk_tui.domain.candles import Floats
from cryptofunk_tui.quant.checked import checked_series

Method = Literal["historical", "normal", "cornish_fisher"]
_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class ValueAtRisk:
    """`var` and `cvar` for one period, as positive losses; `cvar` is never below `var`. `reliable` is False
    where skewness and kurtosis leave the region in which Cornish-Fisher quantiles are in order."""

    var: float
    cvar: float
    observations: int
    reliable: bool = True


def value_at_risk(
    returns: Sequence[float] | Floats, confidence: float = 0.95, method: Method = "historical"
) -> ValueAtRisk:
    """Value at risk of one period of simple returns. Raises ValueError for fewer than 2 returns, one that is
    not finite or below −1, or a confidence outside (0.5, 1)."""
    series = checked_series("returns", returns, least=2)
    if (series < -1).any():
        row = int(np.argmax(series < -1))
        raise ValueError(f"returns row {row}: {series[row]} loses more than everything; pass fractions")
    if not 0.5 < confidence < 1:
        raise ValueError(f"confidence_level must lie between 0.5 and 1, not {confidence}")
    match method:
        case "historical":
            return _historical(series, _tail(confidence))
        case "normal":
            return _cornish_fisher(series, _tail(confidence), skew=0.0, excess=0.0)
        case "cornish_fisher":
            return _cornish_fisher(series, _tail(confidence), *_skew_and_excess(series))


def checked_method(text: str) -> Method:
    """`text` as the name of a method. Raises ValueError for another."""
    known: dict[str, Method] = {name: name for name in get_args(Method)}
    if text not in known:
        raise ValueError(f"method must be one of {', '.join(known)}, not {text!r}")
    return known[text]


def historical_var(returns: Floats, confidence: float) -> float:
    """The historical figure alone, for checked returns."""
    return -_quantile(returns, _tail(confidence))


def _tail(confidence: float) -> float:
    """1 − confidence as it was meant: 0.1 for 0.9, so that a quantile on a row falls on the row."""
    return round(1 - confidence, 12)


def _quantile(series: Floats, share: float) -> float:
    """The quantile with linear interpolation between rows, several times as fast as numpy's general one."""
    rows = np.sort(series)
    place = share * (len(rows) - 1)
    below = int(place)
    above = min(below + 1, len(rows) - 1)
    return float(rows[below] + (rows[above] - rows[below]) * (place - below))


def _historical(series: Floats, alpha: float) -> ValueAtRisk:
    quantile = _quantile(series, alpha)
    tail = series[series <= quantile]
    cvar = -float(np.mean(tail)) if tail.size else -quantile
    return ValueAtRisk(-quantile, max(cvar, -quantile), series.size)


def _cornish_fisher(series: Floats, alpha: float, skew: float, excess: float) -> ValueAtRisk:
    """With neither skew nor excess kurtosis this is the normal figure."""
    mean, deviation = float(np.mean(series)), float(np.std(series, ddof=1))
    z = _NORMAL.inv_cdf(alpha)
    cube = skew * skew / 36
    bent = z + (z * z - 1) * skew / 6 + (z**3 - 3 * z) * excess / 24 - (2 * z**3 - 5 * z) * cube
    tail = 1 + z * skew / 6 + (z * z - 1) * excess / 24 - (2 * z * z - 1) * cube
    var = -(mean + bent * deviation)
    cvar = -mean + _NORMAL.pdf(z) / alpha * tail * deviation
    return ValueAtRisk(var, max(cvar, var), series.size, _in_order(skew, excess))


def _in_order(skew: float, excess: float) -> bool:
    """Whether z' rises with z everywhere: its derivative, a parabola in z, has no real root."""
    square = excess / 8 - skew * skew / 6
    linear = skew / 3
    constant = 1 - excess / 8 + 5 * skew * skew / 36
    if square == 0:
        return linear == 0 and constant > 0
    return square > 0 and linear * linear < 4 * square * constant


def _skew_and_excess(series: Floats) -> tuple[float, float]:
    """Skewness and excess kurtosis of the sample as it is (biased); 0 for a flat one."""
    centred = series - np.mean(series)
    variance = float(np.mean(centred**2))
    if np.ptp(series) == 0 or variance == 0:
        return 0.0, 0.0
    standard = centred / np.sqrt(variance)
    return float(np.mean(standard**3)), float(np.mean(standard**4)) - 3
