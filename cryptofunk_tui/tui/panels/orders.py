"""Orders and what became of them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cryptofunk_tui.tui.panels.base import Drawing, Panel, quiet
from cryptofunk_tui.tui.text import NOTHING, POINTER, Line, Span, clean, clock, money, price, quantity
from cryptofunk_tui.tui.view_state import ViewState, candidates, chosen, orders
from cryptofunk_tui.tui.widgets.table import Column, table

if TYPE_CHECKING:
    from cryptofunk_tui.domain.orders import Order

_STATES = {
    "INTENT": ("◌", "warn"),
    "SENT": ("→", "warn"),
    "OPEN": ("○", "accent"),
    "PARTIAL": ("◐", "accent"),
    "FILLED": ("●", "up"),
    "CANCELED": ("–", "dim"),
    "REJECTED": ("✗", "down"),
    "EXPIRED": ("–", "dim"),
    "UNKNOWN": ("?", "error"),
}
COLUMNS = (
    Column("  symbol", 10, most=14),
    Column("side", 6),
    Column("state", 10, most=10),
    Column("price", 9, 1, right=True, most=14),
    Column("quantity", 9, 2, right=True, most=14),
    Column("why", 7, 3),
    Column("at", 11, 4),
    Column("type", 6, 7),
    Column("filled", 9, 8, right=True, most=14),
    Column("fees", 6, 9, right=True),
    Column("reason", 18, 6, grow=True),
)


class Orders(Panel):
    """Open orders first; up and down choose one, which can be cancelled."""

    number = "4"
    title = "Orders"
    choice = "order"

    def watches(self, state: ViewState) -> tuple[object, ...]:
        return (state.account and (state.account.orders, state.account.venue), state.chosen)

    def draw(self, state: ViewState, width: int, height: int, now: datetime) -> Drawing:
        if state.account is None:
            return Drawing(quiet("Orders appear with the account.", width=width))
        shown = orders(state)
        venue = state.account.venue
        foreign = [_foreign(each) for each in venue.foreign_orders] if venue else []
        if not shown and not foreign:
            return Drawing(
                quiet("No order yet: one is placed when a vote carries and risk approves.", width=width)
            )
        current = chosen(state, "order")
        rows = [_row(order, order.client_order_id == current) for order in shown]
        head, body = table(COLUMNS, rows, width)
        is_open = sum(not order.status.is_terminal for order in shown)
        cursor = candidates(state, "order").index(current) if current else None
        counts = [f"{is_open} open"] if is_open else []
        counts += [f"{len(foreign)} not ours"] if foreign else []
        return Drawing([*body, *foreign], (head,), ", ".join(counts), cursor)


def _foreign(order: str) -> Line:
    """An order in the same account that is not ours: shown, and left alone."""
    return (Span(f"  not ours: {clean(order, 80)}", "dim"),)


def _row(order: Order, current: bool) -> list[Span]:
    glyph, tone = _STATES[order.status]
    buys = order.side == "BUY"
    at = order.price if order.price is not None else order.limit_price
    at = order.stop_price if at is None else at
    return [
        Span(f"{POINTER if current else ' '} {clean(order.symbol, 31)}", "bold"),
        Span("▲ BUY" if buys else "▼ SELL", "up" if buys else "down"),
        Span(f"{glyph} {order.status.lower()}", tone),
        Span(price(at) if at is not None else "market"),
        Span(quantity(order.quantity)),
        Span(order.purpose.lower(), "dim"),
        Span(clock(order.created_at, date=True), "dim"),
        Span(order.type.lower(), "dim"),
        Span(quantity(order.filled), "dim"),
        Span(money(order.fees), "dim"),
        Span(clean(order.reason) or NOTHING, "dim"),
    ]
