"""Who did what, when, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from cryptofunk_tui.tui.panels.base import Tab, title_line
from cryptofunk_tui.tui.screens.list_sheet import Asking, ListSheet
from cryptofunk_tui.tui.text import NO, YES, Line, Span, clean, wrap
from cryptofunk_tui.tui.widgets.table import Column

if TYPE_CHECKING:
    from cryptofunk_tui.domain.acts import Act
    from cryptofunk_tui.tui.engine_handle import EngineHandle

NEWEST = 500


class ActsScreen(Asking[tuple["Act", ...]], ListSheet["Act"]):
    """The newest acts first; the record is in the journal and outlives the run."""

    keys: ClassVar[tuple[tuple[str, str], ...]] = (
        ("esc", "back"),
        ("↑↓", "choose"),
        ("/", "filter"),
        ("R", "ask again"),
    )
    columns: ClassVar[tuple[Column, ...]] = (
        Column("  when", 21),
        Column("who", 14, 1, most=34),
        Column("did", 14, most=30),
        Column("to what", 10, 2, most=36),
        Column("outcome", 10, grow=True),
    )

    async def ask(self, engine: EngineHandle) -> tuple[Act, ...]:
        return await engine.acts(NEWEST)

    def heading_text(self) -> tuple[str, str]:
        return "Acts", f"{len(self.shown())} of {len(self.items())}"

    def items(self) -> Sequence[Act]:
        return self.answer or ()

    def key(self, item: Act) -> str:
        return f"{item.at} {item.actor} {item.act} {item.subject}"

    def empty(self) -> str:
        return self.status() if self.answer is None else "Nobody did anything yet."

    def cells(self, item: Act) -> Sequence[Span]:
        done = item.outcome == "done"
        return (
            Span(f"{item.at:%Y-%m-%d %H:%M:%S}"),
            Span(clean(item.actor, 60)),
            Span(clean(item.act, 60), "bold"),
            Span(clean(item.subject, 60), "dim"),
            Span(f"{YES if done else NO} {clean(item.outcome)}", "up" if done else "down"),
        )

    def detail(self, width: int) -> Sequence[Line]:
        item = self.current()
        if item is None or item.outcome == "done":
            return ()
        title = title_line((Tab("", "", "Why it was not done", True),), "", width, False)
        return (title, *((Span(line),) for line in wrap(clean(item.outcome), width)))

    def take(self, item: Act) -> None:
        """Nothing more is known of an act than its row."""
