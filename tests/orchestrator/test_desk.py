"""From a vote to an order over the real servers, which are killed at the worst moments."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cryptofunk_tui.domain.base import WallClock, to_ms
from cryptofunk_tui.domain.cycle import cycle_id
from cryptofunk_tui.domain.market import Instrument, Quote
from cryptofunk_tui.domain.orders import ApprovalStatus, Order, OrderStatus, Purpose
from cryptofunk_tui.domain.risk import Decision
from cryptofunk_tui.domain.rules import LimitRules, Rules
from cryptofunk_tui.domain.signals import Plan
from cryptofunk_tui.market.simulated import SIMULATED_START
from cryptofunk_tui.orchestrator import launch
from cryptofunk_tui.orchestrator.desk import Desk, Outcome
from cryptofunk_tui.settings import Settings
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.control import kill_path, touch_kill
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.records import Records
from cryptofunk_tui.toolbox.errors import ServerDown, ToolboxError, ToolRefused
from cryptofunk_tui.toolbox.toolbox import Toolbox
from servers.support import open_market

pytestmark = pytest.mark.anyio
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

    async def enter(self, symbol: str) -> Outcome:
        price = self.quotes[symbol].mid
        plan = Plan(reference=price, stop=price * Decimal("0.97"), target=price * Decimal("1.06"))
        return await self.desk.enter(
            cycle_id("run", symbol, to_ms(NOW)),
            "trend_following",
            plan,
            self.quotes[symbol],
            self.instruments[symbol],
            lambda _: None,
        )

    async def orders(self, symbol: str) -> tuple[Order, ...]:
        return await self.journal.orders(symbol=symbol)

    async def leave_for(self, cycle: str) -> list[ApprovalStatus]:
        """What became of the leave that a cycle asked for."""
        return [each.status for each in await Approvals(self.journal).for_decision(cycle)]


@pytest.fixture(scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    state_dir = tmp_path_factory.mktemp("desk")
    small = Rules(limits=LimitRules(position=0.02))
    settings = Settings(market="simulated", symbols=SYMBOLS, rules=small)
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
    desk = Desk(wire, Approvals(journal), account, "run", WallClock(), lambda: False)  # type: ignore[arg-type]
    try:
        for spec in specs:
            await toolbox.ready(spec.name, 30)
        yield Office(desk, wire, journal, state_dir, quotes, instruments)
    finally:
        await toolbox.close()
        await journal.close()


async def held_once(office: Office, symbol: str, outcome: Outcome) -> None:
    """One order, filled once, and the position that it makes."""
    (order,) = outcome.orders
    assert order.status is OrderStatus.FILLED
    assert await office.orders(symbol) == (order,)
    assert sum(fill.quantity for fill in order.fills) == order.quantity
    position = (await office.journal.portfolio()).position(symbol)
    assert position is not None
    assert position.quantity == order.quantity
    assert position.stop is not None


async def test_a_decision_is_sized_approved_and_placed_and_the_same_again_is_the_same_order(
    office: Office,
) -> None:
    outcome = await office.enter("BTC/USDT")
    assert outcome.verdict.decision is Decision.APPROVED
    assert outcome.approval is not None
    assert outcome.approval.decision == "GRANTED"
    assert all(check.ok for check in outcome.verdict.checks)
    await held_once(office, "BTC/USDT", outcome)
    again = await office.enter("BTC/USDT")
    assert again.verdict.decision is Decision.REJECTED
    assert "approved and used" in again.verdict.reason
    assert await office.orders("BTC/USDT") == outcome.orders


@pytest.mark.parametrize(
    ("symbol", "tool", "accident"),
    [
        ("SOL/USDT", "request_approval", "killed before it answered"),
        ("XRP/USDT", "place_market_order", "killed before it answered"),
    ],
)
async def test_an_answer_that_was_lost_makes_no_second_order(
    office: Office, symbol: str, tool: str, accident: str
) -> None:
    office.wire.expect(accident, tool)
    office.wire.calls.clear()
    outcome = await office.enter(symbol)
    assert outcome.verdict.decision is Decision.APPROVED
    await held_once(office, symbol, outcome)
    assert office.wire.calls.count("place_market_order") == 1
    assert ("get_order_status" in office.wire.calls) == (tool == "place_market_order")
    assert await office.leave_for(cycle_id("run", symbol, to_ms(NOW))) == [ApprovalStatus.CONSUMED]


async def test_an_order_that_never_reached_the_journal_is_not_sent_again(office: Office) -> None:
    office.wire.expect("killed on the wire", "place_market_order")
    office.wire.calls.clear()
    with pytest.raises(ToolboxError, match="went away before it took the order: no order 'cf") as lost:
        await office.enter("ADA/USDT")
    assert not lost.value.outcome_unknown
    assert office.wire.calls.count("place_market_order") == 1
    assert await office.orders("ADA/USDT") == ()
    assert await office.leave_for(cycle_id("run", "ADA/USDT", to_ms(NOW))) == [ApprovalStatus.REJECTED]


async def test_a_refusal_does_not_hide_an_order_that_was_taken(office: Office) -> None:
    office.wire.expect("refused after it was taken", "place_market_order")
    office.wire.expect("not seen yet", "get_order_status")
    await held_once(office, "LTC/USDT", await office.enter("LTC/USDT"))


async def test_while_the_executor_is_away_nobody_claims_to_know(office: Office) -> None:
    office.wire.expect("answer lost", "place_market_order")
    office.wire.expect("away", "get_order_status")
    with pytest.raises(ToolboxError, match="order_executor is restarting") as lost:
        await office.enter("DOGE/USDT")
    assert lost.value.outcome_unknown
    (order,) = await office.orders("DOGE/USDT")
    assert order.status is OrderStatus.FILLED


async def test_what_the_executor_refuses_has_lost_its_leave(office: Office) -> None:
    held = (await office.journal.portfolio()).position("BTC/USDT")
    assert held is not None
    office.wire.expect("trading was killed", "place_market_order")
    try:
        with pytest.raises(ToolRefused, match="killed by a test"):
            await office.desk.leave("c3", held, office.quotes["BTC/USDT"], lambda _: None)
    finally:
        kill_path(office.state_dir).unlink()
    assert await office.leave_for("c3") == [ApprovalStatus.REJECTED]
    assert (await office.journal.portfolio()).position("BTC/USDT") == held


async def test_a_vote_to_leave_closes_the_position_whole(office: Office) -> None:
    held = (await office.journal.portfolio()).position("BTC/USDT")
    assert held is not None
    outcome = await office.desk.leave("c4", held, office.quotes["BTC/USDT"], lambda _: None)
    (order,) = outcome.orders
    assert (order.status, order.purpose, order.quantity) == (
        OrderStatus.FILLED,
        Purpose.EXIT,
        held.quantity,
    )
    assert (await office.journal.portfolio()).position("BTC/USDT") is None


async def test_what_the_limits_forbid_is_rejected_with_every_check(office: Office) -> None:
    before = await office.orders("BTC/USDT")
    wide = Plan(reference=Decimal(100), stop=Decimal(50), target=Decimal(101))
    outcome = await office.desk.enter(
        "c5",
        "trend_following",
        wide,
        office.quotes["BTC/USDT"],
        office.instruments["BTC/USDT"],
        lambda _: None,
    )
    assert outcome.verdict.decision is Decision.REJECTED
    assert outcome.orders == ()
    assert {check.name: check.ok for check in outcome.verdict.checks}["reward_risk"] is False
    assert await office.orders("BTC/USDT") == before
