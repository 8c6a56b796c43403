"""The mean reverter: trades a price stretched beyond its bands while the market has no trend."""

import numpy as np

from cryptofunk_tui.agents.base import BUY, HOLD, Need, Plans, Scores, direction, number, rsi_text
from cryptofunk_tui.agents.frame import Frame
from cryptofunk_tui.domain.agent_rules import MeanReversionRules
from cryptofunk_tui.domain.signals import Action


class MeanReversionAgent:
    """A strategy: back to the middle band. In a trend an RSI extreme makes it speak against any entry."""

    name = "mean_reversion"

    def __init__(self, rules: MeanReversionRules) -> None:
        self._rules = rules
        rsi = Need("rsi", (("period", rules.rsi_period),))
        bands = Need(
            "bollinger", (("period", rules.bollinger_period), ("std_dev", rules.bollinger_deviations))
        )
        adx = Need("adx", (("period", rules.adx_period),))
        self.needs = (rsi, bands, adx)
        self._keys = (rsi.key, f"{bands.key}.percent_b", f"{bands.key}.middle", adx.key)

    def score(self, frame: Frame) -> Scores:
        """BUY or SELL at a stretch without a trend; a louder HOLD at an RSI extreme in a trend."""
        known = frame.trusted(*self._keys)
        if not known.any():
            return Scores.abstain(len(frame))
        rules = self._rules
        rsi, percent_b, _, adx = (frame.columns[key] for key in self._keys)
        low, high = rsi <= rules.oversold, rsi >= rules.overbought
        far = (rsi <= rules.far_oversold) | (rsi >= rules.far_overbought)
        calm = adx < rules.adx_below
        side = direction(
            calm & low & (percent_b <= rules.percent_b_low), calm & high & (percent_b >= rules.percent_b_high)
        )
        confidence = np.full(len(frame), rules.idle_confidence)
        against = ~calm & (low | high)
        confidence[against] = np.where(far[against], rules.far_against, rules.against)
        stretched = side != HOLD
        confidence[stretched] = np.where(far[stretched], rules.far_confidence, rules.confidence)
        return Scores.where(known, side, confidence)

    def plan(self, frame: Frame, scores: Scores) -> Plans:
        """Target the middle band, the stop at that distance over `reward_risk`."""
        rows = np.flatnonzero(scores.action == BUY)
        if not rows.size:
            return Plans.none(len(frame))
        close, middle = frame.candles.close[rows], frame.columns[self._keys[2]][rows]
        return Plans.at(
            len(frame), rows, stop=close - (middle - close) / self._rules.reward_risk, target=middle
        )

    def reasons(self, frame: Frame, scores: Scores, row: int) -> tuple[str, ...]:
        """RSI, place between the bands, trend, and what follows."""
        action, confidence = scores.at(row)
        if action is Action.ABSTAIN:
            return frame.why_unknown(row, *self._keys)
        rules = self._rules
        rsi, percent_b, middle, adx = (float(frame.columns[key][row]) for key in self._keys)
        trending = adx >= rules.adx_below
        extreme = rsi <= rules.oversold or rsi >= rules.overbought
        if trending and extreme:
            outcome = f"an RSI extreme in a trend is evidence against an entry: HOLD at {confidence:g}"
        elif action is Action.HOLD:
            outcome = "no setup"
        else:
            outcome = f"stretched: {action}, back to the middle band at {number(middle)}"
        return (
            rsi_text(rules.rsi_period, rsi, rules.oversold, rules.overbought),
            f"%b {percent_b:.2f}: stretched at {rules.percent_b_low:g} or below, "
            f"at {rules.percent_b_high:g} or above",
            f"ADX {rules.adx_period} at {adx:.1f} is {'not ' if trending else ''}below {rules.adx_below:g}: "
            f"{'a' if trending else 'no'} trend",
            outcome,
        )
