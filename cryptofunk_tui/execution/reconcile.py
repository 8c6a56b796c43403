"""What became of orders whose outcome nobody knows: they are asked for, never sent again."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from cryptofunk_tui.domain.orders import Order, OrderStatus
from cryptofunk_tui.execution.blotter import Blotter, Changes
from cryptofunk_tui.execution.venue import Report, Venue
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.storage.journal import Journal

UNCLEAR = (OrderStatus.INTENT, OrderStatus.SENT, OrderStatus.UNKNOWN)


async def settle_unclear(
    journal: Journal,
    blotter: Blotter,
    venue: Venue,
    at: datetime,
    grace_s: float,
    testifies: Callable[[Order], Awaitable[bool]] | None = None,
) -> Changes:
    """Ask the venue about every order whose outcome is unclear and write its answer down, oldest first. One
    that did not answer is asked again the next time; that it knows of no such order is believed once the
    order is older than `grace_s` and no balance `testifies` to the contrary. Only for when no order is under
    way in this process."""
    changes = Changes()
    for order in reversed(await journal.orders(UNCLEAR)):
        try:
            report = await venue.find(order) or _absent(order, at, grace_s)
            if report.status is OrderStatus.REJECTED and testifies and await testifies(order):
                report = Report(
                    OrderStatus.UNKNOWN, reason="the venue knows of no such order, but the balances moved"
                )
        except MarketError:
            report = Report(OrderStatus.UNKNOWN, reason="the venue does not answer")
        if report.status is order.status and report.reason == order.reason:
            continue
        request = await journal.request(order.client_order_id)
        assert request is not None
        changes.add(await blotter.book(request, report, at))
    return changes


async def give_up(
    journal: Journal, blotter: Blotter, venue: Venue, order: Order, at: datetime, grace_s: float
) -> Order | None:
    """End an order that stays unclear, as a person asks, where it is older than `grace_s` and the venue knows
    of none; None where it may still be there. Raises MarketError."""
    old = (at - order.created_at).total_seconds() >= grace_s
    request = await journal.request(order.client_order_id)
    if order.status is not OrderStatus.UNKNOWN or not old or request is None or await venue.find(order):
        return None
    report = Report(OrderStatus.REJECTED, reason="given up by a person: the venue knows of none")
    return (await blotter.book(request, report, at)).order


def _absent(order: Order, at: datetime, grace_s: float) -> Report:
    """The venue says that there is none. Just after a submission that is no proof."""
    if order.status is OrderStatus.INTENT:
        return Report(OrderStatus.REJECTED, reason="never sent")
    if (at - order.created_at).total_seconds() < grace_s:
        return Report(OrderStatus.UNKNOWN, reason="the venue knows of no such order yet")
    return Report(
        OrderStatus.REJECTED, reason=f"never reached the venue: it knows of none after {grace_s:g} s"
    )
