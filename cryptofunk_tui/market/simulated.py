"""The simulated market: invented prices that are a pure function of seed, symbol and time."""

from datetime import datetime
from decimal import Decimal

from cryptofunk_tui.domain.base import from_ms
from cryptofunk_tui.domain.candles import Candles
from cryptofunk_tui.domain.market import FearGreed, Headline, Instrument, OrderBook, Quote, timeframe_ms
from cryptofunk_tui.market import simulated_books, simulated_news
from cryptofunk_tui.market.bars import aggregate, checked_multiple, window
from cryptofunk_tui.market.noise import stream
from cryptofunk_tui.market.simulated_prices import (
    DAY_MS,
    END_DAY,
    EPOCH_DAY,
    MINUTE_MS,
    START_DAY,
    Tape,
    market_walk,
)
from cryptofunk_tui.market.source import MarketError, checked_count, checked_since, known_symbol, moment_ms

SIMULATED_START = from_ms(START_DAY * DAY_MS)
"""The first market time of a run, 2025-01-01; bars before it exist since 2019."""

_HOUR_MS = 3_600_000
_MOST_BARS = 20_000
_MOST_LEVELS = 200
_MOST_NEWS_HOURS = 24 * 30
_MOST_TAPES = 40
_MIN_NOTIONAL = Decimal(5)
_FIRST_MS = EPOCH_DAY * DAY_MS
_LAST_MS = END_DAY * DAY_MS


class SimulatedMarket:
    """Any symbol can be asked for; `symbols` are those that a run trades."""

    kind = "simulated"
    venue = simulated_books.HOME
    resolution = "1m"
    has_book = True
    has_venue_quotes = True
    has_news = True

    def __init__(self, seed: int, symbols: tuple[str, ...]) -> None:
        self.symbols = tuple(known_symbol(symbol) for symbol in symbols)
        self._seed = seed
        self._market = market_walk(seed)
        self._tapes: dict[str, Tape] = {}

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
        """Without a gap; at most 20,000 bars. Bars begin with 2019."""
        tape, now = self._tape(symbol), _moment(until)
        checked_count("limit", limit, _MOST_BARS)
        checked_multiple(self.resolution, timeframe)
        step = timeframe_ms(timeframe)
        end = now - now % step
        begin = end - limit * step
        if since_ms is not None:
            begin = -(-checked_since(since_ms) // step) * step
            end = min(end, begin + limit * step)
        begin = min(max(begin, -(-_FIRST_MS // step) * step), end)
        bars = _closed(tape, timeframe, begin, end)
        if forming and end == now - now % step:
            bars = bars.followed_by(aggregate(tape.minutes(end, now - now % MINUTE_MS), timeframe))
        return window(bars, limit, since_ms)

    async def quote(self, symbol: str, at: datetime) -> Quote:
        return self._venue_quote(symbol, self.venue, _moment(at))

    async def order_book(self, symbol: str, depth: int, at: datetime) -> OrderBook:
        checked_count("depth", depth, _MOST_LEVELS)
        tape, now = self._tape(symbol), _moment(at)
        key = stream(self._seed, symbol, "book")
        return simulated_books.order_book(symbol, key, tape.profile, tape.price(now), depth, now)

    async def venue_quotes(
        self, symbol: str, venues: tuple[str, ...] | None, at: datetime
    ) -> tuple[Quote, ...]:
        unknown = [venue for venue in venues or () if venue not in simulated_books.VENUES]
        if unknown:
            known = ", ".join(simulated_books.VENUES)
            raise MarketError(f"venue {unknown[0]!r} is not simulated; there are {known}")
        now = _moment(at)
        return tuple(self._venue_quote(symbol, venue, now) for venue in venues or simulated_books.VENUES)

    async def headlines(self, symbols: tuple[str, ...], hours: float, at: datetime) -> tuple[Headline, ...]:
        if not 0 < hours <= _MOST_NEWS_HOURS:
            raise MarketError(f"hours is {hours}; it must be above 0 and at most {_MOST_NEWS_HOURS}")
        now = _moment(at)
        begin = max(now - int(hours * _HOUR_MS), _FIRST_MS + DAY_MS)
        found = [
            headline
            for symbol in symbols
            for headline in simulated_news.headlines(
                stream(self._seed, symbol, "news"), symbol, self._tape(symbol).price, begin, now
            )
        ]
        return tuple(sorted(found, key=lambda headline: (headline.at, headline.symbols), reverse=True))

    async def fear_greed(self, at: datetime) -> FearGreed | None:
        return simulated_news.fear_greed(stream(self._seed, "mood"), self._market, _moment(at))

    async def instrument(self, symbol: str) -> Instrument:
        profile = self._tape(symbol).profile
        return Instrument(
            symbol=symbol,
            price_step=Decimal(1).scaleb(-profile.price_decimals),
            quantity_step=Decimal(1).scaleb(-profile.quantity_decimals),
            min_notional=_MIN_NOTIONAL,
        )

    def span(self) -> tuple[datetime, datetime] | None:
        return None

    async def close(self) -> None:
        self._tapes.clear()

    def _tape(self, symbol: str) -> Tape:
        if symbol not in self._tapes:
            tape = Tape(self._seed, known_symbol(symbol), self._market)
            if len(self._tapes) >= _MOST_TAPES:
                self._tapes.pop(next(iter(self._tapes)))
            self._tapes[symbol] = tape
        return self._tapes[symbol]

    def _venue_quote(self, symbol: str, venue: str, now: int) -> Quote:
        tape = self._tape(symbol)
        key = stream(self._seed, symbol, "book")
        return simulated_books.venue_quote(symbol, venue, key, tape.profile, tape.price(now), now)


def _closed(tape: Tape, timeframe: str, begin: int, end: int) -> Candles:
    hourly = timeframe_ms(timeframe) % _HOUR_MS == 0
    return aggregate((tape.hours if hourly else tape.minutes)(begin, end), timeframe)


def _moment(at: datetime) -> int:
    now = moment_ms(at)
    if not _FIRST_MS <= now < _LAST_MS:
        first, last = (from_ms(ms).date().isoformat() for ms in (_FIRST_MS, _LAST_MS))
        raise MarketError(f"the simulated market runs from {first} to {last}; {at.isoformat()} is outside")
    return now
