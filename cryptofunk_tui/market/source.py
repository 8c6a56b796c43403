"""What every market answers, whichever way it comes by its prices."""

from datetime import datetime
from decimal import Decimal
from typing import Protocol

from cryptofunk_tui.domain.base import to_ms
from cryptofunk_tui.domain.candles import Candles
from cryptofunk_tui.domain.market import (
    FearGreed,
    Headline,
    Instrument,
    OrderBook,
    Quote,
    checked_symbol,
    timeframe_ms,
)


class MarketError(ValueError):
    """A market that cannot answer: one line with what was wrong and what to do, never an address."""


class Unreachable(MarketError):
    """No venue answered in a way that could be used."""


class MarketSource(Protocol):
    """Prices of one venue. `at` and `until` are market time: recorded and simulated markets are pure
    functions of it, an exchange ignores it and answers with now. Every method may raise MarketError."""

    @property
    def kind(self) -> str:
        """recorded, simulated or exchange."""

    @property
    def venue(self) -> str:
        """The exchange's name; else the kind."""

    @property
    def symbols(self) -> tuple[str, ...]:
        """What is traded here."""

    @property
    def resolution(self) -> str:
        """The finest timeframe: the bars through which the paper venue walks."""

    @property
    def has_book(self) -> bool: ...

    @property
    def has_venue_quotes(self) -> bool: ...

    @property
    def has_news(self) -> bool: ...

    async def candles(
        self,
        symbol: str,
        timeframe: str,
        *,
        until: datetime,
        limit: int = 500,
        since_ms: int | None = None,
        forming: bool = False,
    ) -> Candles:
        """Bars that closed by `until`: the newest `limit`, or with `since_ms` the first `limit` that open
        at or after it. `forming` appends the bar in progress, where finer bars know of it."""

    async def quote(self, symbol: str, at: datetime) -> Quote:
        """The price at which a market order decided at `at` would fill."""

    async def order_book(self, symbol: str, depth: int, at: datetime) -> OrderBook:
        """At most `depth` levels a side. MarketError where `has_book` is False."""

    async def venue_quotes(
        self, symbol: str, venues: tuple[str, ...] | None, at: datetime
    ) -> tuple[Quote, ...]:
        """One quote a venue that answered, our own first; all known venues where none are named.
        MarketError where `has_venue_quotes` is False."""

    async def headlines(self, symbols: tuple[str, ...], hours: float, at: datetime) -> tuple[Headline, ...]:
        """The last `hours` before `at`, newest first; empty where the source has none."""

    async def fear_greed(self, at: datetime) -> FearGreed | None:
        """The index that held at `at`; None where it is not known."""

    async def instrument(self, symbol: str) -> Instrument:
        """Steps and least sizes."""

    def span(self) -> tuple[datetime, datetime] | None:
        """Recorded: the first open and the last close common to all symbols. Others: None."""

    async def close(self) -> None: ...


def moment_ms(moment: datetime) -> int:
    """Market time in milliseconds; a time without a zone is refused."""
    if moment.tzinfo is None:
        raise MarketError(f"the time {moment.isoformat()} has no zone; give it in UTC, with a Z")
    return to_ms(moment)


def bar_ms(timeframe: str) -> int:
    """Length of a bar, MarketError for an unknown timeframe."""
    try:
        return timeframe_ms(timeframe)
    except ValueError as error:
        raise MarketError(str(error)) from None


def known_symbol(symbol: str) -> str:
    """The symbol as it stands, MarketError if it is not written as one."""
    try:
        return checked_symbol(symbol)
    except ValueError as error:
        raise MarketError(str(error)) from None


def checked_count(name: str, count: int, most: int) -> int:
    """A count from 1 to `most`, or MarketError naming the argument."""
    if not 1 <= count <= most:
        raise MarketError(f"{name} is {count}; it must be from 1 to {most}")
    return count


def checked_since(since_ms: int) -> int:
    """A bar's earliest open in milliseconds, or MarketError."""
    if not 0 <= since_ms < 2**52:
        raise MarketError(f"since is {since_ms}; it must be milliseconds since 1970")
    return since_ms


def exact(price: float) -> Decimal:
    """The decimal that a float shows: 0.1 becomes exactly 0.1."""
    return Decimal(repr(float(price)))
