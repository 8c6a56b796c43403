"""What a snapshot of an order book says, in numbers between −1 (sellers) and 1 (buyers)."""

from dataclasses import dataclass

import numpy as np

from cryptofunk_tui.domain.candles import Floats


@dataclass(frozen=True, slots=True, eq=False)
class BookSide:
    """Prices in quote currency and quantities in base currency, best price first."""

    prices: Floats
    quantities: Floats


@dataclass(frozen=True, slots=True, eq=False)
class BookArrays:
    """A book with at least one level on each side."""

    bids: BookSide
    asks: BookSide

    @property
    def mid(self) -> float:
        return float(self.bids.prices[0] + self.asks.prices[0]) / 2

    @property
    def volume(self) -> float:
        """Everything that rests, in base currency."""
        return float(self.bids.quantities.sum() + self.asks.quantities.sum())


def imbalance(book: BookArrays, levels: int) -> float:
    """(bids − asks) / (bids + asks) of the quantities on the best `levels` of each side."""
    return _balance(book.bids.quantities[:levels].sum(), book.asks.quantities[:levels].sum())


def depth_balance(book: BookArrays, within: float) -> float:
    """The same of the value, price × quantity, that rests within a share of the middle price."""
    mid = book.mid
    bids, asks = book.bids, book.asks
    near_bids = bids.prices >= mid * (1 - within)
    near_asks = asks.prices <= mid * (1 + within)
    return _balance(
        (bids.prices * bids.quantities)[near_bids].sum(), (asks.prices * asks.quantities)[near_asks].sum()
    )


def large_balance(book: BookArrays, share: float) -> float:
    """The same of the quantities in levels that hold more than `share` of the book's volume; 0 where none."""
    least = book.volume * share
    bids, asks = book.bids.quantities, book.asks.quantities
    return _balance(bids[bids > least].sum(), asks[asks > least].sum())


def spoof_balance(previous: BookArrays, book: BookArrays, share: float, pulled: float) -> float:
    """Large orders that were pulled since the previous book: (asks − bids) of what vanished over all that was
    large, so a pulled bid counts against the price and a pulled ask for it.

    An order looks pulled where at least the share `pulled` of it is gone although it stood behind the best
    price in both books, where nothing trades. Levels below what the new book shows are not judged."""
    least = previous.volume * share
    bids = _pulled(previous.bids, book.bids, least, pulled, sign=1)
    asks = _pulled(previous.asks, book.asks, least, pulled, sign=-1)
    large = sum(
        float(side.quantities[side.quantities > least].sum()) for side in (previous.bids, previous.asks)
    )
    return (asks - bids) / large if large > 0 else 0.0


def _pulled(before: BookSide, after: BookSide, least: float, share: float, sign: int) -> float:
    """Large quantity that vanished behind the touch; `sign` is 1 where a better price is a higher one."""
    best = sign * min(sign * before.prices[0], sign * after.prices[0])
    behind = (sign * before.prices < sign * best) & (sign * before.prices >= sign * after.prices[-1])
    suspects = behind & (before.quantities > least)
    if not suspects.any():
        return 0.0
    prices, quantities = before.prices[suspects], before.quantities[suspects]
    order = np.argsort(after.prices)
    slots = np.searchsorted(after.prices, prices, sorter=order)
    found = order[np.minimum(slots, len(order) - 1)]
    left = np.where(after.prices[found] == prices, after.quantities[found], 0.0)
    gone = quantities - left
    return float(gone[gone >= share * quantities].sum())


def _balance(bids: float, asks: float) -> float:
    total = bids + asks
    return float((bids - asks) / total) if total > 0 else 0.0
