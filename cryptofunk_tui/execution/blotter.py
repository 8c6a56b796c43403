"""How orders are written down: their exits' names, what became of them, and the protection of each fill."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from itertools import count

from cryptofunk_tui.domain.orders import (
    OPEN_STATUSES,
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
from cryptofunk_tui.execution.venue import OrderRefused, Report, Venue
from cryptofunk_tui.storage.journal import AccountRow, Journal

RESTING = (OrderStatus.OPEN, OrderStatus.PARTIAL)
"""On the venue and able to fill; what is INTENT or SENT is still on its way."""


class Blotter:
    """The orders of one account in the journal."""

    def __init__(self, journal: Journal, account: AccountRow) -> None:
        self._journal = journal
        self._account = account

    async def position(self, symbol: str) -> Position | None:
        return next((held for held in await self._journal.positions() if held.symbol == symbol), None)

    async def free(self, symbol: str) -> Decimal:
        """What is held of a symbol and not yet offered by an order, in base currency."""
        held = await self.position(symbol)
        return (held.quantity if held else Decimal(0)) - sum(
            (order.quantity - order.filled for order in await self._offers(symbol)), Decimal(0)
        )

    async def exit_request(
        self,
        position: Position,
        purpose: Purpose,
        *,
        type: OrderType = OrderType.MARKET,
        limit_price: Decimal | None = None,
        stop_price: Decimal | None = None,
    ) -> OrderRequest:
        """An order to sell all that is held. Its id follows from the position's entry, the purpose and how
        many such orders ended before, so the same exit is never under way twice: raises OrderRefused then."""
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
            quantity=position.quantity,
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

    async def book(self, request: OrderRequest, report: Report, at: datetime) -> Order:
        """Write down what became of an order, and arm the protection of what it bought, as one whole."""
        name = request.client_order_id
        async with self._journal.transaction():
            for fill in report.fills:
                last = fill is report.fills[-1] and report.status is OrderStatus.FILLED
                await self._journal.book_fill(
                    fill, status=OrderStatus.FILLED if last else OrderStatus.PARTIAL
                )
            if not report.fills or (report.status.is_terminal and report.status is not OrderStatus.FILLED):
                await self._journal.set_status(name, report.status, report.reason, at)
            order = await self._journal.order(name)
            assert order is not None
            if report.fills and request.side is Side.BUY:
                await self._arm(request, order)
        return order

    async def withdraw(self, order: Order, venue: Venue, reason: str, at: datetime) -> Order:
        """Take a resting order back; one that ended meanwhile stays as it is."""
        report = await venue.cancel(order)
        async with self._journal.transaction():
            known = await self._journal.order(order.client_order_id)
            assert known is not None
            if known.status in RESTING:
                await self._journal.set_status(order.client_order_id, report.status, reason, at)
            after = await self._journal.order(order.client_order_id)
            assert after is not None
        return after

    async def withdraw_offers(self, symbol: str, venue: Venue, reason: str, at: datetime) -> list[Order]:
        """Take back every resting order that would sell a symbol."""
        return [await self.withdraw(order, venue, reason, at) for order in await self._offers(symbol)]

    async def _offers(self, symbol: str) -> Iterable[Order]:
        open_orders = await self._journal.orders(OPEN_STATUSES, symbol)
        return [order for order in open_orders if order.side is Side.SELL]

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
