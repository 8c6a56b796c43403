"""What an order needs from a venue, whether on paper or real."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol

from cryptofunk_tui.domain.market import Instrument, Quote
from cryptofunk_tui.domain.orders import Fill, Order, OrderRequest, OrderStatus


class OrderRefused(ValueError):
    """An order that was not accepted: one line with the reason. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a venue says became of an order, with the fills that are new."""

    status: OrderStatus
    fills: tuple[Fill, ...] = ()
    reason: str = ""


class Venue(Protocol):
    """A place where orders live. Every method may raise MarketError."""

    @property
    def is_live(self) -> bool:
        """Whether its time is the wall clock; otherwise the journal's market time."""

    async def instrument(self, symbol: str) -> Instrument:
        """Steps and least sizes."""

    async def quote(self, symbol: str, at: datetime) -> Quote:
        """The price that an order at `at` is judged and marked by."""

    async def submit(self, request: OrderRequest, at: datetime, worst: Decimal | None) -> Report:
        """Send an order. What lies beyond `worst` is not taken."""

    async def cancel(self, order: Order) -> Report:
        """Take a resting order back."""

    async def settle(self, order: Order) -> Report:
        """What became of an order that a crash left between intent and answer."""
