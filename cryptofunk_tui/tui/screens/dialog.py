"""Questions to a person: the safe answer is in front, and nothing typed ahead is taken for an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.panels.base import broken
from cryptofunk_tui.tui.steady import Steady
from cryptofunk_tui.tui.text import Line, Span, clean, wrap
from cryptofunk_tui.tui.widgets.lines import LineView, forget_painted

ARMED_AFTER_S = 0.5
"""An answer that acts is ignored for this long: it was typed before the question could be read."""
HELD_S = 1.0
"""After one that was ignored, all are until this long was quiet: a key held down repeats and is no answer."""


class Box(Vertical):
    """What stands around a question."""

    def on_unmount(self) -> None:
        forget_painted(self)


class Dialog(Steady, ModalScreen[str | None]):
    """A framed question. Dismisses with the answer, None where it was left without one."""

    CSS_PATH = "dialog.tcss"
    AUTO_FOCUS = ""
    BINDINGS = [Binding("escape", "leave", "Back", show=False)]

    def __init__(self, desk: Desk, title: str, *, grave: bool = False) -> None:
        super().__init__()
        self.desk = desk
        self._title = title
        self._grave = grave

    def lines(self, width: int) -> Sequence[Line]:
        """What is asked."""
        raise NotImplementedError

    def answers(self) -> ComposeResult:
        """The widgets below the words."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        with Box(id="dialog", classes="grave" if self._grave else "") as box:
            box.border_title = Content(f" {clean(self._title, 60)} ")
            yield LineView(id="dialog-words")
            yield from self.answers()

    def on_mount(self) -> None:
        self.set_interval(0.25, self.repaint)
        self.call_after_refresh(self.repaint)

    def on_resize(self) -> None:
        self.call_after_refresh(self.repaint)

    def on_unmount(self) -> None:
        forget_painted(self)

    def repaint(self) -> None:
        """Put up the words as they are now. Never raises."""
        if not self.is_current:
            return
        words = self.query_one("#dialog-words", LineView)
        width = self.query_one("#dialog").content_size.width
        if width < 1:
            return
        try:
            lines = list(self.lines(width))
        except Exception as error:
            lines = list(broken(error, width).body)
        height = words.styles.height
        if height is None or height.value != len(lines):
            words.styles.height = len(lines)
        words.show((), lines)

    def action_leave(self) -> None:
        self.dismiss(None)


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer by its key. One that acts is deaf until the question could be read."""

    id: str
    label: str
    key: str
    acts: bool = False


class ChoiceDialog(Dialog):
    """A question with a row of answers; the first is the safe one and stands in front."""

    BINDINGS = [
        Binding("left,shift+tab", "move(-1)", "Left", show=False),
        Binding("right,tab", "move(1)", "Right", show=False),
        Binding("enter", "take", "Take", show=False),
    ]

    def __init__(self, desk: Desk, title: str, choices: Sequence[Choice], *, grave: bool = False) -> None:
        super().__init__(desk, title, grave=grave)
        self._choices = tuple(choices)
        self._index = 0
        self._armed_at = desk.monotonic() + ARMED_AFTER_S
        for choice in choices:
            self._bindings.bind(choice.key, f"choose('{choice.id}')", choice.label, show=False)

    def answers(self) -> ComposeResult:
        yield LineView(id="dialog-choices")

    def repaint(self) -> None:
        super().repaint()
        if self.is_current:
            self.query_one("#dialog-choices", LineView).show((), (self._row(),))

    def action_move(self, count: int) -> None:
        self._index = (self._index + count) % len(self._choices)
        self.repaint()

    def action_take(self) -> None:
        self._answer(self._choices[self._index])

    def action_choose(self, choice_id: str) -> None:
        self._answer(next(choice for choice in self._choices if choice.id == choice_id))

    def on_line_view_clicked(self, message: LineView.Clicked) -> None:
        message.stop()
        self.action_choose(message.action)

    def _is_deaf(self, choice: Choice) -> bool:
        return choice.acts and self.desk.monotonic() < self._armed_at

    def _answer(self, choice: Choice) -> None:
        if self._is_deaf(choice):
            self._armed_at = self.desk.monotonic() + HELD_S
        else:
            self.dismiss(choice.id)

    def _row(self) -> Line:
        spans: list[Span] = []
        for index, choice in enumerate(self._choices):
            front, deaf = index == self._index, self._is_deaf(choice)
            tone = "chip" if front else "dim" if deaf else "bold"
            spans += [
                Span(f" {'▸' if front else ' '} {choice.label} ", tone, choice.id),
                Span(f" {choice.key} ", "dim" if deaf else "key"),
                Span("   "),
            ]
        return tuple(spans)


class ConfirmDialog(ChoiceDialog):
    """Asks before something is done; the way back is in front."""

    def __init__(self, desk: Desk, title: str, question: str, act: str) -> None:
        super().__init__(desk, title, (Choice("back", "Back", "n"), Choice("act", act, "y", acts=True)))
        self._question = question

    def lines(self, width: int) -> Sequence[Line]:
        return [(Span(line),) for line in wrap(clean(self._question), width)]
