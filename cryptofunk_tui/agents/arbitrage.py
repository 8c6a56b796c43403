"""The arbitrageur: buys where our venue asks less than another pays, sells in the mirror."""

import numpy as np

from cryptofunk_tui.agents.base import BUY, HOLD, Need, Plans, Scores, direction
from cryptofunk_tui.agents.frame import BUY_EDGE_COLUMN, SELL_EDGE_COLUMN, Frame
from cryptofunk_tui.agents.risk import configured_costs
from cryptofunk_tui.domain.agent_rules import ArbitrageRules
from cryptofunk_tui.domain.rules import CostRules
from cryptofunk_tui.domain.signals import Action


class ArbitrageAgent:
    """A strategy on one leg: our price is expected to meet the other venues'. The edges are net of fees and
    slippage on both legs; agents.features takes them from quotes."""

    name = "arbitrage"
    needs: tuple[Need, ...] = ()

    def __init__(self, rules: ArbitrageRules, costs: CostRules) -> None:
        self._rules = rules
        self._costs = configured_costs(costs)

    def score(self, frame: Frame) -> Scores:
        """BUY or SELL by the larger edge, from the least edge on; ABSTAIN without quotes."""
        known = frame.known(BUY_EDGE_COLUMN, SELL_EDGE_COLUMN)
        if not known.any():
            return Scores.abstain(len(frame))
        rules = self._rules
        buy, sell = frame.columns[BUY_EDGE_COLUMN], frame.columns[SELL_EDGE_COLUMN]
        side = direction((buy >= rules.edge) & (buy > sell), (sell >= rules.edge) & (sell > buy))
        confidence = np.where(side != HOLD, np.maximum(buy, sell) / rules.full_edge, rules.idle_confidence)
        return Scores.where(known, side, confidence)

    def plan(self, frame: Frame, scores: Scores) -> Plans:
        """Target the other venue's price, which is the net edge and a round trip's costs away; the stop at
        a share of the net edge, so that reward over risk net of costs is 1 where the edge is twice the
        costs, and more beyond."""
        rows = np.flatnonzero(scores.action == BUY)
        if not rows.size:
            return Plans.none(len(frame))
        close, edge = frame.candles.close[rows], frame.columns[BUY_EDGE_COLUMN][rows]
        return Plans.at(
            len(frame),
            rows,
            stop=close * (1 - self._rules.stop_edge * edge),
            target=close * (1 + edge + self._costs),
        )

    def reasons(self, frame: Frame, scores: Scores, row: int) -> tuple[str, ...]:
        """Both edges, and the least that is asked."""
        action, _ = scores.at(row)
        if action is Action.ABSTAIN:
            return ("no fresh quotes of another venue",)
        buy, sell = (float(frame.columns[key][row]) for key in (BUY_EDGE_COLUMN, SELL_EDGE_COLUMN))
        least = f"{self._rules.edge:.2%} net of fees and slippage is asked"
        return (
            f"buying here and selling at the best other venue: {buy:+.2%}",
            f"buying at the best other venue and selling here: {sell:+.2%}",
            f"no edge: {least}" if action is Action.HOLD else f"an edge: {least}",
        )
