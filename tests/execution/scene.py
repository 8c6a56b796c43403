"""A market of given bars, an account in a journal, and an executor between them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from cryptofunk_tui.domain.base import to_ms
from cryptofunk_tui.domain.candles import Candles
from cryptofunk_tui.domain.market import (
    FearGreed,
    Headline,
    Instrument,
    Level,
    OrderBook,
    Quote,
    timeframe_ms,
)
from cryptofunk_tui.domain.orders import (
    Approval,
    ApprovalStatus,
    Order,
    OrderRequest,
    OrderType,
    Protection,
    Purpose,
    Side,
    TimeInForce,
)
from cryptofunk_tui.domain.portfolio import Position
from cryptofunk_tui.domain.rules import CostRules, LimitRules, Rules
from cryptofunk_tui.execution.executor import Executor
from cryptofunk_tui.execution.kill import Gate
from cryptofunk_tui.execution.paper import PaperVenue
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.control import Control
from cryptofunk_tui.storage.journal import Journal

START = datetime(2025, 1, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
SYMBOL = "BTC/EUR"
ROOMY = Rules(
    costs=CostRules(taker_fee=Decimal("0.002"), maker_fee=Decimal("0.001"), spread=Decimal("0.001")),
    limits=LimitRules(position=1, exposure=1),
)
"""Costs that tell maker from taker, and limits that leave room."""

Row = tuple[float, float, float, float] | tuple[float, float, float, float, float]


def D(text: str | int | float) -> Decimal:
    return Decimal(str(text))


def hour(number: float) -> datetime:
    return START + number * HOUR


class GivenMarket:
    """Hourly bars as given, from START on. A quote is the open of the bar at hand ± half a spread of 0.1 %,
    a book is what a test puts there."""

    has_venue_quotes = False
    has_news = False
    resolution = "1h"

    def __init__(self, bars: Mapping[str, Sequence[Row]], *, kind: str = "recorded") -> None:
        self.kind = kind
        self.venue = kind
        self.bars = {symbol: list(rows) for symbol, rows in bars.items()}
        self.books: dict[str, tuple[list[tuple[str, str]], list[tuple[str, str]]]] = {}
        self.live_quotes: dict[str, tuple[str, str]] = {}
        self.quote_at: datetime | None = None
        self.silent: set[str] = set()
        self.asked: list[str] = []

    @property
    def symbols(self) -> tuple[str, ...]:
        return tuple(self.bars)

    @property
    def has_book(self) -> bool:
        return bool(self.books)

    async def candles(
        self,
        symbol: str,
        timeframe: str,
        *,
        until: datetime,
        limit: int = 500,
        since_ms: int | None = None,
        forming: bool = False,
    ) -> Candles:
        self.asked.append(symbol)
        rows = [(*row, 1000.0)[:5] for row in self.bars[symbol]]
        columns = dict(
            zip(("open", "high", "low", "close", "volume"), np.array(rows, dtype=float).T, strict=True)
        )
        stamps = to_ms(START) + np.arange(len(rows), dtype=np.int64) * timeframe_ms("1h")
        candles = Candles.from_columns(symbol, timeframe, {"timestamp_ms": stamps, **columns})
        closed = candles.closed_by(to_ms(until))
        first = int(np.searchsorted(closed.timestamp_ms, since_ms or 0))
        return closed.rows(first, first + limit)

    async def quote(self, symbol: str, at: datetime) -> Quote:
        if symbol in self.silent:
            raise MarketError(f"{symbol}: the venue does not answer")
        if symbol in self.live_quotes:
            bid, ask = (D(price) for price in self.live_quotes[symbol])
        elif symbol not in self.bars:
            raise MarketError(f"{symbol} is not traded here")
        else:
            rows = self.bars[symbol]
            row = int((at - START) / HOUR)
            last = D(rows[row][0]) if row < len(rows) else D(rows[-1][3])
            bid, ask = last * D("0.9995"), last * D("1.0005")
        return Quote(
            symbol=symbol, venue=self.venue, bid=bid, ask=ask, last=(bid + ask) / 2, at=self.quote_at or at
        )

    async def order_book(self, symbol: str, depth: int, at: datetime) -> OrderBook:
        bids, asks = self.books[symbol]
        levels = [
            tuple(Level(price=D(price), quantity=D(size)) for price, size in side) for side in (bids, asks)
        ]
        return OrderBook(symbol=symbol, venue=self.venue, bids=levels[0], asks=levels[1], at=at)

    async def venue_quotes(
        self, symbol: str, venues: tuple[str, ...] | None, at: datetime
    ) -> tuple[Quote, ...]:
        raise MarketError("no other venues")

    async def headlines(self, symbols: tuple[str, ...], hours: float, at: datetime) -> tuple[Headline, ...]:
        return ()

    async def fear_greed(self, at: datetime) -> FearGreed | None:
        return None

    async def instrument(self, symbol: str) -> Instrument:
        return Instrument(symbol=symbol, price_step=D("0.01"), quantity_step=D("0.001"), min_notional=D(5))

    def span(self) -> tuple[datetime, datetime] | None:
        return None

    async def close(self) -> None:
        return None


class SetClock:
    """Wall time as a test sets it."""

    def __init__(self) -> None:
        self.time = datetime(2026, 6, 1, tzinfo=UTC)

    def advance(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self.time


@dataclass
class Scene:
    """An account with an executor over a given market."""

    journal: Journal
    approvals: Approvals
    control: Control
    market: GivenMarket
    clock: SetClock
    executor: Executor
    account: str
    state_dir: Path

    async def at(self, number: float) -> Any:
        """Let the market's time become START + `number` hours, and follow it."""
        await self.journal.set_market_time(hour(number))
        return await self.executor.process_market()

    async def grant(self, order: OrderRequest, name: str | None = None, **changes: Any) -> str:
        """Put a grant for `order` into the journal; returns its id."""
        values = {
            "approval_id": name or f"grant-{order.client_order_id}",
            "account": self.account,
            "decision_id": "decision",
            "order": order,
            "collar": D("1000000") if order.side is Side.BUY else D("0.01"),
            "status": ApprovalStatus.GRANTED,
            "reason": "",
            "decided_by": "risk",
            "requested_at": self.clock.now(),
            "expires_at": self.clock.now() + timedelta(seconds=30),
        }
        if order.side is Side.BUY and "collar" not in changes:
            values["collar"] = (await self.market.quote(order.symbol, await self.now())).ask * D("1.01")
        approval = Approval.model_validate({**values, **changes})
        await self.approvals.add(approval)
        return approval.approval_id

    async def now(self) -> datetime:
        account = await self.journal.account()
        assert account is not None
        return account.market_time or self.clock.now()

    async def buy(self, name: str, quantity: str = "1", **fields: Any) -> Order:
        """A granted market buy."""
        order = request(name, quantity=quantity, **fields)
        return await self.executor.place(order, await self.grant(order))

    async def position(self, symbol: str = SYMBOL) -> Position | None:
        return next((held for held in await self.journal.positions() if held.symbol == symbol), None)


@asynccontextmanager
async def opened(
    state_dir: Path, market: GivenMarket, rules: Rules = ROOMY, *, capital: str = "10000"
) -> AsyncIterator[Scene]:
    """An executor over `state_dir`, at START; opened again, it goes on where it stood."""
    journal = await Journal.open(state_dir)
    clock = SetClock()
    try:
        account = await journal.open_account(
            mode="paper",
            market=market.kind,
            venue=market.venue,
            run_id="run",
            quote_asset="EUR",
            capital=D(capital),
            at=START,
        )
        row = await journal.account()
        assert row is not None

        async def source() -> GivenMarket:
            return market

        venue = PaperVenue(source, rules.costs, is_live=market.kind == "exchange")
        executor = Executor(journal, row, venue, Gate(Control(journal, state_dir)), rules, clock, state_dir)
        scene = Scene(
            journal=journal,
            approvals=Approvals(journal),
            control=Control(journal, state_dir),
            market=market,
            clock=clock,
            executor=executor,
            account=account,
            state_dir=state_dir,
        )
        await executor.start()
        if row.market_time is None and market.kind != "exchange":
            await scene.at(0)
        yield scene
        await executor.close()
    finally:
        await journal.close()


def request(
    name: str,
    side: Side = Side.BUY,
    quantity: str = "1",
    *,
    symbol: str = SYMBOL,
    limit: str | None = None,
    stop: str | None = None,
    time_in_force: TimeInForce = TimeInForce.GTC,
    post_only: bool = False,
    protection: Protection | None = None,
) -> OrderRequest:
    """An order; its type follows from its prices."""
    kind = OrderType.STOP if stop else OrderType.LIMIT if limit else OrderType.MARKET
    return OrderRequest(
        client_order_id=name,
        symbol=symbol,
        side=side,
        type=kind,
        quantity=D(quantity),
        limit_price=None if limit is None else D(limit),
        stop_price=None if stop is None else D(stop),
        time_in_force=time_in_force,
        post_only=post_only,
        purpose=Purpose.ENTRY if side is Side.BUY else Purpose.EXIT,
        strategy="trend_following",
        protection=protection,
    )


def protection(
    stop: str,
    target: str | None = None,
    *,
    reference: str = "100",
    trail: str | None = None,
    after: str | None = None,
) -> Protection:
    return Protection(
        reference=D(reference),
        stop=D(stop),
        target=None if target is None else D(target),
        trail=None if trail is None else D(trail),
        trail_after=None if after is None else D(after),
    )
