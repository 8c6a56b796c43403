"""The one place where the screen's state changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from cryptofunk_tui.tui.view_state import ViewState, logged

if TYPE_CHECKING:
    from datetime import datetime

    from cryptofunk_tui.domain.events import AnyEvent


class Desk:
    """Holds the newest state. Panels read it on their own timers; events and actions replace it.

    `now` is wall time, `monotonic` seconds for deadlines."""

    def __init__(self, now: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self.now = now
        self.monotonic = monotonic
        self.state = ViewState()
        self.is_slow = False
        """Whether the line to the terminal is narrow: panels look at the state seldom."""

    def publish(self, event: AnyEvent) -> None:
        """Take in an event. One that cannot be taken in is logged; it never reaches the engine again."""
        from cryptofunk_tui.tui.reduce import reduce

        try:
            self.state = reduce(self.state, event, self.now())
        except Exception as error:
            self.log("error", "screen", f"{type(event).__name__} could not be shown: {error}")

    def log(self, level: str, source: str, text: str) -> None:
        """Add a line of the console's own to the log."""
        self.state = logged(self.state, self.now(), level, source, text)
