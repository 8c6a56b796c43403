"""Finding words in lines, and the input that they are typed into."""

from __future__ import annotations

from collections.abc import Iterable

from textual.binding import Binding
from textual.message import Message
from textual.widgets import Input

from cryptofunk_tui.tui.text import Line, Span

FOUND = "found"


def text_of(line: Line) -> str:
    """A line without its tones."""
    return "".join(span.text for span in line)


def marked(line: Line, words: str) -> Line:
    """The line with every place where one of the words stands in the tone of a find."""
    text = text_of(line).casefold()
    found = [False] * len(text)
    for word in words.casefold().split():
        at = text.find(word)
        while at >= 0:
            found[at : at + len(word)] = [True] * len(word)
            at = text.find(word, at + 1)
    if not any(found):
        return line
    spans: list[Span] = []
    start = 0
    for span in line:
        spans += _pieces(span, found[start : start + len(span.text)])
        start += len(span.text)
    return tuple(spans)


def _pieces(span: Span, found: list[bool]) -> Iterable[Span]:
    start = 0
    for end in range(1, len(span.text) + 1):
        if end == len(span.text) or found[end] != found[start]:
            yield span._replace(text=span.text[start:end], tone=FOUND if found[start] else span.tone)
            start = end


class SearchLine(Input):
    """One line to type words into. Enter keeps them, escape drops them."""

    DEFAULT_CSS = """
    SearchLine { height: 1; border: none; padding: 0; background: $row; display: none; }
    SearchLine:focus { border: none; }
    """
    BINDINGS = [Binding("escape", "drop", "Drop", show=False)]

    class Left(Message):
        """The person is done typing."""

    def __init__(self) -> None:
        super().__init__(placeholder="words to find; enter keeps them, esc drops them", max_length=60)
        self.cursor_blink = False

    def open(self) -> None:
        """Show the line and take the keys."""
        self.display = True
        self.focus()

    def action_drop(self) -> None:
        self.value = ""
        self._leave()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._leave()

    def _leave(self) -> None:
        self.display = False
        self.screen.set_focus(None)
        self.post_message(self.Left())
