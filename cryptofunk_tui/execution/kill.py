"""The kill: what is read last before an order leaves, and the look that takes open orders back."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.execution.venue import OrderRefused
from cryptofunk_tui.storage.control import is_killed, kill_reason
from cryptofunk_tui.storage.errors import StorageError
from cryptofunk_tui.storage.journal import Journal

WATCH_S = 0.05
"""Time between two looks."""


class Gate:
    """Whether orders may leave now. Closed where the kill file is there, where the journal says killed, and
    where either cannot be read."""

    def __init__(self, journal: Journal, state_dir: Path) -> None:
        self._database = journal.database
        self._state_dir = state_dir

    async def killed(self) -> str | None:
        """Why nothing may leave, None where exits may."""
        state, reason = await self._read()
        return reason if state is None else None

    async def entries_stopped(self) -> str | None:
        """Why no entry may leave, None where all may."""
        state, reason = await self._read()
        if state is None:
            return reason
        return None if state is TradingState.RUNNING else f"trading is {state}, no entries: {reason}"

    async def check(self, *, entry: bool) -> None:
        """Raises OrderRefused where an entry, or an order that reduces, may not leave."""
        closed = await self.entries_stopped() if entry else await self.killed()
        if closed is not None:
            raise OrderRefused(closed)

    async def _read(self) -> tuple[TradingState | None, str]:
        """State and reason; None for killed."""
        try:
            row = await self._database.row("control")
        except StorageError as error:
            return None, f"killed: the control state cannot be read: {error}"
        if is_killed(self._state_dir):
            return None, f"killed: {kill_reason(self._state_dir)}"
        if row is None:
            return TradingState.RUNNING, ""
        state, reason = TradingState(row["state"]), str(row["reason"])
        if state is TradingState.HALTED and reason.lower().startswith("kill"):
            return None, f"killed: {reason}"
        return state, reason


async def look(gate: Gate, withdraw: Callable[[str, bool], Awaitable[None]]) -> None:
    """One look of the watch: `withdraw(reason, entries_only)` where trading is killed, or entries are
    stopped."""
    if (killed := await gate.killed()) is not None:
        await withdraw(killed, False)
    elif (stopped := await gate.entries_stopped()) is not None:
        await withdraw(stopped, True)
