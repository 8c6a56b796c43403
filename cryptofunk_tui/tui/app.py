"""The console: paints first, then starts the engine and shows what it tells.

What is imported here is imported before the first paint, so nothing here may load the engine's libraries."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from textual._context import active_message_pump
from textual.app import App
from textual.binding import Binding
from textual.screen import Screen

from cryptofunk_tui.tui.actions import ACTIONS, BY_ID
from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.engine_life import EngineLife
from cryptofunk_tui.tui.navigation import Navigation
from cryptofunk_tui.tui.operations import Operations
from cryptofunk_tui.tui.screens.main import MainScreen
from cryptofunk_tui.tui.steady import Steady
from cryptofunk_tui.tui.text import clean
from cryptofunk_tui.tui.themes import DEFAULTS, THEMES
from cryptofunk_tui.tui.view_state import positions
from cryptofunk_tui.tui.widgets.lines import LineView

if TYPE_CHECKING:
    from textual.command import Provider
    from textual.driver import Driver
    from textual.message_pump import MessagePump

    from cryptofunk_tui.domain.events import AnyEvent
    from cryptofunk_tui.tui.engine_handle import EngineFactory, EngineHandle
    from cryptofunk_tui.tui.screens.dialog import ConfirmDialog

_HERE = Path(__file__).parent
SUSPENDED = (
    "The engine stands still until `fg`: nothing is decided, and no approval can be given. Stops that rest "
    "at a venue hold; those of a paper account are made up for when it goes on. `cryptofunk kill` works."
)
Severity = Literal["information", "warning", "error"]


def _palette() -> type[Provider]:
    from cryptofunk_tui.tui.palette import ActionProvider

    return ActionProvider


class CryptoFunkApp(Steady, App[None], inherit_bindings=False):
    """The terminal console.

    `make_engine` is called in a thread after the first paint, so it may import; an async one is awaited on
    the loop. It is given the function that events go to, which any thread may call. `kill_switch` writes the
    kill file while there is no engine yet, or none any more."""

    TITLE = "CryptoFunk"
    CSS_PATH = [_HERE / "app.tcss", _HERE / "screens" / "main.tcss"]
    COMMANDS = {_palette}
    BINDINGS = [
        *(
            Binding(
                ",".join(action.keys),
                f"app.run('{action.id}')",
                action.label,
                show=False,
                priority=action.id in ("kill", "quit"),
            )
            for action in ACTIONS
            if action.everywhere
        ),
        Binding("ctrl+c", "app.hint", "Quit?", show=False),
    ]

    def __init__(
        self,
        make_engine: EngineFactory,
        *,
        kill_switch: Callable[[str], None] | None = None,
        actor: str = "console",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
        only_ascii: bool = False,
    ) -> None:
        super().__init__()
        self.desk = Desk(now, monotonic)
        self.life = EngineLife(self.desk, make_engine, kill_switch, self.publish, self.repaint)
        self._broke: str | None = None
        self._faults: set[tuple[str, str]] = set()
        self._own_task: asyncio.Task[object] | None = None
        self.crash: str | None = None
        """Where it first broke, for a file."""
        self.only_ascii = only_ascii
        self.actor = actor
        self._quit_dialog: ConfirmDialog | None = None
        self._own_thread = threading.get_ident()
        self._operations = Operations(self, actor)
        self._navigation = Navigation(self)
        self._main = MainScreen(self.desk)
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = THEMES[0].name

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DEFAULTS

    def get_default_screen(self) -> MainScreen:
        return self._main

    def get_driver_class(self) -> type[Driver]:
        found = super().get_driver_class()
        if found.__name__ != "LinuxDriver":
            return found
        from cryptofunk_tui.tui.terminal import TerminalDriver

        return TerminalDriver

    def on_load(self) -> None:
        """From the first byte on, a signal ends the console in order."""
        self._own_task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        for number, do in ((signal.SIGTERM, self._insist), (signal.SIGHUP, self._leave)):
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, do)

    def soon(self, do: Callable[[], None]) -> None:
        """Call it on the loop. From any thread, and from a signal's handler."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(do)

    def terminal_lost(self) -> None:
        """Leave: nobody is there any more. Called from the terminal's threads."""
        self.soon(self._leave)

    def terminal_back(self) -> None:
        """Show everything anew, after frames were dropped. Called from the terminal's threads."""
        self.soon(self._show_anew)

    def _show_anew(self) -> None:
        self.refresh()

    def on_ready(self) -> None:
        """The first frame stands; now the engine may come."""
        self._own_thread = threading.get_ident()
        self.life.start()

    async def on_unmount(self) -> None:
        await self.life.end()

    def publish(self, event: AnyEvent) -> None:
        """Take in an event, from any thread."""
        if threading.get_ident() == self._own_thread:
            self.desk.publish(event)
        else:
            self.soon(lambda: self.desk.publish(event))

    @property
    def engine(self) -> EngineHandle | None:
        """The engine while there is one."""
        return self.life.engine

    @property
    def last_error(self) -> str | None:
        """Why the console broke, or its engine failed; for one line after the end."""
        return self._broke or self.life.error

    def tell(self, text: str, severity: Severity = "information") -> None:
        """Say something to the person, on screen and in the log."""
        level = {"information": "info", "warning": "warning", "error": "error"}[severity]
        self.desk.log(level, "console", text)
        self.notify(clean(text), severity=severity, markup=False)

    def repaint(self) -> None:
        """Show at once what has just changed, without waiting for the timers."""
        if self._main.is_attached:
            self._main.repaint()

    def action_run(self, action_id: str) -> None:
        """Do an action of the registry, or say why it is not possible now."""
        action = BY_ID[action_id]
        reason = action.blocked(self.desk.state)
        if reason is not None:
            self.notify(clean(f"{action.label}: {reason}"), severity="warning", markup=False)
            return
        own = {
            "next_symbol": lambda: self._main.step(1),
            "previous_symbol": lambda: self._main.step(-1),
            "longer_bars": lambda: self._main.stretch(1),
            "shorter_bars": lambda: self._main.stretch(-1),
            "page_down": lambda: self._main.page(1),
            "page_up": lambda: self._main.page(-1),
            "next_panel": lambda: self._main.board.step(1),
            "previous_panel": lambda: self._main.board.step(-1),
            "averages": self._main.toggle_averages,
            "sort": self._main.sort,
            "log_level": self._main.filter_level,
            "log_find": self._main.filter_words,
            "zoom": self._main.board.zoom,
            "back": self._main.back,
            "theme": self._next_theme,
            "narrow_line": self._narrow_line,
            "palette": self.action_command_palette,
            "suspend": self._suspend,
            "quit": self._quit,
        }
        do = (
            own.get(action_id)
            or getattr(self._navigation, action_id, None)
            or getattr(self._operations, action_id)
        )
        try:
            do()
        except Exception as error:
            self.tell(f"{action.label} failed: {type(error).__name__}: {error}", "error")

    def _handle_exception(self, error: Exception) -> None:
        """A widget that breaks stands still, a screen above the main one that cannot be built is taken away,
        and both are told of. Where the main screen or the console itself cannot be built, it ends in order,
        and the error is said after the terminal is itself again."""
        part = active_message_pump.get(None) or self
        own = self._own_task if part is self else part._task
        falls = own in (None, asyncio.current_task())
        if not falls or part not in (self, self._main):
            self.tell_fault(part, error)
            if falls and isinstance(part, Screen):
                self.call_later(self._take_away, part)
            return
        self._broke = f"the screen broke: {type(error).__name__}: {error}"
        self.crash = "".join(traceback.format_exception(error))
        self._return_code = 1
        self._exception = self._exception or error
        self._exception_event.set()
        self._close_messages_no_wait()

    def tell_fault(self, part: MessagePump, error: Exception) -> None:
        """Say once what broke, and keep where. A test without a terminal fails by it."""
        self.crash = self.crash or "".join(traceback.format_exception(error))
        name = getattr(part, "id", None) or type(part).__name__
        kind = type(error).__name__
        if (name, kind) not in self._faults:
            self._faults.add((name, kind))
            self.tell(f"{name} broke, the rest goes on: {kind}: {error}", "error")
        if self.is_headless:
            self._exception = self._exception or error
            self._exception_event.set()

    def _take_away(self, screen: Screen[object]) -> None:
        """Leave a screen that does not work, and whatever stands on it."""
        while screen in self.screen_stack:
            self.pop_screen()

    def action_hint(self) -> None:
        self.notify("ctrl+q quits, ctrl+k stops all trading", markup=False)

    def on_line_view_clicked(self, message: LineView.Clicked) -> None:
        kind, _, target = message.action.partition(" ")
        if kind == "panel":
            self.bring(target)
        elif kind == "symbol":
            self.select(target)
        else:
            self.action_run(target)

    def bring(self, panel_id: str) -> None:
        """Put a panel in front, and focus it."""
        self._main.board.bring(panel_id)

    def select(self, symbol: str) -> None:
        """Let chart and council show a symbol."""
        self._main.select(symbol)

    def welcome(self) -> None:
        """Show what a newcomer should know. From any thread."""
        self.call_from_thread(self._navigation.welcome)

    def _next_theme(self) -> None:
        names = [theme.name for theme in THEMES]
        index = names.index(self.theme) if self.theme in names else -1
        self.use_theme(names[(index + 1) % len(names)])

    def use_theme(self, name: str) -> None:
        """Change the colours, and say to which."""
        self.theme = name
        self.notify(self.theme.removeprefix("cryptofunk-"), title="Theme", markup=False)

    def _narrow_line(self) -> None:
        self.desk.is_slow = not self.desk.is_slow
        words = "painting seldom" if self.desk.is_slow else "painting as usual"
        self.notify(words, title="Low bandwidth", markup=False)

    def _quit(self) -> None:
        """Leave; with open positions only when asked twice."""
        from cryptofunk_tui.tui.screens.dialog import ConfirmDialog

        held = len(positions(self.desk.state))
        if not held or self.screen is self._quit_dialog or self.desk.state.stage != "running":
            self._insist()
            return
        question = (
            f"{held} open position{'s' if held > 1 else ''} stay{'' if held > 1 else 's'} open. "
            "Their stops are not watched while the engine is down; the next start makes up for it."
        )

        def answered(answer: str | None) -> None:
            if answer == "act":
                self._leave()

        self._quit_dialog = ConfirmDialog(self.desk, "Quit?", question, "Quit")
        self.push_screen(self._quit_dialog, answered)

    def _suspend(self) -> None:
        """Hand the terminal back to the shell; asked first while something is held."""
        from cryptofunk_tui.tui.screens.dialog import ConfirmDialog

        def answered(answer: str | None) -> None:
            if answer == "act":
                self.action_suspend_process()

        if positions(self.desk.state) and self.desk.state.stage == "running":
            self.push_screen(ConfirmDialog(self.desk, "Suspend?", SUSPENDED, "Suspend"), answered)
        else:
            answered("act")

    def _insist(self) -> None:
        """Leave; asked for again, without waiting for the engine any longer."""
        self.life.hurry()
        self._leave()

    def _leave(self) -> None:
        """Leave once the engine has stopped."""
        self.life.stop(lambda code: self.exit(return_code=code))
