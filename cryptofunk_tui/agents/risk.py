"""The risk officer's stateless part: reward over risk of every plan, before and after costs.

What depends on the account (limits, breakers, sizing) is the risk analyzer's, whose leave is binding; this
part keeps a plan that cannot pass from being proposed at all. The formulas are those of risk.reward, over
arrays.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cryptofunk_tui.agents.base import Codes, Mask, Plans
from cryptofunk_tui.domain.candles import Floats
from cryptofunk_tui.domain.rules import RISK_AGENT, CostRules, LimitRules
from cryptofunk_tui.risk.reward import TOLERANCE, least_reward_risk


@dataclass(frozen=True, slots=True, eq=False)
class Judgement:
    """By row: reward over risk, gross and net of a round trip's costs, NaN where there is no plan; the least
    gross ratio asked of the leader; and whether both are met."""

    gross: Floats
    net: Floats
    least_gross: Floats
    ok: Mask


class RiskAgent:
    """The agent that never votes and may veto."""

    name = RISK_AGENT

    def __init__(self, limits: LimitRules, costs: CostRules) -> None:
        self._limits = limits
        self._costs = configured_costs(costs)

    def judge(self, close: Floats, plans: Plans, leader: Codes, strategies: Sequence[str]) -> Judgement:
        """Every row that has a plan; `leader` is an index into `strategies`. A stop that does not lie below
        the close is never met."""
        rows = np.flatnonzero(np.isfinite(plans.stop) & np.isfinite(plans.target) & (leader >= 0))
        gross, net, least = (np.full(len(close), np.nan) for _ in range(3))
        ok = np.zeros(len(close), dtype=np.bool_)
        asked = np.array([least_reward_risk(name, self._limits) or 0.0 for name in strategies])
        least[rows] = asked[leader[rows]]
        price = close[rows]
        risk, reward, paid = price - plans.stop[rows], plans.target[rows] - price, price * self._costs
        positive = risk > 0
        gross[rows] = np.divide(reward, risk, out=np.full(len(rows), np.nan), where=positive)
        net[rows] = np.divide(reward - paid, risk + paid, out=np.full(len(rows), np.nan), where=positive)
        ok[rows] = (gross[rows] >= least[rows] - TOLERANCE) & (
            net[rows] >= self._limits.net_reward_risk - TOLERANCE
        )
        return Judgement(gross, net, least, ok)

    def reasons(self, judgement: Judgement, row: int) -> tuple[str, ...]:
        """Both ratios of a row against what is asked of them."""
        gross, net, least = (
            float(values[row]) for values in (judgement.gross, judgement.net, judgement.least_gross)
        )
        if not np.isfinite(gross):
            return ("the plan has no stop below the close or no target: reward over risk is unknown",)
        return (
            f"reward over risk {gross:.2f}, at least {least:g} is asked",
            f"net of {self._costs:.2%} costs {net:.2f}, at least {self._limits.net_reward_risk:g} is asked",
        )


def configured_costs(costs: CostRules) -> float:
    """A round trip as taker at the configured spread, as a fraction of the price."""
    return float(2 * costs.taker_fee + costs.spread)
