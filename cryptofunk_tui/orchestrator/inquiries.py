"""What a screen may ask of a run beyond what it is told."""

from cryptofunk_tui.domain.cycle import CycleRecord
from cryptofunk_tui.domain.performance import Performance
from cryptofunk_tui.orchestrator import report
from cryptofunk_tui.orchestrator.controls import Controls


class Inquiries(Controls):
    """Questions that are answered from the run's own files and servers. Each raises ProductError while the
    run is not wired."""

    async def decisions(self, before: str | None, limit: int) -> tuple[CycleRecord, ...]:
        """Decisions older than the one called `before`, newest first; the newest of all where None."""
        records = self._wired.records
        await records.flush()
        return await records.cycles(before=before, limit=limit)

    async def performance(self) -> Performance:
        """How the account did up to the newest decided bar."""
        records = self._wired.records
        await records.flush()
        return await report.performance(self._wired.journal, records)
