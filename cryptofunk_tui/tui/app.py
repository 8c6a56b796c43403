"""The console: paints first, then starts the engine and shows what it tells.

What is imported here is imported before the first paint, so nothing here may load the engine's libraries."""

from __future__ import annotations

import asyncio
import inspect
import signal
import threading
import time
import traceback
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from textual._context import active_message_pump
from textual.app import App
from textual.binding import Binding
from textual.screen import Screen
from textual.widget import Widget

from cryptofunk_tui.tui.actions import ACTIONS, BY_ID, Controls, Inquiries
from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.navigation import Navigation
from cryptofunk_tui.tui.operations import Operations
from cryptofunk_tui.tui.screens.main import MainScreen
from cryptofunk_tui.tui.text import clean
from cryptofunk_tui.tui.themes import DEFAULTS, THEMES
from cryptofunk_tui.tui.view_state import Stage, positions
from cryptofunk_tui.tui.widgets.lines import LineView

if TYPE_CHECKING:
    from textual.command import Provider
    from textual.driver import Driver

    from cryptofunk_tui.domain.events import AnyEvent
    from cryptofunk_tui.tui.screens.dialog import ConfirmDialog

_HERE = Path(__file__).parent
STOP_S = 10.0
"""How long the engine may take to stop before the console leaves without it."""
HURRIED_S = 1.0
"""The same, once it was asked to leave at once."""
SUSPENDED = (
    "The engine stands still until `fg`: nothing is decided, and no approval can be given. Stops that rest "
    "at a venue hold; those of a paper account are made up for when it goes on. `cryptofunk kill` works."
)
Severity = Literal["information", "warning", "error"]


class EngineHandle(Controls, Inquiries, Protocol):
    """An engine as the console runs it."""

    async def run(self) -> None:
        """Work until `stop`, or until there is nothing left to do. Raises what it cannot go on with."""

    async def stop(self) -> None:
        """End after the step in hand; everything on disk is whole when this returns."""


Publish = Callable[["AnyEvent"], None]
EngineFactory = Callable[[Publish], "Awaitable[EngineHandle] | EngineHandle"]


def _palette() -> type[Provider]:
    from cryptofunk_tui.tui.palette import ActionProvider

    return ActionProvider


class CryptoFunkApp(App[None], inherit_bindings=False):
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
        self.engine: EngineHandle | None = None
        self.last_error: str | None = None
        self.crash: str | None = None
        """Where the console itself broke, for a file."""
        self.only_ascii = only_ascii
        self.actor = actor
        self._failed_with = 1
        self._make_engine = make_engine
        self._kill_switch = kill_switch
        self._killed_by: str | None = None
        self._engine_task: asyncio.Task[None] | None = None
        self._stop_task: asyncio.Task[None] | None = None
        self._leaving = False
        self._hurry = asyncio.Event()
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
        loop = asyncio.get_running_loop()
        for number, do in ((signal.SIGTERM, self._insist), (signal.SIGHUP, self._leave)):
            with suppress(NotImplementedError, RuntimeError, ValueError):
                loop.add_signal_handler(number, do)

    def terminal_lost(self) -> None:
        """Leave: nobody is there any more. Called from the terminal's threads."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._leave)

    def terminal_back(self) -> None:
        """Show everything anew, after frames were dropped. Called from the terminal's threads."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.refresh)

    def on_ready(self) -> None:
        """The first frame stands; now the engine may come."""
        self._own_thread = threading.get_ident()
        loop = asyncio.get_running_loop()
        self._engine_task = loop.create_task(self._run_engine())

    async def on_unmount(self) -> None:
        """However the console ends, the engine does not outlive it."""
        if self._engine_task is not None and not self._engine_task.done():
            self._engine_task.cancel()
            await asyncio.wait([self._engine_task], timeout=HURRIED_S if self._hurry.is_set() else STOP_S)

    def publish(self, event: AnyEvent) -> None:
        """Take in an event, from any thread."""
        if threading.get_ident() == self._own_thread:
            self.desk.publish(event)
        elif self._loop is not None:
            self._loop.call_soon_threadsafe(self.desk.publish, event)

    def kill_now(self, actor: str) -> None:
        """Write the kill file by whatever can write it; an engine yet to come is killed as it comes."""
        if self.engine is not None:
            self.engine.kill_now(actor)
            return
        self._killed_by = actor
        if self._kill_switch is not None:
            self._kill_switch(actor)
        elif self.desk.state.stage == "failed":
            raise RuntimeError("there is no engine")

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
        """A widget that breaks is told of and stands still; where a screen or the console itself breaks, it
        ends in order, and the error is said after the terminal is itself again."""
        pump = active_message_pump.get(None)
        if isinstance(pump, Widget) and not isinstance(pump, Screen):
            name = pump.id or type(pump).__name__
            self.tell(f"{name} broke and stands still: {type(error).__name__}: {error}", "error")
            return
        self.last_error = f"the screen broke: {type(error).__name__}: {error}"
        self.crash = "".join(traceback.format_exception(error))
        self._return_code = 1
        self._exception = self._exception or error
        self._exception_event.set()
        self._close_messages_no_wait()

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
        if self._leaving:
            self._hurry.set()
        self._leave()

    def _leave(self) -> None:
        """Leave once the engine has stopped."""
        if not self._leaving:
            self._leaving = True
            self._set_stage("stopping", "stopping the engine…")
            self._stop_task = asyncio.get_running_loop().create_task(self._stop())

    async def _stop(self) -> None:
        """Stop the engine within the deadline, then leave with the right exit code."""
        stopping = asyncio.ensure_future(self._stop_engine())
        hurry = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait((stopping, hurry), timeout=STOP_S, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not stopping.done():
            stopping.cancel()
            late = "at once, as asked" if self._hurry.is_set() else f"within {STOP_S:g} s"
            self.last_error = f"the engine did not stop {late}"
        elif error := stopping.exception():
            self.last_error = f"the engine did not stop cleanly: {error}"
        self.exit(return_code=self._failed_with if self.last_error else 0)

    async def _stop_engine(self) -> None:
        task = self._engine_task
        if self.engine is not None:
            await self.engine.stop()
        elif task is not None:
            task.cancel()
        if task is not None:
            await asyncio.wait([task])

    async def _run_engine(self) -> None:
        try:
            made = await asyncio.to_thread(self._make_engine, self.publish)
            engine = await made if inspect.isawaitable(made) else made
            if self._killed_by is not None:
                engine.kill_now(self._killed_by)
            self.engine = engine
            await engine.run()
        except Exception as error:
            self.last_error = str(error) or type(error).__name__
            self._failed_with = getattr(error, "exit_code", 1)
            self.desk.log("error", "engine", self.last_error)
            self._set_stage("failed", self.last_error)
            return
        if not self._leaving:
            self._set_stage("ended", "the run has ended")

    def _set_stage(self, stage: Stage, detail: str) -> None:
        self.desk.state = replace(self.desk.state, stage=stage, stage_detail=detail)
        self.repaint()
