"""How much of an order that waits is wanted instead."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.widgets import Input

from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.screens.approval import gone
from cryptofunk_tui.tui.screens.dialog import Dialog
from cryptofunk_tui.tui.text import BLANK, Line, Span, clean, countdown, money, quantity, wrap
from cryptofunk_tui.tui.view_state import approvals, notional

if TYPE_CHECKING:
    from cryptofunk_tui.domain.orders import Approval

HOW = "Less of it, as an amount or as a share: 0.5 or 50%. The smaller order is checked and asked for anew."


class AmountDialog(Dialog):
    """Asks for less than what waits. Dismisses with the amount as a plain number; leaves by itself when the
    order waits no longer."""

    AUTO_FOCUS = "Input"

    def __init__(self, desk: Desk, approval: Approval) -> None:
        super().__init__(desk, "Approve less?", grave=True)
        self._approval = approval

    def lines(self, width: int) -> Sequence[Line]:
        order = self._approval.order
        left = (self._approval.expires_at - self.desk.now()).total_seconds()
        return [
            (
                Span("asked  ", "dim"),
                Span(f"{order.side} {quantity(order.quantity)} {clean(order.symbol, 31)}", "bold"),
                Span(f"  ≈ {money(notional(self._approval))}", "dim"),
            ),
            (Span("rejected in  ", "dim"), Span(countdown(left), "warn")),
            BLANK,
            *((Span(line),) for line in wrap(HOW, width)),
        ]

    def answers(self) -> ComposeResult:
        field = Input(max_length=30, select_on_focus=False)
        field.cursor_blink = False
        yield field

    def repaint(self) -> None:
        super().repaint()
        known = {approval.approval_id for approval in approvals(self.desk.state)}
        if self.is_current and self._approval.approval_id not in known:
            words = gone(self.desk.state, self._approval.approval_id, self._approval.decision_id)
            self.notify(words, severity="warning", markup=False)
            self.dismiss(None)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        try:
            self.dismiss(str(less(event.value, self._approval.order.quantity)))
        except ValueError as error:
            self.notify(str(error), severity="warning", timeout=3, markup=False)


def less(text: str, asked: Decimal) -> Decimal:
    """An amount or a percentage as an amount below `asked`. Raises ValueError in words for a person."""
    number, share, _ = text.strip().partition("%")
    try:
        given = Decimal(number.strip().replace(",", ""))
    except InvalidOperation:
        raise ValueError(f"{clean(text, 20)!r} is no amount; write 0.5 or 50%") from None
    amount = asked * given / 100 if share else given
    if not amount.is_finite() or amount <= 0:
        raise ValueError("write an amount above 0, or reject the order")
    if amount >= asked:
        raise ValueError(f"only less than {quantity(asked)} can be asked for")
    return amount
