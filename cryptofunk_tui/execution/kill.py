"""The kill: what is read last before an order leaves, and the look that takes open orders back."""

from collections.abc import Awaitable, Callable

from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.execution.venue import OrderRefused
from cryptofunk_tui.storage.control import Control

WATCH_S = 0.05
"""Time between two looks."""


class Gate:
    """Whether orders may leave now. Closed where the kill file is there, where the journal says killed, and
    where either cannot be read."""

    def __init__(self, control: Control) -> None:
        self._control = control

    async def killed(self) -> str | None:
        """Why nothing may leave, None where exits may."""
        _, reason, killed = await self._control.read()
        return _named(reason) if killed else None

    async def entries_stopped(self) -> str | None:
        """Why no entry may leave, None where all may."""
        state, reason, killed = await self._control.read()
        if killed:
            return _named(reason)
        return None if state is TradingState.RUNNING else f"trading is {state}, no entries: {reason}"

    async def check(self, *, entry: bool) -> None:
        """Raises OrderRefused where an entry, or an order that reduces, may not leave."""
        closed = await self.entries_stopped() if entry else await self.killed()
        if closed is not None:
            raise OrderRefused(closed)


def _named(reason: str) -> str:
    return reason if reason.startswith("killed") else f"killed: {reason}"


async def look(gate: Gate, withdraw: Callable[[str, bool], Awaitable[None]]) -> None:
    """One look of the watch: `withdraw(reason, entries_only)` where trading is killed, or entries are
    stopped."""
    if (killed := await gate.killed()) is not None:
        await withdraw(killed, False)
    elif (stopped := await gate.entries_stopped()) is not None:
        await withdraw(stopped, True)
