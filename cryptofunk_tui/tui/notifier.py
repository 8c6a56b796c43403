"""Brings notices to the person: a note on the screen, the bell, a note of the desktop."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.text import clean

if TYPE_CHECKING:
    from textual.app import App

    from cryptofunk_tui.domain.events import Notice

MOST_AT_ONCE = 3
"""More notices than these that come together are told as a number."""
_GRAVE = ("halt", "engine", "venue", "feed")
_LONGEST = 120


class Notifier:
    """Tells each notice once, by the ways that it names."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._told = 0

    def attend(self, app: App[object]) -> None:
        """Tell what is new."""
        state = self._desk.state
        count = min(state.noticed - self._told, len(state.notices))
        self._told = state.noticed
        if count <= 0:
            return
        fresh = state.notices[-count:]
        if any("bell" in notice.ways for notice in fresh):
            app.bell()
        for title, text, grave in _few(fresh, "screen"):
            app.notify(
                text or title,
                title=title if text else "",
                severity="error" if grave else "information",
                timeout=12 if grave else 5,
                markup=False,
            )
        sequences = [osc9(title, text) for title, text, _ in _few(fresh, "osc9")]
        sequences += [osc777(title, text) for title, text, _ in _few(fresh, "osc777")]
        if sequences and app._driver is not None:
            app._driver.write("".join(sequences))


def _few(fresh: Sequence[Notice], way: str) -> list[tuple[str, str, bool]]:
    """Title, text and gravity of the notices of a way; what is too much at once as a number."""
    wanted = [notice for notice in fresh if way in notice.ways]
    told = [
        (clean(notice.title, 60), clean(notice.text, _LONGEST), notice.kind in _GRAVE)
        for notice in wanted[:MOST_AT_ONCE]
    ]
    left = len(wanted) - len(told)
    return [*told, (f"{left} more", "the log has them all", False)] if left else told


def osc9(title: str, text: str) -> str:
    """The sequence of iTerm2 and those who took it over; it has one text."""
    return _passed(f"\x1b]9;{title}: {text}\x07" if text else f"\x1b]9;{title}\x07")


def osc777(title: str, text: str) -> str:
    """The sequence of rxvt and foot; a semicolon ends the title."""
    return _passed(f"\x1b]777;notify;{title.replace(';', ',')};{text}\x07")


def _passed(sequence: str) -> str:
    """The sequence as tmux hands it on to the terminal around it (`set -g allow-passthrough on`)."""
    if "TMUX" not in os.environ:
        return sequence
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
