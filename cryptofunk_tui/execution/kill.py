"""The kill as orders meet it: what is read last before one leaves."""

from cryptofunk_tui.domain.orders import Purpose
from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.execution.venue import OrderRefused
from cryptofunk_tui.storage.control import Control
from cryptofunk_tui.storage.errors import StorageError


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

    async def check(self, purpose: Purpose) -> None:
        """Raises OrderRefused where an order of this purpose may not leave: entries need RUNNING, what
        reduces is stopped by a kill alone, and of a kill that sells the sales are let through."""
        closed = await self.entries_stopped() if purpose is Purpose.ENTRY else await self.killed()
        if closed is None or (purpose is Purpose.FLATTEN and await self.flattens()):
            return
        raise OrderRefused(closed)

    async def flattens(self) -> bool:
        """Whether the kill asks for everything to be sold; False where the journal cannot be read."""
        try:
            return await self._control.flattens()
        except StorageError:
            return False


def _named(reason: str) -> str:
    return reason if reason.startswith("killed") else f"killed: {reason}"
