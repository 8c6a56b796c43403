"""How orders are written down: their exits' names, what became of them, and the protection of each fill."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from itertools import count

from cryptofunk_tui.domain.orders import (
    OPEN_STATUSES,
    Fill,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Purpose,
    Side,
    order_id,
)
from cryptofunk_tui.domain.portfolio import Position
from cryptofunk_tui.execution.fills import derived
from cryptofunk_tui.execution.protect import anchor
from cryptofunk_tui.execution.venue import OrderRefused, Report, Unclear, Venue
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.storage.journal import AccountRow, Journal

RESTING = (OrderStatus.OPEN, OrderStatus.PARTIAL)
"""On the venue and able to fill; what is INTENT or SENT is still on its way."""


@dataclass(frozen=True, slots=True)
class Booked:
    """An order after a report was written down, and those of its fills that were new."""

    order: Order
    fills: tuple[Fill, ...] = ()


@dataclass(slots=True)
class Changes:
    """Ids of orders that changed, in order, and the new fills."""

    orders: dict[str, None] = field(default_factory=dict)
    fills: list[Fill] = field(default_factory=list)

    def add(self, booked: Booked) -> None:
        """One order more."""
        self.orders[booked.order.client_order_id] = None
        self.fills.extend(booked.fills)


STOPS = (Purpose.STOP, Purpose.TRAIL)
"""Purposes of what protects a position where it rests."""


class Blotter:
    """The orders of one account in the journal."""

    def __init__(self, journal: Journal, account: AccountRow) -> None:
        self._journal = journal
        self._account = account

    async def position(self, symbol: str) -> Position | None:
        return next((held for held in await self._journal.positions() if held.symbol == symbol), None)

    async def free(self, symbol: str) -> Decimal:
        """What is held of a symbol and not yet offered by an order, in base currency. A stop of unclear
        outcome does not count: where it rests, the venue sells its coins to nobody else."""
        held = await self.position(symbol)
        offers = [order for order in await self.offers(symbol) if not _unclear_stop(order)]
        return (held.quantity if held else Decimal(0)) - sum((order.rest for order in offers), Decimal(0))

    async def exit_request(
        self,
        position: Position,
        purpose: Purpose,
        *,
        type: OrderType = OrderType.MARKET,
        quantity: Decimal | None = None,
        limit_price: Decimal | None = None,
        stop_price: Decimal | None = None,
    ) -> OrderRequest:
        """An order to sell all that is held, or `quantity` of it. Its id follows from the position's entry,
        the purpose and how many such orders ended before, so the same exit is never under way twice: raises
        OrderRefused then."""
        for attempt in count():
            leg = f"{purpose}-{attempt}"
            name = order_id(self._account.account, self._account.run_id, position.entry_order, leg)
            known = await self._journal.order(name)
            if known is None:
                break
            if not known.status.is_terminal:
                raise OrderRefused(f"{position.symbol} is being sold by order {name} already")
        return OrderRequest(
            client_order_id=name,
            symbol=position.symbol,
            side=Side.SELL,
            type=type,
            quantity=position.quantity if quantity is None else quantity,
            limit_price=limit_price,
            stop_price=stop_price,
            purpose=purpose,
            strategy=position.strategy,
        )

    async def intend(
        self,
        request: OrderRequest,
        at: datetime,
        *,
        reason: str = "",
        decision_id: str | None = None,
        approval_id: str | None = None,
    ) -> None:
        """Write an intent down, with the reason of an order that no vote asked for. Raises DuplicateOrder."""
        async with self._journal.transaction():
            await self._journal.add_order(request, decision_id=decision_id, at=at, approval_id=approval_id)
            if reason:
                await self._journal.set_status(request.client_order_id, OrderStatus.INTENT, reason, at)

    async def book(self, request: OrderRequest, report: Report, at: datetime) -> Booked:
        """Write down what became of an order, and arm the protection of what it bought, as one whole. An
        order is over only once its fills add up to what the venue says is filled."""
        name = request.client_order_id
        async with self._journal.transaction():
            before = await self._known(name)
            known = {fill.fill_id for fill in before.fills}
            fresh = tuple(fill for fill in report.fills if fill.fill_id not in known)
            if report.venue_order_id and before.venue_order_id is None:
                await self._journal.name_at_venue(name, report.venue_order_id)
            for fill in fresh:
                await self._journal.book_fill(fill, status=OrderStatus.PARTIAL)
            order = await self._known(name)
            status, reason = _reached(order, report), report.reason or order.reason
            if not order.status.is_terminal and (status, reason) != (order.status, order.reason):
                await self._journal.set_status(name, status, reason, at)
                order = await self._known(name)
            if fresh and request.side is Side.BUY:
                await self._arm(request, order)
        return Booked(order, fresh)

    async def withdraw(self, order: Order, venue: Venue, reason: str, at: datetime) -> Booked:
        """Take a resting order back, and write down what became of it: one that ended meanwhile stays as it
        is. Raises Unclear where nobody can tell."""
        report = await venue.cancel(order)
        request = await self._journal.request(order.client_order_id)
        assert request is not None
        if report.status is OrderStatus.CANCELED:
            report = replace(report, reason=reason)
        return await self.book(request, report, at)

    async def withdraw_offers(
        self,
        symbol: str,
        venue: Venue,
        reason: str,
        at: datetime,
        purposes: Collection[Purpose] = tuple(Purpose),
    ) -> list[Booked]:
        """Take back every order of these purposes that would sell a symbol. Raises OrderRefused where one may
        still be there; a stop of unclear outcome is called back as far as that can be done."""
        taken = []
        for order in await self.offers(symbol):
            if order.purpose not in purposes:
                continue
            try:
                taken.append(await self.withdraw(order, venue, reason, at))
            except (Unclear, MarketError) as error:
                if not _unclear_stop(order):
                    raise OrderRefused(
                        f"{symbol}: another offer of it cannot be taken back: {error}"
                    ) from None
        for each in taken:
            if not each.order.status.is_terminal and not _unclear_stop(each.order):
                raise OrderRefused(f"{symbol} is still offered by order {each.order.client_order_id}")
        return taken

    async def offers(self, symbol: str) -> list[Order]:
        """Orders that would sell a symbol and are not over."""
        open_orders = await self._journal.orders(OPEN_STATUSES, symbol)
        return [order for order in open_orders if order.side is Side.SELL]

    async def _known(self, name: str) -> Order:
        order = await self._journal.order(name)
        assert order is not None
        return order

    async def _arm(self, request: OrderRequest, order: Order) -> None:
        """Anchor the approved protection at the order's mean fill price. Where the position has a stop
        already, the nearer of the two holds: protection is never loosened."""
        held = await self.position(request.symbol)
        if held is None or request.protection is None or order.price is None:
            return
        armed = anchor(request.protection, derived(order.price))
        await self._journal.arm(
            request.symbol,
            initial_stop=armed.stop,
            stop=armed.stop if held.stop is None else max(armed.stop, held.stop),
            target=armed.target,
            trail=armed.trail,
            trail_after=armed.trail_after,
        )


def _reached(order: Order, report: Report) -> OrderStatus:
    """The state that a report brings an order to: one whose fills are not all known yet is not over, and one
    that told of fills is no longer unclear."""
    status = report.status
    if status is OrderStatus.UNKNOWN and order.status in RESTING:
        return order.status
    missing = status.is_terminal and order.filled < (
        order.quantity if status is OrderStatus.FILLED else report.filled or Decimal(0)
    )
    if missing or (order.filled and status in (OrderStatus.OPEN, OrderStatus.UNKNOWN)):
        return OrderStatus.PARTIAL if order.filled else _still_out(order)
    return OrderStatus.FILLED if order.filled == order.quantity else status


def _still_out(order: Order) -> OrderStatus:
    """Of an order whose first fill is still to be told."""
    return order.status if order.status is OrderStatus.OPEN else OrderStatus.UNKNOWN


def _unclear_stop(order: Order) -> bool:
    return order.purpose in STOPS and order.status not in RESTING
