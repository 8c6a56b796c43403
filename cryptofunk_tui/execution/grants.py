"""Whether an order is the one that was approved, field by field. Pure."""

from datetime import datetime
from decimal import Decimal, InvalidOperation

from cryptofunk_tui.domain.market import Instrument, Quote, split_symbol
from cryptofunk_tui.domain.orders import (
    Approval,
    ApprovalStatus,
    Order,
    OrderRequest,
    OrderType,
    Purpose,
    Side,
)
from cryptofunk_tui.execution.fills import beyond
from cryptofunk_tui.execution.venue import OrderRefused

BOUND = (
    "client_order_id",
    "symbol",
    "side",
    "type",
    "quantity",
    "limit_price",
    "stop_price",
    "time_in_force",
    "post_only",
)
"""What the caller says and the grant says too. Strategy and protection come from the grant alone."""

_UNUSABLE = {
    ApprovalStatus.PENDING: "still waits for an answer",
    ApprovalStatus.REJECTED: "was rejected",
    ApprovalStatus.EXPIRED: "has expired; ask for a new one",
    ApprovalStatus.CONSUMED: "was used already; it covers one order",
}


def granted(approval: Approval, request: OrderRequest, account: str, now: datetime) -> OrderRequest:
    """The order as it was approved. `now` is wall time. Raises OrderRefused with what is wrong with the
    grant, or with the first field in which the order differs from it."""
    name = f"approval {approval.approval_id}"
    if approval.account != account:
        raise OrderRefused(f"{name} is for the account {approval.account}, not for {account}")
    for field in BOUND:
        asked, approved = getattr(request, field), getattr(approval.order, field)
        if asked != approved:
            raise OrderRefused(f"{name} is for {field} {_shown(approved)}, not {_shown(asked)}")
    if approval.status is not ApprovalStatus.GRANTED:
        raise OrderRefused(f"{name} {_UNUSABLE[approval.status]}")
    if now >= approval.expires_at:
        raise OrderRefused(f"{name} {_UNUSABLE[ApprovalStatus.EXPIRED]}")
    if approval.order.side is Side.SELL and approval.order.purpose is Purpose.ENTRY:
        return approval.order.model_copy(update={"purpose": Purpose.EXIT})
    return approval.order


def same_order(order: Order, request: OrderRequest) -> None:
    """Raises OrderRefused where a known client order id comes with another order."""
    for field in ("symbol", "side", "type", "quantity", "limit_price", "stop_price"):
        asked, known = getattr(request, field), getattr(order, field)
        if asked != known:
            raise OrderRefused(
                f"client_order_id {order.client_order_id} is taken by an order with {field} {_shown(known)}, "
                f"not {_shown(asked)}; give a new order a new id"
            )


def well_formed(request: OrderRequest, instrument: Instrument, free: Decimal | None) -> None:
    """Raises OrderRefused for prices that the order's type lacks, and for what is not on the venue's steps.
    A sale of all that is `free` may have any quantity."""
    if request.type is OrderType.LIMIT and request.limit_price is None:
        raise OrderRefused("a limit order needs its price")
    if request.type is OrderType.STOP and request.stop_price is None:
        raise OrderRefused("a stop order needs its stop_price")
    if request.quantity != free:
        _on_step("quantity", request.quantity, instrument.quantity_step, request.symbol)
    for name, price in (("price", request.limit_price), ("stop_price", request.stop_price)):
        if price is not None:
            _on_step(name, price, instrument.price_step, request.symbol)


def large_enough(request: OrderRequest, quote: Quote, instrument: Instrument) -> None:
    """Raises OrderRefused for an entry below the venue's least notional."""
    notional = request.quantity * (request.limit_price or quote.ask)
    if notional < instrument.min_notional:
        raise OrderRefused(
            f"{request.symbol}: {notional} is below the least order of {instrument.min_notional}"
        )


def fresh(quote: Quote, now: datetime, quote_age_s: float) -> None:
    """Raises OrderRefused for a quote that is too old to price an order with."""
    age_s = (now - quote.at).total_seconds()
    if age_s > quote_age_s:
        raise OrderRefused(
            f"the quote of {quote.symbol} is {age_s:.1f} s old; at most {quote_age_s:g} s are allowed"
        )


def within_collar(side: Side, quote: Quote, collar: Decimal) -> None:
    """Raises OrderRefused where a market order would meet a price beyond its collar."""
    price = quote.ask if side is Side.BUY else quote.bid
    if beyond(side, price, collar):
        raise OrderRefused(f"{quote.symbol} stands at {price}, beyond the collar of {collar}")


def reduces(request: OrderRequest, free: Decimal) -> None:
    """Raises OrderRefused where a sale is of more than is held and not yet offered, `free`."""
    if request.quantity > free:
        base = split_symbol(request.symbol)[0]
        raise OrderRefused(
            f"{request.quantity} {base} to sell, {free} held and not offered yet; SELL never opens a short"
        )


def _on_step(name: str, value: Decimal, step: Decimal, symbol: str) -> None:
    if value <= 0:
        raise OrderRefused(f"{name} is {value}; it must be above zero")
    try:
        is_off = bool(value % step)
    except InvalidOperation:
        is_off = True
    if is_off:
        raise OrderRefused(f"{name} {value} is not on the step of {symbol}, {step}")


def _shown(value: object) -> str:
    return "none" if value is None else str(value)
