"""An imagined purchase in an imagined account, held against the limits: no journal, no leave."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

import numpy as np
from pydantic import Field, WithJsonSchema

from cryptofunk_tui.domain.base import Money, Record
from cryptofunk_tui.domain.market import Quote, checked_symbol, split_symbol, timeframe_ms
from cryptofunk_tui.domain.orders import OrderRequest, OrderType, Protection, Side
from cryptofunk_tui.domain.portfolio import Portfolio, Position
from cryptofunk_tui.domain.risk import Check
from cryptofunk_tui.domain.rules import CostRules, LimitRules
from cryptofunk_tui.quant.checked import checked_series
from cryptofunk_tui.risk.history import History, Series
from cryptofunk_tui.risk.limits import Situation, check_entry
from servers.risk_inputs import parse

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
OF_THE_MOMENT = ("quote_age", "cooldown")
"""Limits that speak of an account's past, which an imagined one has not."""

_AMOUNT = {"type": ["string", "number"]}
ProposalJson = Annotated[
    Any,
    WithJsonSchema(
        {
            "type": "object",
            "properties": {
                "symbol": {"type": "string"},
                "quantity": _AMOUNT,
                "price": _AMOUNT,
                "stop": _AMOUNT,
                "target": _AMOUNT,
                "strategy": {"type": ["string", "null"]},
            },
            "required": ["symbol", "quantity", "price"],
        }
    ),
]
PortfolioJson = Annotated[
    Any,
    WithJsonSchema(
        {
            "type": "object",
            "properties": {
                "cash": _AMOUNT,
                "positions": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {"symbol": {"type": "string"}, "quantity": _AMOUNT, "price": _AMOUNT},
                        "required": ["symbol", "quantity", "price"],
                    },
                },
            },
            "required": ["cash"],
        }
    ),
]
MarketJson = Annotated[
    Any,
    WithJsonSchema(
        {
            "type": ["object", "null"],
            "properties": {
                "bid": _AMOUNT,
                "ask": _AMOUNT,
                "timeframe": {"type": "string"},
                "closes": {
                    "type": "object",
                    "description": "By symbol: {timestamp_ms, close}, oldest first.",
                    "additionalProperties": {"type": "object"},
                },
            },
            "default": None,
        }
    ),
]


class Held(Record):
    """A position, valued at `price` in quote currency."""

    symbol: str
    quantity: Money = Field(ge=0)
    price: Money = Field(gt=0)


class Account(Record):
    """Cash in quote currency and what is held."""

    cash: Money = Field(ge=0)
    positions: tuple[Held, ...] = ()


class Proposal(Record):
    """A buy at `price`, with the stop and target that it would be protected by."""

    symbol: str
    quantity: Money = Field(gt=0)
    price: Money = Field(gt=0)
    stop: Money | None = Field(None, gt=0)
    target: Money | None = Field(None, gt=0)
    strategy: str | None = None


class Closes(Record):
    """Closes of one symbol, oldest first; `timestamp_ms` is each bar's open in UTC."""

    timestamp_ms: tuple[int, ...]
    close: tuple[float, ...]


class Market(Record):
    """The proposal's best prices (its own price, where absent) and the closes that risk is read from."""

    bid: Money | None = Field(None, gt=0)
    ask: Money | None = Field(None, gt=0)
    timeframe: str = "1h"
    closes: dict[str, Closes] = {}


def check_imagined(
    proposal: object, portfolio: object, market: object, rules: LimitRules, costs: CostRules
) -> tuple[Check, ...]:
    """Every limit of the purchase. Raises ValueError that names the argument and its fault."""
    buy, account = parse("proposal", Proposal, proposal), parse("portfolio", Account, portfolio)
    seen = parse("market", Market, {} if market is None else market)
    for symbol in (buy.symbol, *(held.symbol for held in account.positions)):
        checked_symbol(symbol)
    checks = check_entry(
        _order(buy),
        Situation(
            quote=_quote(buy, seen),
            quote_age_s=0.0,
            portfolio=_portfolio(account, split_symbol(buy.symbol)[1]),
            reserved={},
            history=_history(seen),
            costs=costs,
            rules=rules,
        ),
    )
    return tuple(check for check in checks if check.name not in OF_THE_MOMENT)


def _order(buy: Proposal) -> OrderRequest:
    protection = (
        None if buy.stop is None else Protection(reference=buy.price, stop=buy.stop, target=buy.target)
    )
    return OrderRequest(
        client_order_id="imagined",
        symbol=buy.symbol,
        side=Side.BUY,
        type=OrderType.MARKET,
        quantity=buy.quantity,
        strategy=buy.strategy,
        protection=protection,
    )


def _quote(buy: Proposal, seen: Market) -> Quote:
    prices = {"bid": seen.bid or buy.price, "ask": seen.ask or buy.price, "last": buy.price}
    return parse("market", Quote, {"symbol": buy.symbol, "venue": "imagined", "at": EPOCH, **prices})


def _portfolio(account: Account, quote_asset: str) -> Portfolio:
    positions = tuple(
        Position(
            symbol=held.symbol,
            quantity=held.quantity,
            entry_price=held.price,
            fees=Decimal(0),
            strategy=None,
            opened_at=EPOCH,
            entry_order="imagined",
            high=held.price,
        )
        for held in account.positions
    )
    worth = sum((held.quantity * held.price for held in account.positions), account.cash)
    return Portfolio(
        account="imagined",
        quote_asset=quote_asset,
        start=worth,
        cash=account.cash,
        positions=positions,
        marks=(),
        peak_equity=worth,
        day_start_equity=worth,
    )


def _history(seen: Market) -> History:
    bar_ms = timeframe_ms(seen.timeframe)
    closes = {symbol: _series(symbol, columns) for symbol, columns in seen.closes.items()}
    newest = max((int(series.open_ms[-1]) for series in closes.values() if len(series)), default=0)
    return History(bar_ms, newest + bar_ms, closes)


def _series(symbol: str, columns: Closes) -> Series:
    """As many times as prices, times rising, prices above 0."""
    name = f"market.closes.{symbol}"
    close = checked_series(f"{name}.close", columns.close, least=0)
    stamps = np.array(columns.timestamp_ms, dtype=np.int64)
    if stamps.size != close.size:
        raise ValueError(f"{name}: {stamps.size} times and {close.size} closes; give one close a bar")
    late = np.flatnonzero(np.diff(stamps) <= 0)
    if late.size:
        raise ValueError(f"{name}.timestamp_ms row {int(late[0]) + 1}: times must rise, oldest first")
    low = np.flatnonzero(close <= 0)
    if low.size:
        raise ValueError(f"{name}.close row {int(low[0])}: {close[low[0]]} is not above 0")
    return Series(stamps, close)
