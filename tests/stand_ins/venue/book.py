"""A limit order book with price-time priority, in exact decimals."""

import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal


@dataclass
class Offer:
    """What rests in a book. `owner` is the user's order id, or None for the house."""

    price: Decimal
    quantity: Decimal
    owner: int | None = None


class Book:
    """Bids from the highest down, asks from the lowest up; of one price the earlier comes first."""

    def __init__(self) -> None:
        self.bids: list[Offer] = []
        self.asks: list[Offer] = []

    def rest(self, side: str, offer: Offer) -> None:
        if side == "BUY":
            bisect.insort(self.bids, offer, key=lambda each: -each.price)
        else:
            bisect.insort(self.asks, offer, key=lambda each: each.price)

    def match(self, side: str, quantity: Decimal, limit: Decimal | None) -> Iterator[tuple[Offer, Decimal]]:
        """Take from the other side, best first: each offer with what was taken of it."""
        offers = self.asks if side == "BUY" else self.bids
        while quantity > 0 and offers:
            best = offers[0]
            if limit is not None and (best.price > limit if side == "BUY" else best.price < limit):
                return
            taken = min(quantity, best.quantity)
            best.quantity -= taken
            quantity -= taken
            if not best.quantity:
                offers.pop(0)
            yield best, taken

    def remove(self, owner: int | None) -> None:
        """Take back what an owner rests here."""
        self.bids = [offer for offer in self.bids if offer.owner != owner]
        self.asks = [offer for offer in self.asks if offer.owner != owner]
