"""Orders in the journal: the intent first, then every change of state, and no way back from the last one."""

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from datetime import datetime

from cryptofunk_tui.domain.base import from_ms
from cryptofunk_tui.domain.orders import TRANSITIONS, Order, OrderRequest, OrderStatus
from cryptofunk_tui.storage.database import Database
from cryptofunk_tui.storage.errors import DuplicateOrder, NotFound, Refused
from cryptofunk_tui.storage.rows import stamp, text, to_orders

_BEFORE = {
    status: ",".join(
        (
            "",
            *(known for known, after in TRANSITIONS.items() if status in after),
            *([] if status.is_terminal else [status]),
            "",
        )
    )
    for status in OrderStatus
}
"""From which states an order may come into each; one that is not over may be given another reason."""
_ALL = 2**53
"""More rows than there are."""


class Orders:
    """The order book of the active account."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def transaction(self) -> AbstractAsyncContextManager[None]:
        """Everything within is written together or not at all; inner calls join it."""
        return self.database.transaction()

    async def add_order(
        self, request: OrderRequest, *, decision_id: str | None, at: datetime, approval_id: str | None
    ) -> Order:
        """Commit the intent to place `request`. Raises DuplicateOrder when its client order id is known."""
        if request.quantity <= 0:
            raise Refused(f"order {request.client_order_id}: quantity {request.quantity} must be above zero")
        added = await self.database.write(
            "add_order",
            client_order_id=request.client_order_id,
            decision_id=decision_id,
            approval_id=approval_id,
            symbol=request.symbol,
            side=request.side.value,
            type=request.type.value,
            purpose=request.purpose.value,
            strategy=request.strategy,
            quantity=text(request.quantity),
            limit_price=text(request.limit_price),
            stop_price=text(request.stop_price),
            request=request.model_dump_json(),
            status=OrderStatus.INTENT.value,
            reason="",
            at=stamp(at),
        )
        if not added:
            raise DuplicateOrder(
                f"order {request.client_order_id} exists already; ask for its status, never resend it"
            )
        return await self._known(request.client_order_id)

    async def set_status(self, client_order_id: str, status: OrderStatus, reason: str, at: datetime) -> None:
        """Move an order on, or give its state another reason. Raises Refused where TRANSITIONS has no such
        step, unless an ended order is in this state already, and NotFound for an unknown id."""
        changed = await self.database.write(
            "change_status",
            client_order_id=client_order_id,
            status=status.value,
            reason=reason,
            at=stamp(at),
            before=_BEFORE[status],
        )
        if changed:
            return
        order = await self._known(client_order_id)
        if order.status is not status:
            final = "which is final; " if order.status.is_terminal else ""
            raise Refused(f"order {client_order_id} is {order.status}, {final}it cannot be {status}")

    async def name_at_venue(self, client_order_id: str, venue_order_id: str) -> None:
        """Keep what the venue calls an order."""
        await self.database.write(
            "name_at_venue", client_order_id=client_order_id, venue_order_id=venue_order_id
        )

    async def order_of_venue(self, venue_order_id: str) -> str | None:
        """Our name of an order that the venue names so."""
        row = await self.database.row("order_of_venue", venue_order_id=venue_order_id)
        return None if row is None else str(row["client_order_id"])

    async def order(self, client_order_id: str) -> Order | None:
        """One order with its fills."""
        found = to_orders(await self.database.rows("one_order", client_order_id=client_order_id))
        return found[0] if found else None

    async def orders(
        self,
        statuses: Iterable[OrderStatus] | None = None,
        symbol: str | None = None,
        limit: int | None = None,
    ) -> tuple[Order, ...]:
        """Orders with their fills, newest first."""
        wanted = tuple(OrderStatus) if statuses is None else tuple(statuses)
        if any(status.is_terminal for status in wanted):
            return to_orders(
                await self.database.rows(
                    "newest_orders",
                    statuses=f",{','.join(wanted)},",
                    symbol=symbol or "",
                    count=_ALL if limit is None else limit,
                )
            )
        found = [
            order
            for order in to_orders(await self.database.rows("open_orders"))
            if order.status in wanted and symbol in (None, order.symbol)
        ]
        return tuple(found[:limit])

    async def request(self, client_order_id: str) -> OrderRequest | None:
        """The order as it was approved, with its protection."""
        row = await self.database.row("order_request", client_order_id=client_order_id)
        return None if row is None else OrderRequest.model_validate_json(row["request"])

    async def order_events(self, client_order_id: str) -> tuple[tuple[datetime, OrderStatus, str], ...]:
        """Every state that an order has been in: when, which, why; oldest first."""
        rows = await self.database.rows("order_events", client_order_id=client_order_id)
        return tuple((from_ms(row["at"]), OrderStatus(row["status"]), row["reason"]) for row in rows)

    async def order_count_since(self, at: datetime) -> int:
        """Orders created at or after `at`, in market time."""
        row = await self.database.row("count_orders", since=stamp(at))
        return int(row["orders"]) if row else 0

    async def _known(self, client_order_id: str) -> Order:
        order = await self.order(client_order_id)
        if order is None:
            raise NotFound(f"order {client_order_id} is not in the journal; list the orders for their ids")
        return order
