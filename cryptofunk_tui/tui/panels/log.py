"""What happened, newest at the foot."""

from __future__ import annotations

from datetime import datetime

from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.panels.base import Drawing, Panel, quiet
from cryptofunk_tui.tui.text import Line, Span, clock, fit, holds
from cryptofunk_tui.tui.view_state import LOG_LINES, LogEntry, ViewState

_LEVELS = {
    "debug": ("·", "dim", "dim"),
    "info": ("·", "dim", ""),
    "warning": ("!", "warn", "warn"),
    "error": ("✗", "error", "down"),
}
_GRAVITY = {"warning": 1, "error": 2}
LEVELS = ("all", "warnings", "errors")
SOURCE_CELLS = 14


class Log(Panel):
    """Follows the newest line until it is scrolled up; `v` and `/` leave lines out."""

    number = "9"
    title = "Log"

    follow = True

    def __init__(self, desk: Desk, panel_id: str) -> None:
        super().__init__(desk, panel_id)
        self._lines: list[Line] = []
        self._read = 0
        self._filter: tuple[int, str] = (0, "")

    def watches(self, state: ViewState) -> tuple[object, ...]:
        return (state.logged, state.log_level, state.log_words)

    def draw(self, state: ViewState, width: int, height: int, now: datetime) -> Drawing:
        if not state.log:
            return Drawing(quiet("Quiet so far.", width=width))
        if self._filter != (state.log_level, state.log_words):
            self._filter = (state.log_level, state.log_words)
            self._lines, self._read = [], 0
        fresh = min(state.logged - self._read, len(state.log))
        if fresh:
            wanted = [log_line(entry) for entry in state.log[-fresh:] if is_shown(entry, *self._filter)]
            self._lines = [*self._lines, *wanted][-LOG_LINES:]
            self._read = state.logged
        note = _note(state, len(self._lines))
        if not self._lines:
            return Drawing(quiet("No line passes the filter; v and / change it.", width=width), note=note)
        return Drawing(self._lines, note=note)


def is_shown(entry: LogEntry, level: int, words: str) -> bool:
    """Whether a line is grave enough and holds the words."""
    grave = _GRAVITY.get(entry.level, 0) >= level
    return grave and (not words or holds(f"{entry.source} {entry.text}", words))


def _note(state: ViewState, shown: int) -> str:
    if not state.log_level and not state.log_words:
        return ""
    words = f" {state.log_words!r}" if state.log_words else ""
    return f"{LEVELS[state.log_level]}{words}, {len(state.log) - shown} hidden"


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
