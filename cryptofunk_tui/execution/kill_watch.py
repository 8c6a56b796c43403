"""Obeys the kill: takes our orders back, sees for itself at the venue, sells where asked to, and reports."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.orders import ORDER_ID_PREFIX, Order
from cryptofunk_tui.execution.kill import Gate
from cryptofunk_tui.execution.venue import LiveVenue, Unclear, VenueOrder
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.storage.control import kill_stamp
from cryptofunk_tui.storage.errors import StorageError
from cryptofunk_tui.storage.kill_report import KillReport, write_report

WATCH_S = 0.05
"""Time between two looks."""
_AT_ONCE = 8
_LOOK_AGAIN = timedelta(seconds=10)
"""An order that was under way may reach the venue late."""
_SELL_AGAIN = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """How many orders were taken back, which are still there and why, and why nothing could be tried."""

    gone: int = 0
    left: dict[str, str] = field(default_factory=dict)
    problem: str = ""


def ours(order: VenueOrder) -> bool:
    """By the prefix of its client order id: known without a journal."""
    return order.client_order_id.startswith(ORDER_ID_PREFIX)


async def sweep(venue: LiveVenue) -> tuple[int, list[str]]:
    """Take back what the venue lists of ours, and look again: how many are gone, and what is left and why.
    Raises MarketError where the venue cannot be asked."""
    listed = [order for order in await venue.open_orders() if ours(order)]
    if not listed:
        return 0, []
    why: dict[str, str] = {}
    places = asyncio.Semaphore(_AT_ONCE)

    async def take_back(order: VenueOrder) -> None:
        async with places:
            try:
                await venue.cancel_listed(order)
            except (Unclear, MarketError) as error:
                why[order.venue_order_id] = str(error)

    await asyncio.gather(*(take_back(order) for order in listed))
    still = [order for order in await venue.open_orders() if ours(order)]
    names = (f"{order.client_order_id} {order.symbol}: " for order in still)
    reasons = (why.get(order.venue_order_id, "the venue still lists it") for order in still)
    return len(listed) - len(still), [name + reason for name, reason in zip(names, reasons, strict=True)]


class KillWatch:
    """Looks at the kill again and again, and carries it out for as long as something is left to do."""

    def __init__(
        self,
        gate: Gate,
        withdraw: Callable[[str, bool], Awaitable[Withdrawn]],
        sell_out: Callable[[str], Awaitable[tuple[list[Order], list[str]]]],
        venue: LiveVenue | None,
        state_dir: Path,
        clock: Clock,
    ) -> None:
        """`withdraw(reason, entries_only)` takes back what the journal knows; `venue` is None on paper."""
        self._gate = gate
        self._withdraw = withdraw
        self._sell_out = sell_out
        self._venue = venue
        self._state_dir = state_dir
        self._clock = clock
        self._report: KillReport | None = None
        self._looked: datetime | None = None
        self._tried_to_sell: datetime | None = None
        self._stamp = 0

    async def look(self) -> None:
        """One look: everything is taken back where trading is killed, entries where only they are stopped."""
        if (killed := await self._gate.killed()) is not None:
            if (stamp := kill_stamp(self._state_dir)) != self._stamp:
                self._report = self._looked = self._tried_to_sell = None
                self._stamp = stamp
            await self._carry_out(killed)
            return
        self._report = self._looked = self._tried_to_sell = None
        if (stopped := await self._gate.entries_stopped()) is not None:
            await self._withdraw(stopped, True)

    async def _carry_out(self, reason: str) -> None:
        before = self._report or KillReport(at=self._clock.now(), reason=reason)
        try:
            taken = await self._withdraw(reason, False)
        except StorageError as error:
            taken = Withdrawn(problem=f"the journal cannot be used, so nothing is sold: {error}")
        sells = not taken.problem and await self._gate.flattens()
        report = await self._seen_at_the_venue(before, taken)
        self._tell(report.model_copy(update={"selling": sells and self._tried_to_sell is None}))
        now = self._clock.now()
        if sells and (self._tried_to_sell is None or now - self._tried_to_sell >= _SELL_AGAIN):
            sold, kept = await self._sell_out(reason)
            self._tried_to_sell = now
            update = {"sold": report.sold + len(sold), "kept": tuple(kept), "selling": False}
            self._tell(report.model_copy(update=update))

    def _tell(self, report: KillReport) -> None:
        if report != self._report:
            self._report = report
            write_report(self._state_dir, report)

    async def _seen_at_the_venue(self, before: KillReport, taken: Withdrawn) -> KillReport:
        """The report with what the venue itself still lists; asked until that is nothing, and then again now
        and then."""
        left = tuple(f"{name}: {why}" for name, why in taken.left.items())
        problems = (taken.problem,) if taken.problem else ()
        report = before.model_copy(
            update={
                "cancelled": before.cancelled + taken.gone,
                "left": left,
                "verified": not left,
                "problems": problems,
            }
        )
        if self._venue is None:
            return report
        now = self._clock.now()
        if before.verified and not left and self._looked is not None and now - self._looked < _LOOK_AGAIN:
            return report
        try:
            gone, listed = await sweep(self._venue)
        except MarketError as error:
            unseen = (*problems, f"not verified: {error}")
            return report.model_copy(update={"verified": False, "problems": unseen})
        self._looked = now
        seen = {"cancelled": report.cancelled + gone, "left": tuple(listed), "verified": not listed}
        return report.model_copy(update=seen)
