"""Orders that wait for a person, each counting down to rejection."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cryptofunk_tui.tui.panels.base import Drawing, Panel, quiet
from cryptofunk_tui.tui.text import (
    POINTER,
    Line,
    Span,
    clean,
    countdown,
    money,
    price,
    quantity,
    spread,
    width_of,
)
from cryptofunk_tui.tui.view_state import ViewState, approvals, chosen, notional
from cryptofunk_tui.tui.widgets.bars import bar

if TYPE_CHECKING:
    from cryptofunk_tui.domain.orders import Approval

COUNTDOWN_CELLS = 12


class Approvals(Panel):
    """Two lines an approval; up and down choose one, `a` opens it."""

    number = "6"
    title = "Approvals"
    choice = "approval"
    every_slow = 1.0

    def watches(self, state: ViewState) -> tuple[object, ...]:
        return (state.account and state.account.approvals, state.chosen)

    def ticks(self, state: ViewState) -> bool:
        return bool(approvals(state))

    def draw(self, state: ViewState, width: int, height: int, now: datetime) -> Drawing:
        waiting = approvals(state)
        if not waiting:
            return Drawing(quiet("Nothing waits for you.", width=width))
        current = chosen(state, "approval")
        body: list[Line] = []
        cursor = None
        for approval in waiting:
            if approval.approval_id == current:
                cursor = len(body)
            body += _lines(approval, approval.approval_id == current, width, now)
        return Drawing(body, note=f"{len(waiting)} waiting", cursor=cursor)


def _lines(approval: Approval, current: bool, width: int, now: datetime) -> list[Line]:
    order = approval.order
    buys = order.side == "BUY"
    left = (approval.expires_at - now).total_seconds()
    whole = (approval.expires_at - approval.requested_at).total_seconds()
    what = (
        Span(POINTER if current else " ", "key"),
        Span(" ▲ BUY " if buys else " ▼ SELL ", "up" if buys else "down"),
        Span(clean(order.symbol, 31), "bold", "action approve"),
        Span(f"  {quantity(order.quantity)}"),
        Span(f"  ≈ {money(notional(approval))}", "bold"),
    )
    stop = order.protection.stop if order.protection is not None else None
    how = (Span(f"    stop {price(stop)}  a opens, silence rejects", "dim"),)
    time_left = Span(f"{countdown(left)} ", "warn")
    clock = (*bar(left / whole if whole > 0 else 0.0, COUNTDOWN_CELLS, "warn"), Span(" "), time_left)
    if width_of(what) + width_of(clock) >= width:
        clock = (time_left,)
    return [spread(what, clock, width), how]
