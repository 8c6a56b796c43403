"""An order of the account, and how a request for one is read."""

import re
import uuid
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from tests.stand_ins.venue.rules import LIMIT_TYPES, STOP_TYPES, TYPES, Refusal, pair

NAME = "^[a-zA-Z0-9-_]{1,36}$"
NOTHING = Decimal(0)


@dataclass
class UserOrder:
    """`status` is the exchange's word; `spend` is what a market order may cost in place of a quantity; times
    are the exchange's, in milliseconds. `cancel_name` is the name of the request that cancelled it."""

    name: str
    symbol: str
    side: str
    type: str
    quantity: Decimal
    price: Decimal
    stop: Decimal
    time_in_force: str
    spend: Decimal = NOTHING
    number: int = 0
    at: int = 0
    updated: int = 0
    status: str = "NEW"
    filled: Decimal = NOTHING
    value: Decimal = NOTHING
    fills: list[dict[str, Any]] = field(default_factory=list)
    triggered: bool = False
    cancel_name: str = ""

    @property
    def rest(self) -> Decimal:
        return self.quantity - self.filled

    @property
    def is_open(self) -> bool:
        return self.status in ("NEW", "PARTIALLY_FILLED")

    @property
    def limit(self) -> Decimal | None:
        return self.price or None


def missing(name: str) -> Refusal:
    return Refusal(-1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed.")


def read(query: dict[str, str]) -> UserOrder:
    """The order that a request asks for. Raises Refusal."""
    for name in ("symbol", "side", "type"):
        if not query.get(name):
            raise missing(name)
    kind = query["type"]
    pair(query["symbol"])
    if query["side"] not in ("BUY", "SELL"):
        raise Refusal(-1117, "Invalid side.")
    if kind not in TYPES:
        raise Refusal(-1116, "Invalid orderType.")
    by_cost = kind == "MARKET" and "quantity" not in query
    return UserOrder(
        name=_name(query),
        symbol=query["symbol"],
        side=query["side"],
        type=kind,
        quantity=NOTHING if by_cost else _number(query, "quantity"),
        price=_only_if(kind in LIMIT_TYPES, query, "price"),
        stop=_only_if(kind in STOP_TYPES, query, "stopPrice"),
        time_in_force=_time_in_force(kind, query),
        spend=_number(query, "quoteOrderQty") if by_cost else NOTHING,
    )


def _name(query: dict[str, str]) -> str:
    name = query.get("newClientOrderId") or uuid.uuid4().hex[:22]
    if not re.fullmatch(NAME, name):
        legal = f"legal range is '{NAME}'."
        raise Refusal(-1100, f"Illegal characters found in parameter 'newClientOrderId'; {legal}")
    return name


def _number(query: dict[str, str], name: str) -> Decimal:
    try:
        value = Decimal(query[name])
    except (KeyError, InvalidOperation):
        raise missing(name) from None
    if not value.is_finite() or value <= 0:
        raise Refusal(-1100, f"Illegal characters found in parameter '{name}'.")
    return value


def _only_if(wanted: bool, query: dict[str, str], name: str) -> Decimal:
    if wanted:
        return _number(query, name)
    if name in query:
        raise Refusal(-1106, f"Parameter '{name}' sent when not required.")
    return NOTHING


def _time_in_force(kind: str, query: dict[str, str]) -> str:
    if kind not in LIMIT_TYPES or kind == "LIMIT_MAKER":
        return "GTC"
    given = query.get("timeInForce", "")
    if not given:
        raise missing("timeInForce")
    if given not in ("GTC", "IOC", "FOK"):
        raise Refusal(-1115, "Invalid timeInForce.")
    return given
