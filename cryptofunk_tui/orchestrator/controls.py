"""What a person can do to a run: every act is recorded with who did it and when."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from cryptofunk_tui.domain.base import Clock, plain
from cryptofunk_tui.domain.errors import ProductError, Refused
from cryptofunk_tui.domain.events import AnyEvent
from cryptofunk_tui.domain.orders import ApprovalStatus
from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.domain.rules import ApprovalRules
from cryptofunk_tui.orchestrator.answers import check_cancelled, check_sold
from cryptofunk_tui.orchestrator.sitting import Sitting
from cryptofunk_tui.orchestrator.waiting import WaitingRoom
from cryptofunk_tui.storage.acts import Acts
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.control import Control, touch_kill
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.records import Records
from cryptofunk_tui.toolbox.toolbox import Toolbox


@dataclass(frozen=True, slots=True)
class Wires:
    """What the acts reach, once the account is open. `changed` shows the account at once."""

    journal: Journal
    toolbox: Toolbox
    sitting: Sitting
    room: WaitingRoom
    records: Records
    changed: Callable[[], Awaitable[None]]
    publish: Callable[[AnyEvent], None]


class Controls:
    """The person's acts. Until the run is wired only the kill works; the others say so."""

    def __init__(self, state_dir: Path, approvals: ApprovalRules, clock: Clock) -> None:
        self._state_dir = state_dir
        self._use = timedelta(seconds=approvals.use_s)
        self._clock = clock
        self._wires: Wires | None = None

    def kill_now(self, actor: str) -> None:
        """Stop all trading without waiting for anything: the kill file alone is enough for the executor."""
        touch_kill(self._state_dir, f"killed by {actor}")

    async def kill(self, actor: str, *, flatten: bool = False) -> None:
        """Enter the kill into the journal, too; the file that blocks is written by `kill_now`. `flatten`
        sells what is held as well, where the run has ended by an executor of its own. Raises ProductError
        with what that could not do."""
        if self._wires is not None:
            async with self._act(actor, "kill and sell all" if flatten else "kill"):
                await self._control.kill(f"killed by {actor}", actor, self._clock.now(), flatten=flatten)
        elif flatten:
            from cryptofunk_tui.orchestrator.emergency import carry_out

            now = self._clock.now()
            report = await carry_out(self._state_dir, now, actor, self._clock, flatten=True)
            if report.undone:
                raise ProductError("not all could be done: " + "; ".join(report.undone))

    async def pause(self, actor: str) -> None:
        """No entries."""
        async with self._act(actor, "pause"):
            await self._set(TradingState.PAUSED, actor)

    async def reduce(self, actor: str) -> None:
        """Exits only."""
        async with self._act(actor, "exits only"):
            await self._set(TradingState.REDUCING, actor)

    async def resume(self, confirm: str, actor: str) -> None:
        """Trade again. Raises Refused unless the word is RESUME."""
        if confirm != "RESUME":
            raise Refused("resuming takes the typed word RESUME")
        async with self._act(actor, "resume"):
            await self._control.resume(confirm, actor, self._clock.now())

    async def approve(self, approval_id: str, actor: str) -> None:
        """Grant a waiting order."""
        async with self._act(actor, "approve", approval_id):
            await self._answer(approval_id, ApprovalStatus.GRANTED, actor)

    async def reject(self, approval_id: str, actor: str) -> None:
        """Refuse a waiting order."""
        async with self._act(actor, "reject", approval_id):
            await self._answer(approval_id, ApprovalStatus.REJECTED, actor)

    async def resize(self, approval_id: str, quantity: Decimal, actor: str) -> None:
        """Ask for a waiting order anew, with less of it: a new approval, which is to be answered in turn."""
        async with self._act(actor, f"ask for {plain(quantity)} instead", approval_id):
            await self._wired.room.shrink(approval_id, quantity, actor)

    async def close_position(self, symbol: str, actor: str) -> None:
        """Sell what is held of a symbol, at the market. Raises Refused where not all of it was sold."""
        async with self._act(actor, "close", symbol):
            answer = await self._wired.toolbox.call(
                "order_executor", "close_position", {"symbol": symbol, "reason": f"closed by {actor}"}
            )
            check_sold(answer)

    async def cancel_order(self, client_order_id: str, actor: str) -> None:
        """Cancel an open order. Raises Refused where it ended otherwise."""
        async with self._act(actor, "cancel", client_order_id):
            answer = await self._wired.toolbox.call(
                "order_executor", "cancel_order", {"client_order_id": client_order_id}
            )
            check_cancelled(answer)

    async def stop_agent(self, name: str, actor: str) -> None:
        """An agent leaves the council until it is started."""
        async with self._act(actor, "stop agent", name):
            self._wired.sitting.stop(name)

    async def start_agent(self, name: str, actor: str) -> None:
        """An agent takes its seat, anew."""
        async with self._act(actor, "start agent", name):
            self._wired.sitting.start(name)

    async def tune_agent(self, name: str, field: str, value: str, actor: str) -> None:
        """Set a number of an agent from the next decision on, until the run ends. Raises WrongUse for what
        cannot be, Refused for what only a new start can change."""
        async with self._act(actor, f"set {field} to {value}", name):
            self._wired.sitting.tune(name, field, value)

    async def restart_server(self, name: str, actor: str) -> None:
        """End a server's process; its connection brings up a fresh one."""
        async with self._act(actor, "restart server", name):
            await self._wired.toolbox.restart(name)

    @asynccontextmanager
    async def _act(self, actor: str, act: str, subject: str = "") -> AsyncIterator[None]:
        """Do what is within, keep who did it, and show the account at once."""
        wires = self._wired
        async with Acts(wires.journal).recorded(self._clock, actor, act, subject):
            yield
        await wires.changed()

    async def _set(self, state: TradingState, actor: str) -> None:
        now, reason = await self._control.state()
        if now is TradingState.HALTED:
            raise Refused(f"trading is halted ({reason}); resume it first")
        await self._control.set(state, f"asked for by {actor}", actor, self._clock.now())

    async def _answer(self, approval_id: str, answer: ApprovalStatus, actor: str) -> None:
        now = self._clock.now()
        await Approvals(self._wired.journal).decide(
            approval_id, answer, actor, f"{answer.lower()} by {actor}", now, expires_at=now + self._use
        )

    @property
    def _wired(self) -> Wires:
        if self._wires is None:
            raise ProductError("the engine is still starting; only the kill works yet")
        return self._wires

    @property
    def _control(self) -> Control:
        return Control(self._wired.journal, self._state_dir)
