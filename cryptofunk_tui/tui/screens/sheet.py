"""A whole screen of lines that is read, searched and left again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Input

from cryptofunk_tui.tui.panels.base import Drawing, Tab, broken, title_line
from cryptofunk_tui.tui.screens.search import SearchLine, marked, text_of
from cryptofunk_tui.tui.steady import Steady
from cryptofunk_tui.tui.text import Line, Span, holds, spread, width_of
from cryptofunk_tui.tui.view_state import is_scripted
from cryptofunk_tui.tui.widgets.lines import LineView, forget_painted

if TYPE_CHECKING:
    from cryptofunk_tui.tui.app import CryptoFunkApp


class Sheet(Steady, Screen[None]):
    """A title, lines, and the keys to move in them; `/` finds words. A subclass gives `heading_text` and
    `lines`, or all of `draw`."""

    CSS_PATH = "sheet.tcss"
    AUTO_FOCUS = ""
    BINDINGS = [
        Binding("escape,q", "app.pop_screen", "Back", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("home,g", "move(-100000)", "Start", show=False),
        Binding("end,G", "move(100000)", "End", show=False),
        Binding("slash", "search", "Find", show=False),
        Binding("n", "next(1)", "Next find", show=False),
        Binding("N", "next(-1)", "Previous find", show=False),
    ]
    keys: ClassVar[tuple[tuple[str, str], ...]] = (("esc", "back"), ("↑↓", "scroll"), ("/", "find"))

    words = ""
    """What is looked for."""

    def heading_text(self) -> tuple[str, str]:
        """The title and what stands at its right end."""
        raise NotImplementedError

    def lines(self, width: int) -> Sequence[Line]:
        """The contents at a width."""
        raise NotImplementedError

    def draw(self, width: int) -> Drawing:
        """The contents with a heading or a cursor of their own; the words that are looked for stand out."""
        lines = self.lines(width)
        return Drawing([marked(line, self.words) for line in lines] if self.words else lines)

    def compose(self) -> ComposeResult:
        yield LineView(id="sheet-body")
        yield LineView(id="sheet-detail")
        yield SearchLine()
        yield LineView(id="sheet-foot")

    def on_resize(self) -> None:
        self.call_after_refresh(self.repaint)

    def on_unmount(self) -> None:
        forget_painted(self)

    def repaint(self) -> None:
        """Put up the contents as they are now. Never raises."""
        body = self.view
        width = body.size.width
        try:
            title, note = self.heading_text()
            drawing = self.draw(width)
        except Exception as error:
            title, note, drawing = type(self).__name__, "", broken(error, width)
        self._show_detail(width)
        if is_scripted(cast("CryptoFunkApp", self.app).desk.state):
            note = f"SCRIPTED MODEL  {note}".rstrip()
        body.show(
            (title_line((Tab("", "", title, True),), note, width, True), *drawing.head),
            drawing.body,
            drawing.cursor,
        )
        self.query_one("#sheet-foot", LineView).show((), (self._foot(width, len(self._finds())),))

    def detail(self, width: int) -> Sequence[Line]:
        """Lines that stand below the contents."""
        return ()

    def _show_detail(self, width: int) -> None:
        view = self.query_one("#sheet-detail", LineView)
        try:
            lines = self.detail(width)
        except Exception as error:
            lines = broken(error, width).body
        view.display = bool(lines)
        view.styles.height = len(lines)
        view.show((), lines)

    @property
    def view(self) -> LineView:
        """The lines on the screen."""
        return self.query_one("#sheet-body", LineView)

    def action_move(self, count: int) -> None:
        self.view.scroll_lines(count)

    def action_page(self, direction: int) -> None:
        self.view.scroll_lines(direction * max(1, self.view.rows - 1))

    def action_search(self) -> None:
        self.query_one(SearchLine).open()

    def action_next(self, direction: int) -> None:
        """Bring the next line that holds the words to the top, round the end."""
        finds = self._finds()
        if not finds:
            return
        ahead = [row for row in finds if (row - self.view.top) * direction > 0]
        wanted = min(ahead) if ahead and direction > 0 else max(ahead) if ahead else finds[-(direction < 0)]
        self.view.scroll_lines(wanted - self.view.top)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.words = event.value.strip()
        self.repaint()
        finds = self._finds()
        if finds and finds[0] >= self.view.top + self.view.rows:
            self.view.scroll_lines(finds[0] - self.view.top)

    def on_search_line_left(self, message: SearchLine.Left) -> None:
        message.stop()
        self.repaint()

    def _finds(self) -> list[int]:
        """The lines that hold all the words."""
        if not self.words:
            return []
        return [row for row, line in enumerate(self.view.body) if holds(text_of(line), self.words)]

    def _foot(self, width: int, finds: int) -> Line:
        keys = (*self.keys, ("^k", "KILL"))
        left = tuple(part for key, word in keys for part in (Span(f" {key} ", "key"), Span(f"{word} ")))
        if not self.words:
            return left
        count = f"{finds} line{'' if finds == 1 else 's'}" if finds else "! nowhere"
        right = (Span(f"{self.words}: {count}, n next ", "dim" if finds else "warn"),)
        if width_of(left) + width_of(right) >= width:
            left = (*left[:2], *left[-2:])
        return spread(left, right, width)
