"""A venue's answers, as ccxt words them, read into our nouns with exact numbers. Pure."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from cryptofunk_tui.domain.base import from_ms
from cryptofunk_tui.domain.orders import Fill, Liquidity, OrderStatus, Side
from cryptofunk_tui.domain.plain_text import safe_text
from cryptofunk_tui.execution.venue import Report, VenueOrder

_STATUS = {
    "open": OrderStatus.OPEN,
    "closed": OrderStatus.FILLED,
    "canceled": OrderStatus.CANCELED,
    "canceling": OrderStatus.OPEN,
    "expired": OrderStatus.EXPIRED,
    "rejected": OrderStatus.REJECTED,
}


class Unreadable(ValueError):
    """An answer that is none: a number, a name or a status is missing or makes no sense."""


def number(told: Any, name: str) -> Decimal:
    """Raises Unreadable for what is no finite number at or above zero."""
    try:
        value = Decimal(str(told))
    except InvalidOperation:
        raise Unreadable(f"its {name} is no number") from None
    if not value.is_finite() or value < 0:
        raise Unreadable(f"its {name} is {safe_text(told, 40)}")
    return value


def optional(told: Any, name: str) -> Decimal | None:
    """A number, or None where the venue gives none or zero."""
    return None if told in (None, "") else number(told, name) or None


def report(order: Any, fills: tuple[Fill, ...] = ()) -> Report:
    """An order's state and how much of it is filled. Raises Unreadable."""
    name = order.get("id")
    status = _STATUS.get(order.get("status") or "")
    if not name or status is None:
        raise Unreadable("it names no order, or no state of it")
    filled = number(order.get("filled") or "0", "filled amount")
    if status is OrderStatus.OPEN and filled:
        status = OrderStatus.PARTIAL
    return Report(status, fills, "", str(name), filled)


def listed(order: Any) -> VenueOrder:
    """An open order. Raises Unreadable."""
    return VenueOrder(
        venue_order_id=str(order["id"]),
        client_order_id=str(order.get("clientOrderId") or ""),
        symbol=str(order["symbol"]),
        side=side(order),
        quantity=number(order.get("amount"), "amount"),
        filled=number(order.get("filled") or "0", "filled amount"),
        price=optional(order.get("price"), "price"),
        stop_price=optional(order.get("stopPrice") or order.get("triggerPrice"), "stop price"),
    )


def side(told: Any) -> Side:
    """Raises Unreadable."""
    try:
        return Side(str(told.get("side")).upper())
    except ValueError:
        raise Unreadable("it says neither buy nor sell") from None


def fill(trade: Any, symbol: str, client_order_id: str) -> Fill:
    """An execution without the worth of its fee. Raises Unreadable."""
    paid = [fee for fee in _fees(trade) if fee.get("currency") and fee.get("cost") is not None]
    if len({fee["currency"] for fee in paid}) > 1:
        raise Unreadable("one execution has fees in two currencies")
    stamp = trade.get("timestamp")
    if not trade.get("id") or not stamp:
        raise Unreadable("an execution has no name or no time")
    return Fill(
        fill_id=f"{symbol}:{trade['id']}",
        client_order_id=client_order_id,
        symbol=symbol,
        side=side(trade),
        price=number(trade.get("price"), "price"),
        quantity=number(trade.get("amount"), "amount"),
        fee=sum((number(fee["cost"], "fee") for fee in paid), Decimal(0)),
        fee_asset=str(paid[0]["currency"]) if paid else symbol.split("/")[1],
        liquidity=Liquidity.MAKER if trade.get("takerOrMaker") == "maker" else Liquidity.TAKER,
        at=from_ms(int(stamp)),
    )


def _fees(trade: Any) -> Iterable[Any]:
    return trade.get("fees") or ([trade["fee"]] if trade.get("fee") else [])
