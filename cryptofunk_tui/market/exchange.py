"""The exchange market: public data of a live venue, and the quotes of others beside it."""

import asyncio
import contextlib
import time
from datetime import datetime

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.candles import Candles
from cryptofunk_tui.domain.market import FearGreed, Headline, Instrument, OrderBook, Quote
from cryptofunk_tui.domain.sources import ExchangeConfig
from cryptofunk_tui.market.exchange_venue import ExchangeVenue, NotTraded
from cryptofunk_tui.market.feeds import Feeds
from cryptofunk_tui.market.news import FearGreedIndex
from cryptofunk_tui.market.source import MarketError, Unreachable
from cryptofunk_tui.market.venue_clients import venue_client

VENUE_QUOTES_DEADLINE_S = 2.5


class ExchangeMarket:
    """Trades on the prices of `home`; connects to the other configured venues when first asked for them.
    The moments that callers give are ignored: a venue only knows now."""

    kind = "exchange"
    resolution = "1m"
    has_book = True
    has_news = True

    def __init__(
        self,
        home: ExchangeVenue,
        symbols: tuple[str, ...],
        config: ExchangeConfig,
        fear_greed: FearGreedIndex,
        feeds: Feeds,
        clock: Clock,
    ) -> None:
        self._home = home
        self._config = config
        self._fear_greed = fear_greed
        self._feeds = feeds
        self._clock = clock
        self._others: dict[str, asyncio.Task[ExchangeVenue]] = {}
        self._venues = (home.name, *(name for name in config.venues if name != home.name))
        self.venue = home.name
        self.symbols = symbols
        self.has_venue_quotes = len(self._venues) > 1

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
        return await self._home.candles(symbol, timeframe, limit, since_ms, forming)

    async def quote(self, symbol: str, at: datetime) -> Quote:
        return await self._home.quote(symbol)

    async def order_book(self, symbol: str, depth: int, at: datetime) -> OrderBook:
        return await self._home.order_book(symbol, depth)

    async def venue_quotes(
        self, symbol: str, venues: tuple[str, ...] | None, at: datetime
    ) -> tuple[Quote, ...]:
        """All venues at once, without those that fail or take longer than 2.5 s. MarketError where none is
        left."""
        unknown = [name for name in venues or () if name not in self._venues]
        if unknown:
            known = ", ".join(self._venues)
            raise MarketError(f"venue {unknown[0]!r} is not configured; there are {known}")
        asked = [asyncio.create_task(self._quote_of(name, symbol)) for name in venues or self._venues]
        done, late = await asyncio.wait(asked, timeout=VENUE_QUOTES_DEADLINE_S)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        failures = [error for task in done if (error := task.exception()) is not None]
        for error in failures:
            if not isinstance(error, MarketError):
                raise error
        quotes = tuple(task.result() for task in asked if task in done and task.exception() is None)
        if not quotes:
            reason = failures[0] if failures else f"no venue answered within {VENUE_QUOTES_DEADLINE_S} s"
            raise MarketError(f"no quote of {symbol}: {reason}")
        return quotes

    async def headlines(self, symbols: tuple[str, ...], hours: float, at: datetime) -> tuple[Headline, ...]:
        return self._feeds.known(symbols or self.symbols, hours)

    async def fear_greed(self, at: datetime) -> FearGreed | None:
        return await self._fear_greed.now()

    async def instrument(self, symbol: str) -> Instrument:
        return self._home.instrument(symbol)

    def span(self) -> tuple[datetime, datetime] | None:
        return None

    async def close(self) -> None:
        for task in self._others.values():
            task.cancel()
        connected = await asyncio.gather(*self._others.values(), return_exceptions=True)
        for venue in (self._home, *connected):
            if isinstance(venue, ExchangeVenue):
                await venue.close()

    async def _quote_of(self, name: str, symbol: str) -> Quote:
        if name == self.venue:
            return await self._home.quote(symbol)
        venue = await asyncio.shield(self._connection(name))
        return await venue.quote(symbol)

    def _connection(self, name: str) -> asyncio.Task[ExchangeVenue]:
        """The other venue's connection, under way or ready; one that failed is tried anew."""
        task = self._others.get(name)
        if task is None or (task.done() and (task.cancelled() or task.exception() is not None)):
            task = asyncio.create_task(self._connect(name))
            task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
            self._others[name] = task
        return task

    async def _connect(self, name: str) -> ExchangeVenue:
        venue = await _connection(name, self._config, self._clock)
        try:
            await venue.load(())
        except BaseException:
            await venue.close()
            raise
        return venue


async def _connection(name: str, config: ExchangeConfig, clock: Clock) -> ExchangeVenue:
    """A venue that was asked nothing yet. Loading its client takes half a second."""
    per_second = config.requests_per_second.get(name)
    client = await asyncio.to_thread(venue_client, name, config.base_urls.get(name), per_second=per_second)
    return ExchangeVenue(client, clock)


async def connect_first(
    config: ExchangeConfig,
    symbols: tuple[str, ...],
    *,
    venue: str | None,
    deadline_s: float,
    fear_greed: FearGreedIndex,
    feeds: Feeds,
    clock: Clock,
) -> ExchangeMarket:
    """The named venue, or the first of the configured ones that answers and trades all `symbols`. All are
    called at once and chosen from in order; one that has not answered after half of `deadline_s` stands
    behind those that have. Raises NotTraded where a venue answers but lacks a symbol, else Unreachable."""
    started = time.monotonic()
    names = config.venues if venue is None else (venue,)
    venues = [await _connection(name, config, clock) for name in names]
    # Loading ccxt is no fault of the venues: they keep two thirds of the time at least.
    left = max(deadline_s - (time.monotonic() - started), deadline_s * 2 / 3)
    probes = [asyncio.create_task(each.reach()) for each in venues]
    home: ExchangeVenue | None = None
    try:
        async with asyncio.timeout(left):
            home = await _first_usable(venues, probes, symbols, left / 2)
    except TimeoutError:
        raise Unreachable(f"no answer from {', '.join(names)} within {deadline_s:g} s") from None
    finally:
        for probe in probes:
            probe.cancel()
        await asyncio.gather(*probes, return_exceptions=True)
        for each in venues:
            if each is not home:
                with contextlib.suppress(Exception):
                    await each.close()
    return ExchangeMarket(home, symbols, config, fear_greed, feeds, clock)


async def _first_usable(
    venues: list[ExchangeVenue], probes: list[asyncio.Task[None]], symbols: tuple[str, ...], patience_s: float
) -> ExchangeVenue:
    patient_until = time.monotonic() + patience_s
    failures: list[MarketError] = []
    for venue, probe in zip(venues, probes, strict=True):
        try:
            async with asyncio.timeout(max(patient_until - time.monotonic(), 0.05)):
                await asyncio.shield(probe)
            await venue.load(symbols)
            return venue
        except TimeoutError:
            failures.append(MarketError(f"{venue.name} does not answer"))
        except MarketError as error:
            failures.append(error)
    for failure in failures:
        if isinstance(failure, NotTraded):
            raise failure
    raise Unreachable("; ".join(str(failure) for failure in failures))
