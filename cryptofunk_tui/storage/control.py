"""Who may trade now: the kill file that needs no database, and the control state in the journal."""

import os
from datetime import datetime
from pathlib import Path

from cryptofunk_tui.domain.base import Record, Utc, from_ms
from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.storage.errors import Refused, StorageError
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.rows import stamp

KILL_FILE = "KILL"
CONFIRMATION = "RESUME"


def kill_path(state_dir: Path) -> Path:
    return state_dir / KILL_FILE


def touch_kill(state_dir: Path, reason: str) -> None:
    """Block all trading on this state directory, whatever else works. The file's presence is what counts;
    the reason inside is for people. Raises StorageError when it cannot be made."""
    path = kill_path(state_dir)
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise StorageError(
            f"{path}: the kill file cannot be made ({error.strerror}); stop the engine's process instead"
        ) from None
    try:
        os.write(file, f"{' '.join(reason.split())}\n".encode())
        os.fsync(file)
    except OSError:
        return
    finally:
        os.close(file)


def is_killed(state_dir: Path) -> bool:
    """Whether the kill file is there, or whether that cannot be told."""
    try:
        kill_path(state_dir).lstat()
    except FileNotFoundError:
        return not state_dir.is_dir()
    except OSError:
        return True
    return True


def kill_stamp(state_dir: Path) -> int:
    """Which kill it is: every one that is asked for has another stamp; 0 where there is no file."""
    try:
        return kill_path(state_dir).stat().st_mtime_ns
    except OSError:
        return 0


def kill_reason(state_dir: Path) -> str:
    """The newest reason in the kill file."""
    try:
        lines = kill_path(state_dir).read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError:
        return "the kill file cannot be read"
    return next((line for line in reversed(lines) if line.strip()), "the kill file is there")


class ControlEntry(Record):
    """A change of the control state, in wall time."""

    at: Utc
    state: TradingState
    reason: str
    actor: str


class Control:
    """The state that a person or a breaker put trading in, for all accounts of a state directory."""

    def __init__(self, journal: Journal, state_dir: Path) -> None:
        self._journal = journal
        self._database = journal.database
        self._state_dir = state_dir

    async def state(self) -> tuple[TradingState, str]:
        """The state and its reason; HALTED where the kill file is there or either cannot be read."""
        state, reason, _ = await self.read()
        return state, reason

    async def killed(self) -> str | None:
        """Why nothing may leave, not even an exit: the kill file, a kill in the journal, or that either
        cannot be read. None where exits may leave; a halt without a kill lets them."""
        _, reason, killed = await self.read()
        return reason if killed else None

    async def set(self, state: TradingState, reason: str, actor: str, at: datetime) -> None:
        """Change the state; a kill stays a kill. Raises Refused for leaving HALTED, as only `resume` does."""
        if state is TradingState.STOPPED:
            raise ValueError("STOPPED is the absence of an engine, no state to set")
        async with self._database.transaction():
            before, standing, killed = await self.read()
            if before is TradingState.HALTED and state is not TradingState.HALTED:
                raise Refused(f"trading is HALTED ({standing}); resume it with {CONFIRMATION} first")
            flatten = await self.flattens()
            reason = standing if killed else reason
            await self._write(state, reason, actor, at, killed=killed, flatten=flatten)

    async def flattens(self) -> bool:
        """Whether the kill in the journal also asks for everything to be sold."""
        row = await self._database.row("control")
        return row is not None and bool(row["killed"]) and bool(row["flatten"])

    async def kill(self, reason: str, actor: str, at: datetime, *, flatten: bool = False) -> None:
        """Stop everything by file and by journal; each is tried even when the other fails. `flatten`: sell
        what is held, too; a kill that asked for it before goes on doing so. Raises StorageError when one
        could not be written: the other alone still blocks."""
        reason = reason if reason.startswith("kill") else f"killed: {reason}"
        failures = []
        try:
            touch_kill(self._state_dir, reason)
        except StorageError as error:
            failures.append(str(error))
        try:
            async with self._database.transaction():
                flatten = flatten or await self.flattens()
                await self._write(TradingState.HALTED, reason, actor, at, killed=True, flatten=flatten)
        except StorageError as error:
            failures.append(str(error))
        if failures:
            raise StorageError("; ".join(failures))

    async def resume(self, confirm: str, actor: str, at: datetime) -> None:
        """A person lets trading go on. Out of HALTED the peak is rebased. The kill file goes last: should
        anything fail before, trading stays halted. Raises Refused without the exact confirmation."""
        if confirm != CONFIRMATION:
            raise Refused(f"resuming needs the word {CONFIRMATION} as confirmation")
        async with self._database.transaction():
            before, _ = await self.state()
            await self._write(TradingState.RUNNING, f"resumed by {actor}", actor, at, killed=False)
            if before is TradingState.HALTED and await self._journal.account() is not None:
                await self._journal.rebase_peak()
        path = kill_path(self._state_dir)
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"{path}: {error.strerror}; remove it by hand, trading is halted while it is there"
            ) from None

    async def log(self, limit: int = 100) -> tuple[ControlEntry, ...]:
        """Changes of the state, newest first."""
        return tuple(
            ControlEntry(at=from_ms(row["at"]), state=row["state"], reason=row["reason"], actor=row["actor"])
            for row in await self._database.rows("control_log", count=limit)
        )

    async def read(self) -> tuple[TradingState, str, bool]:
        """State, reason, and whether it is a kill."""
        if is_killed(self._state_dir):
            return TradingState.HALTED, kill_reason(self._state_dir), True
        try:
            row = await self._database.row("control")
        except StorageError as error:
            return TradingState.HALTED, f"the control state cannot be read: {error}", True
        if row is None:
            return TradingState.RUNNING, "", False
        return TradingState(row["state"]), row["reason"], bool(row["killed"])

    async def _write(
        self,
        state: TradingState,
        reason: str,
        actor: str,
        at: datetime,
        *,
        killed: bool,
        flatten: bool = False,
    ) -> None:
        await self._database.write(
            "put_control", state=state.value, reason=reason, killed=int(killed), flatten=int(flatten)
        )
        await self._database.write(
            "add_control_log", at=stamp(at), state=state.value, reason=reason, actor=actor
        )
