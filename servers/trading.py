"""The executor of a process: made for the journal's account, kept going by loops that wait for no call."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

from mcp.server import MCPServer

from cryptofunk_tui.domain.base import WallClock
from cryptofunk_tui.execution.ccxt_venue import CcxtVenue
from cryptofunk_tui.execution.executor import Executor
from cryptofunk_tui.execution.kill import Gate
from cryptofunk_tui.execution.kill_watch import WATCH_S
from cryptofunk_tui.execution.paper import PaperVenue
from cryptofunk_tui.execution.venue import OrderRefused
from cryptofunk_tui.market.open import Kind
from cryptofunk_tui.market.source import MarketSource
from cryptofunk_tui.storage.control import Control
from cryptofunk_tui.storage.journal import AccountRow, Journal
from servers.emergency import AGAIN_S, Emergency
from servers.live_venue import open_live_venue
from servers.support import open_market, settings, state_directory

FOLLOW_S = 1.0
CALM_S = 0.1
"""Least time between two looks that the stream asks for."""
_LOG = logging.getLogger("order_executor")


class NoAccount(OrderRefused):
    """The journal is new, or has lost what it knew."""


class Trading:
    """The executor of the journal's active account, made on first use, and its venue or market. Another
    account in the journal gets another executor."""

    def __init__(self) -> None:
        self._journal: Journal | None = None
        self._account: AccountRow | None = None
        self._executor: Executor | None = None
        self._source: MarketSource | None = None
        self._live: CcxtVenue | None = None
        self._making = asyncio.Lock()
        self._opening = asyncio.Lock()

    async def journal(self) -> Journal:
        """The journal, made where the state directory has none."""
        async with self._making:
            if self._journal is None:
                self._journal = await Journal.open(state_directory())
            return self._journal

    async def account(self) -> AccountRow:
        """The active account. Raises NoAccount before the first."""
        account = await (await self.journal()).account()
        if account is None:
            raise NoAccount("no account is open in this state directory; start the engine first")
        return account

    async def executor(self) -> Executor:
        """The account's executor, with what a crash left settled."""
        journal, account = await self.journal(), await self.account()
        async with self._making:
            if self._executor is not None and self._account and self._account.account == account.account:
                return self._executor
            await self._leave_account()
            venue = await self._venue(journal, account)
            gate = Gate(Control(journal, state_directory()))
            executor = Executor(
                journal, account, venue, gate, settings().rules, WallClock(), state_directory()
            )
            await executor.start()
            self._account, self._executor = account, executor
            return executor

    @property
    def live(self) -> CcxtVenue | None:
        """The real venue of the account, once it is open."""
        return self._live

    async def close(self) -> None:
        async with self._making:
            await self._leave_account()
            if self._journal is not None:
                await self._journal.close()
                self._journal = None

    async def _venue(self, journal: Journal, account: AccountRow) -> PaperVenue | CcxtVenue:
        chosen = settings()
        if account.mode == "paper":
            return PaperVenue(self._market, chosen.rules.costs, is_live=account.market == "exchange")
        if self._live is None:
            held = (position.symbol for position in await journal.positions())
            symbols = tuple(dict.fromkeys((*chosen.symbols, *held)))
            sandbox = account.mode == "sandbox"
            self._live = await open_live_venue(chosen, account.venue, symbols, WallClock(), sandbox=sandbox)
        return self._live

    async def _market(self) -> MarketSource:
        async with self._opening:
            if self._source is None:
                account = await self.account()
                opened = await open_market(settings(), cast(Kind, account.market), account.venue)
                self._source = opened.source
            return self._source

    async def _leave_account(self) -> None:
        if self._executor is not None:
            await self._executor.close()
        for each in (self._source, self._live):
            if each is not None:
                await each.close()
        self._executor = self._source = self._live = None


trading = Trading()
emergency = Emergency(state_directory, settings, WallClock())


async def _repeat(
    name: str,
    step: Callable[[Executor], Awaitable[None]],
    every_s: float,
    woken: asyncio.Event | None = None,
) -> None:
    """Do `step` again and again, sooner where `woken`. A failure of whatever kind is logged when it first
    appears, and tried again: neither the watch nor protection may end while the process lives."""
    failure = ""
    while True:
        pause_s = every_s
        try:
            await step(await trading.executor())
            failure = ""
        except OrderRefused as error:
            failure, pause_s = "", AGAIN_S
            if isinstance(error, NoAccount) and settings().mode != "paper":
                await emergency.look(trading.live)
        except Exception as error:
            pause_s = AGAIN_S
            await emergency.look(trading.live)
            if failure != (failure := str(error) or type(error).__name__):
                _LOG.error("%s: %s", name, failure)
        await _pause(pause_s, woken)


async def _pause(seconds: float, woken: asyncio.Event | None) -> None:
    """Wait, or until woken; a burst of words from the stream is one."""
    least_s = seconds if woken is None else min(seconds, CALM_S)
    await asyncio.sleep(least_s)
    if woken is not None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds - least_s):
                await woken.wait()
        woken.clear()


async def _listen(woken: asyncio.Event) -> None:
    """Let the venue's user stream bring the next look forward; where there is none, asking has to do."""
    pause_s = 1.0
    while True:
        await asyncio.sleep(pause_s)
        try:
            executor = await trading.executor()
            if trading.live is None:
                continue
            async for _ in trading.live.nudges():
                pause_s = 1.0
                executor.nudge()
                woken.set()
            return
        except Exception:  # the stream broke, or nothing is open yet: polling goes on meanwhile
            pause_s = min(pause_s * 2, 30.0)
            with contextlib.suppress(Exception):
                (await trading.executor()).nudge(reconnected=True)


@asynccontextmanager
async def loops(_: MCPServer) -> AsyncIterator[None]:
    """The watch on the kill, protection that waits for no other process, and the venue's user stream."""
    woken = asyncio.Event()
    tasks = [
        asyncio.create_task(_repeat("kill watch", Executor.watch_kill, WATCH_S)),
        asyncio.create_task(_repeat("protection", Executor.keep_watch, FOLLOW_S, woken)),
        asyncio.create_task(_listen(woken)),
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await emergency.close()
        await trading.close()
