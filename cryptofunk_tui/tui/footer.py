"""The last row: the keys that matter most, those not possible now dimmed."""

from __future__ import annotations

from datetime import datetime

from cryptofunk_tui.tui.actions import ACTIONS, key_name
from cryptofunk_tui.tui.panels.base import Drawing, Painted
from cryptofunk_tui.tui.text import Line, Span, width_of
from cryptofunk_tui.tui.view_state import ViewState

_OPTIONAL = ("zoom", "find", "cancel", "reject", "trace", "close", "approve")
"""Words that leave a narrow footer, the first one first."""


class FooterBar(Painted):
    """Keys from the action registry; a click does the same."""

    def watches(self, state: ViewState) -> tuple[object, ...]:
        return (
            state.account,
            state.stage,
            state.kill,
            state.selected,
            state.chosen,
            state.decisions,
            state.previews,
        )

    def draw(self, state: ViewState, width: int, height: int, now: datetime) -> Drawing:
        return Drawing([footer_line(state, width)])


def footer_line(state: ViewState, width: int) -> Line:
    """The row in the longest form that fits."""
    words = {action.footer for action in ACTIONS if action.footer}
    for leaving in (None, *_OPTIONAL):
        words.discard(leaving or "")
        line: Line = ()
        for action in ACTIONS:
            if action.footer in words and action.footer:
                blocked = action.blocked(state) is not None
                do = f"action {action.id}"
                name = f" {key_name(action.keys[0])} "
                line = (*line, Span(name, "dim" if blocked else "key", do))
                line = (*line, Span(f"{action.footer} ", "track" if blocked else "", do))
        if width_of(line) <= width:
            break
    return line
