"""A sheet of rows with a cursor, and one whose contents the engine is asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual.binding import Binding
from textual.widgets import Input

from cryptofunk_tui.tui.panels.base import Drawing, quiet
from cryptofunk_tui.tui.screens.sheet import Sheet
from cryptofunk_tui.tui.text import POINTER, Line, Span, clean, holds
from cryptofunk_tui.tui.widgets.lines import LineView
from cryptofunk_tui.tui.widgets.table import Column, table

if TYPE_CHECKING:
    from cryptofunk_tui.tui.engine_handle import EngineHandle

T = TypeVar("T")
A = TypeVar("A")


class ListSheet(Sheet, Generic[T]):
    """One row an item; `/` keeps the rows that hold the words, enter takes the one under the cursor. The
    first column is given a pointer, so its title begins with two blanks."""

    BINDINGS = [Binding("enter", "take", "Take", show=False)]
    keys: ClassVar[tuple[tuple[str, str], ...]] = (("esc", "back"), ("↑↓", "choose"), ("/", "filter"))
    columns: ClassVar[tuple[Column, ...]]

    at = 0
    """The row under the cursor, which stays with its item as rows come and go."""
    _on: str | None = None

    def items(self) -> Sequence[T]:
        """Everything that there is to list."""
        raise NotImplementedError

    def key(self, item: T) -> str:
        """What tells an item from the others."""
        raise NotImplementedError

    def cells(self, item: T) -> Sequence[Span]:
        """An item's cells, one a column."""
        raise NotImplementedError

    def empty(self) -> str:
        """What stands where there is nothing to list."""
        raise NotImplementedError

    def take(self, item: T) -> None:
        """What enter and a click do."""
        raise NotImplementedError

    def above(self, width: int) -> Sequence[Line]:
        """Lines that stand still above the rows."""
        return ()

    def shown(self) -> list[T]:
        """The items that the words leave."""
        known = list(self.items())
        if not self.words:
            return known
        return [item for item in known if holds(" ".join(cell.text for cell in self.cells(item)), self.words)]

    def current(self) -> T | None:
        """The item under the cursor."""
        shown = self.shown()
        return shown[min(self.at, len(shown) - 1)] if shown else None

    def draw(self, width: int) -> Drawing:
        shown = self.shown()
        head = tuple(self.above(width))
        if not shown:
            words = f"Nothing holds {clean(self.words, 40)!r}; esc in the filter drops it."
            return Drawing(quiet(words if self.words else self.empty(), width=width), head)
        keys = [self.key(item) for item in shown]
        self.at = keys.index(self._on) if self._on in keys else max(0, min(self.at, len(shown) - 1))
        rows = [self._row(index, item) for index, item in enumerate(shown)]
        title, body = table(self.columns, rows, width)
        return Drawing(body, (*head, title), cursor=self.at)

    def _row(self, index: int, item: T) -> list[Span]:
        first, *rest = self.cells(item)
        pointer = POINTER if index == self.at else " "
        do = f"row {index}"
        return [span._replace(action=do) for span in (first._replace(text=f"{pointer} {first.text}"), *rest)]

    def put(self, index: int) -> None:
        """Stand on a row, or on the last one before it that there is."""
        shown = self.shown()
        self.at = max(0, min(index, len(shown) - 1))
        self._on = self.key(shown[self.at]) if shown else None
        self.repaint()

    def action_move(self, count: int) -> None:
        self.put(self.at + count)

    def action_page(self, direction: int) -> None:
        self.action_move(direction * max(1, self.view.rows - 1))

    def action_take(self) -> None:
        item = self.current()
        if item is not None:
            self.take(item)

    def action_next(self, direction: int) -> None:
        self.action_move(direction)

    def on_input_changed(self, event: Input.Changed) -> None:
        self.at, self._on = 0, None
        super().on_input_changed(event)

    def on_line_view_clicked(self, message: LineView.Clicked) -> None:
        kind, _, index = message.action.partition(" ")
        if kind == "row":
            message.stop()
            again = self.at == int(index)
            self.put(int(index))
            if again:
                self.action_take()


class Asking(Sheet, Generic[A]):
    """A sheet that asks the engine, and again on `R`; meanwhile, and where no answer comes, it says so."""

    BINDINGS = [Binding("R", "ask_again", "Ask again", show=False)]

    at_once: ClassVar[bool] = True
    """Whether the engine is asked as the sheet opens."""
    answer: A | None = None
    problem = ""

    def __init__(self, engine: Callable[[], EngineHandle | None]) -> None:
        super().__init__()
        self._engine = engine

    async def ask(self, engine: EngineHandle) -> A:
        """The question."""
        raise NotImplementedError

    def status(self) -> str:
        """What stands in place of an answer that is not there."""
        return f"{self.problem}; R asks again" if self.problem else "Asking the engine…"

    def on_mount(self) -> None:
        if self.at_once:
            self.action_ask_again()

    def action_ask_again(self) -> None:
        self.run_worker(self._asking(), exclusive=True, exit_on_error=False)

    async def _asking(self) -> None:
        engine = self._engine()
        try:
            if engine is None:
                raise RuntimeError("the engine is not ready yet")
            self.answer, self.problem = await self.ask(engine), ""
        except Exception as error:
            self.problem = clean(str(error)) or type(error).__name__
        self.repaint()
