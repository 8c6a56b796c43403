"""All keys, from the action registry."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from cryptofunk_tui.tui.actions import ACTIONS, Action, key_name
from cryptofunk_tui.tui.board import PANELS
from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.panels.base import heading
from cryptofunk_tui.tui.screens.sheet import Sheet
from cryptofunk_tui.tui.text import BLANK, Line, Span, fit, wrap
from cryptofunk_tui.tui.view_state import ViewState
from cryptofunk_tui.tui.widgets.lines import LineView

_DANGERS = {
    "none": "",
    "confirm": "asks first",
    "typed": "takes a typed word",
    "instant": "at once, never asks",
}
KEY_CELLS = 10
LABEL_CELLS = 21


class HelpScreen(Sheet):
    """What every key does, and why some do nothing now."""

    def __init__(self, desk: Desk, do: Callable[[str], None]) -> None:
        super().__init__()
        self.desk = desk
        self._do = do

    def heading_text(self) -> tuple[str, str]:
        return "Help", "what each key does; a click does it"

    def on_line_view_clicked(self, message: LineView.Clicked) -> None:
        """Leave, and do what was clicked."""
        message.stop()
        self.app.pop_screen()
        self._do(message.action)

    def lines(self, width: int) -> Sequence[Line]:
        body: list[Line] = []
        for group in ("Safety", "Trading", "Parts", "Looking"):
            body += [BLANK, heading(group)]
            for action in ACTIONS:
                if action.group == group:
                    body += _action(action, self.desk.state, width)
        body += [BLANK, heading("Panels")]
        body += [
            (Span(fit(f" {kind.number}", KEY_CELLS), "key"), Span(fit(kind.title, LABEL_CELLS)))
            for kind in PANELS.values()
        ]
        return body


def _action(action: Action, state: ViewState, width: int) -> list[Line]:
    reason = action.blocked(state)
    keys = " ".join(key_name(key) for key in action.keys)
    danger = _DANGERS[action.danger]
    words = action.description + (f" ({danger})" if danger else "")
    first, *rest = wrap(words, max(20, width - KEY_CELLS - LABEL_CELLS))
    tone = "dim" if reason else ""
    indent = " " * (KEY_CELLS + LABEL_CELLS)
    lines: list[Line] = [
        (
            Span(fit(f" {keys}", KEY_CELLS), "dim" if reason else "key", action.id),
            Span(fit(action.label, LABEL_CELLS), tone, action.id),
            Span(first, tone, action.id),
        )
    ]
    lines += [(Span(indent + more, tone),) for more in rest]
    if reason:
        lines.append((Span(f"{indent}not now: {reason}", "warn"),))
    return lines
