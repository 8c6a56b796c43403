"""Keeps the account in step with its market: what both kinds of venue share, and the report of it all."""

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.market import Quote
from cryptofunk_tui.domain.orders import Fill, Order, Side
from cryptofunk_tui.domain.portfolio import Mark, Portfolio
from cryptofunk_tui.domain.rules import Rules
from cryptofunk_tui.domain.venue_state import VenueState
from cryptofunk_tui.execution.blotter import RESTING, Blotter, Changes
from cryptofunk_tui.execution.grants import fresh
from cryptofunk_tui.execution.kill import Gate
from cryptofunk_tui.execution.kill_watch import Withdrawn
from cryptofunk_tui.execution.reconcile import settle_unclear
from cryptofunk_tui.execution.venue import OrderRefused, Unclear, Venue
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.storage.journal import AccountRow, Journal
from cryptofunk_tui.storage.venue_state import keep_venue_state

_MINUTE = timedelta(minutes=1)
_KEEP_STATE = timedelta(seconds=5)
AT_ONCE = 8
"""Orders that are taken back at the same time."""


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
class Prices:
    """A quote for each symbol that has one, and why not for the others."""

    quotes: list[Quote] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


class Follower(ABC):
    """Leads open orders and positions to the time of now. To be called by one task at a time, except for
    `withdraw`, which waits for nobody."""

    def __init__(
        self, journal: Journal, blotter: Blotter, venue: Venue, gate: Gate, rules: Rules, clock: Clock
    ) -> None:
        """`clock` is wall time, which a live market is followed by."""
        self._journal = journal
        self._blotter = blotter
        self._venue = venue
        self._gate = gate
        self._rules = rules
        self._clock = clock
        self._news = Changes()
        self._errors: deque[datetime] = deque(maxlen=1000)
        self._crossed: tuple[str, ...] = ()
        self._kept: VenueState | None = None

    async def follow(self) -> tuple[datetime, list[str]]:
        """Settle what is unclear and follow the market; nothing but taking back where trading is killed.
        Returns market time and the prices' problems."""
        now, problems = await self._follow()
        await self._tell_state(now)
        return now, problems

    @abstractmethod
    async def _follow(self) -> tuple[datetime, list[str]]:
        """What following means on paper, and at a real venue."""

    @abstractmethod
    async def catch_up(self) -> datetime:
        """Book all that happened before a new order is looked at; the time of now."""

    @abstractmethod
    async def is_idle(self) -> bool:
        """Whether there is nothing to follow."""

    async def release(self, symbol: str, now: datetime) -> None:
        """Before a sale that a vote or a person asked for: take back what protects the symbol at the venue,
        which would not sell the same coins twice. Raises OrderRefused where that fails. On paper there is
        nothing to do."""
        return

    async def guard(self, symbol: str, now: datetime) -> None:
        """After an order of a symbol: see to its protection at once. On paper the fill has armed it."""
        return

    def nudge(self, *, reconnected: bool = False) -> None:
        """The venue's user stream spoke, or came back: look at the orders, or at the whole account, the next
        time. On paper there is none."""
        return

    def no_entries(self) -> str | None:
        """Why the venue's state lets no entry leave; None where it does."""
        return None

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

    async def settle(self) -> bool:
        """Ask for what is unclear, and say whether trading is killed. On paper everything is then taken back
        at once; at a real venue the watch on the kill does that, and reports it."""
        self._tell(await self._settle_unclear(await self.now()))
        killed = await self._gate.killed()
        if killed is not None and not self._venue.is_remote:
            await self.withdraw(killed)
        return killed is not None

    async def _settle_unclear(self, now: datetime) -> Changes:
        grace_s = self._rules.venue.absence_grace_s
        return await settle_unclear(self._journal, self._blotter, self._venue, now, grace_s)

    async def withdraw(self, reason: str, entries_only: bool = False) -> Withdrawn:
        """Take all resting orders back, or those that buy; several at once, and each whatever becomes of the
        others."""
        left: dict[str, str] = {}
        places = asyncio.Semaphore(AT_ONCE)

        async def take_back(order: Order) -> None:
            async with places:
                try:
                    at = max(order.updated_at, (await self._account()).market_time or self._clock.now())
                    after = await self._blotter.withdraw(order, self._venue, reason, at)
                except (Unclear, MarketError) as error:
                    left[order.client_order_id] = str(error)
                    return
                self._news.add(after)
                if not after.order.status.is_terminal:
                    left[order.client_order_id] = "the venue still has it"

        resting = await self._journal.orders(RESTING)
        wanted = [order for order in resting if order.side is Side.BUY or not entries_only]
        await asyncio.gather(*(take_back(order) for order in wanted))
        return Withdrawn(len(wanted) - len(left), left)

    def _tell(self, changes: Changes) -> None:
        self._news.orders.update(changes.orders)
        self._news.fills.extend(changes.fills)

    async def _prices(self, symbols: Iterable[str], now: datetime) -> Prices:
        found = Prices()
        for symbol in symbols:
            try:
                quote = await self._venue.quote(symbol, now)
                fresh(quote, now, self._rules.limits.quote_age_s)
                found.quotes.append(quote)
            except (MarketError, OrderRefused) as error:
                found.problems.append(str(error))
                self._errors.append(now)
        self._crossed = tuple(problem for problem in found.problems if "crossed" in problem)
        return found

    async def _tell_state(self, now: datetime) -> None:
        """For the risk officer and the screen, of a live market: when it changes, and now and then."""
        if not self._venue.is_live:
            return
        state = await self._state(now)
        before = self._kept
        if before is not None and now - before.at < _KEEP_STATE:
            same = state.model_copy(update={"at": before.at, "reconciled_at": before.reconciled_at})
            if same == before:
                return
        await keep_venue_state(self._journal, state)
        self._kept = state

    async def _state(self, now: datetime) -> VenueState:
        return VenueState(
            account=(await self._account()).account,
            at=now,
            errors_last_minute=sum(1 for each in self._errors if now - each < _MINUTE),
            crossed="; ".join(self._crossed),
        )

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
