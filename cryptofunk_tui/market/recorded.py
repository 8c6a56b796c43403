"""The recorded market: candles from files, whose times are the clock."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import numpy as np

from cryptofunk_tui.domain.base import from_ms
from cryptofunk_tui.domain.candles import PRICE_COLUMNS, Candles
from cryptofunk_tui.domain.market import FearGreed, Headline, Instrument, OrderBook, Quote, timeframe_ms
from cryptofunk_tui.market.bars import aggregate, checked_multiple, window
from cryptofunk_tui.market.files import read_candles
from cryptofunk_tui.market.source import MarketError, checked_count, exact, moment_ms

_MOST_BARS = 1_000_000
_SIGNIFICANT = 7
_FINEST = Decimal("1e-12")
_MIN_NOTIONAL = Decimal(5)


class RecordedMarket:
    """Candles of one or more symbols in one timeframe. Gaps stay gaps."""

    kind = "recorded"
    venue = "recorded"
    has_book = False
    has_venue_quotes = False
    has_news = False

    def __init__(self, recordings: Iterable[Candles], spread: Decimal) -> None:
        """`spread` is the whole distance of bid and ask as a share of the price, since candles tell none."""
        self._candles: dict[str, Candles] = {}
        for candles in recordings:
            if candles.symbol in self._candles:
                raise MarketError(f"{candles.symbol} is recorded twice; give one file a symbol")
            self._candles[candles.symbol] = candles
        if not self._candles:
            raise MarketError("the recorded market has no candles; name a file with --candles")
        timeframes = sorted({candles.timeframe for candles in self._candles.values()}, key=timeframe_ms)
        if len(timeframes) > 1:
            raise MarketError(f"the files mix the timeframes {', '.join(timeframes)}; give files of one")
        self._half_spread = spread / 2
        self._coarser: dict[tuple[str, str], Candles] = {}
        self._instruments: dict[str, Instrument] = {}
        self.symbols = tuple(self._candles)
        self.resolution = timeframes[0]

    @classmethod
    def read(cls, specs: Sequence[str], spread: Decimal) -> "RecordedMarket":
        """From `FILE` or `SYMBOL=FILE` each; see `read_candles`."""
        return cls(read_candles(specs), spread)

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
        checked_count("limit", limit, _MOST_BARS)
        end_ms = moment_ms(until)
        closed = window(self._bars(symbol, timeframe).closed_by(end_ms), limit, since_ms)
        if not forming or timeframe == self.resolution:
            return closed
        finest = self._known(symbol).closed_by(end_ms)
        begin = end_ms - end_ms % timeframe_ms(timeframe)
        last = aggregate(finest.rows(int(np.searchsorted(finest.timestamp_ms, begin))), timeframe)
        return window(closed.followed_by(last), limit, since_ms)

    async def quote(self, symbol: str, at: datetime) -> Quote:
        """The open of the first bar at or after `at`, half the spread below and above it; the last close
        after the end."""
        candles, moment = self._known(symbol), moment_ms(at)
        if moment < int(candles.timestamp_ms[0]):
            begin = from_ms(int(candles.timestamp_ms[0])).isoformat()
            raise MarketError(f"{symbol} is recorded from {begin}; there is no price before it")
        row = int(np.searchsorted(candles.timestamp_ms, moment))
        last = exact(candles.open[row] if row < len(candles) else candles.close[-1])
        step = (await self.instrument(symbol)).price_step
        bid = (last * (1 - self._half_spread)).quantize(step, ROUND_FLOOR)
        ask = (last * (1 + self._half_spread)).quantize(step, ROUND_CEILING)
        return Quote(symbol=symbol, venue=self.venue, bid=bid, ask=ask, last=last, at=at)

    async def order_book(self, symbol: str, depth: int, at: datetime) -> OrderBook:
        raise MarketError("candles record no order book; use the stated spread")

    async def venue_quotes(
        self, symbol: str, venues: tuple[str, ...] | None, at: datetime
    ) -> tuple[Quote, ...]:
        raise MarketError("candles record no other venue's prices")

    async def headlines(self, symbols: tuple[str, ...], hours: float, at: datetime) -> tuple[Headline, ...]:
        return ()

    async def fear_greed(self, at: datetime) -> FearGreed | None:
        return None

    async def instrument(self, symbol: str) -> Instrument:
        """Steps as the recording shows them: all digits of its prices, at least seven of the lowest."""
        if symbol not in self._instruments:
            self._instruments[symbol] = _instrument(self._known(symbol))
        return self._instruments[symbol]

    def span(self) -> tuple[datetime, datetime] | None:
        first = max(int(candles.timestamp_ms[0]) for candles in self._candles.values())
        last = min(int(candles.close_ms[-1]) for candles in self._candles.values())
        if first >= last:
            raise MarketError("the files share no time; give files of the same period")
        return from_ms(first), from_ms(last)

    async def close(self) -> None:
        self._candles.clear()
        self._coarser.clear()

    def _bars(self, symbol: str, timeframe: str) -> Candles:
        finest = self._known(symbol)
        checked_multiple(self.resolution, timeframe)
        if timeframe == self.resolution:
            return finest
        if (symbol, timeframe) not in self._coarser:
            self._coarser[symbol, timeframe] = aggregate(finest, timeframe)
        return self._coarser[symbol, timeframe]

    def _known(self, symbol: str) -> Candles:
        if symbol not in self._candles:
            raise MarketError(f"{symbol} is not recorded; there are {', '.join(self.symbols)}")
        return self._candles[symbol]


def _instrument(candles: Candles) -> Instrument:
    prices = np.concatenate([getattr(candles, name) for name in PRICE_COLUMNS])
    shown = min(int(exact(price).normalize().as_tuple().exponent) for price in np.unique(prices))
    lowest = Decimal(10) ** (exact(prices.min()).adjusted() + 1 - _SIGNIFICANT)
    step = max(min(lowest, Decimal(10) ** shown), _FINEST)
    quantity = Decimal(10) ** (-exact(float(np.median(prices))).adjusted() - 1)
    return Instrument(
        symbol=candles.symbol,
        price_step=step,
        quantity_step=min(quantity, Decimal(1)),
        min_notional=_MIN_NOTIONAL,
    )
