"""A question that is answered by typing a word."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Input

from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.screens.dialog import Dialog
from cryptofunk_tui.tui.text import BLANK, Line, Span, clean, wrap


class TypedDialog(Dialog):
    """Acts only when `word` was typed in full, in capitals. Dismisses with the word."""

    AUTO_FOCUS = "Input"

    def __init__(self, desk: Desk, title: str, question: str, word: str) -> None:
        super().__init__(desk, title, grave=True)
        self._question = question
        self._word = word

    def lines(self, width: int) -> Sequence[Line]:
        words = [(Span(line),) for line in wrap(clean(self._question), width)]
        return [
            *words,
            BLANK,
            (Span("Type "), Span(self._word, "bold"), Span(" and press enter; esc goes back.")),
        ]

    def answers(self) -> ComposeResult:
        field = Input(max_length=len(self._word), select_on_focus=False)
        field.cursor_blink = False
        yield field

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value == self._word:
            self.dismiss(event.value)
        else:
            self.notify(f"That was not {self._word}.", severity="warning", timeout=2, markup=False)
