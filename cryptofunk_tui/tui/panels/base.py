"""What all panels share: a title rule, a timer, and a guard so that one that breaks harms no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from textual.widget import Widget

from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.text import Line, Span, spread, width_of, wrap
from cryptofunk_tui.tui.view_state import Choice, ViewState, step_choice, step_symbol
from cryptofunk_tui.tui.widgets.lines import LineView


@dataclass(frozen=True, slots=True)
class Drawing:
    """Contents: `head` stands still, `note` stands at the right end of a panel's title, `cursor` is the
    body line that the cursor is on."""

    body: Sequence[Line]
    head: Sequence[Line] = ()
    note: str = ""
    cursor: int | None = None


@dataclass(frozen=True, slots=True)
class Tab:
    """A panel as the title of its place names it."""

    panel: str
    number: str
    title: str
    front: bool


class Painted(LineView):
    """Lines drawn from the desk's state. On its own timer it compares what it watches with what it last
    drew, and draws only a change, and only while it can be seen."""

    every: ClassVar[float] = 0.25
    """Seconds between looks at the state."""
    every_slow: ClassVar[float] = 2.0
    """The same where the line to the terminal is narrow."""

    def __init__(self, desk: Desk, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.desk = desk
        self._painted: object = None
        self._looked = 0.0
        self._failure = ""

    def watches(self, state: ViewState) -> tuple[object, ...]:
        """The parts of the state that the drawing rests on; the same parts are not drawn twice."""
        raise NotImplementedError

    def ticks(self, state: ViewState) -> bool:
        """Whether the drawing also changes with the clock."""
        return False

    def draw(self, state: ViewState, width: int, height: int, now: datetime) -> Drawing:
        """The contents for `width` × `height` cells."""
        raise NotImplementedError

    def put(self, drawing: Drawing) -> None:
        """Bring a drawing to the screen."""
        self.show(drawing.head, drawing.body, drawing.cursor)

    def looks(self) -> tuple[object, ...]:
        """What the drawing depends on besides the state."""
        return (self.size,)

    def space(self) -> tuple[int, int]:
        """Width and height that a drawing may fill."""
        return self.size.width, self.size.height

    def on_mount(self) -> None:
        self.set_interval(self.every, self.look)

    def on_resize(self) -> None:
        self.paint()

    def look(self) -> None:
        """Paint when it is time to."""
        now = self.desk.monotonic()
        if not self.desk.is_slow or now - self._looked >= self.every_slow:
            self._looked = now
            self.paint()

    def paint(self) -> None:
        """Draw what changed. Never raises: what cannot be drawn says so in its place."""
        try:
            self.paint_changes()
        except Exception as error:
            if self._failure != repr(error):
                self._failure = repr(error)
                self.desk.log("error", self.id or "screen", f"could not be drawn: {error!r}")
            self.put(broken(error, self.size.width))

    def paint_changes(self) -> None:
        """Compare and draw."""
        if not is_seen(self) or self.size.height < 1:
            return
        state, now = self.desk.state, self.desk.now()
        moment = now.replace(microsecond=0) if self.ticks(state) else None
        key = (self.watches(state), self.looks(), moment)
        if key != self._painted:
            self._painted = key
            self.put(self.draw(state, *self.space(), now))


class Panel(Painted, can_focus=True):
    """A numbered panel under a title rule."""

    number: ClassVar[str]
    title: ClassVar[str]
    choice: ClassVar[Choice | None] = None
    """The cursor that up and down move; the selected symbol where None."""

    def __init__(self, desk: Desk, panel_id: str) -> None:
        super().__init__(desk, id=panel_id)
        self.tabs: tuple[Tab, ...] = (Tab(panel_id, self.number, self.title, True),)
        """The panels that share the place, this one in front."""

    def looks(self) -> tuple[object, ...]:
        return (self.size, self.tabs, self.has_focus)

    def space(self) -> tuple[int, int]:
        return self.size.width, self.size.height - 1

    def put(self, drawing: Drawing) -> None:
        title = title_line(self.tabs, drawing.note, self.size.width, self.has_focus)
        marks = self.has_focus or self.choice is None
        self.show((title, *drawing.head), drawing.body, drawing.cursor if marks else None)

    def on_focus(self) -> None:
        self.paint()

    def on_blur(self) -> None:
        self.paint()

    def step(self, count: int) -> None:
        """Move this panel's cursor, or the selected symbol where it has none."""
        state = self.desk.state
        self.desk.state = step_choice(state, self.choice, count) if self.choice else step_symbol(state, count)


def is_seen(widget: Widget) -> bool:
    """Whether a widget can be seen: displayed, and under modal screens at most."""
    if not widget.display or not widget.is_attached:
        return False
    stack = widget.app.screen_stack
    if widget.screen not in stack:
        return False
    return all(above.is_modal for above in stack[stack.index(widget.screen) + 1 :])


def broken(error: Exception, width: int) -> Drawing:
    """What stands where something could not be drawn."""
    words = f"✗ this panel failed: {type(error).__name__}. The others, and ctrl+k, still work."
    return Drawing([(Span(line, "error"),) for line in wrap(words, width)])


def quiet(*words: str, width: int) -> list[Line]:
    """An empty state in words."""
    return [(Span(line, "dim"),) for text in words for line in wrap(text, width)]


def heading(text: str, note: str = "", width: int = 0) -> Line:
    """A small heading inside a panel, with a note at the right."""
    return spread((Span(text, "heading"),), (Span(note, "dim"),) if note else (), width)


def title_line(tabs: Sequence[Tab], note: str, width: int, focused: bool) -> Line:
    """The rule on top of a panel: the panel in front by name, the others of its place after it."""
    stroke = Span("━", "focus") if focused else Span("─", "rule")
    spans = [stroke]
    for tab in tabs:
        if tab.front:
            spans += [
                Span(f" {tab.number} " if tab.number else " ", "key"),
                Span(f"{tab.title} ", "focus" if focused else "bold"),
                stroke,
            ]
    others = [tab for tab in tabs if not tab.front]
    right = (Span(f" {note} ", "dim"), stroke) if note else ()
    room = width - width_of(spans) - width_of(right) - 2
    named = sum(len(tab.title) + 5 for tab in others) <= room
    if not named and note and sum(len(tab.title) + 5 for tab in others) <= width - width_of(spans):
        named, right = True, ()
    for tab in others:
        label = f" {tab.number} {tab.title} " if named else f" {tab.number} "
        spans += [Span(label, "dim", f"panel {tab.panel}"), stroke]
    return spread(tuple(spans), right, width, stroke)
