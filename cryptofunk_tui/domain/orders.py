"""How an order is named, bound, sent and filled."""

import hashlib
from decimal import Decimal
from enum import StrEnum

from cryptofunk_tui.domain.base import Money, Record, Utc

ORDER_ID_PREFIX = "cf"


class Side(StrEnum):
    BUY = "BUY"
    SELL = "SELL"


class OrderType(StrEnum):
    MARKET = "MARKET"
    LIMIT = "LIMIT"
    STOP = "STOP"


class TimeInForce(StrEnum):
    GTC = "GTC"
    IOC = "IOC"


class OrderStatus(StrEnum):
    """INTENT is committed, SENT is on the wire, UNKNOWN must be asked for and is never resent."""

    INTENT = "INTENT"
    SENT = "SENT"
    OPEN = "OPEN"
    PARTIAL = "PARTIAL"
    FILLED = "FILLED"
    CANCELED = "CANCELED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    UNKNOWN = "UNKNOWN"

    @property
    def is_terminal(self) -> bool:
        return self in (OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED)


_ENDS = frozenset({OrderStatus.FILLED, OrderStatus.CANCELED, OrderStatus.REJECTED, OrderStatus.EXPIRED})
TRANSITIONS: dict[OrderStatus, frozenset[OrderStatus]] = {
    OrderStatus.INTENT: _ENDS
    | {OrderStatus.SENT, OrderStatus.OPEN, OrderStatus.PARTIAL, OrderStatus.UNKNOWN},
    OrderStatus.SENT: _ENDS | {OrderStatus.OPEN, OrderStatus.PARTIAL, OrderStatus.UNKNOWN},
    OrderStatus.UNKNOWN: _ENDS | {OrderStatus.OPEN, OrderStatus.PARTIAL},
    OrderStatus.OPEN: _ENDS | {OrderStatus.PARTIAL},
    OrderStatus.PARTIAL: _ENDS - {OrderStatus.REJECTED},
    **{end: frozenset() for end in _ENDS},
}
"""Which state may follow which. An order at a venue goes through SENT; on paper the venue answers in the
transaction of the intent. Nothing becomes UNKNOWN again once the venue has told of it, and an end is final:
a fill found late is booked and the state stays."""

OPEN_STATUSES = tuple(status for status in OrderStatus if not status.is_terminal)
"""Those of an order that may still change."""


class Purpose(StrEnum):
    """Why an order exists; all but ENTRY only reduce a position."""

    ENTRY = "ENTRY"
    EXIT = "EXIT"
    STOP = "STOP"
    TARGET = "TARGET"
    TRAIL = "TRAIL"
    FLATTEN = "FLATTEN"


class Liquidity(StrEnum):
    MAKER = "MAKER"
    TAKER = "TAKER"


def order_id(account: str, run: str, cycle: str, leg: str) -> str:
    """The client order id of one leg of one decision: the same decision always has the same id, so it
    cannot be placed twice. 32 letters and digits, the run's prefix first."""
    return (run_prefix(account, run) + _digest(account, run, cycle, leg))[:32]


def run_prefix(account: str, run: str) -> str:
    """What the ids of all orders of a run begin with: 8 letters and digits, our prefix first."""
    return (ORDER_ID_PREFIX + _digest(account, run))[:8]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


class Protection(Record):
    """Where a position is closed without a vote. Prices are measured from `reference`; the fill shifts
    stop and target by its distance from it, so the risk taken is the risk approved."""

    reference: Money
    stop: Money
    target: Money | None = None
    trail: Money | None = None
    """Distance below the highest price since the fill, in quote currency."""
    trail_after: Money | None = None
    """Gain above the fill, in quote currency, at which the trail starts; at once where absent."""


class OrderRequest(Record):
    """An order as it is approved and placed: every field is bound by its grant."""

    client_order_id: str
    symbol: str
    side: Side
    type: OrderType
    quantity: Money
    limit_price: Money | None = None
    stop_price: Money | None = None
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    purpose: Purpose = Purpose.ENTRY
    strategy: str | None = None
    protection: Protection | None = None


class Fill(Record):
    """One execution. `fee` is in `fee_asset`; `at` is market time."""

    fill_id: str
    client_order_id: str
    symbol: str
    side: Side
    price: Money
    quantity: Money
    fee: Money
    fee_asset: str
    fee_value: Money | None = None
    """Worth of the fee in quote currency, where it is paid in neither base nor quote."""
    liquidity: Liquidity
    at: Utc


class Order(Record):
    """An order's life as the journal knows it. `price` is the mean fill price, None before the first fill."""

    client_order_id: str
    decision_id: str | None
    symbol: str
    side: Side
    type: OrderType
    purpose: Purpose
    strategy: str | None
    quantity: Money
    limit_price: Money | None
    stop_price: Money | None
    status: OrderStatus
    filled: Money
    price: Money | None
    fees: Money
    reason: str
    venue_order_id: str | None = None
    created_at: Utc
    updated_at: Utc
    fills: tuple[Fill, ...] = ()

    @property
    def rest(self) -> Decimal:
        """What is not filled, in base currency."""
        return self.quantity - self.filled


class ApprovalStatus(StrEnum):
    PENDING = "PENDING"
    GRANTED = "GRANTED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    CONSUMED = "CONSUMED"


class Approval(Record):
    """Leave for exactly one order. `expires_at` is wall time: a person's answer, and then the use."""

    approval_id: str
    account: str
    decision_id: str
    order: OrderRequest
    collar: Money
    """The worst price that a market order may meet; further away it is refused."""
    status: ApprovalStatus
    reason: str
    decided_by: str | None
    requested_at: Utc
    expires_at: Utc
