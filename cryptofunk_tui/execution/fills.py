"""Where an order meets the market: matching against a book, a quote or a bar, and what it costs. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Context, Decimal

from cryptofunk_tui.domain.candles import Candles
from cryptofunk_tui.domain.market import Level, OrderBook, Quote
from cryptofunk_tui.domain.orders import Liquidity, Side
from cryptofunk_tui.domain.rules import CostRules

PRICE_DIGITS = Context(prec=12)
"""Significant digits of a derived price: finer than any venue's step."""
_EXACT = Context(prec=100)


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar in exact numbers: times in milliseconds UTC, prices in quote, volume in base currency."""

    open_ms: int
    close_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal

    def seen_from(self, moment_ms: int) -> "Bar | None":
        """What of this bar is known to lie after `moment_ms`: all of it, nothing, or where the moment falls
        inside the bar its close alone, because nobody can say on which side the high and the low were."""
        if self.open_ms >= moment_ms:
            return self
        if self.close_ms <= moment_ms:
            return None
        return Bar(self.open_ms, self.close_ms, self.close, self.close, self.close, self.close, self.volume)


@dataclass(frozen=True, slots=True)
class Match:
    """Part of an order that found its other side."""

    price: Decimal
    quantity: Decimal
    liquidity: Liquidity


def bars(candles: Candles) -> Iterator[Bar]:
    """Candles as exact bars: each float as the shortest decimal that names it."""
    columns = (candles.open, candles.high, candles.low, candles.close, candles.volume)
    stamps = zip(candles.timestamp_ms.tolist(), candles.close_ms.tolist(), strict=True)
    for (open_ms, close_ms), *row in zip(stamps, *(column.tolist() for column in columns), strict=True):
        yield Bar(open_ms, close_ms, *(Decimal(repr(value)) for value in row))


def at_price(price: Decimal, moment_ms: int) -> Bar:
    """A live price as a bar that stands still: it has no past of its own, and any quantity fills."""
    return Bar(moment_ms, moment_ms, price, price, price, price, Decimal("Infinity"))


def fee(price: Decimal, quantity: Decimal, liquidity: Liquidity, costs: CostRules) -> Decimal:
    """Fee of a fill in quote currency: its notional times the maker or the taker rate, unrounded."""
    rate = costs.maker_fee if liquidity is Liquidity.MAKER else costs.taker_fee
    return _EXACT.multiply(_EXACT.multiply(price, quantity), rate)


def against_quote(side: Side, quantity: Decimal, quote: Quote, worst: Decimal | None) -> tuple[Match, ...]:
    """Take the whole quantity at the stated ask or bid; nothing where that is beyond `worst`."""
    price = quote.ask if side is Side.BUY else quote.bid
    if beyond(side, price, worst):
        return ()
    return (Match(price, quantity, Liquidity.TAKER),)


def against_book(side: Side, quantity: Decimal, book: OrderBook, worst: Decimal | None) -> tuple[Match, ...]:
    """Walk the book from its best price, level by level, as far as `worst`; what the book does not hold
    stays unmatched."""
    levels: Iterable[Level] = book.asks if side is Side.BUY else book.bids
    matches: list[Match] = []
    rest = quantity
    for level in levels:
        if rest <= 0 or beyond(side, level.price, worst):
            break
        taken = min(rest, level.quantity)
        if taken > 0:
            matches.append(Match(level.price, taken, Liquidity.TAKER))
            rest -= taken
    return tuple(matches)


def beyond(side: Side, price: Decimal, worst: Decimal | None) -> bool:
    """Whether a price is worse for this side than the worst one accepted."""
    if worst is None:
        return False
    return price > worst if side is Side.BUY else price < worst


def limit_on_bar(side: Side, limit: Decimal, quantity: Decimal, bar: Bar) -> Match | None:
    """A resting limit order over one bar. It fills where the market trades through its price, not where it
    only touches it; a bar that opens beyond it fills at the open. At most the bar's volume fills."""
    through = bar.low < limit if side is Side.BUY else bar.high > limit
    filled = min(quantity, bar.volume)
    if not through or filled <= 0:
        return None
    price = min(bar.open, limit) if side is Side.BUY else max(bar.open, limit)
    return Match(price, filled, Liquidity.MAKER)


def stop_price_on_bar(side: Side, stop: Decimal, bar: Bar) -> Decimal | None:
    """The price at which a stop order is triggered in a bar: its own, or the open where the bar opens
    beyond it; None where the market stays short of it."""
    if side is Side.BUY:
        return max(bar.open, stop) if bar.high >= stop else None
    return min(bar.open, stop) if bar.low <= stop else None


def total(matches: Iterable[Match]) -> Decimal:
    """Matched quantity in base currency."""
    return sum((match.quantity for match in matches), Decimal(0))


def derived(price: Decimal) -> Decimal:
    """A computed price (a mean, an anchored stop, a trail) in at most twelve significant digits."""
    return PRICE_DIGITS.plus(price)
