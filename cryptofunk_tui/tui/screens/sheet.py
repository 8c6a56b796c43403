"""A whole screen of lines that is read and left again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen

from cryptofunk_tui.tui.panels.base import Tab, broken, title_line
from cryptofunk_tui.tui.text import Line, Span
from cryptofunk_tui.tui.widgets.lines import LineView


class Sheet(Screen[None]):
    """A title, lines, and the keys to move in them. A subclass gives `heading_text` and `lines`."""

    CSS_PATH = "sheet.tcss"
    BINDINGS = [
        Binding("escape,q", "app.pop_screen", "Back", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("pagedown,space", "page(1)", "Page down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("home,g", "move(-100000)", "Start", show=False),
        Binding("end,G", "move(100000)", "End", show=False),
    ]
    keys: ClassVar[tuple[tuple[str, str], ...]] = (("esc", "back"), ("↑↓", "scroll"))

    def heading_text(self) -> tuple[str, str]:
        """The title and what stands at its right end."""
        raise NotImplementedError

    def lines(self, width: int) -> Sequence[Line]:
        """The contents at a width."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        yield LineView(id="sheet-body")
        yield LineView(id="sheet-foot")

    def on_resize(self) -> None:
        self.call_after_refresh(self.repaint)

    def repaint(self) -> None:
        """Put up the contents as they are now. Never raises."""
        body = self.query_one("#sheet-body", LineView)
        width = body.size.width
        try:
            title, note = self.heading_text()
            lines = self.lines(width)
        except Exception as error:
            title, note, lines = type(self).__name__, "", broken(error, width).body
        body.show((title_line((Tab("", "", title, True),), note, width, True),), lines)
        keys = (*self.keys, ("^k", "KILL"))
        foot = tuple(part for key, word in keys for part in (Span(f" {key} ", "key"), Span(f"{word} ")))
        self.query_one("#sheet-foot", LineView).show((), (foot,))

    def action_move(self, count: int) -> None:
        self.query_one("#sheet-body", LineView).scroll_lines(count)

    def action_page(self, direction: int) -> None:
        body = self.query_one("#sheet-body", LineView)
        body.scroll_lines(direction * max(1, body.rows - 1))
