"""The technical analyst: momentum, stretch, trend and candlesticks as one score.

Its five parts are −1, 0 or 1: RSI oversold (1) or overbought (−1); the MACD above or below its signal
line; the price on or outside the lower (1) or the upper (−1) Bollinger band; the fast EMA above or below
the slow one; the direction of a reversal pattern on the bar.
"""

from typing import NamedTuple

import numpy as np

from cryptofunk_tui.agents.base import Codes, Need, Scores, direction, lean_text, leaning, number, rsi_text
from cryptofunk_tui.agents.frame import Frame
from cryptofunk_tui.domain.agent_rules import TechnicalRules
from cryptofunk_tui.domain.candles import Floats
from cryptofunk_tui.domain.signals import Action

SIDE_WORDS = {1: "above", 0: "on", -1: "below"}
BAND_WORDS = {1: "at or below the lower band", 0: "between the bands", -1: "at or above the upper band"}
PATTERN_WORDS = {1: "bullish reversal pattern", 0: "no reversal pattern", -1: "bearish reversal pattern"}


class _Keys(NamedTuple):
    """The columns that the rule reads."""

    rsi: str
    histogram: str
    percent_b: str
    ema_fast: str
    ema_slow: str
    reversal: str


class TechnicalAgent:
    """Analysis of the candles themselves."""

    name = "technical"

    def __init__(self, rules: TechnicalRules) -> None:
        self._rules = rules
        rsi = Need("rsi", (("period", rules.rsi_period),))
        macd = Need(
            "macd",
            (
                ("fast_period", rules.macd_fast),
                ("slow_period", rules.macd_slow),
                ("signal_period", rules.macd_signal),
            ),
        )
        bands = Need(
            "bollinger", (("period", rules.bollinger_period), ("std_dev", rules.bollinger_deviations))
        )
        fast, slow = (Need("ema", (("period", period),)) for period in (rules.ema_fast, rules.ema_slow))
        reversal = Need("reversal")
        self.needs = (rsi, macd, bands, fast, slow, reversal)
        self._keys = _Keys(
            rsi.key, f"{macd.key}.histogram", f"{bands.key}.percent_b", fast.key, slow.key, reversal.key
        )

    def score(self, frame: Frame) -> Scores:
        """An opinion in every row."""
        known = frame.trusted(*self._keys)
        if not known.any():
            return Scores.abstain(len(frame))
        return leaning(known, self._total(self._parts(frame)), self._rules.threshold)

    def reasons(self, frame: Frame, scores: Scores, row: int) -> tuple[str, ...]:
        """The five readings of a row, and their sum."""
        action, _ = scores.at(row)
        if action is Action.ABSTAIN:
            return frame.why_unknown(row, *self._keys)
        rsi, histogram, percent_b, fast, slow, _ = (float(frame.columns[key][row]) for key in self._keys)
        at = range(len(frame))[row]
        parts = self._parts(frame.rows(at, at + 1))
        side = {name: int(values[0]) for name, values in parts.items()}
        rules = self._rules
        return (
            rsi_text(rules.rsi_period, rsi, rules.oversold, rules.overbought),
            f"MACD is {SIDE_WORDS[side['macd']]} its signal line, histogram {number(histogram)}",
            f"%b {percent_b:.2f}: close {BAND_WORDS[side['bollinger']]}",
            f"EMA {rules.ema_fast} at {number(fast)} is {SIDE_WORDS[side['ema']]} "
            f"EMA {rules.ema_slow} at {number(slow)}",
            PATTERN_WORDS[side["pattern"]],
            lean_text(action, float(self._total(parts)[0]), rules.threshold),
        )

    def _parts(self, frame: Frame) -> dict[str, Codes]:
        rules = self._rules
        rsi, histogram, percent_b, fast, slow, reversal = (frame.columns[key] for key in self._keys)
        return {
            "rsi": direction(rsi <= rules.oversold, rsi >= rules.overbought),
            "macd": direction(histogram > 0, histogram < 0),
            "bollinger": direction(percent_b <= 0, percent_b >= 1),
            "ema": direction(fast > slow, fast < slow),
            "pattern": direction(reversal > 0, reversal < 0),
        }

    def _total(self, parts: dict[str, Codes]) -> Floats:
        weights = self._rules.parts
        total = np.zeros(len(parts["rsi"]))
        for name, values in parts.items():
            total += weights[name] * values
        return total
