"""The first look: what is real, what is simulated, and how to go on."""

from __future__ import annotations

from collections.abc import Sequence

from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.screens.dialog import Choice, ChoiceDialog
from cryptofunk_tui.tui.text import BLANK, Line, Span, clean, fit, wrap
from cryptofunk_tui.tui.view_state import ViewState, approvals

LABEL_CELLS = 10
KEYS = (
    ("ctrl+k", "stops all trading at once, from anywhere"),
    ("space", "pauses entries, and goes on"),
    ("t  h", "why: the newest decision, and all before it"),
    ("a", "approves or rejects an order that waits for you"),
    ("?", "every key;  ctrl+p finds anything by name"),
)
MONEY = {
    "paper": "made up, on a paper account: nothing here can cost you money.",
    "sandbox": "play money of the venue's test net.",
    "live": "REAL. Orders that you approve are sent to the venue and paid for.",
}
MARKETS = {
    "exchange": "real, as the venue publishes them.",
    "recorded": "real ones of the past, from your files.",
    "simulated": "made up by a seed, an hour in ten seconds unless said otherwise.",
}


class Welcome(ChoiceDialog):
    """Stands before the main screen at the first start, and whenever it is asked for. An approval that comes
    ends it."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk, "Welcome to CryptoFunk", (Choice("on", "Go on", "enter"),))

    def lines(self, width: int) -> Sequence[Line]:
        return welcome_lines(self.desk.state, width)

    def repaint(self) -> None:
        super().repaint()
        if self.is_current and approvals(self.desk.state):
            self.dismiss(None)


def welcome_lines(state: ViewState, width: int) -> list[Line]:
    """What is known of the run now, then the keys that matter, then the way on."""
    session = state.session
    council = "Six agents read the market and vote; a risk officer can veto; what is left is traded."
    lines: list[Line] = [(Span(line),) for line in wrap(council, width)]
    lines.append(BLANK)
    if session is None:
        lines += _row("starting", state.stage_detail or "the engine is starting…", width)
    else:
        lines += _row("money", MONEY.get(session.mode, clean(session.mode)), width)
        lines += _row(
            "prices", f"{clean(session.venue, 24)}: {MARKETS.get(session.market, session.market)}", width
        )
    lines.append(BLANK)
    for key, words in KEYS:
        lines += _row(key, words, width, "key")
    lines.append(BLANK)
    lines += _row("symbols", "cryptofunk --symbols BTC/USDT,ETH/USDT", width)
    lines += _row("numbers", "cryptofunk --config mine.yaml; the key , shows them all", width)
    lines += _row("test net", "cryptofunk keys set binance --sandbox, then", width)
    lines += _row("", "cryptofunk --mode sandbox --venue binance", width)
    return lines


def _row(label: str, words: str, width: int, tone: str = "heading") -> list[Line]:
    first, *rest = wrap(words, width - LABEL_CELLS)
    return [
        (Span(fit(label, LABEL_CELLS), tone), Span(first)),
        *((Span(" " * LABEL_CELLS + more),) for more in rest),
    ]
