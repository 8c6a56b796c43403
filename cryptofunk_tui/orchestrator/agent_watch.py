"""How well the agents called the market, told as it becomes known."""

import asyncio
from collections.abc import Callable

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.events import AgentRecords, AnyEvent, CycleFinished
from cryptofunk_tui.orchestrator.report import HEARD, HORIZON_BARS
from cryptofunk_tui.storage.records import Records

EVERY_S = 3.0
"""Wall seconds between two counts at least."""


class AgentWatch:
    """Counts at the start and after decisions, and tells what changed."""

    def __init__(
        self,
        records: Records,
        symbols: tuple[str, ...],
        timeframe: str,
        publish: Callable[[AnyEvent], None],
        clock: Clock,
    ) -> None:
        self._records = records
        self._symbols = symbols
        self._timeframe = timeframe
        self._publish = publish
        self._clock = clock
        self._decided = asyncio.Event()

    def hear(self, event: AnyEvent) -> None:
        """Mind a decision."""
        if isinstance(event, CycleFinished) and not event.preview:
            self._decided.set()

    async def run(self) -> None:
        """Count until cancelled."""
        told = None
        while True:
            self._decided.clear()
            await self._records.flush()
            known = await self._records.agent_records(self._symbols, self._timeframe, HORIZON_BARS, HEARD)
            if known != told:
                told = known
                self._publish(AgentRecords(at=self._clock.now(), horizon_bars=HORIZON_BARS, records=known))
            await asyncio.sleep(EVERY_S)
            await self._decided.wait()
