"""The trend follower: trades a fresh cross of two averages while the market trends."""

import numpy as np
from numpy.typing import NDArray

from cryptofunk_tui.agents.base import BUY, HOLD, Mask, Need, Plans, Scores, direction, number
from cryptofunk_tui.agents.frame import Frame
from cryptofunk_tui.domain.agent_rules import TrendFollowingRules
from cryptofunk_tui.domain.candles import Floats
from cryptofunk_tui.domain.signals import Action


class TrendFollowingAgent:
    """A strategy: one entry a cross, the stop a few ATR away, the gain trailed once it is there."""

    name = "trend_following"

    def __init__(self, rules: TrendFollowingRules) -> None:
        self._rules = rules
        self.needs = (
            Need("ema", (("period", rules.ema_fast),)),
            Need("ema", (("period", rules.ema_slow),)),
            Need("adx", (("period", rules.adx_period),)),
            Need("atr", (("period", rules.atr_period),)),
        )
        self._keys = tuple(need.key for need in self.needs)

    def score(self, frame: Frame) -> Scores:
        """BUY or SELL within `cross_bars` of a cross in a trend, HOLD otherwise."""
        known = frame.trusted(*self._keys)
        if not known.any():
            return Scores.abstain(len(frame))
        rules = self._rules
        fast, slow, adx, atr = (frame.columns[key] for key in self._keys)
        gap = fast - slow
        setup = (bars_since_cross(gap, rules.cross_bars) >= 0) & (adx >= rules.adx_least)
        side = direction(setup & (gap > 0), setup & (gap < 0))
        confidence = np.full(len(frame), rules.idle_confidence)
        rows = np.flatnonzero(side != HOLD)
        confidence[rows] = self._confidence(gap[rows], adx[rows], atr[rows])
        return Scores.where(known, side, confidence)

    def plan(self, frame: Frame, scores: Scores) -> Plans:
        """Stop `stop_atr` ATR below the close, within two shares of the price; target and trail in multiples
        of that distance; good for one entry a cross."""
        rows = np.flatnonzero(scores.action == BUY)
        if not rows.size:
            return Plans.none(len(frame))
        rules = self._rules
        fast, slow, _, atr = (frame.columns[key] for key in self._keys)
        close = frame.candles.close[rows]
        risk = np.clip(rules.stop_atr * atr[rows], rules.stop_least * close, rules.stop_most * close)
        crosses = rows - bars_since_cross(fast - slow, rules.cross_bars)[rows]
        return Plans.at(
            len(frame),
            rows,
            stop=close - risk,
            target=close + rules.target_r * risk,
            trail=rules.trail_r * risk,
            trail_after=rules.trail_after_r * risk,
            setup_ms=frame.candles.close_ms[crosses],
        )

    def reasons(self, frame: Frame, scores: Scores, row: int) -> tuple[str, ...]:
        """The cross, the strength of the trend, and the distance of the averages."""
        action, _ = scores.at(row)
        if action is Action.ABSTAIN:
            return frame.why_unknown(row, *self._keys)
        rules = self._rules
        fast, slow, adx, atr = (float(frame.columns[key][row]) for key in self._keys)
        gaps = frame.columns[self._keys[0]] - frame.columns[self._keys[1]]
        since = int(bars_since_cross(gaps, rules.cross_bars)[row])
        side = "above" if fast > slow else "below"
        averages = f"EMA {rules.ema_fast} at {number(fast)}, EMA {rules.ema_slow} at {number(slow)}"
        if since < 0:
            crossed = f"{averages}: no cross within {rules.cross_bars} bars"
        else:
            crossed = f"{averages}: crossed {side} {since} bars ago"
        if adx < rules.adx_least:
            return crossed, f"ADX {rules.adx_period} at {adx:.1f} is below {rules.adx_least:g}: no trend"
        trend = f"ADX {rules.adx_period} at {adx:.1f}: a trend ({rules.adx_least:g} or above)"
        if action is Action.HOLD:
            return crossed, trend
        return crossed, trend, f"the averages are {abs(fast - slow) / atr if atr else 0:.2f} ATR apart"

    def _confidence(self, gap: Floats, adx: Floats, atr: Floats) -> Floats:
        rules = self._rules
        apart = np.divide(np.abs(gap), atr, out=np.zeros(len(gap)), where=atr > 0)
        strength = np.minimum(adx / rules.adx_full, 1)
        return rules.adx_weight * strength + (1 - rules.adx_weight) * np.minimum(apart, 1)


def bars_since_cross(gap: Floats, window: int) -> NDArray[np.intp]:
    """Bars since `gap` last left zero or the other side of it, 0 on the bar of the cross; −1 where that is
    `window` bars ago or more, or was never seen. Reads `window` + 1 rows."""
    crossed: Mask = np.zeros(len(gap), dtype=np.bool_)
    crossed[1:] = ((gap[1:] > 0) & (gap[:-1] <= 0)) | ((gap[1:] < 0) & (gap[:-1] >= 0))
    rows = np.arange(len(gap))
    since = rows - np.maximum.accumulate(np.where(crossed, rows, -window))
    since[since >= window] = -1
    return since
