"""What the newest value of an indicator says, in one word."""

import numpy as np

from cryptofunk_tui.domain.candles import Floats

OVERSOLD = 30.0
OVERBOUGHT = 70.0
TRENDING = 25.0
STRONG_TREND = 50.0
VERY_STRONG_TREND = 75.0
_STANDS_STILL = 1e-9
"""Change of an average, of its value, that rounding alone can make."""


def rsi_signal(rsi: float) -> str:
    """`oversold` at 30 or below, `overbought` at 70 or above, else `neutral` (Wilder, 1978)."""
    if rsi <= OVERSOLD:
        return "oversold"
    return "overbought" if rsi >= OVERBOUGHT else "neutral"


def band_signal(percent_b: float) -> str:
    """`oversold` on or below the lower band, `overbought` on or above the upper one, else `neutral`."""
    if percent_b <= 0:
        return "oversold"
    return "overbought" if percent_b >= 1 else "neutral"


def macd_crossover(histogram: Floats) -> str:
    """`bullish` where the newest bar took the MACD above its signal line, `bearish` below it, else `none`. A
    touch is no crossing: the side before it counts."""
    sides = np.sign(histogram[~np.isnan(histogram)])
    if sides.size < 2 or sides[-1] == 0:
        return "none"
    earlier = sides[:-1][sides[:-1] != 0]
    if earlier.size and earlier[-1] == sides[-1]:
        return "none"
    return "bullish" if sides[-1] > 0 else "bearish"


def average_trend(average: Floats) -> str:
    """`rising`, `falling` or `flat` against the bar before; `unknown` where there is only one value."""
    values = average[~np.isnan(average)]
    if values.size < 2:
        return "unknown"
    change = values[-1] - values[-2]
    if abs(change) <= _STANDS_STILL * abs(values[-2]):
        return "flat"
    return "rising" if change > 0 else "falling"


def trend_strength(adx: float) -> str:
    """`weak` below 25, `strong` below 50, `very strong` below 75, else `extreme`."""
    for bound, word in ((TRENDING, "weak"), (STRONG_TREND, "strong"), (VERY_STRONG_TREND, "very strong")):
        if adx < bound:
            return word
    return "extreme"
