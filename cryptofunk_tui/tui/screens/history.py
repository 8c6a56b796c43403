"""Every decision of the run, newest first; enter opens the whole record."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.panels.base import Tab, title_line
from cryptofunk_tui.tui.screens.list_sheet import Asking, ListSheet
from cryptofunk_tui.tui.screens.trace import TraceScreen
from cryptofunk_tui.tui.text import ACTION_GLYPHS, ACTION_TONES, NOTHING, Line, Span, clean, wrap
from cryptofunk_tui.tui.widgets.table import Column

if TYPE_CHECKING:
    from cryptofunk_tui.domain.cycle import CycleRecord
    from cryptofunk_tui.tui.engine_handle import EngineHandle

PAGE = 200
"""Older decisions that are fetched at a time."""
_VERDICTS = {"APPROVED": "up", "REJECTED": "down", "PENDING": "warn", "NONE": "dim"}


class HistoryScreen(Asking[tuple["CycleRecord", ...]], ListSheet["CycleRecord"]):
    """What the screen remembers, and behind it what the records hold, fetched as the cursor reaches them."""

    at_once = False
    keys: ClassVar[tuple[tuple[str, str], ...]] = (
        ("esc", "back"),
        ("↑↓", "choose"),
        ("enter", "whole record"),
        ("/", "filter"),
    )
    columns: ClassVar[tuple[Column, ...]] = (
        Column("  bar closed", 18),
        Column("symbol", 8, most=14),
        Column("vote", 8),
        Column("consensus", 9, 5, right=True),
        Column("risk", 8, 2),
        Column("traded", 10, 3, most=26),
        Column("led by", 15, 6, most=16),
        Column("why", 20, 4, grow=True),
    )

    def __init__(self, desk: Desk, engine: Callable[[], EngineHandle | None]) -> None:
        super().__init__(engine)
        self.desk = desk
        self._older: tuple[CycleRecord, ...] = ()
        self._complete = False
        self._listed: object = None

    def on_mount(self) -> None:
        self.set_interval(0.5, self._follow)

    async def ask(self, engine: EngineHandle) -> tuple[CycleRecord, ...]:
        known = self.items()
        older = await engine.decisions(before=known[-1].cycle_id if known else None, limit=PAGE)
        self._older = (*self._older, *older)
        self._complete = len(older) < PAGE
        return self._older

    def heading_text(self) -> tuple[str, str]:
        count = len(self.items())
        more = "" if self._complete else ", more in the records: R"
        return "History of decisions", f"{len(self.shown())} of {count}{more}"

    def items(self) -> Sequence[CycleRecord]:
        fresh = self.desk.state.history
        known = {record.cycle_id for record in fresh}
        return (*fresh, *(record for record in self._older if record.cycle_id not in known))

    def key(self, item: CycleRecord) -> str:
        return item.cycle_id

    def empty(self) -> str:
        return self.problem or "No decision yet: the first is made when a bar closes."

    def cells(self, item: CycleRecord) -> Sequence[Span]:
        tally, verdict = item.tally, item.verdict
        asked = verdict.decision != "NONE"
        fills = [order for order in item.orders if order.filled]
        return (
            Span(f"{item.as_of:%Y-%m-%d %H:%M}"),
            Span(clean(item.symbol, 31), "bold"),
            Span(f"{ACTION_GLYPHS[tally.action]} {tally.action}", ACTION_TONES[tally.action]),
            Span(f"{tally.consensus:.2f}"),
            Span(verdict.decision.lower() if asked else NOTHING, _VERDICTS[verdict.decision]),
            Span(", ".join(f"{order.side} {order.purpose.lower()}" for order in fills) or NOTHING),
            Span(clean(tally.leader or NOTHING, 24), "dim"),
            Span(clean(verdict.reason if asked and verdict.reason else tally.reason), "dim"),
        )

    def detail(self, width: int) -> Sequence[Line]:
        """Who voted what on the decision under the cursor, and why it ended as it did."""
        item = self.current()
        if item is None:
            return ()
        tally, verdict = item.tally, item.verdict
        votes: list[Span] = []
        for ballot in item.ballots:
            votes.append(Span(f"{ACTION_GLYPHS[ballot.action]} ", ACTION_TONES[ballot.action]))
            absent = ballot.action == "ABSTAIN"
            word = "absent" if absent else f"{ballot.confidence:.2f}×{ballot.weight}"
            votes.append(Span(f"{clean(ballot.agent, 24)} {word}   ", "dim" if absent else ""))
        words = f"vote: {tally.reason}" + (f"; risk: {verdict.reason}" if verdict.reason else "")
        return (
            title_line((Tab("", "", "Why", True),), "enter opens the whole record", width, False),
            tuple(votes),
            *((Span(line, "dim"),) for line in wrap(clean(words), width)[:3]),
        )

    def take(self, item: CycleRecord) -> None:
        self.app.push_screen(TraceScreen(self.desk, self._engine, item, False))

    def put(self, index: int) -> None:
        super().put(index)
        if self.at == len(self.items()) - 1 and not self._complete:
            self.action_ask_again()

    def _follow(self) -> None:
        """Show decisions as they are made."""
        if self.desk.state.history is not self._listed and self.is_current:
            self._listed = self.desk.state.history
            self.repaint()
