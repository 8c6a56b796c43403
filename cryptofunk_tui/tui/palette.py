"""The command palette: every action of the registry, those not possible now with the reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from cryptofunk_tui.tui.actions import ACTIONS, key_name
from cryptofunk_tui.tui.board import PANELS
from cryptofunk_tui.tui.text import clean
from cryptofunk_tui.tui.themes import THEMES
from cryptofunk_tui.tui.view_state import symbols

if TYPE_CHECKING:
    from cryptofunk_tui.tui.app import CryptoFunkApp


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the palette."""

    label: str
    key: str
    help: str
    run: Callable[[], None]
    possible: bool = True

    def hit(self, score: float) -> Hit:
        return Hit(score, self._shown, self.run, self.label, self.help)

    def discovery(self) -> DiscoveryHit:
        return DiscoveryHit(self._shown, self.run, self.label, self.help)

    @property
    def _shown(self) -> Content:
        label = Content.styled(self.label, "" if self.possible else "dim")
        return label.append(Content.styled(f"  {self.key}", "dim"))


class ActionProvider(Provider):
    """Offers what the registry holds, and every panel, symbol and theme by its name."""

    async def discover(self) -> Hits:
        for entry in self._actions():
            yield entry.discovery()

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for entry in (*self._actions(), *self._names()):
            score = max(matcher.match(entry.label), matcher.match(entry.help))
            if score > 0:
                yield entry.hit(score)

    @property
    def _console(self) -> CryptoFunkApp:
        return cast("CryptoFunkApp", self.app)

    def _actions(self) -> Iterator[Entry]:
        for action in ACTIONS:
            if action.id == "palette":
                continue
            reason = action.blocked(self._console.desk.state)
            # The palette reads help as markup, so brackets from outside are taken out of the reason.
            words = f"not now: {clean(reason)}".replace("[", "(").replace("]", ")") if reason else ""
            run = partial(self._console.action_run, action.id)
            yield Entry(action.label, key_name(action.keys[0]), words or action.description, run, not reason)

    def _names(self) -> Iterator[Entry]:
        console = self._console
        for panel_id, panel in PANELS.items():
            yield Entry(f"Panel: {panel.title}", panel.number, "", partial(console.bring, panel_id))
        for symbol in symbols(console.desk.state):
            yield Entry(f"Symbol: {clean(symbol, 31)}", "", "", partial(console.select, symbol))
        for theme in THEMES:
            name = theme.name.removeprefix("cryptofunk-")
            yield Entry(f"Theme: {name}", "", "", partial(console.use_theme, theme.name))
