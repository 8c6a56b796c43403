"""Every server of the run, its tools, and what a reading tool answers when it is called by hand."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.widgets import Input

from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.panels.base import Tab, heading, quiet, title_line
from cryptofunk_tui.tui.panels.servers import STATES
from cryptofunk_tui.tui.screens.dialog import Dialog
from cryptofunk_tui.tui.screens.list_sheet import Asking, ListSheet
from cryptofunk_tui.tui.text import NO, NOTHING, YES, Line, Span, clean, wrap
from cryptofunk_tui.tui.widgets.table import Column

if TYPE_CHECKING:
    from cryptofunk_tui.domain.events import ServerStatus
    from cryptofunk_tui.domain.parts import ServerFacts, ToolAnswer, ToolFacts
    from cryptofunk_tui.tui.engine_handle import EngineHandle

Engine = Callable[[], "EngineHandle | None"]
DESCRIPTION_ROWS = 8


class ServersScreen(ListSheet["ServerStatus"]):
    """All servers; enter shows the tools of the one under the cursor, `b` restarts it."""

    keys: ClassVar[tuple[tuple[str, str], ...]] = (
        ("esc", "back"),
        ("↑↓", "choose"),
        ("enter", "tools"),
        ("b", "restart"),
    )
    columns: ClassVar[tuple[Column, ...]] = (
        Column("  server", 22, most=28),
        Column("state", 12),
        Column("latency", 9, 1, right=True),
        Column("restarts", 8, 2, right=True),
        Column("what is wrong", 20, 3, grow=True),
    )

    def __init__(self, desk: Desk, engine: Engine, actor: str) -> None:
        super().__init__()
        self.desk = desk
        self._engine = engine
        self._actor = actor

    def on_mount(self) -> None:
        self.set_interval(1.0, self.repaint)

    def heading_text(self) -> tuple[str, str]:
        servers = self.desk.state.servers.values()
        ready = sum(status.state == "ready" for status in servers)
        return "Servers", f"{ready} of {len(servers)} ready"

    def items(self) -> Sequence[ServerStatus]:
        return tuple(self.desk.state.servers.values())

    def key(self, item: ServerStatus) -> str:
        return item.name

    def empty(self) -> str:
        return "No server is known yet: they start with the engine."

    def cells(self, item: ServerStatus) -> Sequence[Span]:
        glyph, tone = STATES[item.state]
        latency = NOTHING if item.latency_ms is None else f"{item.latency_ms:.1f} ms"
        return (
            Span(clean(item.name, 40), "bold"),
            Span(f"{glyph} {item.state}", tone),
            Span(latency),
            Span(str(item.restarts), "warn" if item.restarts else "dim"),
            Span("" if item.state == "ready" else clean(item.detail), "warn"),
        )

    def detail(self, width: int) -> Sequence[Line]:
        item = self.current()
        if item is None or not item.detail:
            return ()
        title = title_line((Tab("", "", clean(item.name, 40), True),), "", width, False)
        return (title, *((Span(line),) for line in wrap(clean(item.detail), width)[:3]))

    def put(self, index: int) -> None:
        """The restart of the registry acts on the part that is chosen; here that is the row."""
        super().put(index)
        self._choose()

    def repaint(self) -> None:
        super().repaint()
        self._choose()

    def _choose(self) -> None:
        item = self.current()
        if item is not None:
            state = self.desk.state
            self.desk.state = replace(state, chosen={**state.chosen, "part": f"server {item.name}"})

    def take(self, item: ServerStatus) -> None:
        self.app.push_screen(ToolsScreen(self.desk, self._engine, item.name, self._actor))


class ToolsScreen(Asking["ServerFacts"], ListSheet["ToolFacts"]):
    """The tools of a server; enter calls one that only reads."""

    keys: ClassVar[tuple[tuple[str, str], ...]] = (
        ("esc", "back"),
        ("↑↓", "choose"),
        ("enter", "call by hand"),
        ("/", "filter"),
    )
    columns: ClassVar[tuple[Column, ...]] = (
        Column("  tool", 26, most=36),
        Column("by hand", 8),
        Column("what it does", 20, 1, grow=True),
    )

    def __init__(self, desk: Desk, engine: Engine, server: str, actor: str) -> None:
        super().__init__(engine)
        self.desk = desk
        self._server = server
        self._actor = actor

    async def ask(self, engine: EngineHandle) -> ServerFacts:
        return await engine.server(self._server)

    def heading_text(self) -> tuple[str, str]:
        note = ""
        if self.answer is not None:
            pid = f"process {self.answer.pid}, " if self.answer.pid else ""
            note = f"{pid}{len(self.answer.tools)} tools"
        return f"Tools of {clean(self._server, 40)}", note

    def items(self) -> Sequence[ToolFacts]:
        return self.answer.tools if self.answer else ()

    def key(self, item: ToolFacts) -> str:
        return item.name

    def empty(self) -> str:
        return self.status() if self.answer is None else "It offers no tool now: it is away, or has none."

    def cells(self, item: ToolFacts) -> Sequence[Span]:
        allowed = not item.forbidden
        return (
            Span(clean(item.name, 60), "bold" if allowed else "dim"),
            Span(f"{YES} reads" if allowed else f"{NO} no", "up" if allowed else "dim"),
            Span(clean(item.description), "dim"),
        )

    def detail(self, width: int) -> Sequence[Line]:
        item = self.current()
        if item is None:
            return ()
        lines: list[Line] = [title_line((Tab("", "", clean(item.name, 60), True),), "", width, False)]
        lines += [(Span(text),) for text in wrap(clean(item.description, 900), width)[:DESCRIPTION_ROWS]]
        names = ", ".join(_argument(item, name) for name in item.arguments.get("properties", {}))
        lines += [(Span(text, "dim"),) for text in wrap(f"arguments: {names or 'none'}", width)[:4]]
        if item.forbidden:
            lines += [(Span(text, "warn"),) for text in wrap(f"{NO} {clean(item.forbidden)}", width)]
        return lines

    def take(self, item: ToolFacts) -> None:
        if item.forbidden:
            self.notify(clean(item.forbidden), severity="warning", markup=False)
            return

        def answered(arguments: str | None) -> None:
            if arguments is not None:
                call = json.loads(arguments)
                self.app.push_screen(AnswerScreen(self._engine, self._server, item.name, call, self._actor))

        self.app.push_screen(ArgumentsDialog(self.desk, item), answered)


def _argument(item: ToolFacts, name: str) -> str:
    required = name in item.arguments.get("required", ())
    return clean(name, 40) + ("" if required else "?")


class ArgumentsDialog(Dialog):
    """Asks for a tool's arguments as one JSON object. Dismisses with its text, once it can be read."""

    AUTO_FOCUS = "Input"

    def __init__(self, desk: Desk, tool: ToolFacts) -> None:
        super().__init__(desk, f"Call {clean(tool.name, 40)}")
        self._tool = tool

    def lines(self, width: int) -> Sequence[Line]:
        body: list[Line] = []
        for name, schema in list(self._tool.arguments.get("properties", {}).items())[:8]:
            told = schema.get("description") or schema.get("type") or "" if isinstance(schema, dict) else ""
            body.append((Span(f"{_argument(self._tool, name)}  ", "key"), Span(clean(str(told), 100), "dim")))
        return [*body, *quiet("Enter calls it; esc goes back.", width=width)]

    def answers(self) -> ComposeResult:
        field = Input(_filled_in(self._tool.arguments), max_length=4000, select_on_focus=False)
        field.cursor_blink = False
        yield field

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            read = json.loads(event.value or "{}")
        except ValueError as error:
            self.notify(f"not JSON: {error}", severity="warning", markup=False)
            return
        if not isinstance(read, dict):
            self.notify('write an object: {"name": value}', severity="warning", markup=False)
            return
        self.dismiss(event.value or "{}")


def _filled_in(schema: dict[str, Any]) -> str:
    """An object with every argument that must be there, for a person to fill in."""
    blank: dict[str, Any] = {"string": "", "integer": 0, "number": 0, "boolean": False, "array": []}
    properties = schema.get("properties", {})
    values = {
        name: properties.get(name, {}).get("default", blank.get(properties.get(name, {}).get("type"), {}))
        for name in schema.get("required", ())
    }
    return json.dumps(values)


class AnswerScreen(Asking["ToolAnswer"]):
    """What a call by hand came to, as JSON; `R` calls again."""

    keys: ClassVar[tuple[tuple[str, str], ...]] = (
        ("esc", "back"),
        ("↑↓", "scroll"),
        ("/", "find"),
        ("R", "again"),
    )

    def __init__(self, engine: Engine, server: str, tool: str, arguments: dict[str, Any], actor: str) -> None:
        super().__init__(engine)
        self._server = server
        self._tool = tool
        self._arguments = arguments
        self._actor = actor

    async def ask(self, engine: EngineHandle) -> ToolAnswer:
        return await engine.call_tool(self._server, self._tool, self._arguments, self._actor)

    def heading_text(self) -> tuple[str, str]:
        took = f"{self.answer.took_ms:.1f} ms" if self.answer else ""
        return f"{clean(self._server, 40)}.{clean(self._tool, 60)}", took

    def lines(self, width: int) -> Sequence[Line]:
        asked = heading(f"called with {clean(json.dumps(self._arguments), 300)}")
        if self.problem or self.answer is None:
            tone = "warn" if self.problem else "dim"
            return [asked, *((Span(line, tone),) for line in wrap(self.status(), width))]
        return [asked, *((Span(clean(line, 2000)),) for line in self.answer.text.split("\n"))]
