"""An account at a real venue: what happened there is booked, what is held stays protected, and whatever
cannot be told stops entries."""

from datetime import datetime, timedelta

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.orders import OrderStatus
from cryptofunk_tui.domain.rules import Rules
from cryptofunk_tui.domain.venue_state import VenueState
from cryptofunk_tui.execution.account_check import AccountCheck
from cryptofunk_tui.execution.blotter import RESTING, STOPS, Blotter, Changes
from cryptofunk_tui.execution.dead_man import DeadMan
from cryptofunk_tui.execution.follow import Follower
from cryptofunk_tui.execution.guardian import Guardian
from cryptofunk_tui.execution.kill import Gate
from cryptofunk_tui.execution.reconcile import UNCLEAR, settle_unclear
from cryptofunk_tui.execution.sender import Sender
from cryptofunk_tui.execution.venue import LiveVenue, OrderRefused, Unclear
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.storage.journal import AccountRow, Journal


class LiveFollower(Follower):
    """Follows by asking; the user stream only brings the next question forward. All times are wall time."""

    def __init__(
        self,
        journal: Journal,
        blotter: Blotter,
        venue: LiveVenue,
        gate: Gate,
        rules: Rules,
        clock: Clock,
        account: AccountRow,
        sender: Sender,
    ) -> None:
        super().__init__(journal, blotter, venue, gate, rules, clock)
        self._live = venue
        self._check = AccountCheck(journal, blotter, venue, account, rules.venue.absence_grace_s)
        self._guardian = Guardian(journal, blotter, venue, sender, rules.venue)
        self._dead_man = DeadMan(venue)
        self._looked_at: datetime | None = None
        self._checked_at: datetime | None = None
        self._was_away = False
        self._offset_s: float | None = None

    async def _follow(self) -> tuple[datetime, list[str]]:
        """A comparison that fails keeps no position from its protection."""
        now = await self.now()
        problems: list[str] = []
        if not await self.settle():
            for step in (self._compare, self._protect):
                try:
                    problems += await step(now)
                except (MarketError, Unclear) as error:
                    self._fail(now)
                    problems.append(str(error))
        return now, problems

    async def catch_up(self) -> datetime:
        """The venue fills without us: only entries are taken back where they are stopped. The first order of
        a process waits for the first comparison."""
        if self._checked_at is None:
            await self.follow()
        if (stopped := await self._gate.entries_stopped()) is not None:
            await self.withdraw(stopped, entries_only=True)
        return await self.now()

    async def is_idle(self) -> bool:
        """Never: the account itself is watched."""
        return False

    def no_entries(self) -> str | None:
        if self._check.problem is not None:
            return f"no entries: {self._check.problem}"
        agreed = self._check.agreed_at
        if agreed is None or (self._clock.now() - agreed).total_seconds() > 3 * self._rules.venue.reconcile_s:
            return "no entries: the account was not compared with the venue lately"
        limit_s = self._rules.breakers.clock_skew_s
        if self._offset_s is None or abs(self._offset_s) > limit_s:
            return f"no entries: the clock is {self._offset_s} s off the venue's; {limit_s:g} s are allowed"
        return None

    async def release(self, symbol: str, now: datetime) -> None:
        await self._guardian.release(symbol, now)

    async def guard(self, symbol: str, now: datetime) -> None:
        if await self._gate.killed() is None:
            await self._guardian.guard(symbol, now)

    def nudge(self, *, reconnected: bool = False) -> None:
        self._looked_at = None
        if reconnected:
            self._checked_at = None

    async def _settle_unclear(self, now: datetime) -> Changes:
        grace_s = self._rules.venue.absence_grace_s
        return await settle_unclear(
            self._journal, self._blotter, self._venue, now, grace_s, self._check.testifies
        )

    async def _compare(self, now: datetime) -> list[str]:
        """The whole account at the start, after a failure and every minute; the open orders in between.
        Returns what stands in the way of entries."""
        rules = self._rules.venue
        if self._was_away or _is_due(self._checked_at, now, rules.reconcile_s):
            self._offset_s = await self._live.clock_offset_s()
            self._tell(await self._check.run(self._live.symbols, now))
            self._checked_at = self._looked_at = now
            self._was_away = self._check.agreed_at != now and self._check.problem is not None
            if self._was_away:
                self._fail(now)
        elif _is_due(self._looked_at, now, rules.poll_s):
            self._tell(await self._check.look(now))
            self._looked_at = now
        return [self._check.problem] if self._check.problem else []

    async def _protect(self, now: datetime) -> list[str]:
        """Every position against its quote and with its stop; no stop without its position."""
        held = [position.symbol for position in await self._journal.positions()]
        prices = await self._prices(held, now)
        for quote in prices.quotes:
            try:
                await self._guardian.meet(quote, now)
            except (OrderRefused, MarketError) as error:
                prices.problems.append(str(error))
        self._guardian.forget_all_but(held)
        for symbol in held:
            await self._guardian.guard(symbol, now)
        for order in await self._journal.orders(RESTING):
            if order.purpose in STOPS and order.symbol not in held:
                self._news.add(
                    await self._blotter.withdraw(order, self._venue, "nothing is left to protect", now)
                )
        await self._dead_man.keep(await self._journal.orders(RESTING))
        return prices.problems

    def _fail(self, now: datetime) -> None:
        self._errors.append(now)
        self._was_away = True

    async def _state(self, now: datetime) -> VenueState:
        return (await super()._state(now)).model_copy(
            update={
                "reconciled_at": self._check.agreed_at,
                "problem": self._check.problem or "",
                "attention": (*await self._unclear(now), *self._guardian.attention.values()),
                "foreign_orders": self._check.foreign,
                "clock_offset_s": self._offset_s,
            }
        )

    async def _unclear(self, now: datetime) -> list[str]:
        patience = timedelta(seconds=self._rules.venue.attention_s)
        return [
            f"order {order.client_order_id} {order.side} {order.symbol} stays unclear: {order.reason}"
            for order in await self._journal.orders(UNCLEAR)
            if now - order.created_at > patience and order.status is OrderStatus.UNKNOWN
        ]


def _is_due(last: datetime | None, now: datetime, every_s: float) -> bool:
    return last is None or (now - last).total_seconds() >= every_s
