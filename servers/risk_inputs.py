"""What callers of the risk analyzer may say, checked at the door; every refusal names the argument."""

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, TypeVar

from pydantic import ValidationError, WithJsonSchema

from cryptofunk_tui.domain.base import Record, plain
from cryptofunk_tui.domain.market import Instrument, Quote, checked_symbol
from cryptofunk_tui.domain.orders import OrderRequest, OrderType, Purpose, Side
from cryptofunk_tui.domain.rules import LimitRules

T = TypeVar("T", bound=Record)

CLIENT_ORDER_ID = re.compile(r"[A-Za-z0-9]{1,32}")
DECISION_ID = re.compile(r"[!-~]{1,64}")
FLAT_PROTECTION = ("reference", "stop", "target", "trail", "trail_after")
_PRICES = ("limit_price", "stop_price")

_AMOUNT = {"type": ["string", "number"], "description": "A decimal, best as a string."}
_PROTECTION = dict.fromkeys(FLAT_PROTECTION, _AMOUNT)
_ORDER = {
    "type": "object",
    "properties": {
        "client_order_id": {"type": "string", "description": "At most 32 letters and digits."},
        "symbol": {"type": "string"},
        "side": {"enum": ["BUY", "SELL"]},
        "type": {"enum": ["MARKET", "LIMIT", "STOP"]},
        "quantity": _AMOUNT,
        "limit_price": _AMOUNT,
        "stop_price": _AMOUNT,
        "time_in_force": {"enum": ["GTC", "IOC"]},
        "post_only": {"type": "boolean"},
        "purpose": {"type": "string", "description": "ENTRY for a BUY; why a SELL reduces, EXIT by default."},
        "strategy": {"type": ["string", "null"]},
        "protection": {
            "type": ["object", "null"],
            "properties": _PROTECTION,
            "required": ["reference", "stop"],
        },
        **_PROTECTION,
    },
    "required": ["client_order_id", "symbol", "side", "type", "quantity"],
}
_QUOTE = {
    "type": "object",
    "properties": {
        "symbol": {"type": "string"},
        "venue": {"type": "string"},
        "bid": _AMOUNT,
        "ask": _AMOUNT,
        "last": _AMOUNT,
        "at": {"type": "string", "description": "ISO 8601 with its offset; the venue's time of the quote."},
    },
    "required": ["symbol", "venue", "bid", "ask", "last", "at"],
}
_INSTRUMENT = {
    "type": ["object", "null"],
    "properties": {
        "symbol": {"type": "string"},
        "price_step": _AMOUNT,
        "quantity_step": _AMOUNT,
        "min_notional": _AMOUNT,
    },
    "default": None,
}
OrderJson = Annotated[Any, WithJsonSchema(_ORDER)]
QuoteJson = Annotated[Any, WithJsonSchema(_QUOTE)]
InstrumentJson = Annotated[Any, WithJsonSchema(_INSTRUMENT)]
AmountJson = Annotated[Any, WithJsonSchema(_AMOUNT)]


def parse(name: str, kind: type[T], value: object) -> T:
    """`value` as a record. Raises ValueError that names the argument, the field and the fault."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join([name, *(str(part) for part in first["loc"])])
        raise ValueError(f"{where}: {first['msg'].removeprefix('Value error, ')}") from None


def parse_decision_id(value: object) -> str:
    if not isinstance(value, str) or not DECISION_ID.fullmatch(value):
        raise ValueError("decision_id: write 1 to 64 printable characters without spaces")
    return value


def parse_order(value: object, quote: Quote) -> OrderRequest:
    """An order with its protection nested, or flat beside its own fields; flat prices are measured from
    `reference`, by default the limit price or the ask. A SELL without another purpose is an EXIT."""
    if isinstance(value, Mapping):
        value = _nested(value, quote)
    order = parse("order", OrderRequest, value)
    _check_shape(order)
    if order.symbol != quote.symbol:
        raise ValueError(f"quote.symbol: {quote.symbol} does not price an order for {order.symbol}")
    if order.side is Side.BUY and order.purpose is not Purpose.ENTRY:
        raise ValueError(f"order.purpose: a BUY is an ENTRY, not {order.purpose}")
    if order.side is Side.SELL and order.purpose is Purpose.ENTRY:
        return order.model_copy(update={"purpose": Purpose.EXIT, "protection": None})
    return order


def parse_quote(value: object) -> Quote:
    quote = parse("quote", Quote, value)
    _named("quote.symbol", checked_symbol, quote.symbol)
    return quote


def parse_instrument(value: object, symbol: str) -> Instrument | None:
    """The venue's steps for `symbol`; None where they are not given."""
    if value is None:
        return None
    instrument = parse("instrument", Instrument, value)
    if instrument.symbol != symbol:
        raise ValueError(f"instrument.symbol: {instrument.symbol} is not {symbol}")
    if instrument.quantity_step < 0 or instrument.min_notional < 0:
        raise ValueError("instrument: its steps and least notional must not be below 0")
    return instrument


def parse_amount(name: str, value: object) -> Decimal:
    """A decimal above 0, as a string or a number."""
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise ValueError(f"{name}: {value!r} is not a decimal number") from None
    if not amount.is_finite() or amount <= 0:
        raise ValueError(f"{name}: {amount} is not a finite number above 0")
    return amount


def parse_limits(value: object, configured: LimitRules) -> LimitRules:
    """The configured limits with those that the caller changes."""
    if value is None:
        return configured
    if not isinstance(value, Mapping):
        raise ValueError("limits must be an object of limits by name")
    return parse("limits", LimitRules, configured.model_dump() | dict(value))


def _nested(value: Mapping[str, Any], quote: Quote) -> dict[str, Any]:
    """Protection that was given flat, moved to where it belongs."""
    order = dict(value)
    flat = {name: order.pop(name) for name in FLAT_PROTECTION if name in order}
    flat = {name: given for name, given in flat.items() if given is not None}
    if not flat:
        return order
    if order.get("protection") is not None:
        raise ValueError(f"order.{next(iter(flat))}: give the protection nested or flat, not both")
    if "stop" not in flat:
        raise ValueError("order.stop: protection needs its stop price")
    reference = order.get("limit_price") or plain(quote.ask)
    return order | {"protection": {"reference": reference} | flat}


def _check_shape(order: OrderRequest) -> None:
    """What OrderRequest itself lets pass."""
    if not CLIENT_ORDER_ID.fullmatch(order.client_order_id):
        raise ValueError("order.client_order_id: write at most 32 letters and digits")
    _named("order.symbol", checked_symbol, order.symbol)
    amounts: dict[str, Decimal | None] = {"order.quantity": order.quantity}
    amounts |= {f"order.{name}": getattr(order, name) for name in _PRICES}
    if order.protection is not None:
        amounts |= {f"order.{name}": getattr(order.protection, name) for name in FLAT_PROTECTION}
    for name, amount in amounts.items():
        if amount is not None and amount <= 0:
            raise ValueError(f"{name}: {plain(amount)} is not above 0")
    needed = {OrderType.LIMIT: "limit_price", OrderType.STOP: "stop_price"}.get(order.type)
    if needed and getattr(order, needed) is None:
        raise ValueError(f"order.{needed}: a {order.type} order needs it")
    unused = {OrderType.MARKET: _PRICES, OrderType.LIMIT: ("stop_price",)}.get(order.type, ())
    for name in unused:
        if getattr(order, name) is not None:
            raise ValueError(f"order.{name}: a {order.type} order has none; leave it out")


def _named(name: str, check: Any, value: str) -> None:
    try:
        check(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
