"""The main screen: status, banners, the board of panels, the keys."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import Screen

from cryptofunk_tui.tui.actions import ACTIONS
from cryptofunk_tui.tui.board import PANELS, Board
from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.footer import FooterBar
from cryptofunk_tui.tui.notifier import Notifier
from cryptofunk_tui.tui.panels.base import Painted
from cryptofunk_tui.tui.panels.log import LEVELS
from cryptofunk_tui.tui.panels.status import Banner, StatusBar
from cryptofunk_tui.tui.steady import Steady
from cryptofunk_tui.tui.view_state import approvals, step_symbol

if TYPE_CHECKING:
    from textual.widgets import Input

MOST_ZOOM_OUT = 5


class MainScreen(Steady, Screen[None]):
    """Everything at a glance. What it can do without the engine is here; the rest is the app's."""

    AUTO_FOCUS = "#council"
    BINDINGS = [
        *(
            Binding(",".join(action.keys), f"app.run('{action.id}')", action.label, show=False)
            for action in ACTIONS
            if not action.everywhere
        ),
        *(
            Binding(panel.number, f"bring('{panel_id}')", panel.title, show=False)
            for panel_id, panel in PANELS.items()
        ),
    ]

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.board = Board(desk)
        self._announced: frozenset[str] = frozenset()
        self._settled = False
        self._sorted = "as configured"
        self._notifier = Notifier(desk)

    def compose(self) -> ComposeResult:
        yield StatusBar(self.desk, id="status")
        yield Banner(self.desk, id="banner")
        yield self.board
        yield FooterBar(self.desk, id="footer")

    def on_mount(self) -> None:
        self.set_interval(0.25, self.attend)

    def attend(self) -> None:
        """Bring a new approval to the front, once; tell what is new; end the start with the account."""
        if not self._settled and self.desk.state.account is not None:
            self._settled = True
            self.board.settle()
        waiting = frozenset(approval.approval_id for approval in approvals(self.desk.state))
        if waiting - self._announced:
            self.board.bring("approvals", focus=False)
        self._announced = waiting
        self._notifier.attend(self.app)

    def repaint(self) -> None:
        """Paint at once what has changed, without waiting for the timers."""
        self.attend()
        for painted in self.query(Painted):
            painted.paint()

    def action_bring(self, panel_id: str) -> None:
        self.board.bring(panel_id)

    def select(self, symbol: str) -> None:
        self.desk.state = replace(self.desk.state, selected=symbol)
        self.repaint()

    def step(self, count: int) -> None:
        """Move the focused panel's cursor, or the selected symbol."""
        focused = self.board.focused
        if focused is not None:
            focused.step(count)
        else:
            self.desk.state = step_symbol(self.desk.state, count)
        self.repaint()

    def page(self, direction: int) -> None:
        """Scroll the focused panel by its height."""
        focused = self.board.focused
        if focused is not None:
            focused.scroll_lines(direction * max(1, focused.rows - 1))

    def stretch(self, count: int) -> None:
        """Draw the chart in longer or shorter bars."""
        state = self.desk.state
        self.desk.state = replace(state, zoom_out=max(0, min(MOST_ZOOM_OUT, state.zoom_out + count)))
        self.repaint()

    def sort(self) -> None:
        """Sort the symbols by the next key, as they stand now: rows do not run away under the cursor."""
        from cryptofunk_tui.tui.panels.watchlist import SORTS

        names = list(SORTS)
        self._sorted = names[(names.index(self._sorted) + 1) % len(names)]
        state = replace(self.desk.state, order=())
        self.desk.state = replace(state, order=SORTS[self._sorted](state))
        self.notify(f"Symbols sorted {self._sorted}", timeout=2, markup=False)
        self.repaint()

    def filter_level(self) -> None:
        """Leave out the less grave lines of the log, or let them in again."""
        state = self.desk.state
        self.desk.state = replace(state, log_level=(state.log_level + 1) % len(LEVELS))
        self.board.bring("log", focus=False)
        self.repaint()

    def filter_words(self) -> None:
        """Type the words that the lines of the log must hold."""
        from cryptofunk_tui.tui.screens.search import SearchLine

        self.board.bring("log", focus=False)
        if not self.query(SearchLine):
            self.mount(SearchLine(), before="#footer")
        self.call_after_refresh(lambda: self.query_one(SearchLine).open())

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.desk.state = replace(self.desk.state, log_words=event.value.strip())
        self.repaint()

    def on_search_line_left(self) -> None:
        self.board.bring("log")

    def toggle_averages(self) -> None:
        self.desk.state = replace(self.desk.state, averages=not self.desk.state.averages)
        self.repaint()

    def back(self) -> None:
        """Leave the zoom."""
        if self.board.zoomed:
            self.board.zoom()
