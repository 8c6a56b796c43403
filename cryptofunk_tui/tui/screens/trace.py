"""The whole record behind a decision, from what was seen to what was done."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding

from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.panels.base import heading
from cryptofunk_tui.tui.panels.risk import figure
from cryptofunk_tui.tui.screens.sheet import Sheet
from cryptofunk_tui.tui.text import (
    ACTION_GLYPHS,
    ACTION_TONES,
    BLANK,
    NO,
    NOTHING,
    YES,
    Line,
    Span,
    clean,
    clock,
    fit,
    money,
    price,
    quantity,
    wrap,
)

if TYPE_CHECKING:
    from cryptofunk_tui.domain.cycle import CycleRecord
    from cryptofunk_tui.domain.orders import Order
    from cryptofunk_tui.domain.risk import Verdict
    from cryptofunk_tui.domain.signals import Ballot, Signal, Tally
    from cryptofunk_tui.tui.engine_handle import EngineHandle

NAME_CELLS = 20
PAIR_CELLS = 38


class TraceScreen(Sheet):
    """One decision; `[` and `]` go to the older and newer ones of its symbol."""

    BINDINGS = [
        Binding("left_square_bracket,left", "turn(1)", "Older", show=False),
        Binding("right_square_bracket,right", "turn(-1)", "Newer", show=False),
        Binding("w", "export", "Write", show=False),
    ]
    keys: ClassVar[tuple[tuple[str, str], ...]] = (
        ("esc", "back"),
        ("↑↓", "scroll"),
        ("/", "find"),
        ("[ ]", "older, newer"),
        ("w", "write to a file"),
    )

    def __init__(
        self, desk: Desk, engine: Callable[[], EngineHandle | None], record: CycleRecord, preview: bool
    ) -> None:
        super().__init__()
        self.desk = desk
        self._engine = engine
        self._record = record
        self._preview = preview

    def heading_text(self) -> tuple[str, str]:
        record = self._record
        kind = "Preview" if self._preview else "Decision"
        return f"{kind}  {clean(record.symbol, 31)}  {record.as_of:%Y-%m-%d %H:%M}Z", clean(
            record.cycle_id, 40
        )

    def lines(self, width: int) -> Sequence[Line]:
        return trace_lines(self._record, width)

    def action_export(self) -> None:
        self.run_worker(self._export(), exclusive=True, exit_on_error=False)

    async def _export(self) -> None:
        """Write the record as JSON, and say where; the path goes to the clipboard as well."""
        engine = self._engine()
        try:
            if engine is None:
                raise RuntimeError("the engine is not there")
            text = self._record.model_dump_json(indent=2)
            path = await engine.export(f"trace-{self._record.cycle_id}.json", text)
        except Exception as error:
            self.notify(f"not written: {clean(str(error))}", severity="error", markup=False)
            return
        self.app.copy_to_clipboard(path)
        self.notify(clean(path, 300), title="written", markup=False)

    def action_turn(self, count: int) -> None:
        known = [record for record in self.desk.state.history if record.symbol == self._record.symbol]
        index = known.index(self._record) + count if self._record in known else 0
        if 0 <= index < len(known):
            self._record, self._preview = known[index], False
            self.repaint()


def trace_lines(record: CycleRecord, width: int) -> list[Line]:
    """Every part of a record in the order in which it came about."""
    body: list[Line] = [BLANK, heading("Inputs"), *_numbers(record.inputs, width)]
    body += [BLANK, heading("Signals")]
    for signal in record.signals:
        body += _voice(signal, "", width)
    if record.context is not None:
        absent = f", absent: {clean(', '.join(record.context.absent))}" if record.context.absent else ""
        body.append((Span(fit("  context", NAME_CELLS + 2)), Span(f"{record.context.score:+.3f}{absent}")))
    body += [BLANK, heading("Ballots")]
    for ballot in record.ballots:
        body += _voice(ballot, f" ×{ballot.weight}", width)
        body += _plan(ballot)
    body += [BLANK, heading("Tally"), *_tally(record.tally, width)]
    body += [BLANK, heading("Verdict"), *_verdict(record.verdict, width)]
    body += [BLANK, heading("Approval"), *_approval(record, width)]
    body += [BLANK, heading("Orders")]
    for order in record.orders:
        body += _order(order, width)
    if not record.orders:
        body.append((Span("none", "dim"),))
    body += [BLANK, heading("Model calls"), *_calls(record.llm, width)]
    return [*body, BLANK, heading("Timings, ms"), *_numbers(record.timings_ms, width)]


def _calls(calls: Sequence[Mapping[str, object]], width: int) -> list[Line]:
    """Who was asked, what came back beside the rule's opinion, what it cost, and whom it took."""
    if not calls:
        return [(Span("none was asked; rules decided alone", "dim"),)]
    lines: list[Line] = []
    for call in calls:
        said = f"{call['action']} {call['confidence']}" if call["action"] else "no opinion"
        rule = f", the rule {call['rule_action']}" if call["rule_action"] else ""
        kept = "  kept answer" if call["cached"] else ""
        cost = f"  ${call['cost_usd']:.4f}  {call['took_ms']:.0f} ms{kept}"
        lines.append((Span(fit(f"  {call['agent']}", NAME_CELLS + 2)), Span(clean(f"{said}{rule}{cost}"))))
        words = f"{call['provider'] or 'nobody'}: {call['outcome']}"
        lines += [(Span(f"    {line}", "dim"),) for line in wrap(clean(words, 500), width - 4)]
    return lines


def _numbers(values: Mapping[str, float] | Mapping[str, float | None], width: int) -> list[Line]:
    if not values:
        return [(Span("none", "dim"),)]
    columns = max(1, width // PAIR_CELLS)
    cells = [
        (
            Span(fit(clean(name, 60), PAIR_CELLS - 14), "dim"),
            Span(fit(_number(value), 11, right=True)),
            Span("   "),
        )
        for name, value in values.items()
    ]
    return [
        tuple(span for cell in cells[start : start + columns] for span in cell)
        for start in range(0, len(cells), columns)
    ]


def _number(value: float | None) -> str:
    return (
        NOTHING
        if value is None
        else f"{value:,.4f}".replace("-", "−")
        if abs(value) < 1e9
        else f"{value:.4e}"
    )


def _voice(voice: Signal | Ballot, weight: str, width: int) -> list[Line]:
    action = voice.action
    tone = ACTION_TONES[action]
    first: Line = (
        Span(f"{ACTION_GLYPHS[action]} ", tone),
        Span(fit(clean(voice.agent, 40), NAME_CELLS)),
        Span(fit(action, 8), tone),
        Span(f"{voice.confidence:.3f}{weight}"),
    )
    room = max(20, width - 4)
    return [
        first,
        *((Span(f"    {line}", "dim"),) for reason in voice.reasons for line in wrap(clean(reason), room)),
    ]


def _plan(ballot: Ballot) -> list[Line]:
    plan = ballot.plan
    if plan is None:
        return []
    parts = [("from", plan.reference), ("stop", plan.stop), ("target", plan.target), ("trail", plan.trail)]
    words = "  ".join(f"{name} {price(value)}" for name, value in parts if value is not None)
    return [(Span(f"    {words}", "accent"),)]


def _tally(tally: Tally, width: int) -> list[Line]:
    numbers = (
        f"consensus {tally.consensus:.3f}  confidence {tally.confidence:.3f}  quorum {tally.quorum:.3f}"
        f"  led by {clean(tally.leader or 'nobody', 40)}"
    )
    head: Line = (
        Span(f"{ACTION_GLYPHS[tally.action]} {tally.action}  ", ACTION_TONES[tally.action]),
        Span(numbers),
    )
    return [head, *((Span(line),) for line in wrap(clean(tally.reason), width))]


def _verdict(verdict: Verdict, width: int) -> list[Line]:
    body: list[Line] = [
        (Span(f"{verdict.decision}  ", "bold"), Span(fit(clean(verdict.reason), width - 12).rstrip()))
    ]
    for check in verdict.checks:
        tone = "up" if check.ok else "down"
        numbers = f"{figure(check.name, check.value):>10}  limit {figure(check.name, check.limit):>10}  "
        body.append(
            (
                Span(f"{YES if check.ok else NO} ", tone),
                Span(fit(clean(check.name, 60), NAME_CELLS + 4)),
                Span(numbers),
                Span(fit(clean(check.detail), max(0, width - NAME_CELLS - 38)), "dim"),
            )
        )
    return body


def _approval(record: CycleRecord, width: int) -> list[Line]:
    note = record.approval
    if note is None:
        return [(Span("not asked for", "dim"),)]
    words = f"{note.decision} by {note.decided_by or 'nobody'}: {note.reason} ({note.approval_id})"
    return [(Span(line),) for line in wrap(clean(words), width)]


def _order(order: Order, width: int) -> list[Line]:
    side = f"{ACTION_GLYPHS[order.side]} {order.side} {order.type}"
    words = (
        f"{side} {quantity(order.quantity)} {clean(order.symbol, 31)}"
        f"  {order.status}  filled {quantity(order.filled)} at {price(order.price)}  fees {money(order.fees)}"
    )
    body: list[Line] = [(Span(line),) for line in wrap(words, width)]
    body.append(
        (Span(fit(f"  {clean(order.client_order_id, 40)}  {clean(order.reason)}", width).rstrip(), "dim"),)
    )
    body += [
        (
            Span(f"  {clock(fill.at)}  {quantity(fill.quantity)} at {price(fill.price)}"),
            Span(f"  {fill.liquidity.lower()}, fee {fill.fee:f} {clean(fill.fee_asset, 16)}", "dim"),
        )
        for fill in order.fills
    ]
    return body
