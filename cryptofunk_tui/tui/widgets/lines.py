"""A widget that paints lines of toned text itself, and repaints only those that changed."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from cryptofunk_tui.tui.text import BLANK, ELLIPSIS, Line

TONES: dict[str, tuple[str, str, bool]] = {
    "dim": ("quiet", "", False),
    "bold": ("foreground", "", True),
    "heading": ("quiet", "", True),
    "accent": ("accent", "", False),
    "up": ("up", "", False),
    "down": ("down", "", False),
    "warn": ("warn", "", False),
    "error": ("down", "", True),
    "track": ("track", "", False),
    "spark": ("spark", "", False),
    "mark": ("foreground", "", False),
    "key": ("accent", "", True),
    "rule": ("rule", "", False),
    "focus": ("accent", "", True),
    "chip": ("ink", "quiet", True),
    "chip-good": ("ink", "up", True),
    "chip-warn": ("ink", "warn", True),
    "chip-error": ("ink", "down", True),
    "found": ("ink", "accent", True),
    "cursor": ("", "row", False),
}
"""What each tone looks like: variables of the theme for ink and ground, and whether it is bold. Panels say
what a word is, never its colour. Not component classes: those cost 20 ms of styling a widget at the start."""


def tone_styles(variables: Mapping[str, str]) -> dict[str, Style]:
    """A style a tone from a theme's variables."""
    return {
        tone: Style(
            color=variables[ink] if ink else None,
            bgcolor=variables[ground] if ground else None,
            bold=bold or None,
        )
        for tone, (ink, ground, bold) in TONES.items()
    }


def forget_painted(widget: Widget) -> None:
    """Let go of what a widget that is gone has painted. Textual keeps hold of the caches of the last thousand
    widgets, which is 100 MB after a day of opening and closing screens."""
    widget._styles_cache.clear()


class LineView(Widget):
    """`head` lines stand still above `body` lines that scroll. Text is never parsed for markup."""

    _styles: ClassVar[dict[str, dict[str, Style]]] = {}
    """Tones of the themes used so far."""
    follow: ClassVar[bool] = False
    """Whether the view stays at the last line as lines are added, until it is scrolled up."""

    class Clicked(Message):
        """A span with an action was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.head: tuple[Line, ...] = ()
        self.body: tuple[Line, ...] = ()
        self.cursor: int | None = None
        self.top = 0
        self._at_end = True
        self._base: Style | None = None

    def notify_style_update(self) -> None:
        self._base = None
        super().notify_style_update()

    def show(self, head: Sequence[Line], body: Sequence[Line], cursor: int | None = None) -> None:
        """Put up new lines; those equal to what stands there already cost nothing."""
        before = self._window()
        self.head, self.body, self.cursor = tuple(head), tuple(body), cursor
        if self.follow and self._at_end:
            self.top = len(self.body)
        if cursor is not None:
            self.top = min(self.top, cursor)
            self.top = max(self.top, cursor - self.rows + 1)
        self.top = max(0, min(self.top, len(self.body) - self.rows))
        self._repaint(before)

    def on_unmount(self) -> None:
        forget_painted(self)

    @property
    def rows(self) -> int:
        """Body lines that fit."""
        return max(1, self.size.height - len(self.head))

    def scroll_lines(self, count: int) -> None:
        """Move the body by `count` lines, as far as there are any."""
        before = self._window()
        self.top = max(0, min(self.top + count, len(self.body) - self.rows))
        self._at_end = self.top >= len(self.body) - self.rows
        self._repaint(before)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self.head) + len(self.body)

    def render_line(self, y: int) -> Strip:
        line, selected = self._line(y)
        tones = self._tones()
        if self._base is None:
            self._base = self.rich_style
        base = self._base + tones["cursor"] if selected else self._base
        segments = [
            Segment(span.text, base + tones[span.tone] if span.tone else base) for span in line if span.text
        ]
        strip = Strip(segments, sum(cell_len(span.text) for span in line))
        width = self.size.width
        if strip.cell_length > width:
            cut = strip.crop(0, width - 1)
            last = next((segment.style for segment in reversed(list(cut))), base)
            strip = Strip([*cut, Segment(ELLIPSIS, last)], cut.cell_length + 1)
        return strip.adjust_cell_length(width, base)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        event.stop()
        self.scroll_lines(2)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        event.stop()
        self.scroll_lines(-2)

    def on_click(self, event: events.Click) -> None:
        offset = event.get_content_offset(self)
        if offset is None:
            return
        column = 0
        for span in self._line(offset.y)[0]:
            column += cell_len(span.text)
            if offset.x < column:
                if span.action:
                    event.stop()
                    self.post_message(self.Clicked(span.action))
                return

    def _line(self, y: int) -> tuple[Line, bool]:
        if y < len(self.head):
            return self.head[y], False
        row = y - len(self.head) + self.top
        return (self.body[row], row == self.cursor) if row < len(self.body) else (BLANK, False)

    def _window(self) -> list[tuple[Line, bool]]:
        return [self._line(y) for y in range(self.size.height)]

    def _repaint(self, before: list[tuple[Line, bool]]) -> None:
        after = self._window()
        changed = [
            Region(start, y, end - start, 1)
            for y, (old, new) in enumerate(zip(before, after, strict=True))
            if old != new
            for start, end in (self._changed(old, new),)
        ]
        if changed:
            self.refresh(*changed)

    def _changed(self, old: tuple[Line, bool], new: tuple[Line, bool]) -> tuple[int, int]:
        """The first cell of a line that differs and the one after the last; the whole line where a character
        has more or less than a cell."""
        width = self.size.width
        before, after = _cells(old[0], width), _cells(new[0], width)
        if old[1] != new[1] or before is None or after is None:
            return 0, width
        differ = [at for at in range(width) if before[at] != after[at]]
        return (differ[0], differ[-1] + 1) if differ else (0, width)

    def _tones(self) -> dict[str, Style]:
        theme = self.app.theme
        if theme not in self._styles:
            self._styles[theme] = tone_styles(self.app.theme_variables)
        return self._styles[theme]


def _cells(line: Line, width: int) -> list[tuple[str, str]] | None:
    """A line as `width` cells of a character and its tone; None where characters have not one cell each."""
    cells = [(character, span.tone) for span in line for character in span.text]
    if len(cells) > width or any(cell_len(span.text) != len(span.text) for span in line):
        return None
    return cells + [(" ", "")] * (width - len(cells))
