"""The paper venue: fills orders from a market source's prices, and charges what a venue would."""

from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from decimal import Decimal

from cryptofunk_tui.domain.base import from_ms, to_ms
from cryptofunk_tui.domain.market import Instrument, Quote, split_symbol, timeframe_ms
from cryptofunk_tui.domain.orders import Fill, Order, OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from cryptofunk_tui.domain.rules import CostRules
from cryptofunk_tui.execution.fills import Bar, Match, against_book, against_quote, bars, fee, total
from cryptofunk_tui.execution.venue import Report
from cryptofunk_tui.market.source import MarketSource

BOOK_DEPTH = 50
WINDOW_BARS = 500
"""Most bars a symbol that are followed in one transaction."""


class PaperVenue:
    """Keeps no state of its own: what rests is in the journal, what it is worth in the source. Market
    orders walk the source's book, or pay the stated spread where it has none."""

    def __init__(
        self, market: Callable[[], Awaitable[MarketSource]], costs: CostRules, *, is_live: bool
    ) -> None:
        """`market` gives the source, opened when first needed: an order can be taken back without it."""
        self._market = market
        self._costs = costs
        self._is_live = is_live

    @property
    def is_live(self) -> bool:
        return self._is_live

    @property
    def is_remote(self) -> bool:
        return False

    async def instrument(self, symbol: str) -> Instrument:
        return await (await self._market()).instrument(symbol)

    async def quote(self, symbol: str, at: datetime) -> Quote:
        return await (await self._market()).quote(symbol, at)

    async def submit(self, request: OrderRequest, at: datetime, worst: Decimal | None) -> Report:
        if request.type is OrderType.STOP:
            return await self._submit_stop(request, at, worst)
        if request.type is OrderType.LIMIT:
            return await self._submit_limit(request, at)
        return await self._take(request, at, worst)

    async def cancel(self, order: Order) -> Report:
        return Report(OrderStatus.CANCELED)

    async def find(self, order: Order) -> Report:
        """Fills are booked with their status in one transaction, so an order without an answer has none."""
        return Report(OrderStatus.REJECTED, reason="never reached the venue")

    def fill(self, order: Order | OrderRequest, match: Match, number: int, at: datetime) -> Fill:
        """The `number`-th fill of an order, counted from 0; the number makes its id."""
        return Fill(
            fill_id=f"{order.client_order_id}-{number}",
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            side=order.side,
            price=match.price,
            quantity=match.quantity,
            fee=fee(match.price, match.quantity, match.liquidity, self._costs),
            fee_asset=split_symbol(order.symbol)[1],
            liquidity=match.liquidity,
            at=at,
        )

    async def window_end(self, since: datetime, until: datetime) -> datetime:
        """How far the market may be followed in one transaction."""
        bar_ms = timeframe_ms((await self._market()).resolution)
        return min(from_ms((to_ms(since) // bar_ms + WINDOW_BARS) * bar_ms), until)

    async def bars(self, symbols: Iterable[str], since: datetime, until: datetime) -> list[tuple[str, Bar]]:
        """The finest bars that closed after `since` and by `until`, in order of time, then symbol. Of a bar
        that `since` cuts, only the close counts."""
        market = await self._market()
        bar_ms = timeframe_ms(market.resolution)
        since_ms, until_ms = to_ms(since), to_ms(until)
        found: list[tuple[str, Bar]] = []
        for symbol in symbols:
            candles = await market.candles(
                symbol,
                market.resolution,
                until=until,
                limit=WINDOW_BARS + 1,
                since_ms=since_ms - since_ms % bar_ms,
            )
            known = (bar.seen_from(since_ms) for bar in bars(candles) if bar.close_ms <= until_ms)
            found += [(symbol, bar) for bar in known if bar is not None]
        return sorted(found, key=lambda each: (each[1].open_ms, each[0]))

    async def _take(self, request: OrderRequest, at: datetime, worst: Decimal | None) -> Report:
        """Fill at once what the market offers; the rest is canceled with the reason."""
        matches = await self._matches(request, at, worst)
        status, reason = OrderStatus.FILLED, ""
        if (filled := total(matches)) < request.quantity:
            status = OrderStatus.CANCELED
            reason = f"{filled} of {request.quantity} found a price; the rest is canceled: {_why(worst)}"
        return Report(status, self._fills(request, matches, at), reason)

    async def _submit_limit(self, request: OrderRequest, at: datetime) -> Report:
        assert request.limit_price is not None
        matches = await self._matches(request, at, request.limit_price)
        if matches and request.post_only:
            return Report(OrderStatus.REJECTED, reason="post-only: it would have been filled at once")
        filled = total(matches)
        fills = self._fills(request, matches, at)
        if filled == request.quantity:
            return Report(OrderStatus.FILLED, fills)
        if request.time_in_force is TimeInForce.IOC:
            reason = f"{filled} of {request.quantity} filled at once; the rest is canceled, as IOC asks"
            return Report(OrderStatus.CANCELED, fills, reason)
        return Report(OrderStatus.PARTIAL if filled else OrderStatus.OPEN, fills)

    async def _submit_stop(self, request: OrderRequest, at: datetime, worst: Decimal | None) -> Report:
        """Rests until the market reaches its stop price; where it is there already, it is sent at once."""
        assert request.stop_price is not None
        quote = await self.quote(request.symbol, at)
        reached = (
            quote.ask >= request.stop_price if request.side is Side.BUY else quote.bid <= request.stop_price
        )
        if not reached:
            return Report(OrderStatus.OPEN)
        if request.limit_price is not None:
            return await self._submit_limit(request, at)
        return await self._take(request, at, worst)

    async def _matches(self, request: OrderRequest, at: datetime, worst: Decimal | None) -> tuple[Match, ...]:
        market = await self._market()
        if market.has_book:
            book = await market.order_book(request.symbol, BOOK_DEPTH, at)
            return against_book(request.side, request.quantity, book, worst)
        quote = await self.quote(request.symbol, at)
        return against_quote(request.side, request.quantity, quote, worst)

    def _fills(self, request: OrderRequest, matches: Iterable[Match], at: datetime) -> tuple[Fill, ...]:
        return tuple(self.fill(request, match, number, at) for number, match in enumerate(matches))


def _why(worst: Decimal | None) -> str:
    return "the book is too thin" if worst is None else f"the book holds no more up to {worst}"
