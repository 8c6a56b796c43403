"""Every agent: how it does, what it says, and its numbers, which a person can change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.widgets import Input

from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.panels.base import Tab, quiet, title_line
from cryptofunk_tui.tui.panels.servers import STATES
from cryptofunk_tui.tui.screens.dialog import ConfirmDialog, Dialog
from cryptofunk_tui.tui.screens.list_sheet import Asking, ListSheet
from cryptofunk_tui.tui.text import ACTION_GLYPHS, ACTION_TONES, NOTHING, Line, Span, clean, wrap
from cryptofunk_tui.tui.view_state import decision, selected
from cryptofunk_tui.tui.widgets.table import Column

if TYPE_CHECKING:
    from cryptofunk_tui.domain.events import AgentStatus
    from cryptofunk_tui.domain.parts import SettingFacts
    from cryptofunk_tui.domain.signals import Ballot, Signal
    from cryptofunk_tui.tui.engine_handle import EngineHandle

Engine = Callable[[], "EngineHandle | None"]
HELD = "A change holds from the next decision until the run ends; the lines below keep it."


@dataclass(frozen=True, slots=True)
class Row:
    """An agent with its newest word on the selected symbol."""

    status: AgentStatus
    word: Signal | Ballot | None
    weight: int | None
    """Of a strategy's ballot."""


class AgentsScreen(ListSheet[Row]):
    """All agents; enter shows the numbers of the one under the cursor, `g` stops or starts it."""

    BINDINGS = [Binding("g", "app.run('toggle_agent')", "Stop or start", show=False)]
    keys: ClassVar[tuple[tuple[str, str], ...]] = (
        ("esc", "back"),
        ("↑↓", "choose"),
        ("enter", "its numbers"),
        ("g", "stop, start"),
    )
    columns: ClassVar[tuple[Column, ...]] = (
        Column("  agent", 18, most=24),
        Column("state", 11),
        Column("weight", 6, 3, right=True),
        Column("says", 8, 1),
        Column("how sure", 8, 2, right=True),
        Column("was right", 12, 4, right=True),
        Column("restarts", 8, 6, right=True),
        Column("why", 20, 5, grow=True),
    )

    def __init__(self, desk: Desk, engine: Engine, actor: str) -> None:
        super().__init__()
        self.desk = desk
        self._engine = engine
        self._actor = actor

    def on_mount(self) -> None:
        self.set_interval(1.0, self.repaint)

    def heading_text(self) -> tuple[str, str]:
        return "Agents", f"on {clean(selected(self.desk.state) or 'no symbol', 31)}"

    def items(self) -> Sequence[Row]:
        state = self.desk.state
        record, _ = decision(state, selected(state))
        signals = record.signals if record is not None else ()
        ballots = record.ballots if record is not None else ()
        words: dict[str, Signal | Ballot] = {signal.agent: signal for signal in signals}
        words |= {ballot.agent: ballot for ballot in ballots}
        weights = {ballot.agent: ballot.weight for ballot in ballots}
        return [Row(status, words.get(name), weights.get(name)) for name, status in state.agents.items()]

    def key(self, item: Row) -> str:
        return item.status.agent

    def empty(self) -> str:
        return "No agent sits yet: the council comes with the engine."

    def cells(self, item: Row) -> Sequence[Span]:
        glyph, tone = STATES[item.status.state]
        word = item.word
        action = word.action if word is not None else "ABSTAIN"
        return (
            Span(clean(item.status.agent, 40), "bold"),
            Span(f"{glyph} {item.status.state}", tone),
            Span(f"×{item.weight}" if item.weight is not None else "", "dim"),
            Span(NOTHING if word is None else f"{ACTION_GLYPHS[action]} {action}", ACTION_TONES[action]),
            Span("" if word is None or action == "ABSTAIN" else f"{word.confidence:.2f}"),
            Span(self._record(item.status.agent), "dim"),
            Span(str(item.status.restarts), "warn" if item.status.restarts else "dim"),
            Span(clean("; ".join(word.reasons)) if word is not None else clean(item.status.detail), "dim"),
        )

    def _record(self, agent: str) -> str:
        known = self.desk.state.agent_records
        record = next((each for each in known.records if each.agent == agent), None) if known else None
        return f"{record.hits / record.calls:.0%} of {record.calls}" if record and record.calls else NOTHING

    def detail(self, width: int) -> Sequence[Line]:
        item = self.current()
        if item is None:
            return ()
        title = title_line((Tab("", "", clean(item.status.agent, 40), True),), "", width, False)
        reasons = item.word.reasons if item.word is not None else ()
        words = [*([item.status.detail] if item.status.detail else []), *reasons] or [
            "It has not spoken yet."
        ]
        return (title, *((Span(line),) for each in words[:4] for line in wrap(clean(each), width)[:2]))

    def put(self, index: int) -> None:
        """Stopping and starting of the registry acts on the part that is chosen; here that is the row."""
        super().put(index)
        self._choose()

    def repaint(self) -> None:
        super().repaint()
        self._choose()

    def _choose(self) -> None:
        item = self.current()
        if item is not None:
            state = self.desk.state
            chosen = {**state.chosen, "part": f"agent {item.status.agent}"}
            self.desk.state = replace(state, chosen=chosen)

    def take(self, item: Row) -> None:
        self.app.push_screen(NumbersScreen(self.desk, self._engine, item.status.agent, self._actor))


class NumbersScreen(Asking[tuple["SettingFacts", ...]], ListSheet["SettingFacts"]):
    """An agent's numbers; enter changes the one under the cursor, after a question."""

    keys: ClassVar[tuple[tuple[str, str], ...]] = (
        ("esc", "back"),
        ("↑↓", "choose"),
        ("enter", "change"),
        ("/", "filter"),
    )
    columns: ClassVar[tuple[Column, ...]] = (
        Column("  number", 24, most=34),
        Column("now", 8, right=True, most=16),
        Column("default", 8, 1, right=True, most=16),
        Column("what it is", 20, 2, grow=True),
    )

    def __init__(self, desk: Desk, engine: Engine, agent: str, actor: str) -> None:
        super().__init__(engine)
        self.desk = desk
        self._agent = agent
        self._actor = actor

    async def ask(self, engine: EngineHandle) -> tuple[SettingFacts, ...]:
        return await engine.agent_numbers(self._agent)

    def heading_text(self) -> tuple[str, str]:
        changed = sum(row.value != row.default for row in self.items())
        return f"Numbers of {clean(self._agent, 40)}", f"{changed} not default"

    def items(self) -> Sequence[SettingFacts]:
        return [row for row in self.answer or () if not row.key.endswith(".enabled")]

    def key(self, item: SettingFacts) -> str:
        return item.key

    def empty(self) -> str:
        none = "It has no numbers that can be changed here: limits are changed in the file alone."
        return self.status() if self.answer is None else none

    def above(self, width: int) -> Sequence[Line]:
        return quiet(HELD, width=width)

    def cells(self, item: SettingFacts) -> Sequence[Span]:
        own = item.value != item.default
        return (
            Span(_name(item), "bold" if own else ""),
            Span(clean(item.value), "accent" if own else ""),
            Span(clean(item.default), "dim"),
            Span(item.words, "dim"),
        )

    def detail(self, width: int) -> Sequence[Line]:
        item = self.current()
        if item is None:
            return ()
        title = title_line((Tab("", "", _name(item), True),), "in your file", width, False)
        lines = [(Span(line),) for line in wrap(item.words, width)]
        return (title, *lines, (Span(as_yaml(item.key, item.value), "dim"),))

    def take(self, item: SettingFacts) -> None:
        def answered(value: str | None) -> None:
            if value is not None and value != item.value:
                self._confirm(item, value)

        self.app.push_screen(NumberDialog(self.desk, item), answered)

    def _confirm(self, item: SettingFacts, value: str) -> None:
        question = (
            f"{self._agent}: {_name(item)} from {item.value} to {value}. Votes change from the next decision "
            "on, until the run ends or it is changed back."
        )

        def answered(answer: str | None) -> None:
            if answer == "act":
                self.run_worker(self._tune(_name(item), value), exit_on_error=False)

        self.app.push_screen(ConfirmDialog(self.desk, "Change this number?", question, "Change it"), answered)

    async def _tune(self, name: str, value: str) -> None:
        engine = self._engine()
        try:
            if engine is None:
                raise RuntimeError("the engine is not there")
            await engine.tune_agent(self._agent, name, value, self._actor)
        except Exception as error:
            self.notify(clean(str(error)) or type(error).__name__, severity="error", markup=False)
            return
        self.notify(f"{name} is {value} from the next decision on", markup=False)
        await self._asking()


class NumberDialog(Dialog):
    """Asks for a new value. Dismisses with what was typed."""

    AUTO_FOCUS = "Input"

    def __init__(self, desk: Desk, item: SettingFacts) -> None:
        super().__init__(desk, f"Change {_name(item)}")
        self._item = item

    def lines(self, width: int) -> Sequence[Line]:
        body: list[Line] = [(Span(line),) for line in wrap(self._item.words, width)]
        known = f"now {clean(self._item.value)}, default {clean(self._item.default)}"
        return [*body, *quiet(known, "Enter goes on; esc goes back.", width=width)]

    def answers(self) -> ComposeResult:
        field = Input(self._item.value, max_length=60, select_on_focus=True)
        field.cursor_blink = False
        yield field

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.dismiss(event.value.strip())


def _name(item: SettingFacts) -> str:
    return item.key.rpartition(".")[2]


def as_yaml(key: str, value: str) -> str:
    """A setting as one line of a file: a: {b: {c: value}}."""
    first, *rest = key.split(".")
    return f"{first}: " + "".join(f"{{{part}: " for part in rest) + value + "}" * len(rest)
