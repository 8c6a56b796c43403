"""The console with something that breaks: `python -m tests.tui.crashers WHAT`."""

import sys
from collections.abc import Callable

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from cryptofunk_tui.domain.events import AnyEvent
from cryptofunk_tui.tui.app import CryptoFunkApp
from cryptofunk_tui.tui.panels.orders import Orders
from cryptofunk_tui.tui.panels.risk import Risk
from cryptofunk_tui.tui.screens.main import MainScreen
from tests.tui.feeder import Feeder


def breaks(*_: object) -> None:
    raise RuntimeError("planted")


async def works_badly() -> None:
    breaks()


class Unbuilt(Screen[None]):
    """A screen that cannot be built."""

    def compose(self) -> ComposeResult:
        breaks()
        yield from ()


class Breaking(CryptoFunkApp):
    """Breaks where it was asked to."""

    def __init__(self, what: str, make: Callable[[Callable[[AnyEvent], None]], Feeder]) -> None:
        super().__init__(make, kill_switch=lambda actor: None)
        self._what = what

    def on_key(self, event: events.Key) -> None:
        """Break on F12."""
        if event.key != "f12":
            return
        match self._what:
            case "sheet":
                self.push_screen(Unbuilt())
            case "timer":
                self.screen.set_interval(0.05, breaks)
            case "panel":
                Risk.draw = breaks  # type: ignore[assignment, method-assign]
            case "widget":
                self.screen.query_one(Orders).call_later(breaks)
            case "worker":
                self.run_worker(works_badly(), exit_on_error=False)
            case "screen":
                self.screen.call_later(breaks)
            case "app":
                breaks()


class FailingFeeder(Feeder):
    """An engine that fails after its scene."""

    async def run(self) -> None:
        for event in self._events:
            self._publish(event)
        breaks()


def main() -> None:
    what = sys.argv[1]
    kind = FailingFeeder if what == "engine" else Feeder

    def make(publish: Callable[[AnyEvent], None]) -> Feeder:
        feeder = kind(publish, 20)
        feeder.hangs = what == "hang"
        return feeder

    if what == "start":
        MainScreen.compose = breaks  # type: ignore[assignment, method-assign]
    app = Breaking(what, make)
    app.run()
    if app.last_error:
        print(f"cryptofunk: {app.last_error}", file=sys.stderr)
    sys.exit(app.return_code or 0)


if __name__ == "__main__":
    main()
