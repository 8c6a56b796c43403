"""What is held, how it stands, and how it is protected; below it what was closed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cryptofunk_tui.tui.panels.base import Drawing, Panel, quiet
from cryptofunk_tui.tui.text import (
    BLANK,
    NOTHING,
    POINTER,
    Line,
    Span,
    change_glyph,
    change_tone,
    clean,
    clock,
    money,
    percent,
    price,
    quantity,
    ratio,
)
from cryptofunk_tui.tui.view_state import ViewState, live_price, open_pnl, positions, selected
from cryptofunk_tui.tui.widgets.table import Column, table

if TYPE_CHECKING:
    from cryptofunk_tui.domain.portfolio import Position, Trade

OPEN = (
    Column("  symbol", 10, most=14),
    Column("P&L", 10, right=True, most=14),
    Column("%", 7, 2, right=True),
    Column("last", 9, 3, right=True, most=14),
    Column("stop", 9, 1, right=True, most=14),
    Column("target", 9, 4, right=True, most=14),
    Column("entry", 9, 5, right=True, most=14),
    Column("quantity", 9, 6, right=True, most=14),
    Column("to stop", 7, 7, right=True),
    Column("value", 9, 8, right=True),
    Column("strategy", 15, 9, most=16),
    Column("since", 11, 10),
)
CLOSED = (
    Column("  closed", 10, most=14),
    Column("P&L", 10, right=True, most=14),
    Column("R", 7, 2, right=True),
    Column("by", 7, 3, most=8),
    Column("entry", 9, 4, right=True, most=14),
    Column("exit", 9, 4, right=True, most=14),
    Column("at", 11, 6),
    Column("strategy", 15, 5, most=16),
)


class Positions(Panel):
    """Open positions with live profit and loss; up and down move the selected symbol."""

    number = "3"
    title = "Positions"

    def watches(self, state: ViewState) -> tuple[object, ...]:
        return (state.account, state.ticks, state.selected, state.session)

    def draw(self, state: ViewState, width: int, height: int, now: datetime) -> Drawing:
        if state.account is None:
            return Drawing(quiet("The account opens with the engine.", width=width))
        held = positions(state)
        trades = state.account.trades
        note = _note(state, len(held))
        if not held:
            body = quiet("No open position.", width=width)
            head: tuple[Line, ...] = ()
        else:
            title, body = table(OPEN, [_open(state, position) for position in held], width)
            head = (title,)
        if trades:
            title, closed = table(CLOSED, [_closed(trade) for trade in trades], width)
            left = height - len(head) - len(body)
            body = [*body, *([] if left == 2 else [BLANK]), title, *closed]
        return Drawing(body, head, note)


def _note(state: ViewState, held: int) -> str:
    total = sum((open_pnl(state, position) for position in positions(state)), start=0)
    return f"{held} open  {money(total, signed=True)}" if held else ""


def _open(state: ViewState, position: Position) -> list[Span]:
    pnl = open_pnl(state, position)
    cost = position.quantity * position.entry_price
    last = live_price(state, position.symbol)
    now = position.entry_price if last is None else last
    tone = change_tone(pnl)
    to_stop = float(position.stop / now) - 1 if position.stop is not None and now else None
    pointer = POINTER if position.symbol == selected(state) else " "
    trailing = "↑" if position.stop != position.initial_stop and position.stop is not None else ""
    return [
        Span(f"{pointer} {clean(position.symbol, 31)}", "bold", f"symbol {position.symbol}"),
        Span(f"{change_glyph(pnl)} {money(pnl, signed=True)}", tone),
        Span(percent(pnl / cost if cost else None, signed=True, digits=2), tone),
        Span(price(last)),
        Span(trailing + price(position.stop), "" if position.stop is not None else "warn"),
        Span(price(position.target), "dim" if position.target is None else ""),
        Span(price(position.entry_price), "dim"),
        Span(quantity(position.quantity)),
        Span(percent(to_stop, signed=True), "dim"),
        Span(money(position.quantity * now)),
        Span(clean(position.strategy or NOTHING, 24), "dim"),
        Span(clock(position.opened_at, date=True), "dim"),
    ]


def _closed(trade: Trade) -> list[Span]:
    tone = change_tone(trade.pnl)
    return [
        Span(f"  {clean(trade.symbol, 31)}"),
        Span(f"{change_glyph(trade.pnl)} {money(trade.pnl, signed=True)}", tone),
        Span(ratio(trade.r_multiple), tone),
        Span(clean(trade.exit_purpose.lower(), 12), "dim"),
        Span(price(trade.entry_price), "dim"),
        Span(price(trade.exit_price), "dim"),
        Span(clock(trade.closed_at, date=True), "dim"),
        Span(clean(trade.strategy or NOTHING, 24), "dim"),
    ]
