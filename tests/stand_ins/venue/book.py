"""A limit order book with price-time priority, in exact decimals."""

import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

Levels = list[tuple[Decimal, Decimal]]


@dataclass
class Offer:
    """What rests in a book. `owner` is the user's order id, or None for the house."""

    price: Decimal
    quantity: Decimal
    owner: int | None = None


class Book:
    """Bids from the highest down, asks from the lowest up; of one price the earlier comes first. `version`
    grows with every change."""

    def __init__(self, version: int = 0) -> None:
        self.bids: list[Offer] = []
        self.asks: list[Offer] = []
        self.version = version + 1

    def rest(self, side: str, offer: Offer) -> None:
        self.version += 1
        if side == "BUY":
            bisect.insort(self.bids, offer, key=lambda each: -each.price)
        else:
            bisect.insort(self.asks, offer, key=lambda each: each.price)

    def match(self, side: str, quantity: Decimal, limit: Decimal | None) -> Iterator[tuple[Offer, Decimal]]:
        """Take from the other side, best first: each offer with what was taken of it."""
        offers = self.asks if side == "BUY" else self.bids
        while quantity > 0 and offers:
            best = offers[0]
            if not _meets(side, best.price, limit):
                return
            self.version += 1
            taken = min(quantity, best.quantity)
            best.quantity -= taken
            quantity -= taken
            if not best.quantity:
                offers.pop(0)
            yield best, taken

    def reach(self, side: str, limit: Decimal | None) -> Iterator[tuple[Decimal, Decimal]]:
        """Price and quantity of what an order would meet, best first; nothing is taken."""
        for offer in self.asks if side == "BUY" else self.bids:
            if not _meets(side, offer.price, limit):
                return
            yield offer.price, offer.quantity

    def remove(self, owner: int | None) -> None:
        """Take back what an owner rests here."""
        self.version += 1
        self.bids = [offer for offer in self.bids if offer.owner != owner]
        self.asks = [offer for offer in self.asks if offer.owner != owner]

    def levels(self) -> tuple[Levels, Levels]:
        """Bids and asks by price, best first."""
        return _levels(self.bids), _levels(self.asks)


def _levels(offers: list[Offer]) -> Levels:
    return [
        (price, sum((each.quantity for each in group), Decimal(0)))
        for price, group in groupby(offers, key=lambda each: each.price)
    ]


def _meets(side: str, price: Decimal, limit: Decimal | None) -> bool:
    return limit is None or (price <= limit if side == "BUY" else price >= limit)
