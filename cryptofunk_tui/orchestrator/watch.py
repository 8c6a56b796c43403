"""What the engine tells of itself: its pulse in the journal, the account and the charts on the screen."""

import asyncio
import os
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.events import AccountChanged, AnyEvent, Bars
from cryptofunk_tui.domain.market import Quote
from cryptofunk_tui.domain.risk import Breaker
from cryptofunk_tui.orchestrator.feed import Feed
from cryptofunk_tui.orchestrator.waiting import WaitingRoom
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.control import Control, is_killed
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.kill_report import read_report
from cryptofunk_tui.storage.venue_state import venue_state
from cryptofunk_tui.toolbox.errors import ToolboxError
from cryptofunk_tui.toolbox.toolbox import Toolbox

PULSE_S = 1.0
ACCOUNT_S = 0.5
NEWEST_ORDERS = 40
NEWEST_TRADES = 20
CHART_BARS = 240


class Pulse:
    """The engine's row in the journal, beaten every second, and struck when it ends."""

    def __init__(
        self, journal: Journal, toolbox: Toolbox, feed_age: Callable[[], float | None], clock: Clock
    ) -> None:
        self._journal = journal
        self._toolbox = toolbox
        self._feed_age = feed_age
        self._clock = clock

    async def run(self) -> None:
        """Beat until cancelled."""
        since = self._clock.now()
        await self._journal.set_engine(os.getpid(), since)
        try:
            while True:
                await self._journal.heartbeat(self._clock.now(), self._toolbox.status(), self._feed_age())
                await asyncio.sleep(PULSE_S)
        finally:
            await self._journal.set_engine(None, since)


class AccountView:
    """The account as one event: state, portfolio, orders, approvals, breakers."""

    def __init__(
        self,
        journal: Journal,
        state_dir: Path,
        toolbox: Toolbox,
        room: WaitingRoom,
        feed_age: Callable[[], float | None],
        publish: Callable[[AnyEvent], None],
        clock: Clock,
    ) -> None:
        self._journal = journal
        self._state_dir = state_dir
        self._control = Control(journal, state_dir)
        self._approvals = Approvals(journal)
        self._toolbox = toolbox
        self._room = room
        self._feed_age = feed_age
        self._publish = publish
        self._clock = clock
        self._breakers: tuple[Breaker, ...] = ()

    async def run(self) -> None:
        """Show the account twice a second until cancelled."""
        while True:
            await self.show()
            await asyncio.sleep(ACCOUNT_S)

    async def show(self) -> None:
        """Show it now."""
        try:
            answer = await self._toolbox.call("risk_analyzer", "check_breakers", {}, deadline_s=2.0)
            self._breakers = tuple(Breaker.model_validate(each) for each in answer["breakers"])
        except ToolboxError:
            pass
        state, reason = await self._control.state()
        self._publish(
            AccountChanged(
                at=self._clock.now(),
                state=state,
                state_reason=reason,
                portfolio=await self._journal.portfolio(),
                orders=await self._journal.orders(limit=NEWEST_ORDERS),
                trades=await self._journal.trades(limit=NEWEST_TRADES),
                approvals=await self._approvals.pending(),
                breakers=self._breakers,
                feed_age_s=self._feed_age(),
                venue=await venue_state(self._journal),
                undone=self._undone(),
                corridors=self._room.corridors(),
                sells_out=await self._control.flattens(),
            )
        )

    def _undone(self) -> tuple[str, ...]:
        """What the kill that stands could not do."""
        report = read_report(self._state_dir) if is_killed(self._state_dir) else None
        return report.undone if report else ()


class FeedAge:
    """Seconds since the newest price came in, by the monotonic clock."""

    def __init__(self, quotes: Mapping[str, Quote]) -> None:
        self._quotes = quotes
        self._newest: datetime | None = None
        self._seen = time.monotonic()

    def __call__(self) -> float | None:
        newest = max((quote.at for quote in self._quotes.values()), default=None)
        if newest != self._newest:
            self._newest, self._seen = newest, time.monotonic()
        return None if newest is None else time.monotonic() - self._seen


def bars_of(feed: Feed, symbol: str, at: datetime) -> Bars | None:
    """A symbol's newest bars for the chart."""
    known = feed.candles(symbol)
    if known is None:
        return None
    columns = known.rows(-CHART_BARS).columns()
    return Bars(
        at=at, symbol=symbol, timeframe=known.timeframe, **{name: tuple(columns[name]) for name in columns}
    )
