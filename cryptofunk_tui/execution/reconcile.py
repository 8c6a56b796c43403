"""What became of orders that a crash left between intent and answer."""

from datetime import datetime

from cryptofunk_tui.domain.orders import OrderStatus
from cryptofunk_tui.execution.blotter import Blotter
from cryptofunk_tui.execution.venue import Venue
from cryptofunk_tui.storage.journal import Journal

UNCLEAR = (OrderStatus.INTENT, OrderStatus.SENT, OrderStatus.UNKNOWN)


async def reconcile(journal: Journal, blotter: Blotter, venue: Venue, at: datetime) -> dict[str, None]:
    """Ask the venue about every order whose outcome is unclear and write its answer down, oldest first.
    Nothing is sent again. Returns the ids. Only for when no order is under way in this process."""
    settled: dict[str, None] = {}
    for order in reversed(await journal.orders(UNCLEAR)):
        request = await journal.request(order.client_order_id)
        assert request is not None
        await blotter.book(request, await venue.settle(order), at)
        settled[order.client_order_id] = None
    return settled
