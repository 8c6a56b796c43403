"""One order that waits: what it would do, who voted for it, what risk says, and how long is left."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.panels.risk import figure
from cryptofunk_tui.tui.screens.dialog import Choice, ChoiceDialog
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
    countdown,
    fit,
    money,
    percent,
    price,
    quantity,
    wrap,
)
from cryptofunk_tui.tui.view_state import ViewState, approvals, corridor, cycle, equity, notional
from cryptofunk_tui.tui.widgets.bars import bar

if TYPE_CHECKING:
    from cryptofunk_tui.domain.cycle import CycleRecord
    from cryptofunk_tui.domain.orders import Approval

LABEL_CELLS = 13
VOTE_CELLS = 17
NEAR = Decimal("0.002")
"""So close to where it is rejected, the price is marked."""


class ApprovalDialog(ChoiceDialog):
    """Counts down to rejection, Reject in front. Leaves by itself when nothing waits any more."""

    def __init__(self, desk: Desk, approval_id: str) -> None:
        choices = (
            Choice("reject", "Reject", "n"),
            Choice("approve", "Approve", "y", acts=True),
            Choice("resize", "Less…", "e"),
        )
        super().__init__(desk, "Approve this order?", choices, grave=True)
        self._approval_id = approval_id
        self._decision_id = ""

    def lines(self, width: int) -> Sequence[Line]:
        approval = self._approval()
        if approval is None:
            return [(Span("This order waits no longer.", "dim"),)]
        return approval_lines(self.desk.state, approval, width, self.desk.now())

    def repaint(self) -> None:
        super().repaint()
        if not self.is_current:
            return
        approval = self._approval()
        expired = approval is not None and approval.expires_at <= self.desk.now()
        if approval is None or expired:
            why = gone(self.desk.state, self._approval_id, self._decision_id)
            words = "No answer in time: the order is rejected." if expired else why
            self.notify(words, severity="warning", markup=False)
            self.dismiss(None)
        else:
            self._decision_id = approval.decision_id

    def _approval(self) -> Approval | None:
        waiting = approvals(self.desk.state)
        return next((known for known in waiting if known.approval_id == self._approval_id), None)


def approval_lines(state: ViewState, approval: Approval, width: int, now: datetime) -> list[Line]:
    """The order, its protection, the votes and the verdict."""
    left = (approval.expires_at - now).total_seconds()
    whole = (approval.expires_at - approval.requested_at).total_seconds()
    lines = [
        _field("rejected in", f"{countdown(left)} ", "warn")
        + bar(left / whole if whole > 0 else 0.0, width - LABEL_CELLS - 6, "warn"),
        BLANK,
        *_order(state, approval),
        BLANK,
    ]
    record = cycle(state, approval.decision_id)
    if record is not None:
        lines += _votes(record, width)
        lines += _verdict(record, width)
    elif approval.reason:
        lines += _worded("why", clean(approval.reason), width)
    return lines


def _order(state: ViewState, approval: Approval) -> list[Line]:
    order = approval.order
    value = notional(approval)
    account = state.account
    share = (
        float(value / equity(state, account.portfolio)) if account and account.portfolio.equity > 0 else None
    )
    unit = account.portfolio.quote_asset if account else ""
    side = f"{ACTION_GLYPHS[order.side]} {order.side} {clean(order.symbol, 31)}"
    lines = [
        _field("order", side, ACTION_TONES[order.side], f"  {order.type} {order.purpose}".lower()),
        _field("size", quantity(order.quantity)),
        _field(
            "notional", f"{money(value)} {unit}", "bold", f"  {percent(share)} of equity" if share else ""
        ),
        _price(state, approval),
    ]
    if order.protection is not None:
        plan = order.protection
        loss = (plan.reference - plan.stop) * order.quantity
        lines.append(
            _field(
                "stop", price(plan.stop), "down", f"  {_away(plan.stop, plan.reference)}, risks {money(loss)}"
            )
        )
        if plan.target is not None:
            lines.append(
                _field("target", price(plan.target), "up", f"  {_away(plan.target, plan.reference)}")
            )
        if plan.trail is not None:
            lines.append(_field("trail", price(plan.trail), note="  below the highest price"))
    return lines


def gone(state: ViewState, approval_id: str, decision_id: str) -> str:
    """That an order waits no longer, and what became of it where its decision tells."""
    record = cycle(state, decision_id)
    note = record.approval if record else None
    if note is None or note.approval_id != approval_id or note.decision == "PENDING":
        return "The order waits no longer."
    return f"The order waits no longer: {clean(note.reason, 200)}"


def _price(state: ViewState, approval: Approval) -> Line:
    """What it would meet now, how far that is from the price asked at, and where it is rejected by itself."""
    tick, bounds = state.ticks.get(approval.order.symbol), corridor(state, approval.approval_id)
    buys = approval.order.side == "BUY"
    now = (tick.tick.ask if buys else tick.tick.bid) if tick is not None else None
    if now is None or bounds is None:
        return _field("price now", NOTHING if now is None else price(now), note=_never(approval))
    drift, low, high = (each / bounds.asked - 1 for each in (now, bounds.low, bounds.high))
    near = min(drift - low, high - drift) < NEAR
    return _field(
        "price now",
        f"{price(now)} {percent(drift, signed=True, digits=2)}",
        "warn" if near else "",
        f"  {'! ' if near else ''}rejected at {percent(low, signed=True, digits=2)}"
        f" and {percent(high, signed=True, digits=2)}",
    )


def _never(approval: Approval) -> str:
    return f"  never beyond {price(approval.collar)}"


def _away(value: Decimal, reference: Decimal) -> str:
    return percent(value / reference - 1, signed=True) if reference else ""


def _votes(record: CycleRecord, width: int) -> list[Line]:
    tally = record.tally
    lines: list[Line] = [
        _field(
            "vote",
            f"consensus {tally.consensus:.2f}  confidence {tally.confidence:.2f}  quorum {tally.quorum:.2f}",
        )
    ]
    for ballot in record.ballots:
        start = f"{ACTION_GLYPHS[ballot.action]} {fit(clean(ballot.agent, 24), 16)} "
        absent = ballot.action == "ABSTAIN"
        vote = "absent" if absent else f"{ballot.action} {ballot.confidence:.2f} ×{ballot.weight}"
        reasons = clean("; ".join(ballot.reasons))
        room = width - LABEL_CELLS - len(start) - VOTE_CELLS
        lines.append(
            (
                Span(" " * LABEL_CELLS),
                Span(start, ACTION_TONES[ballot.action]),
                Span(fit(vote, VOTE_CELLS), "dim" if absent else ""),
                Span(fit(reasons, room), "dim"),
            )
        )
    return lines


def _verdict(record: CycleRecord, width: int) -> list[Line]:
    checks = record.verdict.checks
    failed = [check for check in checks if not check.ok]
    met = f"{YES} {len(checks) - len(failed)} of {len(checks)} limits kept"
    lines: list[Line] = [_field("risk", met, "down" if failed else "up")]
    for check in failed:
        numbers = f"{figure(check.name, check.value)} against {figure(check.name, check.limit)}"
        words = f"{NO} {clean(check.name, 30)} {numbers} {clean(check.detail)}"
        lines.append((Span(" " * LABEL_CELLS), Span(fit(words, width - LABEL_CELLS), "down")))
    return lines + _worded("", clean(record.verdict.reason), width)


def _worded(label: str, words: str, width: int) -> list[Line]:
    lines = wrap(words, width - LABEL_CELLS)
    return [
        (Span(fit(label if not row else "", LABEL_CELLS), "dim"), Span(line))
        for row, line in enumerate(lines)
    ]


def _field(label: str, value: str, tone: str = "", note: str = "") -> Line:
    return (Span(fit(label, LABEL_CELLS), "dim"), Span(value, tone), Span(note, "dim"))
