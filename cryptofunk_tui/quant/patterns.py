"""The 61 candlestick patterns of TA-Lib, by plain names and with honest directions.

TA-Lib marks a doji and eight kin with a positive number, or with the candle's colour, and notes in its
sources that this "does not mean it is bullish": here they have direction 0.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

import numpy as np
import talib
from numpy.typing import NDArray
from talib.abstract import Function  # type: ignore[attr-defined]

from cryptofunk_tui.domain.candles import Candles, Floats

PATTERNS = {
    "abandoned_baby": "CDLABANDONEDBABY",
    "advance_block": "CDLADVANCEBLOCK",
    "belt_hold": "CDLBELTHOLD",
    "breakaway": "CDLBREAKAWAY",
    "closing_marubozu": "CDLCLOSINGMARUBOZU",
    "concealing_baby_swallow": "CDLCONCEALBABYSWALL",
    "counterattack": "CDLCOUNTERATTACK",
    "dark_cloud_cover": "CDLDARKCLOUDCOVER",
    "doji": "CDLDOJI",
    "doji_star": "CDLDOJISTAR",
    "dragonfly_doji": "CDLDRAGONFLYDOJI",
    "engulfing": "CDLENGULFING",
    "evening_doji_star": "CDLEVENINGDOJISTAR",
    "evening_star": "CDLEVENINGSTAR",
    "gap_side_by_side_white": "CDLGAPSIDESIDEWHITE",
    "gravestone_doji": "CDLGRAVESTONEDOJI",
    "hammer": "CDLHAMMER",
    "hanging_man": "CDLHANGINGMAN",
    "harami": "CDLHARAMI",
    "harami_cross": "CDLHARAMICROSS",
    "high_wave": "CDLHIGHWAVE",
    "hikkake": "CDLHIKKAKE",
    "hikkake_modified": "CDLHIKKAKEMOD",
    "homing_pigeon": "CDLHOMINGPIGEON",
    "identical_three_crows": "CDLIDENTICAL3CROWS",
    "in_neck": "CDLINNECK",
    "inverted_hammer": "CDLINVERTEDHAMMER",
    "kicking": "CDLKICKING",
    "kicking_by_length": "CDLKICKINGBYLENGTH",
    "ladder_bottom": "CDLLADDERBOTTOM",
    "long_legged_doji": "CDLLONGLEGGEDDOJI",
    "long_line": "CDLLONGLINE",
    "marubozu": "CDLMARUBOZU",
    "mat_hold": "CDLMATHOLD",
    "matching_low": "CDLMATCHINGLOW",
    "morning_doji_star": "CDLMORNINGDOJISTAR",
    "morning_star": "CDLMORNINGSTAR",
    "on_neck": "CDLONNECK",
    "piercing": "CDLPIERCING",
    "rickshaw_man": "CDLRICKSHAWMAN",
    "rising_falling_three_methods": "CDLRISEFALL3METHODS",
    "separating_lines": "CDLSEPARATINGLINES",
    "shooting_star": "CDLSHOOTINGSTAR",
    "short_line": "CDLSHORTLINE",
    "spinning_top": "CDLSPINNINGTOP",
    "stalled": "CDLSTALLEDPATTERN",
    "stick_sandwich": "CDLSTICKSANDWICH",
    "takuri": "CDLTAKURI",
    "tasuki_gap": "CDLTASUKIGAP",
    "three_black_crows": "CDL3BLACKCROWS",
    "three_inside": "CDL3INSIDE",
    "three_line_strike": "CDL3LINESTRIKE",
    "three_outside": "CDL3OUTSIDE",
    "three_stars_in_the_south": "CDL3STARSINSOUTH",
    "three_white_soldiers": "CDL3WHITESOLDIERS",
    "thrusting": "CDLTHRUSTING",
    "tristar": "CDLTRISTAR",
    "two_crows": "CDL2CROWS",
    "unique_three_river": "CDLUNIQUE3RIVER",
    "upside_gap_two_crows": "CDLUPSIDEGAP2CROWS",
    "xside_gap_three_methods": "CDLXSIDEGAP3METHODS",
}
"""Our name for each of TA-Lib's pattern functions."""

INDECISION = frozenset(
    {
        "doji",
        "dragonfly_doji",
        "gravestone_doji",
        "high_wave",
        "long_legged_doji",
        "rickshaw_man",
        "short_line",
        "spinning_top",
        "takuri",
    }
)
"""Shapes that TA-Lib's own notes call neither bullish nor bearish when seen alone."""

REVERSALS = (
    "hammer",
    "inverted_hammer",
    "hanging_man",
    "shooting_star",
    "engulfing",
    "harami",
    "piercing",
    "dark_cloud_cover",
    "morning_star",
    "evening_star",
    "three_white_soldiers",
    "three_black_crows",
)
"""The twelve whose direction the column `reversal` carries."""

LOOKBACK = {name: int(Function(function).lookback) for name, function in PATTERNS.items()}
"""Bars before the first one on which a pattern can be seen."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A pattern that completes on row `index`: direction 1 bullish, −1 bearish, 0 indecision."""

    name: str
    index: int
    direction: int


def detect(candles: Candles, names: Iterable[str] | None = None) -> list[Sighting]:
    """Every sighting of the named patterns, all 61 without names, ordered by row and then by name.

    Raises ValueError for an unknown name and where there are fewer bars than a named pattern needs.
    """
    wanted = sorted(set(PATTERNS if names is None else names))
    for name in wanted:
        _check(name, len(candles))
    found: list[Sighting] = []
    for name in wanted:
        marks = _marks(name, candles.open, candles.high, candles.low, candles.close)
        signs = np.zeros_like(marks) if name in INDECISION else np.sign(marks)
        found += [Sighting(name, row, int(signs[row])) for row in np.flatnonzero(marks).tolist()]
    return sorted(found, key=lambda seen: (seen.index, seen.name))


def reversal(open_: Floats, high: Floats, low: Floats, close: Floats) -> Floats:
    """−1, 0 or 1 for each row: the direction of the reversal patterns that complete on it, 0 where there are
    none or where they contradict each other. NaN in the rows before all twelve can be seen."""
    total = sum(np.sign(_marks(name, open_, high, low, close)) for name in REVERSALS)
    column = np.sign(total).astype(np.float64)
    column[: reversal_lookback()] = np.nan
    return column


def reversal_lookback() -> int:
    """Rows before all twelve reversal patterns can be seen."""
    return max(LOOKBACK[name] for name in REVERSALS)


def _marks(name: str, open_: Floats, high: Floats, low: Floats, close: Floats) -> NDArray[np.int32]:
    marks: NDArray[np.int32] = getattr(talib, PATTERNS[name])(open_, high, low, close)
    return marks


def _check(name: str, bars: int) -> None:
    if name not in PATTERNS:
        near = get_close_matches(name, PATTERNS, 1)
        hint = f"did you mean {near[0]!r}?" if near else "list_indicators names all 61"
        raise ValueError(f"patterns: unknown pattern {name!r}; {hint}")
    if bars <= LOOKBACK[name]:
        raise ValueError(f"candles: {name} needs at least {LOOKBACK[name] + 1} bars, {bars} are given")
