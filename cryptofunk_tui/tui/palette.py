"""The command palette: every action of the registry, those not possible now with the reason."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from cryptofunk_tui.tui.actions import ACTIONS, Action, key_name
from cryptofunk_tui.tui.text import clean

if TYPE_CHECKING:
    from cryptofunk_tui.tui.app import CryptoFunkApp


class ActionProvider(Provider):
    """Offers what the registry holds."""

    async def discover(self) -> Hits:
        for action in ACTIONS:
            if action.id != "palette":
                yield DiscoveryHit(self._label(action), self._run(action), action.label, self._help(action))

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for action in ACTIONS:
            score = max(matcher.match(action.label), matcher.match(action.description))
            if score > 0 and action.id != "palette":
                yield Hit(score, self._label(action), self._run(action), action.label, self._help(action))

    @property
    def _console(self) -> CryptoFunkApp:
        return cast("CryptoFunkApp", self.app)

    def _run(self, action: Action) -> partial[None]:
        return partial(self._console.action_run, action.id)

    def _label(self, action: Action) -> Content:
        blocked = action.blocked(self._console.desk.state) is not None
        label = Content.styled(action.label, "dim" if blocked else "")
        return label.append(Content.styled(f"  {key_name(action.keys[0])}", "dim"))

    def _help(self, action: Action) -> str:
        reason = action.blocked(self._console.desk.state)
        # The palette reads help as markup, so brackets from outside are taken out of the reason.
        return (
            f"not now: {clean(reason)}".replace("[", "(").replace("]", ")") if reason else action.description
        )
