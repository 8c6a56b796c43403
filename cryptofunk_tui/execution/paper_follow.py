"""A paper account's market: missed bars are replayed, live quotes are met."""

from datetime import datetime

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.rules import Rules
from cryptofunk_tui.execution.blotter import Blotter
from cryptofunk_tui.execution.follow import Follower
from cryptofunk_tui.execution.kill import Gate
from cryptofunk_tui.execution.paper import PaperVenue
from cryptofunk_tui.execution.walk import MarketWalk
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.storage.journal import Journal


class PaperFollower(Follower):
    """Fills what the market reached, from bars and quotes."""

    def __init__(
        self, journal: Journal, blotter: Blotter, venue: PaperVenue, gate: Gate, rules: Rules, clock: Clock
    ) -> None:
        super().__init__(journal, blotter, venue, gate, rules, clock)
        self._paper = venue
        self._walk = MarketWalk(journal, blotter, venue, rules.limits.price_collar)

    async def _follow(self) -> tuple[datetime, list[str]]:
        """Where a live venue's bars cannot be had, its quotes still protect, and the bars stay to be
        replayed."""
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

    async def catch_up(self) -> datetime:
        """Replay the bars since the market was last followed. Stops short when trading is killed; where
        entries are stopped, none is left to be filled by those bars."""
        if (stopped := await self._gate.entries_stopped()) is not None:
            await self.withdraw(stopped, entries_only=True)
        account = await self._account()
        now, since = self._time_of(account), account.processed_until
        while since is not None and since < now:
            symbols = await self._walk.open_symbols()
            if not symbols:
                break
            end = await self._paper.window_end(since, now)
            bars = await self._paper.bars(symbols, since, end)
            if await self._gate.killed() is not None:
                return now
            self._tell(await self._walk.through_bars(bars, end))
            since = end
        if since != now:
            await self._journal.set_processed_until(now)
        return now

    async def is_idle(self) -> bool:
        return not await self._walk.open_symbols()
