"""One venue over ccxt: its answers checked, its failures in one line, and no address in any of them."""

from collections.abc import Awaitable
from decimal import Decimal
from typing import Any, TypeVar

from pydantic import ValidationError

from cryptofunk_tui.domain.base import Clock, from_ms, to_ms
from cryptofunk_tui.domain.candles import COLUMNS, Candles
from cryptofunk_tui.domain.market import Instrument, Level, OrderBook, Quote
from cryptofunk_tui.market.source import MarketError, bar_ms, checked_count, checked_since, exact
from cryptofunk_tui.market.venue_clients import REQUEST_TIMEOUT_S, ccxt_errors, listing_request

T = TypeVar("T")

_PAGE_BARS = 1000
_MOST_BARS = 10_000
_MOST_LEVELS = 200
_BOOK_SIZES = (20, 100, _MOST_LEVELS)
_FINEST = Decimal("1e-8")
_TICK_SIZE = 4
"""ccxt's precisionMode for precisions that are steps; in its other modes they are digits."""


class NotTraded(MarketError):
    """The venue answers, but does not list the symbol."""


class ExchangeVenue:
    """Public data of one venue, as it is now by the venue's own clock."""

    def __init__(self, client: Any, clock: Clock) -> None:
        self.name = str(client.id)
        self._client = client
        self._clock = clock

    async def reach(self) -> None:
        """Ask for the time: the cheapest proof that somebody answers."""
        if self._client.has.get("fetchTime"):
            await self._ask(self._client.fetch_time())

    async def load(self, symbols: tuple[str, ...]) -> None:
        """Learn what is traded here. Raises NotTraded for the first of `symbols` that is not."""
        try:
            await self._ask(self._client.load_markets(False, listing_request(self.name, symbols)))
        except NotTraded:
            await self._ask(self._client.load_markets(True))
        if not self._client.apiKey:  # orders need what the venue says of a market; prices do not
            for market in self._client.markets.values():
                market["info"] = {}
        for symbol in symbols:
            self._check_listed(symbol)

    def now_ms(self) -> int:
        """The venue's time: ours, corrected by the difference that the client measured."""
        return to_ms(self._clock.now()) - int(self._client.options.get("timeDifference") or 0)

    async def candles(
        self, symbol: str, timeframe: str, limit: int, since_ms: int | None, forming: bool
    ) -> Candles:
        """Closed bars, over as many requests as the venue's own limit makes necessary; at most 10,000. A
        bar that cannot be true is refused with its row, never dropped."""
        self._check_listed(symbol)
        checked_count("limit", limit, _MOST_BARS)
        step = bar_ms(timeframe)
        if timeframe not in (self._client.timeframes or {}):
            known = ", ".join(self._client.timeframes or ())
            raise MarketError(f"{self.name} has no {timeframe} bars; it has {known}")
        now = self.now_ms()
        end = now - now % step + (step if forming else 0)
        begin = end - limit * step
        if since_ms is not None:
            begin = -(-checked_since(since_ms) // step) * step
            end = min(end, begin + limit * step)
        rows = await self._pages(symbol, timeframe, max(begin, 0), end, step)
        if not rows and since_ms is None:
            raise MarketError(f"{self.name} gave no {timeframe} bars of {symbol}; try again later")
        try:
            columns = {name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)}
            return Candles.from_columns(symbol, timeframe, columns)
        except (ValueError, TypeError, LookupError) as error:
            raise MarketError(f"{self.name}: {symbol} {timeframe} bars are refused: {error}") from None

    async def quote(self, symbol: str) -> Quote:
        """Best prices from the ticker, from the book where the ticker tells none."""
        self._check_listed(symbol)
        ticker = await self._ask(self._client.fetch_ticker(symbol))
        bid, ask, last, stamp = (ticker.get(name) for name in ("bid", "ask", "last", "timestamp"))
        if not bid or not ask:
            book = await self.order_book(symbol, 1)
            if not book.bids or not book.asks:
                raise MarketError(f"{self.name}: {symbol} lacks a bid or an ask; try again later")
            bid, ask, stamp = book.bids[0].price, book.asks[0].price, to_ms(book.at)
        return self._record(
            Quote,
            symbol,
            bid=_decimal(bid),
            ask=_decimal(ask),
            last=_decimal(last or (_decimal(bid) + _decimal(ask)) / 2),
            at=from_ms(int(stamp or self.now_ms())),
        )

    async def order_book(self, symbol: str, depth: int) -> OrderBook:
        """At most `depth` (1 to 200) levels a side."""
        self._check_listed(symbol)
        checked_count("depth", depth, _MOST_LEVELS)
        size = next(size for size in _BOOK_SIZES if size >= depth)
        book = await self._ask(self._client.fetch_order_book(symbol, size))
        sides = {
            name: tuple(
                self._record(Level, None, price=_decimal(row[0]), quantity=_decimal(row[1]))
                for row in book[name][:depth]
            )
            for name in ("bids", "asks")
        }
        if not sides["bids"] and not sides["asks"]:
            raise MarketError(f"{self.name}: the book of {symbol} is empty; try again later")
        if sides["bids"] and sides["asks"] and sides["bids"][0].price >= sides["asks"][0].price:
            raise MarketError(f"{self.name}: the book of {symbol} is crossed; it is refused")
        return self._record(
            OrderBook, symbol, at=from_ms(int(book.get("timestamp") or self.now_ms())), **sides
        )

    def instrument(self, symbol: str) -> Instrument:
        """Steps and least notional; 1e-8 and 0 where the venue tells none."""
        self._check_listed(symbol)
        market = self._client.markets[symbol]
        cost = (market["limits"].get("cost") or {}).get("min")
        return Instrument(
            symbol=symbol,
            price_step=self._step(market["precision"].get("price")),
            quantity_step=self._step(market["precision"].get("amount")),
            min_notional=_decimal(cost or 0),
        )

    async def close(self) -> None:
        await self._client.close()

    async def _pages(self, symbol: str, timeframe: str, begin: int, end: int, step: int) -> list[list[Any]]:
        rows: list[list[Any]] = []
        cursor = begin
        while cursor < end:
            count = min((end - cursor) // step, _PAGE_BARS)
            page = await self._ask(
                self._client.fetch_ohlcv(symbol, timeframe, since=cursor, limit=count), list
            )
            if not all(isinstance(row, list) and len(row) == len(COLUMNS) and row[0] for row in page):
                raise self._nonsense()
            fresh = [row for row in page if cursor <= row[0] < end]
            rows += fresh
            cursor = fresh[-1][0] + step if fresh else cursor + count * step
        return rows

    def _step(self, precision: float | int | None) -> Decimal:
        if not precision:
            return _FINEST
        if self._client.precisionMode == _TICK_SIZE:
            return _decimal(precision)
        return Decimal(1).scaleb(-int(precision))

    def _check_listed(self, symbol: str) -> None:
        if symbol not in (self._client.markets or {}):
            raise NotTraded(f"{symbol} is not traded on {self.name}; name another symbol or venue")

    def _record(self, kind: type[T], symbol: str | None, **fields: Any) -> T:
        place = {} if symbol is None else {"symbol": symbol, "venue": self.name}
        try:
            return kind(**place, **fields)
        except ValidationError as error:
            reason = error.errors()[0]["msg"].removeprefix("Value error, ")
            raise MarketError(f"{self.name}: its answer is refused: {reason}") from None

    async def _ask(self, question: Awaitable[Any], kind: type = object) -> Any:
        errors = ccxt_errors()
        try:
            answer = await question
        except errors.BadSymbol:
            raise NotTraded(f"{self.name} does not know the symbol; name another symbol or venue") from None
        except (errors.DDoSProtection, errors.RateLimitExceeded):
            raise MarketError(f"{self.name} refuses: too many requests; wait a minute") from None
        except errors.RequestTimeout:
            raise MarketError(f"{self.name} did not answer within {REQUEST_TIMEOUT_S:.0f} s") from None
        except errors.ExchangeNotAvailable:
            raise MarketError(
                f"{self.name} cannot be reached; check the network or name another venue"
            ) from None
        except (errors.BadResponse, errors.NullResponse):
            raise self._nonsense() from None
        except errors.BaseError as error:
            raise MarketError(f"{self.name} answered with an error ({type(error).__name__})") from None
        except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError):
            raise self._nonsense() from None
        if not isinstance(answer, kind):
            raise self._nonsense()
        return answer

    def _nonsense(self) -> MarketError:
        return MarketError(f"{self.name} answered with something that is no market data")


def _decimal(number: Any) -> Decimal:
    return number if isinstance(number, Decimal) else exact(number)
