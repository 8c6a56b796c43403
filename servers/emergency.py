"""The kill without a journal: what is left to do when the executor itself cannot be had."""

import asyncio
from collections.abc import Callable
from pathlib import Path

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.execution.ccxt_venue import CcxtVenue
from cryptofunk_tui.execution.kill_watch import sweep
from cryptofunk_tui.execution.venue import OrderRefused
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.settings import Settings
from cryptofunk_tui.storage.control import is_killed, kill_reason
from cryptofunk_tui.storage.kill_report import KillReport, write_report
from servers.live_venue import emergency_venue

AGAIN_S = 1.0
"""Between two attempts while something stands in the way."""


class Emergency:
    """Takes the orders back that carry our prefix. Nothing is sold: what is held stands in the journal."""

    def __init__(
        self, state_directory: Callable[[], Path], settings: Callable[[], Settings], clock: Clock
    ) -> None:
        self._state_directory = state_directory
        self._settings = settings
        self._clock = clock
        self._venue: CcxtVenue | None = None
        self._gone = 0
        self._alone = asyncio.Lock()

    async def look(self, venue: CcxtVenue | None) -> None:
        """One attempt, where trading is killed. `venue` is the one that is open already. Never raises."""
        directory = self._state_directory()
        if not is_killed(directory):
            return
        try:
            async with self._alone:
                report = await self._carry_out(venue, kill_reason(directory))
        except Exception as error:
            report = self._report(kill_reason(directory), problems=(f"orders cannot be taken back: {error}",))
        write_report(directory, report)

    async def _carry_out(self, venue: CcxtVenue | None, reason: str) -> KillReport:
        unsold = "the journal cannot be used, so nothing is sold"
        try:
            venue = venue or await self._own_venue()
            if venue is None:
                return self._report(reason, problems=(unsold,), verified=True)
            gone, left = await sweep(venue)
        except (OrderRefused, MarketError) as error:
            return self._report(reason, problems=(unsold, f"not verified: {error}"))
        self._gone += gone
        return self._report(reason, left=tuple(left), problems=(unsold,), verified=not left)

    async def _own_venue(self) -> CcxtVenue | None:
        if self._venue is None:
            self._venue = await emergency_venue(self._settings(), self._clock)
        return self._venue

    def _report(
        self,
        reason: str,
        *,
        left: tuple[str, ...] = (),
        problems: tuple[str, ...] = (),
        verified: bool = False,
    ) -> KillReport:
        return KillReport(
            at=self._clock.now(),
            reason=reason,
            cancelled=self._gone,
            left=left,
            problems=problems,
            verified=verified,
        )

    async def close(self) -> None:
        if self._venue is not None:
            await self._venue.close()
            self._venue = None
