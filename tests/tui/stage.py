"""A console on a stopped clock, with an engine that only remembers what it was asked."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

from textual.pilot import Pilot

from cryptofunk_tui.domain.acts import Act
from cryptofunk_tui.domain.cycle import CycleRecord
from cryptofunk_tui.domain.events import AnyEvent
from cryptofunk_tui.domain.parts import Finding, ServerFacts, SettingFacts, ToolAnswer
from cryptofunk_tui.domain.performance import Performance
from cryptofunk_tui.orchestrator.explain import explain
from cryptofunk_tui.settings import load_settings
from cryptofunk_tui.tui.app import CryptoFunkApp
from cryptofunk_tui.tui.panels.chart import Chart
from cryptofunk_tui.tui.screens.dialog import Dialog
from cryptofunk_tui.tui.screens.sheet import Sheet
from cryptofunk_tui.tui.text import Line
from cryptofunk_tui.tui.widgets.lines import LineView
from tests.tui import props
from tests.tui.props import StoppedClock

SMALL, MEDIUM, LARGE = (80, 24), (120, 40), (200, 60)


class RecordingEngine:
    """Remembers every call; `events` are told as it starts."""

    def __init__(self, publish: Callable[[AnyEvent], None], events: Iterable[AnyEvent] = ()) -> None:
        self.calls: list[tuple[str, ...]] = []
        self.fails: Exception | None = None
        self.hangs = False
        self.told = False
        self.archive: tuple[CycleRecord, ...] = ()
        """Decisions of the records, newest first."""
        self.report: Performance | None = None
        self._publish = publish
        self._events = tuple(events)
        self._stopped = asyncio.Event()

    async def run(self) -> None:
        for event in self._events:
            self._publish(event)
        self.told = True
        if self.fails is not None:
            raise self.fails
        await self._stopped.wait()

    async def stop(self) -> None:
        self.calls.append(("stop",))
        if not self.hangs:
            self._stopped.set()
        else:
            await asyncio.sleep(3600)

    def kill_now(self, actor: str) -> None:
        self.calls.append(("kill_now", actor))

    async def kill(self, actor: str, *, flatten: bool = False) -> None:
        self.calls.append(("flatten" if flatten else "kill", actor))

    async def pause(self, actor: str) -> None:
        self.calls.append(("pause", actor))

    async def reduce(self, actor: str) -> None:
        self.calls.append(("reduce", actor))

    async def resume(self, confirm: str, actor: str) -> None:
        self.calls.append(("resume", confirm, actor))

    async def approve(self, approval_id: str, actor: str) -> None:
        self.calls.append(("approve", approval_id, actor))

    async def reject(self, approval_id: str, actor: str) -> None:
        self.calls.append(("reject", approval_id, actor))

    async def resize(self, approval_id: str, quantity: Decimal, actor: str) -> None:
        self.calls.append(("resize", approval_id, str(quantity), actor))

    async def close_position(self, symbol: str, actor: str) -> None:
        self.calls.append(("close_position", symbol, actor))

    async def cancel_order(self, client_order_id: str, actor: str) -> None:
        self.calls.append(("cancel_order", client_order_id, actor))

    async def stop_agent(self, name: str, actor: str) -> None:
        self.calls.append(("stop_agent", name, actor))

    async def start_agent(self, name: str, actor: str) -> None:
        self.calls.append(("start_agent", name, actor))

    async def tune_agent(self, name: str, field: str, value: str, actor: str) -> None:
        self.calls.append(("tune_agent", name, field, value, actor))

    async def restart_server(self, name: str, actor: str) -> None:
        self.calls.append(("restart_server", name, actor))

    async def decisions(self, before: str | None, limit: int) -> tuple[CycleRecord, ...]:
        self.calls.append(("decisions", str(before)))
        names = [record.cycle_id for record in self.archive]
        start = names.index(before) + 1 if before in names else 0
        return self.archive[start : start + limit]

    async def performance(self) -> Performance:
        self.calls.append(("performance",))
        if self.report is None:
            raise RuntimeError("no report")
        return self.report

    async def server(self, name: str) -> ServerFacts:
        return ServerFacts(name=name, pid=4711, tools=props.tools())

    async def call_tool(self, server: str, name: str, arguments: dict[str, Any], actor: str) -> ToolAnswer:
        self.calls.append(("call_tool", server, name, json.dumps(arguments), actor))
        return ToolAnswer(text='{\n  "symbol": "BTC/USDT",\n  "bid": "64107.42"\n}', took_ms=12.3)

    async def agent_numbers(self, name: str) -> tuple[SettingFacts, ...]:
        prefix = f"rules.council.{name}."
        return tuple(row for row in explain(load_settings(), {}) if row.key.startswith(prefix))

    async def settings(self) -> tuple[SettingFacts, ...]:
        return explain(load_settings(None, {"capital": "5000"}), {"capital": "mine.yaml"})

    async def export(self, name: str, text: str) -> str:
        self.calls.append(("export", name, text))
        return f"/exports/{name}"

    async def acts(self, limit: int) -> tuple[Act, ...]:
        return props.acts()

    async def examine(self) -> tuple[Finding, ...]:
        return (
            Finding(name="journal", ok=True, detail="paper:simulated:simulated, RUNNING"),
            Finding(name="disk", ok=False, detail="12 MB free; make room, or nothing is kept"),
        )


class Stage:
    """The console, its clock, and the engine once it is made."""

    def __init__(
        self, events: Iterable[AnyEvent] = (), *, kill_switch: Callable[[str], None] | None = None
    ) -> None:
        self.clock = StoppedClock()
        self.engine: RecordingEngine | None = None
        self.fails: Exception | None = None
        self.prepare: Callable[[Stage], None] = lambda _: None
        """Called once the engine is there and has told its events."""
        self._events = tuple(events)
        self.app = CryptoFunkApp(
            self._make, kill_switch=kill_switch, now=self.clock.now, monotonic=self.clock.monotonic
        )

    def _make(self, publish: Callable[[AnyEvent], None]) -> RecordingEngine:
        self.engine = RecordingEngine(publish, self._events)
        self.engine.fails = self.fails
        return self.engine

    @property
    def calls(self) -> list[tuple[str, ...]]:
        assert self.engine is not None
        return self.engine.calls

    @property
    def said(self) -> list[str]:
        """What notifications have told the person."""
        return [note.message for note in self.app._notifications]

    @asynccontextmanager
    async def open(self, size: tuple[int, int] = SMALL) -> AsyncIterator[Pilot[None]]:
        """The console run headless, its engine's events told and painted."""
        async with self.app.run_test(size=size) as pilot:
            await self.settle(pilot)
            yield pilot

    async def settle(self, pilot: Pilot[None]) -> None:
        """Wait until the engine has told its events and the chart can be drawn; then paint."""
        async with asyncio.timeout(20):
            while not self._is_settled():
                await pilot.pause(0.01)
        self.prepare(self)
        await self.show(pilot)

    def _is_settled(self) -> bool:
        charts = self.app.get_default_screen().query(Chart)
        return self.engine is not None and self.engine.told and bool(charts) and charts.first().is_loaded

    async def show(self, pilot: Pilot[None]) -> None:
        """Paint what has changed and wait until it stands."""
        for _ in range(3):
            self.app.repaint()
            screen = self.app.screen
            if isinstance(screen, Dialog | Sheet):
                screen.repaint()
            await pilot.pause()

    async def tell(self, pilot: Pilot[None], *events: AnyEvent) -> None:
        """Publish events as the engine would, and show them."""
        for event in events:
            self.app.publish(event)
        await self.show(pilot)

    def text(self, panel_id: str) -> str:
        """What a panel shows, as plain lines."""
        view = self.app.get_default_screen().query_one(f"#{panel_id}", LineView)
        return plain([*view.head, *view.body])


def plain(lines: Iterable[Line]) -> str:
    """Lines without their tones."""
    return "\n".join("".join(span.text for span in line) for line in lines)
