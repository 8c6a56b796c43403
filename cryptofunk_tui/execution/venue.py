"""What an order needs from a venue, whether on paper or real."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from cryptofunk_tui.domain.market import Instrument, Quote
from cryptofunk_tui.domain.orders import Fill, Order, OrderRequest, OrderStatus, Side


class OrderRefused(ValueError):
    """An order that was not accepted: one line with the reason. Nothing was sent."""


class Unclear(Exception):
    """The venue was asked and nobody knows what it did: one line, no address and no key in it."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a venue says became of an order. `fills` may repeat what is known already: each has one name."""

    status: OrderStatus
    fills: tuple[Fill, ...] = ()
    reason: str = ""
    venue_order_id: str | None = None
    filled: Decimal | None = None
    """What the venue says is filled in all, base currency. An order is not over before its fills add up to
    this."""


@dataclass(frozen=True, slots=True)
class VenueOrder:
    """An open order as the venue lists it, whoever placed it; prices in quote, amounts in base currency."""

    venue_order_id: str
    client_order_id: str
    """Empty where the venue knows none."""
    symbol: str
    side: Side
    quantity: Decimal
    filled: Decimal
    price: Decimal | None
    stop_price: Decimal | None


@dataclass(frozen=True, slots=True)
class VenueTrade:
    """An execution as the venue lists it, with the order that it belongs to."""

    venue_order_id: str
    fill: Fill
    """Its `client_order_id` is empty: a venue's list of executions does not say it."""


@dataclass(frozen=True, slots=True)
class Permissions:
    """What a key may do; None where the venue does not say."""

    trade: bool | None
    withdraw: bool | None
    """Withdrawals or transfers to other accounts."""
    ip_bound: bool | None


class Venue(Protocol):
    """A place where orders live. Every method may raise MarketError: the venue did not answer, and nothing
    was changed by asking."""

    @property
    def is_live(self) -> bool:
        """Whether its time is the wall clock; otherwise the journal's market time."""

    @property
    def is_remote(self) -> bool:
        """Whether orders travel to it, so that an answer can be lost on the way."""

    async def instrument(self, symbol: str) -> Instrument:
        """Steps and least sizes."""

    async def quote(self, symbol: str, at: datetime) -> Quote:
        """The price that an order at `at` is judged and marked by."""

    async def submit(self, request: OrderRequest, at: datetime, worst: Decimal | None) -> Report:
        """Send an order, once. What lies beyond `worst` is not taken. An outcome that nobody knows is a
        report of UNKNOWN."""

    async def cancel(self, order: Order) -> Report:
        """Take a resting order back, and what became of it: it may have filled meanwhile. Raises Unclear
        where the venue's answer was lost."""

    async def find(self, order: Order) -> Report | None:
        """What the venue knows of an order, by its client order id first, then among open and closed orders
        and trades. None where every one of these answered and none knows it. Raises MarketError where one
        did not answer."""


class LiveVenue(Venue, Protocol):
    """A real exchange, asked with the account's key. Times are the venue's, corrected by the clock offset."""

    @property
    def name(self) -> str:
        """The exchange, as ccxt calls it."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """What is traded there, and what is held."""

    @property
    def holds_stops(self) -> bool:
        """Whether a stop can rest at the venue."""

    @property
    def has_dead_man(self) -> bool:
        """Whether it takes all orders back by itself when it no longer hears from us."""

    async def open_orders(self) -> tuple[VenueOrder, ...]:
        """Everything that rests in the account on the traded symbols, foreign orders too."""

    async def trades(self, symbol: str, since: datetime) -> tuple[VenueTrade, ...]:
        """Executions of the account at or after `since`, oldest first, whoever ordered them."""

    async def client_id_of(self, symbol: str, venue_order_id: str) -> str:
        """The client order id of an order that the venue names so; empty where it has none."""

    async def cancel_listed(self, order: VenueOrder) -> None:
        """Take back what the venue lists; one that is gone already is well. Raises Unclear."""

    async def balances(self) -> Mapping[str, Decimal]:
        """What the account owns by asset, free and locked together."""

    async def clock_offset_s(self) -> float:
        """The venue's time less ours, in seconds, measured now at half the round trip."""

    async def cancel_all_after(self, seconds: int) -> None:
        """Arm the venue's dead man's switch; 0 disarms it. Only where `has_dead_man`."""
