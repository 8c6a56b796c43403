"""A desk over the real risk officer and executor, on which accidents can be made to happen."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from cryptofunk_tui.domain.base import WallClock, to_ms
from cryptofunk_tui.domain.cycle import cycle_id
from cryptofunk_tui.domain.market import Instrument, Quote
from cryptofunk_tui.domain.orders import ApprovalStatus, Order
from cryptofunk_tui.domain.rules import ApprovalRules, LimitRules, Rules
from cryptofunk_tui.domain.signals import Plan
from cryptofunk_tui.market.simulated import SIMULATED_START
from cryptofunk_tui.orchestrator import launch
from cryptofunk_tui.orchestrator.desk import Desk, Outcome
from cryptofunk_tui.settings import Settings
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.control import touch_kill
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.records import Records
from cryptofunk_tui.toolbox.errors import ServerDown, ToolRefused
from cryptofunk_tui.toolbox.toolbox import Toolbox
from servers.support import open_market

SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT", "ADA/USDT", "DOGE/USDT", "LTC/USDT")
NOW = SIMULATED_START


class Wire:
    """The toolbox, with one accident to come on its way."""

    def __init__(self, toolbox: Toolbox, state_dir: Path) -> None:
        self.toolbox = toolbox
        self._state_dir = state_dir
        self._accidents: dict[str, str] = {}
        self.calls: list[str] = []

    def expect(self, accident: str, tool: str) -> None:
        self._accidents[tool] = accident

    async def ready(self, name: str, timeout_s: float) -> None:
        await self.toolbox.ready(name, timeout_s)

    async def call(
        self, server: str, tool: str, arguments: Mapping[str, Any], *, deadline_s: float = 5.0
    ) -> Any:
        self.calls.append(tool)
        accident = self._accidents.pop(tool, None)
        pid = self.toolbox.pid(server)
        if accident == "killed on the wire" and pid is not None:
            os.kill(pid, signal.SIGSTOP)
            asked = asyncio.create_task(self.toolbox.call(server, tool, arguments, deadline_s=deadline_s))
            await asyncio.sleep(0.05)
            os.kill(pid, signal.SIGKILL)
            return await asked
        if accident == "killed before it answered" and pid is not None:
            await self.toolbox.call(server, tool, arguments, deadline_s=deadline_s)
            os.kill(pid, signal.SIGKILL)
            raise ServerDown(f"{server} went away during {tool}", outcome_unknown=True)
        if accident == "answer lost":
            await self.toolbox.call(server, tool, arguments, deadline_s=deadline_s)
            raise ServerDown(f"{server} went away during {tool}", outcome_unknown=True)
        if accident == "refused after it was taken":
            await self.toolbox.call(server, tool, arguments, deadline_s=deadline_s)
            raise ToolRefused("the disk is full")
        if accident == "not seen yet":
            raise ToolRefused(f"no order {arguments['client_order_id']!r}")
        if accident == "away":
            raise ServerDown(f"{server} is restarting; not ready in time")
        if accident == "trading was killed":
            touch_kill(self._state_dir, "killed by a test")
        return await self.toolbox.call(server, tool, arguments, deadline_s=deadline_s)


@dataclass
class Office:
    """A desk over real servers, and the journal that they share."""

    desk: Desk
    wire: Wire
    journal: Journal
    state_dir: Path
    quotes: dict[str, Quote]
    instruments: dict[str, Instrument]

    async def enter(self, symbol: str, waiting: Callable[[Outcome], None] = lambda _: None) -> Outcome:
        price = self.quotes[symbol].mid
        plan = Plan(reference=price, stop=price * Decimal("0.97"), target=price * Decimal("1.06"))
        return await self.desk.enter(
            cycle_id("run", symbol, to_ms(NOW)),
            "trend_following",
            plan,
            self.quotes[symbol],
            self.instruments[symbol],
            waiting,
        )

    async def orders(self, symbol: str) -> tuple[Order, ...]:
        return await self.journal.orders(symbol=symbol)

    async def leave_for(self, cycle: str) -> list[ApprovalStatus]:
        """What became of the leave that a cycle asked for."""
        return [each.status for each in await Approvals(self.journal).for_decision(cycle)]


@asynccontextmanager
async def opened_office(state_dir: Path, approve: Literal["auto", "manual"]) -> AsyncIterator[Office]:
    """A desk over a fresh account and real servers of its own."""
    small = Rules(limits=LimitRules(position=0.02))
    settings = Settings(market="simulated", symbols=SYMBOLS, rules=small, approve=approve)
    source = (await open_market(settings, "simulated", "simulated")).source
    quotes = {symbol: await source.quote(symbol, NOW) for symbol in SYMBOLS}
    instruments = {symbol: await source.instrument(symbol) for symbol in SYMBOLS}
    journal = await Journal.open(state_dir)
    account = await journal.open_account(
        mode="paper",
        market="simulated",
        venue="simulated",
        run_id="run",
        quote_asset="USDT",
        capital=Decimal(100_000),
        at=NOW - timedelta(days=1),
    )
    await journal.set_market_time(NOW)
    records = await Records.open(state_dir, source="simulated:simulated")
    for symbol in SYMBOLS:
        records.add_candles(await source.candles(symbol, "1h", until=NOW, limit=720))
    await records.close()
    config = launch.write_run_config(settings, state_dir)
    specs = [
        spec
        for spec in launch.server_specs(config, state_dir)
        if spec.name in ("risk_analyzer", "order_executor")
    ]
    toolbox = Toolbox(specs, lambda _: None, WallClock(), state_dir=state_dir)
    await toolbox.start()
    wire = Wire(toolbox, state_dir)
    leave = ApprovalRules()
    desk = Desk(wire, Approvals(journal), leave, account, "run", WallClock(), quotes.get, lambda: False)  # type: ignore[arg-type]
    try:
        for spec in specs:
            await toolbox.ready(spec.name, 30)
        yield Office(desk, wire, journal, state_dir, quotes, instruments)
    finally:
        await toolbox.close()
        await journal.close()
