"""What happened, newest at the foot."""

from __future__ import annotations

from datetime import datetime

from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.panels.base import Drawing, Panel, quiet
from cryptofunk_tui.tui.text import Line, Span, clock, fit
from cryptofunk_tui.tui.view_state import LOG_LINES, LogEntry, ViewState

_LEVELS = {
    "debug": ("·", "dim", "dim"),
    "info": ("·", "dim", ""),
    "warning": ("!", "warn", "warn"),
    "error": ("✗", "error", "down"),
}
SOURCE_CELLS = 14


class Log(Panel):
    """Follows the newest line until it is scrolled up."""

    number = "9"
    title = "Log"

    follow = True

    def __init__(self, desk: Desk, panel_id: str) -> None:
        super().__init__(desk, panel_id)
        self._lines: list[Line] = []
        self._drawn = 0

    def watches(self, state: ViewState) -> tuple[object, ...]:
        return (state.logged,)

    def draw(self, state: ViewState, width: int, height: int, now: datetime) -> Drawing:
        if not state.log:
            return Drawing(quiet("Quiet so far.", width=width))
        fresh = min(state.logged - self._drawn, len(state.log))
        if fresh:
            self._lines = [*self._lines, *map(log_line, state.log[-fresh:])][-LOG_LINES:]
            self._drawn = state.logged
        return Drawing(self._lines)


def log_line(entry: LogEntry) -> Line:
    """A line of the log; its level shows as a mark as well as a colour."""
    glyph, mark, tone = _LEVELS.get(entry.level, _LEVELS["info"])
    return (
        Span(clock(entry.at), "dim"),
        Span(f" {glyph} ", mark),
        Span(fit(entry.source, SOURCE_CELLS), "dim"),
        Span(" "),
        Span(entry.text, tone),
    )
