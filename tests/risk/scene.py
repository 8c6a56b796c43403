"""An account, a market and an order that breaks no limit: each test changes one thing."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np

from cryptofunk_tui.domain.base import to_ms
from cryptofunk_tui.domain.candles import Floats
from cryptofunk_tui.domain.market import Quote
from cryptofunk_tui.domain.orders import OrderRequest, OrderType, Protection, Side
from cryptofunk_tui.domain.portfolio import Mark, Portfolio, Position
from cryptofunk_tui.domain.rules import CostRules, LimitRules
from cryptofunk_tui.risk.history import History, Series
from cryptofunk_tui.risk.limits import Situation

NOW = datetime(2025, 3, 1, tzinfo=UTC)
HOUR_MS = 3_600_000
BARS = 745


def walk(seed: int, deviation: float = 0.004, bars: int = BARS) -> Floats:
    """Closes that end at 100 after a random walk."""
    path = np.exp(np.cumsum(np.random.default_rng(seed).normal(0, deviation, bars)))
    return np.asarray(path / path[-1:] * 100)


def history(closes: dict[str, Floats], until: datetime = NOW) -> History:
    """Hourly bars without a gap, the newest closing at `until`."""
    until_ms = to_ms(until)
    series = {
        symbol: Series(until_ms - HOUR_MS * np.arange(len(prices), 0, -1, dtype=np.int64), prices)
        for symbol, prices in closes.items()
    }
    return History(HOUR_MS, until_ms, series)


def quote(symbol: str = "BTC/EUR", mid: str = "100", at: datetime = NOW) -> Quote:
    half = Decimal(mid) * Decimal("0.00025")
    price = Decimal(mid)
    return Quote(symbol=symbol, venue="recorded", bid=price - half, ask=price + half, last=price, at=at)


def position(symbol: str, quantity: str, price: str = "100") -> Position:
    return Position(
        symbol=symbol,
        quantity=Decimal(quantity),
        entry_price=Decimal(price),
        fees=Decimal(0),
        strategy="trend_following",
        opened_at=NOW,
        entry_order="cf1",
        high=Decimal(price),
    )


def portfolio(cash: str = "10000", held: Iterable[Position] = ()) -> Portfolio:
    positions = tuple(held)
    equity = Decimal(cash) + sum((one.quantity * one.entry_price for one in positions), Decimal(0))
    return Portfolio(
        account="paper:recorded:recorded",
        quote_asset="EUR",
        start=Decimal(10000),
        cash=Decimal(cash),
        positions=positions,
        marks=tuple(Mark(symbol=one.symbol, price=one.entry_price, at=NOW) for one in positions),
        peak_equity=equity,
        day_start_equity=equity,
    )


def entry(
    quantity: str = "5", symbol: str = "BTC/EUR", *, stop: str = "97", target: str = "106"
) -> OrderRequest:
    return OrderRequest(
        client_order_id="cfentry1",
        symbol=symbol,
        side=Side.BUY,
        type=OrderType.MARKET,
        quantity=Decimal(quantity),
        strategy="trend_following",
        protection=Protection(reference=Decimal(100), stop=Decimal(stop), target=Decimal(target)),
    )


def situation(**changes: object) -> Situation:
    """A quiet market and an empty account of 10,000."""
    given: dict[str, object] = {
        "quote": quote(),
        "quote_age_s": 0.0,
        "portfolio": portfolio(),
        "reserved": {},
        "history": history({"BTC/EUR": walk(1), "ETH/EUR": walk(2), "XRP/EUR": walk(3)}),
        "costs": CostRules(),
        "rules": LimitRules(),
    }
    return Situation(**(given | changes))  # type: ignore[arg-type]
