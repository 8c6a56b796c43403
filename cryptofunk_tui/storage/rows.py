"""From database rows to nouns and back: exact decimals as text, times as milliseconds UTC."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from itertools import groupby

from cryptofunk_tui.domain.base import from_ms, plain, to_ms
from cryptofunk_tui.domain.orders import Approval, Fill, Order, OrderRequest
from cryptofunk_tui.domain.portfolio import Mark, Portfolio, Position, Trade
from cryptofunk_tui.storage.booking import mean_price
from cryptofunk_tui.storage.database import Row


def stamp(moment: datetime) -> int:
    """An aware moment as milliseconds. Raises ValueError for a naive one."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment!r} has no timezone; times here are aware UTC")
    return to_ms(moment)


def moment(milliseconds: int | None) -> datetime | None:
    return None if milliseconds is None else from_ms(milliseconds)


def text(amount: Decimal | None) -> str | None:
    return None if amount is None else plain(amount)


def number(stored: str | None) -> Decimal | None:
    return None if stored is None else Decimal(stored)


def to_fill(row: Row) -> Fill:
    return Fill(
        fill_id=row["fill_id"],
        client_order_id=row["client_order_id"],
        symbol=row["symbol"],
        side=row["side"],
        price=Decimal(row["price"]),
        quantity=Decimal(row["quantity"]),
        fee=Decimal(row["fee"]),
        fee_asset=row["fee_asset"],
        fee_value=number(row["fee_value"]),
        liquidity=row["liquidity"],
        at=from_ms(row["at"]),
    )


def to_orders(rows: Iterable[Row]) -> tuple[Order, ...]:
    """Orders from rows of order columns beside one fill each; an order's rows stand together."""
    return tuple(_order(list(group)) for _, group in groupby(rows, lambda row: row["client_order_id"]))


def _order(rows: Sequence[Row]) -> Order:
    row = rows[0]
    filled = Decimal(row["filled"])
    return Order(
        client_order_id=row["client_order_id"],
        decision_id=row["decision_id"],
        symbol=row["symbol"],
        side=row["side"],
        type=row["type"],
        purpose=row["purpose"],
        strategy=row["strategy"],
        quantity=Decimal(row["quantity"]),
        limit_price=number(row["limit_price"]),
        stop_price=number(row["stop_price"]),
        status=row["status"],
        filled=filled,
        price=mean_price(Decimal(row["value"]), filled) if filled else None,
        fees=Decimal(row["fees"]),
        reason=row["reason"],
        venue_order_id=row["venue_order_id"],
        created_at=from_ms(row["created_at"]),
        updated_at=from_ms(row["updated_at"]),
        fills=tuple(_fill_beside(part) for part in rows if part["fill_id"] is not None),
    )


def _fill_beside(row: Row) -> Fill:
    return Fill(
        fill_id=row["fill_id"],
        client_order_id=row["client_order_id"],
        symbol=row["symbol"],
        side=row["side"],
        price=Decimal(row["fill_price"]),
        quantity=Decimal(row["fill_quantity"]),
        fee=Decimal(row["fee"]),
        fee_asset=row["fee_asset"],
        fee_value=number(row["fee_value"]),
        liquidity=row["liquidity"],
        at=from_ms(row["at"]),
    )


def to_position(row: Row) -> Position:
    return Position(
        symbol=row["symbol"],
        quantity=Decimal(row["quantity"]),
        entry_price=Decimal(row["entry_price"]),
        fees=Decimal(row["fees"]),
        strategy=row["strategy"],
        opened_at=from_ms(row["opened_at"]),
        entry_order=row["entry_order"],
        initial_stop=number(row["initial_stop"]),
        stop=number(row["stop"]),
        target=number(row["target"]),
        trail=number(row["trail"]),
        trail_after=number(row["trail_after"]),
        high=Decimal(row["high"]),
    )


def to_trade(row: Row) -> Trade:
    risk = number(row["risk"])
    pnl = Decimal(row["pnl"])
    return Trade(
        symbol=row["symbol"],
        strategy=row["strategy"],
        quantity=Decimal(row["quantity"]),
        entry_price=Decimal(row["entry_price"]),
        exit_price=Decimal(row["exit_price"]),
        pnl=pnl,
        fees=Decimal(row["fees"]),
        r_multiple=float(pnl / risk) if risk else None,
        opened_at=from_ms(row["opened_at"]),
        closed_at=from_ms(row["closed_at"]),
        exit_purpose=row["exit_purpose"],
    )


def to_portfolio(rows: Sequence[Row]) -> Portfolio:
    """The account from its row beside each position and its mark; at least one row."""
    row = rows[0]
    held = [part for part in rows if part["symbol"] is not None]
    return Portfolio(
        account=row["account"],
        quote_asset=row["quote_asset"],
        start=Decimal(row["start"]),
        cash=Decimal(row["cash"]),
        other_fees=Decimal(row["other_fees"]),
        positions=tuple(to_position(part) for part in held),
        marks=tuple(
            Mark(symbol=part["symbol"], price=Decimal(part["mark_price"]), at=from_ms(part["mark_at"]))
            for part in held
            if part["mark_price"] is not None
        ),
        peak_equity=Decimal(row["peak_equity"]),
        day_start_equity=Decimal(row["day_start_equity"]),
    )


def to_approval(row: Row) -> Approval:
    return Approval(
        approval_id=row["approval_id"],
        account=row["account"],
        decision_id=row["decision_id"],
        order=OrderRequest.model_validate_json(row["request"]),
        collar=Decimal(row["collar"]),
        status=row["status"],
        reason=row["reason"],
        decided_by=row["decided_by"],
        requested_at=from_ms(row["requested_at"]),
        expires_at=from_ms(row["expires_at"]),
    )
