"""The actions that open a screen, by their id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptofunk_tui.tui.view_state import decision, selected

if TYPE_CHECKING:
    from textual.screen import Screen

    from cryptofunk_tui.tui.app import CryptoFunkApp
    from cryptofunk_tui.tui.engine_handle import EngineHandle


class Navigation:
    """Opens screens over the main one; each is imported when it is first asked for."""

    def __init__(self, app: CryptoFunkApp) -> None:
        self._app = app

    def trace(self) -> None:
        from cryptofunk_tui.tui.screens.trace import TraceScreen

        record, preview = decision(self._app.desk.state, selected(self._app.desk.state))
        if record is not None:
            self._open(TraceScreen(self._app.desk, self._engine, record, preview))

    def history(self) -> None:
        from cryptofunk_tui.tui.screens.history import HistoryScreen

        self._open(HistoryScreen(self._app.desk, self._engine))

    def performance(self) -> None:
        from cryptofunk_tui.tui.screens.performance import PerformanceScreen

        self._open(PerformanceScreen(self._app.desk, self._engine))

    def acts(self) -> None:
        from cryptofunk_tui.tui.screens.acts import ActsScreen

        self._open(ActsScreen(self._engine))

    def agents(self) -> None:
        from cryptofunk_tui.tui.screens.agents import AgentsScreen

        self._open(AgentsScreen(self._app.desk, self._engine, self._app.actor))

    def servers(self) -> None:
        from cryptofunk_tui.tui.screens.servers import ServersScreen

        self._open(ServersScreen(self._app.desk, self._engine, self._app.actor))

    def settings(self) -> None:
        from cryptofunk_tui.tui.screens.settings import SettingsScreen

        self._open(SettingsScreen(self._engine))

    def doctor(self) -> None:
        from cryptofunk_tui.tui.screens.doctor import DoctorScreen

        self._open(DoctorScreen(self._engine))

    def welcome(self) -> None:
        from cryptofunk_tui.tui.screens.welcome import Welcome

        if not isinstance(self._app.screen, Welcome):
            self._app.push_screen(Welcome(self._app.desk))

    def help(self) -> None:
        from cryptofunk_tui.tui.screens.help import HelpScreen

        self._open(HelpScreen(self._app.desk, self._app.action_run))

    def _open(self, screen: Screen[None]) -> None:
        """Push a screen, unless one of its kind is in front."""
        if not isinstance(self._app.screen, type(screen)):
            self._app.push_screen(screen)

    def _engine(self) -> EngineHandle | None:
        return self._app.engine
