"""Circuit breakers: where trading stops by itself. All are evaluated and reported; the strictest wins."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cryptofunk_tui.domain.risk import Breaker, BreakerEffect
from cryptofunk_tui.domain.rules import BreakerRules
from cryptofunk_tui.quant.volatility import largest_move, volatility_ratio
from cryptofunk_tui.risk.history import History, TooLittleHistory

MOVE_MS = 300_000
MODEL_FAILURES = 3
_SEVERITY = {effect: rank for rank, effect in enumerate(BreakerEffect)}


@dataclass(frozen=True, slots=True)
class BreakerInputs:
    """What the breakers look at; None where the data cannot feed one. Shares are fractions of equity."""

    killed: bool
    unknown_orders: int
    drawdown: float
    """Equity over its persisted peak − 1."""
    daily_return: float
    """Equity over that of 00:00 UTC − 1, open positions at their marks."""
    orders_last_minute: int
    """Of market time."""
    fees_30_days: float
    feed_age_s: float | None = None
    clock_skew_s: float | None = None
    model_failures: int | None = None
    """Failures of the model in a row."""
    volatility_ratio: float | None = None
    jump: float | None = None
    errors_last_minute: int | None = None
    """Calls that the venue did not answer."""
    crossed: str | None = None
    """What of the feed is crossed; empty where nothing is."""
    venue_problem: str | None = None
    """Why the account at a real venue cannot be vouched for; empty where it agrees with the journal."""
    market_detail: str = ""
    """Which symbol volatility and jump speak of, or why they cannot be fed."""


def evaluate(seen: BreakerInputs, rules: BreakerRules) -> tuple[Breaker, ...]:
    """Every breaker with its value, its limit and what it stops when tripped."""
    stop, exits = BreakerEffect.NO_ENTRIES, BreakerEffect.EXITS_ONLY
    market = seen.market_detail
    return (
        _breaker("kill", float(seen.killed), 1, BreakerEffect.KILL),
        _breaker("feed", seen.feed_age_s, rules.feed_age_s, exits, "seconds since the last price", over=True),
        _breaker("crossed", _flag(seen.crossed), 1, exits, seen.crossed or "bids above asks"),
        _breaker(
            "venue",
            _flag(seen.venue_problem),
            1,
            exits,
            seen.venue_problem or "the journal against a real venue",
        ),
        _breaker(
            "errors", seen.errors_last_minute, rules.errors_per_minute, exits, "unanswered calls in a minute"
        ),
        _breaker("clock", seen.clock_skew_s, rules.clock_skew_s, exits, "seconds off the venue", over=True),
        _breaker("unknown_orders", seen.unknown_orders, 1, stop, "orders with an unclear outcome"),
        _breaker("drawdown", seen.drawdown, -rules.drawdown, BreakerEffect.HALT, "from the equity's peak"),
        _breaker("daily_loss", seen.daily_return, -rules.daily_loss, stop, "since 00:00 UTC"),
        _breaker("volatility", seen.volatility_ratio, rules.volatility_ratio, stop, market, over=True),
        _breaker("jump", seen.jump, rules.jump, stop, market),
        _breaker("order_rate", seen.orders_last_minute, rules.orders_per_minute, stop, "in a minute"),
        _breaker("fees", seen.fees_30_days, rules.fees_30_days, stop, "of equity in 30 days", over=True),
        _breaker(
            "model_failures",
            seen.model_failures,
            MODEL_FAILURES,
            BreakerEffect.NONE,
            "rules only when tripped",
        ),
    )


def strictest(breakers: Iterable[Breaker]) -> BreakerEffect:
    """The strictest effect of the tripped ones."""
    effects = (breaker.effect for breaker in breakers if breaker.tripped)
    return max(effects, key=_SEVERITY.__getitem__, default=BreakerEffect.NONE)


def blocks(effect: BreakerEffect, *, entry: bool) -> bool:
    """Whether an order may not pass: entries by any effect, exits by the kill alone."""
    return effect is not BreakerEffect.NONE if entry else effect is BreakerEffect.KILL


@dataclass(frozen=True, slots=True)
class Wildness:
    """A symbol's volatility over its median and its last sharp move; None where the bars cannot say."""

    symbol: str
    volatility_ratio: float | None
    jump: float | None
    detail: str


def wildness(symbol: str, history: History, rules: BreakerRules, mid: float | None = None) -> Wildness:
    """`mid` is the price now, in quote currency, where it is known: it counts as the end of a move that the
    newest closed bar began."""
    try:
        series = history.recent(symbol)
    except TooLittleHistory as error:
        return Wildness(symbol, None, None, str(error))
    prices = series.close
    one_bar = np.diff(series.open_ms) == history.bar_ms
    returns = (prices[1:] / prices[:-1] - 1)[one_bar]
    ratio = volatility_ratio(returns, rules.volatility_bars, rules.volatility_median_bars)
    bars = max(1, MOVE_MS // history.bar_ms)
    near = prices[series.open_ms >= series.open_ms[-1] - bars * history.bar_ms]
    ends = [near] if mid is None else [near, np.append(near[-bars:], mid)]
    moves = [largest_move(path) for path in ends if path.size > 1]
    detail = symbol if ratio is not None else f"{symbol}: {returns.size} returns are too few for a median"
    return Wildness(symbol, ratio, max(moves, default=None), detail)


def wildest(markets: Iterable[Wildness]) -> Wildness | None:
    """The worst of several symbols in each of the two measures; None where there are none."""
    seen = list(markets)
    if not seen:
        return None
    ratio = max(seen, key=lambda one: -1.0 if one.volatility_ratio is None else one.volatility_ratio)
    jump = max(seen, key=lambda one: -1.0 if one.jump is None else one.jump)
    names = dict.fromkeys((ratio.detail, jump.detail))
    return Wildness(ratio.symbol, ratio.volatility_ratio, jump.jump, ", ".join(names))


def _flag(found: str | None) -> float | None:
    """1 where something was found, 0 where it was looked for, None where nobody looks."""
    return None if found is None else float(bool(found))


def _breaker(
    name: str,
    value: float | None,
    limit: float,
    effect: BreakerEffect,
    detail: str = "",
    *,
    over: bool = False,
) -> Breaker:
    """Tripped at the limit, or only `over` it; a limit below 0 is a loss, tripped at or below it. INACTIVE
    without a value."""
    sign = -1 if limit < 0 else 1
    tripped = value is not None and (sign * value > sign * limit if over else sign * value >= sign * limit)
    return Breaker(
        name=name,
        value=value,
        limit=limit,
        active=value is not None,
        tripped=tripped,
        effect=effect,
        detail=detail,
    )
