"""The main screen's panels and where they stand."""

from __future__ import annotations

from textual.containers import Container
from textual.geometry import Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.layouts import Place, arrange
from cryptofunk_tui.tui.panels.approvals import Approvals
from cryptofunk_tui.tui.panels.base import Panel, Tab
from cryptofunk_tui.tui.panels.chart import Chart
from cryptofunk_tui.tui.panels.context import MarketBreadth
from cryptofunk_tui.tui.panels.council import Council
from cryptofunk_tui.tui.panels.log import Log
from cryptofunk_tui.tui.panels.orders import Orders
from cryptofunk_tui.tui.panels.positions import Positions
from cryptofunk_tui.tui.panels.risk import Risk
from cryptofunk_tui.tui.panels.servers import Servers
from cryptofunk_tui.tui.panels.watchlist import Watchlist

PANELS: dict[str, type[Panel]] = {
    "chart": Chart,
    "council": Council,
    "positions": Positions,
    "orders": Orders,
    "risk": Risk,
    "approvals": Approvals,
    "servers": Servers,
    "context": MarketBreadth,
    "log": Log,
    "watchlist": Watchlist,
}
"""Every panel by its id, in the order in which Tab visits them."""


class Board(Container):
    """All panels; those without a place are not displayed and do no work."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(id="board")
        self._panels = {panel_id: kind(desk, panel_id) for panel_id, kind in PANELS.items()}
        self._recent = ["servers"]
        self.zoomed: str | None = None
        self._board_layout = _BoardLayout(self)

    @property
    def layout(self) -> Layout:
        return self._board_layout

    def compose(self) -> list[Panel]:
        return list(self._panels.values())

    def on_resize(self) -> None:
        self.rearrange()

    def places(self, size: Size) -> list[Place]:
        """Where the panels in front stand on a board of this size."""
        return arrange(size.width, size.height, self._recent, self.zoomed)

    def bring(self, panel_id: str, focus: bool = True) -> None:
        """Put a panel in front of its place, and focus it."""
        self._recent = [panel_id, *(known for known in self._recent if known != panel_id)]
        if self.zoomed:
            self.zoomed = panel_id
        self.rearrange()
        if focus:
            self._panels[panel_id].focus(scroll_visible=False)

    def settle(self) -> None:
        """The start is over: the servers, in front until now, step back unless they are looked at."""
        if "servers" in self._recent and self.screen.focused is not self._panels["servers"]:
            self._recent.remove("servers")
            self.rearrange()

    def zoom(self) -> None:
        """Give the focused panel the board, or take it back."""
        focused = self.focused
        self.zoomed = None if self.zoomed or focused is None else focused.id
        self.rearrange()

    @property
    def focused(self) -> Panel | None:
        widget = self.screen.focused
        return widget if isinstance(widget, Panel) else None

    def step(self, count: int) -> None:
        """Focus the next panel in front, or the one before."""
        shown = [panel for panel in self._panels.values() if panel.display]
        if not shown:
            return
        focused = self.focused
        index = shown.index(focused) + count if focused in shown else 0
        shown[index % len(shown)].focus(scroll_visible=False)

    def rearrange(self) -> None:
        """Show the panels that have a place now, hide the others."""
        fronts = {place.panel: place.tabs for place in self.places(self.size)}
        for panel_id, panel in self._panels.items():
            panel.display = panel_id in fronts
            if panel_id in fronts:
                panel.tabs = tuple(
                    Tab(other, PANELS[other].number, PANELS[other].title, other == panel_id)
                    for other in fronts[panel_id]
                )
        self.refresh(layout=True)
        self.call_after_refresh(self._paint)

    def _paint(self) -> None:
        for panel in self._panels.values():
            panel.paint()


class _BoardLayout(Layout):
    name = "board"

    def __init__(self, board: Board) -> None:
        self._board = board

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        regions = {place.panel: place.region for place in self._board.places(size)}
        return [
            WidgetPlacement(
                regions[child.id], child.styles.offset.resolve(size, size), child.styles.margin, child
            )
            for child in children
            if child.id in regions
        ]
