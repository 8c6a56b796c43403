"""Leads open orders and positions through the paper market: protection first, then what rests, the trails
last. Each stretch of time is booked as one whole, so a crash neither loses nor repeats a part of it."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from cryptofunk_tui.domain.base import from_ms, to_ms
from cryptofunk_tui.domain.market import Quote, split_symbol
from cryptofunk_tui.domain.orders import (
    Liquidity,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Purpose,
    Side,
)
from cryptofunk_tui.domain.portfolio import Position
from cryptofunk_tui.execution.blotter import RESTING, Blotter, Changes
from cryptofunk_tui.execution.fills import (
    Bar,
    Match,
    at_price,
    beyond,
    limit_on_bar,
    stop_price_on_bar,
)
from cryptofunk_tui.execution.paper import PaperVenue
from cryptofunk_tui.execution.protect import Exit, exit_on_bar, trailed
from cryptofunk_tui.execution.venue import Report
from cryptofunk_tui.risk.order_guard import exact
from cryptofunk_tui.storage.journal import Journal

TRIGGERED = "triggered, rests at its limit"
"""Reason of a stop-limit order whose stop was reached beyond its limit."""


class MarketWalk:
    """Fills what the paper venue's market reached. Between two calls the journal remembers everything."""

    def __init__(self, journal: Journal, blotter: Blotter, venue: PaperVenue, price_collar: float) -> None:
        """`price_collar`: how far beyond its stop price, as a fraction, a buy stop may still be filled."""
        self._journal = journal
        self._blotter = blotter
        self._venue = venue
        self._collar = exact(price_collar)
        self._held: dict[str, Position] = {}
        self._resting: dict[str, list[Order]] = {}
        self._moved: set[str] = set()
        self._changes = Changes()

    async def open_symbols(self) -> tuple[str, ...]:
        """Symbols that have a position or a resting order."""
        await self._load()
        return tuple(sorted({*self._held, *self._resting}))

    async def through_bars(self, bars: Sequence[tuple[str, Bar]], until: datetime) -> Changes:
        """Walk bars in their order."""
        async with self._journal.transaction():
            await self._begin()
            for symbol, bar in bars:
                moment = from_ms(bar.close_ms - 1)
                await self._step(symbol, sell=bar, buy=bar, at=moment)
            await self._keep_trails()
            await self._journal.set_processed_until(until)
        return self._changes

    async def at_quotes(self, quotes: Sequence[Quote], at: datetime, *, whole: bool = True) -> Changes:
        """Hold live quotes against stops, targets and resting orders: what is sold meets the bid, what is
        bought the ask. Not `whole` where the bars before them are still to be walked: trails then wait, or
        an earlier low would meet a stop that was raised later."""
        async with self._journal.transaction():
            await self._begin()
            for quote in quotes:
                sell, buy = at_price(quote.bid, to_ms(at)), at_price(quote.ask, to_ms(at))
                await self._step(quote.symbol, sell=sell, buy=buy, at=at, trail=whole)
            await self._keep_trails()
            if whole:
                await self._journal.set_processed_until(at)
        return self._changes

    async def _begin(self) -> None:
        self._changes = Changes()
        self._moved = set()
        await self._load()

    async def _load(self) -> None:
        self._held = {held.symbol: held for held in await self._journal.positions()}
        self._resting = {}
        for order in reversed(await self._journal.orders(RESTING)):
            self._resting.setdefault(order.symbol, []).append(order)

    async def _step(self, symbol: str, *, sell: Bar, buy: Bar, at: datetime, trail: bool = True) -> None:
        await self._protect(symbol, sell, at)
        held_before = symbol in self._held
        low = sell.high
        for order in self._resting.get(symbol, ()):
            bar = (buy if order.side is Side.BUY else sell).seen_from(to_ms(order.created_at))
            if bar is not None and await self._match(order.client_order_id, bar, at):
                low = min(low, bar.low)
        entered = self._held.get(symbol)
        if entered and not held_before and entered.stop is not None and low <= entered.stop:
            # Bought within this bar, which also reached the stop: the worse order of the two is assumed.
            await self._exit(entered, Exit(Purpose.STOP, entered.stop), at)
        if trail:
            self._trail(symbol, sell)

    async def _protect(self, symbol: str, bar: Bar, at: datetime) -> None:
        held = self._held.get(symbol)
        seen = bar.seen_from(to_ms(held.opened_at)) if held else None
        if held and seen and (found := exit_on_bar(held, seen)):
            await self._exit(held, found, at)

    async def _exit(self, held: Position, found: Exit, at: datetime) -> None:
        """Sell all at the price that the protection was met at. Offers of the same coins are taken back."""
        await self._keep_trails()
        offers = await self._blotter.withdraw_offers(
            held.symbol, self._venue, f"the position is closed by its {found.purpose.lower()}", at
        )
        for each in offers:
            self._changes.add(each)
        is_target = found.purpose is Purpose.TARGET
        request = await self._blotter.exit_request(
            held,
            found.purpose,
            type=OrderType.LIMIT if is_target else OrderType.STOP,
            limit_price=held.target if is_target else None,
            stop_price=None if is_target else held.stop,
        )
        await self._blotter.intend(request, at, reason=f"{found.purpose.lower()} reached")
        match = Match(found.price, held.quantity, Liquidity.TAKER)
        await self._fill(request, 0, match, OrderStatus.FILLED, at)

    async def _match(self, name: str, bar: Bar, at: datetime) -> bool:
        """Fill a resting order as far as a bar reaches it; whether it did."""
        order = await self._journal.order(name)
        if order is None or order.status not in RESTING:
            return False
        await self._keep_trails()
        match = await self._reached(order, bar, at)
        if match is None:
            return False
        if not await self._affordable(order, match):
            await self._change(order, OrderStatus.CANCELED, "not enough cash is left to fill it", at)
            return False
        request = await self._journal.request(name)
        assert request is not None
        filled = order.filled + match.quantity == order.quantity
        status = OrderStatus.FILLED if filled else OrderStatus.PARTIAL
        await self._fill(request, len(order.fills), match, status, at)
        return True

    async def _reached(self, order: Order, bar: Bar, at: datetime) -> Match | None:
        """What of a resting order fills in a bar. A stop order whose stop is reached fills at once, as a
        taker; beyond its limit it rests from then on, beyond the collar it is canceled."""
        rest = order.rest
        if order.stop_price is None or order.reason == TRIGGERED:
            assert order.limit_price is not None
            return limit_on_bar(order.side, order.limit_price, rest, bar)
        price = stop_price_on_bar(order.side, order.stop_price, bar)
        if price is None:
            return None
        if beyond(order.side, price, order.limit_price):
            await self._change(order, OrderStatus.OPEN, TRIGGERED, at)
            return None
        if order.side is Side.BUY and price > order.stop_price * (1 + self._collar):
            reason = f"the market jumped to {price}, beyond the collar of its stop price"
            await self._change(order, OrderStatus.CANCELED, reason, at)
            return None
        return Match(price, rest, Liquidity.TAKER)

    async def _affordable(self, order: Order, match: Match) -> bool:
        if order.side is Side.SELL:
            return True
        cash = (await self._journal.balances()).get(split_symbol(order.symbol)[1], Decimal(0))
        fill = self._venue.fill(order, match, len(order.fills), order.created_at)
        return match.price * match.quantity + fill.fee <= cash

    async def _fill(
        self, request: OrderRequest, number: int, match: Match, status: OrderStatus, at: datetime
    ) -> None:
        fill = self._venue.fill(request, match, number, at)
        self._changes.add(await self._blotter.book(request, Report(status, (fill,)), at))
        await self._load()

    async def _change(self, order: Order, status: OrderStatus, reason: str, at: datetime) -> None:
        await self._journal.set_status(order.client_order_id, status, reason, at)
        self._changes.orders[order.client_order_id] = None
        await self._load()

    def _trail(self, symbol: str, bar: Bar) -> None:
        held = self._held.get(symbol)
        seen = bar.seen_from(to_ms(held.opened_at)) if held else None
        if held is None or seen is None:
            return
        raised = trailed(held, seen.high)
        if raised is not held:
            self._held[symbol] = raised
            self._moved.add(symbol)

    async def _keep_trails(self) -> None:
        """Write down how far the trails have come; before anything is read anew."""
        for symbol in sorted(self._moved):
            if held := self._held.get(symbol):
                await self._journal.move_stop(symbol, held.stop, held.high)
        self._moved.clear()
