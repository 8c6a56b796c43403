"""What a plan may win over what it may lose."""

from decimal import Decimal

from cryptofunk_tui.domain.market import Quote
from cryptofunk_tui.domain.rules import CostRules, LimitRules

TOLERANCE = 1e-6
"""A ratio this little below its limit still meets it: stops and targets are rounded."""

Price = Decimal | float


def gross_reward_risk(reference: Price, stop: Price, target: Price) -> float:
    """Distance to the target over distance to the stop, both from `reference`. Raises ValueError where the
    stop is not below it."""
    risk = float(reference) - float(stop)
    if risk <= 0:
        raise ValueError(f"the stop {stop} must lie below the reference {reference}")
    return (float(target) - float(reference)) / risk


def net_reward_risk(reference: Price, stop: Price, target: Price, costs: float) -> float:
    """The same after costs: `costs` is the round trip's, a fraction of the reference price."""
    paid = float(reference) * costs
    risk = float(reference) - float(stop) + paid
    if risk <= 0:
        raise ValueError(f"the stop {stop} must lie below the reference {reference}")
    return (float(target) - float(reference) - paid) / risk


def round_trip_costs(quote: Quote, costs: CostRules) -> float:
    """Fees in and out as taker and the spread of `quote`, as a fraction of the price."""
    return float(2 * costs.taker_fee + (quote.ask - quote.bid) / quote.mid)


def least_reward_risk(strategy: str | None, rules: LimitRules) -> float | None:
    """The gross ratio that a strategy's plan must meet; None where only the net one is asked for."""
    return {
        "trend_following": rules.trend_reward_risk,
        "mean_reversion": rules.reversion_reward_risk,
    }.get(strategy or "")
