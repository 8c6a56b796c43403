"""Plays a recorded run to the console in the place of an engine: nothing can be traded."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn

from cryptofunk_tui.domain.errors import Refused
from cryptofunk_tui.tui.text import clean

if TYPE_CHECKING:
    from decimal import Decimal

    from cryptofunk_tui.domain.acts import Act
    from cryptofunk_tui.domain.cycle import CycleRecord
    from cryptofunk_tui.domain.events import AnyEvent, EngineStarted
    from cryptofunk_tui.domain.parts import Finding, ServerFacts, SettingFacts, ToolAnswer
    from cryptofunk_tui.domain.performance import Performance
    from cryptofunk_tui.storage.recording import Recording

BREATH_S = 0.02
"""How long events may be told in one go while playing catches up, before the screen has its turn."""


class Playhead:
    """Where the playing stands. It is the console's clock too, so ages and countdowns are the recorded ones.

    `monotonic` is the machine's clock in seconds; the playhead moves with it `speed` times as fast while it
    runs, and stands still at first."""

    def __init__(self, began: datetime, monotonic: Callable[[], float], speed: float = 1.0) -> None:
        self._began = began
        self._monotonic = monotonic
        self._speed = speed
        self._at_s = 0.0
        self._since: float | None = None

    @property
    def at_s(self) -> float:
        """Seconds from the run's begin."""
        moved = 0.0 if self._since is None else (self._monotonic() - self._since) * self._speed
        return self._at_s + moved

    @property
    def runs(self) -> bool:
        return self._since is not None

    def now(self) -> datetime:
        """The recorded wall time."""
        return self._began + timedelta(seconds=self.at_s)

    def set(self, at_s: float, *, runs: bool) -> None:
        """Put it at a second, running or standing."""
        self._at_s, self._since = at_s, self._monotonic() if runs else None

    def left_s(self, at_s: float) -> float:
        """Wall seconds until it comes to a second; infinite while it stands."""
        return max(0.0, at_s - self.at_s) / self._speed if self.runs else math.inf


class Player:
    """An engine handle that tells what was recorded, from `start_s` on as time passes; or stands there."""

    def __init__(
        self,
        recording: Recording,
        publish: Callable[[AnyEvent], None],
        head: Playhead,
        *,
        start_s: float = 0.0,
        still: bool = False,
    ) -> None:
        self.started = asyncio.Event()
        """All before `start_s` is told."""
        self._recording = recording
        self._publish = publish
        self._head = head
        self._start_s = start_s
        self._still = still
        self._turned = asyncio.Event()
        self._stopped = False
        self._killed = False
        self._session: EngineStarted | None = None
        self._decisions: list[CycleRecord] = []

    async def run(self) -> None:
        """Play to the end; the clock stands there. Raises ProductError at a line that cannot be read."""
        busy_since = asyncio.get_running_loop().time()
        for at_s, event in self._recording.events():
            if at_s > self._start_s and not self.started.is_set():
                self._begin()
            if not self.started.is_set():
                self._head.set(at_s, runs=False)
            elif not await self._reach(at_s):
                return
            self._tell(event)
            if asyncio.get_running_loop().time() - busy_since > BREATH_S:
                await asyncio.sleep(0)
                busy_since = asyncio.get_running_loop().time()
        if not self.started.is_set():
            self._begin()
        if await self._reach(self._recording.length_s):
            self._head.set(self._recording.length_s, runs=False)
            self._show("this is its end; ctrl+q leaves")

    async def stop(self) -> None:
        self._stopped = True
        self._turned.set()

    def turn(self) -> None:
        """Stand still, or go on."""
        self._head.set(self._head.at_s, runs=not self._head.runs)
        self._turned.set()
        self._show()

    def kill_now(self, actor: str) -> None:
        self._killed = True

    async def kill(self, actor: str, *, flatten: bool = False) -> None:
        raise Refused("this is a recording: nothing runs here, so nothing was stopped")

    async def resume(self, confirm: str, actor: str) -> None:
        """Take back a kill of this console's own; there is nothing else to resume."""
        if not self._killed:
            _refuse()
        self._killed = False

    async def pause(self, actor: str) -> None:
        _refuse()

    async def reduce(self, actor: str) -> None:
        _refuse()

    async def approve(self, approval_id: str, actor: str) -> None:
        _refuse()

    async def reject(self, approval_id: str, actor: str) -> None:
        _refuse()

    async def resize(self, approval_id: str, quantity: Decimal, actor: str) -> None:
        _refuse()

    async def close_position(self, symbol: str, actor: str) -> None:
        _refuse()

    async def cancel_order(self, client_order_id: str, actor: str) -> None:
        _refuse()

    async def stop_agent(self, name: str, actor: str) -> None:
        _refuse()

    async def start_agent(self, name: str, actor: str) -> None:
        _refuse()

    async def tune_agent(self, name: str, field: str, value: str, actor: str) -> None:
        _refuse()

    async def restart_server(self, name: str, actor: str) -> None:
        _refuse()

    async def decisions(self, before: str | None, limit: int) -> tuple[CycleRecord, ...]:
        """Those that were played so far."""
        names = [record.cycle_id for record in self._decisions]
        start = names.index(before) + 1 if before in names else 0
        return tuple(self._decisions[start : start + limit])

    async def server(self, name: str) -> ServerFacts:
        _cannot_tell()

    async def call_tool(self, server: str, name: str, arguments: dict[str, Any], actor: str) -> ToolAnswer:
        _cannot_tell()

    async def acts(self, limit: int) -> tuple[Act, ...]:
        _cannot_tell()

    async def settings(self) -> tuple[SettingFacts, ...]:
        _cannot_tell()

    async def agent_numbers(self, name: str) -> tuple[SettingFacts, ...]:
        _cannot_tell()

    async def export(self, name: str, text: str) -> str:
        _cannot_tell()

    async def examine(self) -> tuple[Finding, ...]:
        _cannot_tell()

    async def performance(self) -> Performance:
        _cannot_tell()

    def _begin(self) -> None:
        """Let time pass from `start_s` on."""
        self._head.set(self._start_s, runs=not self._still)
        self.started.set()
        self._show()

    async def _reach(self, at_s: float) -> bool:
        """Wait until the playhead is there; False once it was stopped."""
        while not self._stopped and (left := self._head.left_s(at_s)) > 0:
            self._turned.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(None if math.isinf(left) else left):
                    await self._turned.wait()
        return not self._stopped

    def _tell(self, event: AnyEvent) -> None:
        from cryptofunk_tui.domain.events import CycleFinished, EngineStarted

        match event:
            case EngineStarted():
                self._session = event
                self._show()
            case CycleFinished(record=record, preview=False):
                earlier = [known for known in self._decisions if known.cycle_id != record.cycle_id]
                self._decisions = [record, *earlier]
                self._publish(event)
            case _:
                self._publish(event)

    def _show(self, now: str = "") -> None:
        """Tell the session as what it is: shown, and at which point."""
        if self._session is None:
            return
        told, place = self._session, _minutes(self._head.at_s)
        if not now:
            now = "space pauses" if self._head.runs else f"PAUSED at {place}, space goes on"
        if self._still:
            now = f"{place} of {_minutes(self._recording.length_s)}"
        what = f"{told.mode} account, {told.market} market, {self._recording.began.astimezone(UTC):%d %b %Y}"
        notice = f"DEMO, RECORDED; {now}. Nothing is traded here: {clean(what)}"
        shown = {"mode": "demo", "market": "recorded", "venue": "recorded", "notice": notice}
        self._publish(told.model_copy(update=shown))


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02d}"


def _refuse() -> NoReturn:
    raise Refused("this is a recording; nothing can be done to it")


def _cannot_tell() -> NoReturn:
    raise Refused("this is a recording; there is no engine to ask")
