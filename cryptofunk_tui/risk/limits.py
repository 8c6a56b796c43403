"""Every limit that an order is held against before it is granted."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from cryptofunk_tui.domain.market import Instrument, Quote
from cryptofunk_tui.domain.orders import OrderRequest, OrderType, Protection
from cryptofunk_tui.domain.portfolio import Portfolio
from cryptofunk_tui.domain.risk import Check
from cryptofunk_tui.domain.rules import CostRules, LimitRules
from cryptofunk_tui.quant.value_at_risk import historical_var
from cryptofunk_tui.risk.history import History, TooLittleHistory, correlations
from cryptofunk_tui.risk.order_guard import (
    Amounts,
    check_room,
    holdings,
    price_collar,
    share_check,
)
from cryptofunk_tui.risk.reward import (
    TOLERANCE,
    gross_reward_risk,
    least_reward_risk,
    net_reward_risk,
    round_trip_costs,
)

DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Situation:
    """What an entry is judged in. `reserved` is the value, by symbol, that other grants and open entries may
    still buy; `bars_since_exit` None where the symbol was never sold."""

    quote: Quote
    quote_age_s: float
    portfolio: Portfolio
    reserved: Amounts
    history: History
    costs: CostRules
    rules: LimitRules
    instrument: Instrument | None = None
    bars_since_exit: float | None = None


def check_entry(order: OrderRequest, seen: Situation) -> tuple[Check, ...]:
    """All limits of a buy, each with its value, whether or not an earlier one failed. The entry is valued at
    the worst price that its grant would allow."""
    worst = price_collar(order, seen.quote, seen.rules)
    room = check_room(
        order,
        worst,
        portfolio=seen.portfolio,
        reserved=seen.reserved,
        costs=seen.costs,
        rules=seen.rules,
    )
    return (
        *room,
        *_check_risk(order, worst, seen),
        *_check_plan(order, seen),
        _check_quote_age(seen),
        _check_cooldown(seen),
        *_check_instrument(order, seen),
    )


def check_exit(order: OrderRequest, portfolio: Portfolio) -> tuple[Check, ...]:
    """A sale only ever reduces what is held."""
    held = portfolio.position(order.symbol)
    quantity = held.quantity if held else Decimal(0)
    return (
        Check(
            name="reduce_only",
            value=float(order.quantity),
            limit=float(quantity),
            ok=order.quantity <= quantity,
            detail="SELL never opens a short",
        ),
    )


def violations(checks: tuple[Check, ...]) -> str:
    """The broken limits in one line; empty where all hold."""
    return "; ".join(_sentence(check) for check in checks if not check.ok)


def _sentence(check: Check) -> str:
    if check.value is None or check.limit is None:
        return f"{check.name}: {check.detail}"
    detail = f" ({check.detail})" if check.detail else ""
    return f"{check.name} {check.value:.6g} breaks its limit {check.limit:.6g}{detail}"


def correlated_value(
    symbol: str, values: Mapping[str, Decimal], matrix: NDArray[np.float64], names: list[str], limit: float
) -> Decimal:
    """Largest value of a symbol and all that moves with it, over the groups that `symbol` belongs to, so that
    the order of buying cannot matter. `names` are the columns of `matrix`."""
    together = matrix >= limit
    own = names.index(symbol)
    groups = (
        sum((values[name] for j, name in enumerate(names) if together[i, j]), Decimal(0))
        for i in range(len(names))
        if together[own, i]
    )
    return max(groups)


def _check_risk(order: OrderRequest, price: Decimal, seen: Situation) -> tuple[Check, ...]:
    """Correlated exposure and value at risk, with the proposal in the portfolio."""
    rules, equity = seen.rules, seen.portfolio.equity
    if equity <= 0:
        return ()
    values = holdings(seen.portfolio, seen.reserved)
    values[order.symbol] = values.get(order.symbol, Decimal(0)) + order.quantity * price
    names = list(values)
    try:
        returns = seen.history.returns(names, rules.history_bars)
    except TooLittleHistory as error:
        limits = {"correlated_exposure": rules.correlated_exposure, "var": rules.var}
        return tuple(
            Check(name=name, value=None, limit=limit, ok=False, detail=str(error))
            for name, limit in limits.items()
        )
    together = correlated_value(order.symbol, values, correlations(returns), names, rules.correlation)
    weights = np.array([float(values[name] / equity) for name in names])
    to_a_day = (DAY_MS / seen.history.bar_ms) ** 0.5
    var = max(0.0, historical_var(returns @ weights, rules.var_confidence)) * to_a_day
    return (
        share_check("correlated_exposure", together, equity, rules.correlated_exposure),
        Check(
            name="var",
            value=var,
            limit=rules.var,
            ok=var <= rules.var,
            detail=f"one day, from {len(returns)} bars",
        ),
    )


def _check_plan(order: OrderRequest, seen: Situation) -> tuple[Check, ...]:
    """The protection, the price against the one decided on, and reward over risk."""
    plan = order.protection
    if plan is None or not plan.stop < plan.reference:
        detail = "an entry needs a stop below its reference price"
        return (Check(name="protection", value=None, limit=None, ok=False, detail=detail),)
    expected = seen.quote.ask
    if order.type is OrderType.LIMIT and order.limit_price is not None:
        expected = min(expected, order.limit_price)
    elif order.type is OrderType.STOP and order.stop_price is not None:
        expected = max(expected, order.stop_price)
    distance = float(abs(expected / plan.reference - 1))
    collar = seen.rules.price_collar
    return (
        Check(name="price_collar", value=distance, limit=collar, ok=distance <= collar),
        *_check_reward(plan, order.strategy, seen),
    )


def _check_reward(plan: Protection, strategy: str | None, seen: Situation) -> tuple[Check, ...]:
    gross_limit = least_reward_risk(strategy, seen.rules)
    net_limit = seen.rules.net_reward_risk
    if plan.target is None:
        detail = "without a target the reward is unknown"
        return (Check(name="net_reward_risk", value=None, limit=net_limit, ok=False, detail=detail),)
    net = net_reward_risk(plan.reference, plan.stop, plan.target, round_trip_costs(seen.quote, seen.costs))
    checks = [Check(name="net_reward_risk", value=net, limit=net_limit, ok=net >= net_limit - TOLERANCE)]
    if gross_limit is not None:
        gross = gross_reward_risk(plan.reference, plan.stop, plan.target)
        ok = gross >= gross_limit - TOLERANCE
        checks.insert(0, Check(name="reward_risk", value=gross, limit=gross_limit, ok=ok))
    return tuple(checks)


def _check_quote_age(seen: Situation) -> Check:
    age_s, limit = seen.quote_age_s, seen.rules.quote_age_s
    return Check(name="quote_age", value=age_s, limit=limit, ok=age_s <= limit, detail="seconds")


def _check_cooldown(seen: Situation) -> Check:
    limit, since = seen.rules.cooldown_bars, seen.bars_since_exit
    if since is None:
        return Check(name="cooldown", value=limit, limit=limit, ok=True, detail="never sold before")
    return Check(
        name="cooldown", value=since, limit=limit, ok=since >= limit, detail="bars since the last exit"
    )


def _check_instrument(order: OrderRequest, seen: Situation) -> tuple[Check, ...]:
    """The venue's least notional and its step, where they are known."""
    instrument = seen.instrument
    if instrument is None:
        return ()
    notional = order.quantity * (order.limit_price or seen.quote.bid)
    rest = order.quantity % instrument.quantity_step if instrument.quantity_step else Decimal(0)
    return (
        Check(
            name="min_notional",
            value=float(notional),
            limit=float(instrument.min_notional),
            ok=notional >= instrument.min_notional,
        ),
        Check(
            name="quantity_step",
            value=float(rest),
            limit=0,
            ok=rest == 0,
            detail=f"the venue's step is {instrument.quantity_step}",
        ),
    )
