"""Keeps the account in step with the market: missed bars, live quotes, marks, and the report of it all."""

from dataclasses import dataclass, field
from datetime import datetime

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.market import Quote
from cryptofunk_tui.domain.orders import Fill, Order, Side
from cryptofunk_tui.domain.portfolio import Mark, Portfolio
from cryptofunk_tui.execution.blotter import RESTING, Blotter
from cryptofunk_tui.execution.grants import fresh
from cryptofunk_tui.execution.kill import Gate
from cryptofunk_tui.execution.paper import PaperVenue
from cryptofunk_tui.execution.reconcile import reconcile
from cryptofunk_tui.execution.venue import OrderRefused
from cryptofunk_tui.execution.walk import Changes, MarketWalk
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.storage.journal import AccountRow, Journal


@dataclass(frozen=True, slots=True)
class Progress:
    """What the market did to the account since the last report. `problems` say which symbols had no usable
    price and why."""

    market_time: datetime
    fills: tuple[Fill, ...]
    orders: tuple[Order, ...]
    portfolio: Portfolio
    problems: tuple[str, ...]


@dataclass(slots=True)
class _Prices:
    quotes: list[Quote] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Follower:
    """Leads open orders and positions to the time of now. To be called by one task at a time, except for
    `withdraw`, which waits for nobody."""

    def __init__(
        self,
        journal: Journal,
        blotter: Blotter,
        venue: PaperVenue,
        walk: MarketWalk,
        gate: Gate,
        quote_age_s: float,
        clock: Clock,
    ) -> None:
        """`clock` is wall time, which a live market is followed by."""
        self._journal = journal
        self._blotter = blotter
        self._venue = venue
        self._walk = walk
        self._gate = gate
        self._quote_age_s = quote_age_s
        self._clock = clock
        self._news = Changes()

    async def now(self) -> datetime:
        """Market time: the journal's, live the clock's; never before what was followed already."""
        return self._time_of(await self._account())

    async def report(self) -> Progress:
        """Follow the market to now, value the account, and tell all that changed since the last report."""
        now, problems = await self.follow()
        prices = await self._prices([held.symbol for held in await self._journal.positions()], now)
        marks = tuple(Mark(symbol=quote.symbol, price=quote.bid, at=quote.at) for quote in prices.quotes)
        portfolio = await self._journal.mark(marks, now)
        news, self._news = self._news, Changes()
        orders = [await self._journal.order(name) for name in news.orders]
        return Progress(
            market_time=now,
            fills=tuple(news.fills),
            orders=tuple(order for order in orders if order is not None),
            portfolio=portfolio,
            problems=tuple(dict.fromkeys(problems + prices.problems)),
        )

    async def follow(self) -> tuple[datetime, list[str]]:
        """Settle what is unclear, take entries back where they are stopped, replay missed bars, meet the live
        quotes; nothing but taking back where trading is killed. Where a live venue's bars cannot be had, its
        quotes still protect, and the bars stay to be replayed. Returns market time and the prices'
        problems."""
        if await self.settle():
            return await self.now(), []
        missed = []
        try:
            now = await self.catch_up()
        except MarketError as error:
            if not self._venue.is_live:
                raise
            now, missed = await self.now(), [str(error)]
        if not self._venue.is_live:
            return now, []
        prices = await self._prices(await self._walk.open_symbols(), now)
        if prices.quotes and await self._gate.killed() is None:
            self._tell(await self._walk.at_quotes(prices.quotes, now, whole=not missed))
        return now, missed + prices.problems

    async def settle(self) -> bool:
        """Ask for what is unclear; take everything back where trading is killed, and say whether it is."""
        self._tell(Changes(await reconcile(self._journal, self._blotter, self._venue, await self.now())))
        killed = await self._gate.killed()
        if killed is not None:
            await self.withdraw(killed)
        return killed is not None

    async def catch_up(self) -> datetime:
        """Replay the bars since the market was last followed, and return the time of now. Stops short when
        trading is killed; where entries are stopped, none is left to be filled by those bars."""
        if (stopped := await self._gate.entries_stopped()) is not None:
            await self.withdraw(stopped, entries_only=True)
        account = await self._account()
        now, since = self._time_of(account), account.processed_until
        while since is not None and since < now:
            symbols = await self._walk.open_symbols()
            if not symbols:
                break
            end = await self._venue.window_end(since, now)
            bars = await self._venue.bars(symbols, since, end)
            if await self._gate.killed() is not None:
                return now
            self._tell(await self._walk.through_bars(bars, end))
            since = end
        if since != now:
            await self._journal.set_processed_until(now)
        return now

    async def is_idle(self) -> bool:
        """Whether there is nothing to follow: no position, no resting order."""
        return not await self._walk.open_symbols()

    async def withdraw(self, reason: str, entries_only: bool = False) -> None:
        """Take all resting orders back, or those that buy."""
        for order in await self._journal.orders(RESTING):
            if order.side is Side.BUY or not entries_only:
                at = max(order.updated_at, (await self._account()).market_time or self._clock.now())
                await self._blotter.withdraw(order, self._venue, reason, at)
                self._tell(Changes({order.client_order_id: None}))

    def _tell(self, changes: Changes) -> None:
        self._news.orders.update(changes.orders)
        self._news.fills.extend(changes.fills)

    async def _prices(self, symbols: list[str] | tuple[str, ...], now: datetime) -> _Prices:
        """A quote for each symbol that has one; why not for the others."""
        found = _Prices()
        for symbol in symbols:
            try:
                quote = await self._venue.quote(symbol, now)
                fresh(quote, now, self._quote_age_s)
                found.quotes.append(quote)
            except (MarketError, OrderRefused) as error:
                found.problems.append(str(error))
        return found

    def _time_of(self, account: AccountRow) -> datetime:
        if self._venue.is_live:
            now = self._clock.now()
            return max(now, account.processed_until or now)
        if account.market_time is None:
            raise OrderRefused("the market has no time yet; the engine sets it with its first decision")
        return account.market_time

    async def _account(self) -> AccountRow:
        account = await self._journal.account()
        if account is None:
            raise OrderRefused("no account is open in this state directory; start the engine first")
        return account
