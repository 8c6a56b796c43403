"""Compares the account at a real venue with the journal: orders, fills, balances. What is missing is booked,
what cannot be true stops entries."""

from datetime import datetime, timedelta
from decimal import Decimal

from cryptofunk_tui.domain.base import plain
from cryptofunk_tui.domain.market import split_symbol
from cryptofunk_tui.domain.orders import (
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Purpose,
    Side,
    run_prefix,
)
from cryptofunk_tui.domain.plain_text import safe_text
from cryptofunk_tui.execution.blotter import RESTING, Blotter, Changes
from cryptofunk_tui.execution.reconcile import UNCLEAR
from cryptofunk_tui.execution.venue import LiveVenue, OrderRefused, Report, Unclear, VenueOrder, VenueTrade
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.storage.errors import StorageError
from cryptofunk_tui.storage.journal import AccountRow, Journal

_OVERLAP = timedelta(minutes=10)
"""How far before the newest known fill executions are asked for again."""
_FIRST_LOOK = timedelta(days=7)
FOUND = "found at the venue: the journal had lost it"


class AccountCheck:
    """One comparison after the other; a second one, with nothing new at the venue, changes nothing."""

    def __init__(
        self, journal: Journal, blotter: Blotter, venue: LiveVenue, account: AccountRow, grace_s: float
    ) -> None:
        self._journal = journal
        self._blotter = blotter
        self._venue = venue
        self._prefix = run_prefix(account.account, account.run_id)
        self._grace = timedelta(seconds=grace_s)
        self._seen_until: dict[str, datetime] = {}
        self._strangers: set[str] = set()
        self._settled_beyond: dict[str, Decimal] = {}
        self.problem: str | None = "the account was not compared with the venue yet"
        """Why no entry may leave; None where venue and journal agree."""
        self.agreed_at: datetime | None = None
        self.foreign: tuple[str, ...] = ()

    async def run(self, symbols: tuple[str, ...], now: datetime) -> Changes:
        """Compare everything of these symbols and of what the journal holds. Never raises: a comparison that
        cannot be done is a problem."""
        changes = Changes()
        try:
            await self._orders(changes, now)
            for symbol in await self._symbols(symbols):
                await self._executions(symbol, changes, now)
            self.problem = await self._shortfall()
        except (MarketError, Unclear, OrderRefused, StorageError) as error:
            self.problem = f"the account cannot be compared with {self._venue.name}: {error}"
        if self.problem is None:
            self.agreed_at = now
        return changes

    async def testifies(self, order: Order) -> bool:
        """Whether the balances say that an order filled of which the venue claims to know nothing. Raises
        MarketError."""
        asset = split_symbol(order.symbol)[0]
        before, after = self._settled_beyond.get(asset), (await self._beyond()).get(asset)
        if before is None or after is None:
            return False
        return after > before if order.side is Side.BUY else after < before

    async def look(self, now: datetime) -> Changes:
        """Compare the open orders alone. Raises MarketError, Unclear."""
        changes = Changes()
        await self._orders(changes, now)
        return changes

    async def _orders(self, changes: Changes, now: datetime) -> None:
        resting = await self._journal.orders(RESTING)
        listed = {
            order.client_order_id or order.venue_order_id: order for order in await self._venue.open_orders()
        }
        for order in resting:
            there = listed.get(order.client_order_id)
            if there is None or there.filled != order.filled:
                await self._catch_up(order, changes, now)
        foreign = []
        for name, there in listed.items():
            known = await self._journal.order(name)
            if known is None and not name.startswith(self._prefix):
                foreign.append(safe_text(f"{name} {there.side} {plain(there.quantity)} {there.symbol}"))
            else:
                await self._own(known, there, changes, now)
        self.foreign = tuple(foreign)

    async def _catch_up(self, order: Order, changes: Changes, now: datetime) -> None:
        """What became of an order that the journal has open and the venue lists otherwise."""
        report = await self._venue.find(order)
        if report is None:
            if now - order.updated_at < self._grace:
                return
            report = Report(OrderStatus.CANCELED, reason="the venue no longer knows it", filled=order.filled)
        await self._book(order.client_order_id, report, changes, now)

    async def _own(self, known: Order | None, there: VenueOrder, changes: Changes, now: datetime) -> None:
        """An open order of ours: one that the journal does not know, or holds for ended, is taken back."""
        if known is not None and not known.status.is_terminal:
            return
        if known is None:
            known = await self._adopt(there.client_order_id, there.symbol, there.side, there.quantity, now)
        await self._venue.cancel_listed(there)
        report = await self._venue.find(known)
        if report is not None:
            await self._book(known.client_order_id, report, changes, now)

    async def _executions(self, symbol: str, changes: Changes, now: datetime) -> None:
        since = self._seen_until.get(symbol, now - _FIRST_LOOK)
        known = await self._journal.fill_ids(symbol)
        trades = await self._venue.trades(symbol, since - _OVERLAP)
        fresh: dict[str, list[VenueTrade]] = {}
        for trade in trades:
            if trade.fill.fill_id not in known and trade.venue_order_id not in self._strangers:
                fresh.setdefault(trade.venue_order_id, []).append(trade)
        for venue_order_id, parts in fresh.items():
            name = await self._name_of(symbol, venue_order_id)
            order = await self._journal.order(name) if name else None
            if order is None and not name.startswith(self._prefix):
                self._strangers.add(venue_order_id)
                continue
            if order is None:
                filled = sum((part.fill.quantity for part in parts), Decimal())
                order = await self._adopt(name, symbol, parts[0].fill.side, filled, now)
            fills = tuple(part.fill.model_copy(update={"client_order_id": name}) for part in parts)
            await self._book(
                name, Report(OrderStatus.PARTIAL, fills, order.reason, venue_order_id), changes, now
            )
        self._seen_until[symbol] = max((trade.fill.at for trade in trades), default=since)

    async def _name_of(self, symbol: str, venue_order_id: str) -> str:
        known = await self._journal.order_of_venue(venue_order_id)
        return known or await self._venue.client_id_of(symbol, venue_order_id)

    async def _adopt(self, name: str, symbol: str, side: Side, quantity: Decimal, now: datetime) -> Order:
        """Take an order of ours that the journal has lost into it, without a leave and without a plan."""
        request = OrderRequest(
            client_order_id=name,
            symbol=symbol,
            side=side,
            type=OrderType.MARKET,
            quantity=quantity,
            purpose=Purpose.ENTRY if side is Side.BUY else Purpose.EXIT,
        )
        await self._blotter.intend(request, now, reason=FOUND)
        report = Report(OrderStatus.UNKNOWN, reason=FOUND)
        return (await self._blotter.book(request, report, now)).order

    async def _shortfall(self) -> str | None:
        """What the journal holds and the venue does not. What lies there beyond that is not ours."""
        beyond = await self._beyond()
        if not await self._journal.orders(UNCLEAR):
            self._settled_beyond = beyond
        missing = [
            f"{-more} {asset} less at {self._venue.name} than in the journal"
            for asset, more in beyond.items()
            if more < 0
        ]
        return "; ".join(missing) or None

    async def _beyond(self) -> dict[str, Decimal]:
        """What the venue holds beyond the journal, by asset of the journal."""
        there = await self._venue.balances()
        return {
            asset: there.get(asset, Decimal(0)) - amount
            for asset, amount in (await self._journal.balances()).items()
            if amount >= 0
        }

    async def _symbols(self, traded: tuple[str, ...]) -> tuple[str, ...]:
        held = (position.symbol for position in await self._journal.positions())
        ordered = (order.symbol for order in await self._journal.orders(limit=50))
        return tuple(dict.fromkeys((*traded, *held, *ordered)))

    async def _book(self, name: str, report: Report, changes: Changes, now: datetime) -> None:
        request = await self._journal.request(name)
        assert request is not None
        before = await self._journal.order(name)
        booked = await self._blotter.book(request, report, now)
        if booked.fills or before is None or booked.order.status is not before.status:
            changes.add(booked)
