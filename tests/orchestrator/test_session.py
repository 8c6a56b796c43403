"""When the session decides, what it carries to the desk, and what it only shows; market and desk are told
what to say."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import pytest

from cryptofunk_tui.agents.risk import RiskAgent
from cryptofunk_tui.decision.decide import Deliberation, Standing
from cryptofunk_tui.domain.base import to_ms
from cryptofunk_tui.domain.cycle import CycleRecord
from cryptofunk_tui.domain.events import AnyEvent, CycleFinished, LogLine, PriceTick
from cryptofunk_tui.domain.market import Instrument, Quote
from cryptofunk_tui.domain.orders import Order, OrderStatus, OrderType, Purpose, Side
from cryptofunk_tui.domain.risk import Decision, Verdict
from cryptofunk_tui.domain.rules import Rules
from cryptofunk_tui.domain.signals import Action, Ballot, Context, Plan, Tally
from cryptofunk_tui.orchestrator.desk import Outcome
from cryptofunk_tui.orchestrator.hearing import Hearing
from cryptofunk_tui.orchestrator.launch import MarketFacts
from cryptofunk_tui.orchestrator.session import Session
from cryptofunk_tui.settings import Settings
from cryptofunk_tui.storage.errors import StorageError
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.records import Records
from cryptofunk_tui.toolbox.errors import ToolboxError, ToolRefused
from tests.agents.scene import candles
from tests.storage.books import START, SYMBOL, fill_of, open_books, request, trade

pytestmark = pytest.mark.anyio
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
APPROVED = Outcome(Verdict(decision=Decision.APPROVED, checks=(), reason="all limits hold"))


@dataclass(frozen=True, slots=True)
class Word(Hearing):
    """A hearing whose vote is known."""

    voted: Tally = field(kw_only=True)
    stood: list[Standing] = field(kw_only=True)

    def settle(self, standing: Standing, risk: RiskAgent) -> Tally:
        self.stood.append(standing)
        return self.voted


@dataclass
class World:
    """What the market, the council, the executor and the desk say, and what they were asked."""

    price: Decimal = Decimal(100)
    vote: Action = Action.HOLD
    closed: bool = True
    executed: list[Order] = field(default_factory=list)
    answer: Callable[[], Outcome] = lambda: APPROVED
    waits: asyncio.Event | None = None
    entered: list[str] = field(default_factory=list)
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    told: list[AnyEvent] = field(default_factory=list)
    unfollowed: ToolboxError | None = None
    minded: int = 0
    stood: list[Standing] = field(default_factory=list)
    journal: Journal = field(init=False)

    # market
    def candles(self, symbol: str) -> object | None:
        return candles([100.0]) if symbol == SYMBOL else None

    async def advance(self, symbol: str, at: datetime) -> object | None:
        return candles([100.0], symbol) if self.closed and symbol == SYMBOL else None

    async def quote(self, symbol: str, at: datetime) -> Quote:
        return Quote(symbol=symbol, venue="here", bid=self.price, ask=self.price, last=self.price, at=at)

    async def instrument(self, symbol: str) -> Instrument:
        step = Decimal("0.01")
        return Instrument(symbol=symbol, price_step=step, quantity_step=step, min_notional=Decimal(5))

    # council
    async def hear(self, symbol: str, at: datetime, *, forming: bool = False) -> Hearing:
        assert symbol == SYMBOL, "no council without candles"
        plan = Plan(reference=Decimal(100), stop=Decimal(97), target=Decimal(106))
        return Word(
            symbol=symbol,
            as_of=at,
            inputs={"close": 100.0},
            signals=(),
            context=Context(score=0, present=(), absent=()),
            ballots=(
                Ballot(agent="arbitrage", action=self.vote, confidence=1, weight=4, reasons=(), plan=plan),
            ),
            made=cast(Deliberation, None),
            rules=Rules(),
            timings_ms={},
            voted=Tally(
                action=self.vote, consensus=1, confidence=1, quorum=1, reason="voted", leader="arbitrage"
            ),
            stood=self.stood,
        )

    # executor
    async def call(
        self, server: str, tool: str, arguments: dict[str, Any], *, deadline_s: float = 5.0
    ) -> Any:
        if tool == "check_breakers":
            self.minded += 1
            return {"breakers": [], "effect": "NONE"}
        if self.unfollowed is not None:
            raise self.unfollowed
        orders, self.executed = self.executed, []
        portfolio = await self.journal.portfolio()
        return {
            "orders": [order.model_dump(mode="json") for order in orders],
            "portfolio": portfolio.model_dump(mode="json"),
        }

    # desk
    async def enter(self, cycle: str, *_: object) -> Outcome:
        self.entered.append(cycle)
        self.asked.set()
        if self.waits is not None:
            await self.waits.wait()
        return self.answer()

    def records(self) -> list[CycleRecord]:
        return [event.record for event in self.told if isinstance(event, CycleFinished)]

    def early(self) -> int:
        """How many decisions were told since the last look."""
        count = len(self.records())
        self.told.clear()
        return count


Open = Callable[..., Session]


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def opened(world: World, tmp_path: Path) -> AsyncIterator[Open]:
    journal = world.journal = await open_books(tmp_path)
    records = await Records.open(tmp_path, source="simulated:simulated")

    def make(kind: str = "simulated", **chosen: Any) -> Session:
        settings = Settings(market="simulated", symbols=(SYMBOL, "ETH/USDT"), **chosen)
        facts = MarketFacts(kind, "simulated", settings.symbols, True, True, True, None, None)
        parts: tuple[Any, ...] = (world, journal, records, world, world, world, world.told.append, {})
        return Session(settings, facts, "run", *parts)

    yield make
    await records.close()
    await journal.close()


def order(name: str, status: OrderStatus) -> Order:
    return Order(
        client_order_id=name,
        decision_id=None,
        symbol=SYMBOL,
        side=Side.SELL,
        type=OrderType.STOP,
        purpose=Purpose.STOP,
        strategy=None,
        quantity=Decimal(1),
        limit_price=None,
        stop_price=Decimal(90),
        status=status,
        filled=Decimal(0),
        price=None,
        fees=Decimal(0),
        reason="",
        created_at=START,
        updated_at=START,
    )


async def test_a_cycle_runs_early_once_for_every_move_of_one_percent(world: World, opened: Open) -> None:
    session = opened()
    assert await session.close_bar(START)
    assert world.early() == 1
    decided = []
    for minute, price in enumerate(
        ("100.9", "101", "101.1", "101.9", "102.02", "102.02", "101.5", "100.9"), 1
    ):
        world.price = Decimal(price)
        await session.tick(START + minute * MINUTE)
        decided.append(world.early())
    assert decided == [0, 1, 0, 0, 1, 0, 0, 1]


async def test_ticks_show_prices_and_a_close_without_a_new_bar_is_no_cycle(
    world: World, opened: Open
) -> None:
    session = opened()
    await session.tick(START)
    assert [type(event) for event in world.told] == [PriceTick, PriceTick]
    world.closed = False
    assert not await session.close_bar(START + HOUR)


async def test_a_preview_is_shown_and_never_traded(world: World, opened: Open) -> None:
    session = opened()
    world.vote = Action.BUY
    await session.preview(START)
    (event,) = world.told
    assert isinstance(event, CycleFinished)
    assert event.preview
    assert event.record.tally.action is Action.BUY
    assert (event.record.verdict.decision, event.record.approval, event.record.orders) == (
        Decision.NONE,
        None,
        (),
    )
    assert world.entered == []
    await session.close_bar(START)
    assert world.entered == [world.records()[-1].cycle_id]
    assert event.record.cycle_id not in world.entered


async def test_what_protection_sold_between_decisions_is_in_the_next_record(
    world: World, opened: Open
) -> None:
    session = opened()
    await session.close_bar(START)
    for minute, status in enumerate((OrderStatus.SENT, OrderStatus.FILLED), start=1):
        world.executed = [order("cf1", status)]
        await session.tick(START + minute * MINUTE)
    world.told.clear()
    await session.close_bar(START + HOUR)
    await session.close_bar(START + 2 * HOUR)
    first, second = world.records()
    assert first.orders == (order("cf1", OrderStatus.FILLED),)
    assert second.orders == ()


@pytest.mark.parametrize("decision", [None, "cycle"])
async def test_what_was_sold_and_not_reported_is_found_in_the_journal(
    world: World, opened: Open, decision: str | None
) -> None:
    session = opened()
    await trade(world.journal, request("in"), "100")
    await session.close_bar(START)
    sale = request("out", Side.SELL)
    await world.journal.add_order(sale, decision_id=decision, at=START, approval_id=None)
    await world.journal.book_fill(fill_of(sale, "101"), status=OrderStatus.FILLED)
    await session.close_bar(START + HOUR)
    await session.close_bar(START + 2 * HOUR)
    assert [standing.held for standing in world.stood] == [True, False, False]
    assert world.minded == 1, "breakers are minded while something is held"
    told = [[each.client_order_id for each in record.orders] for record in world.records()]
    assert told == [[], ["out"] if decision is None else [], []]


async def test_a_live_market_that_cannot_be_followed_is_told_and_the_run_goes_on(
    world: World, opened: Open
) -> None:
    world.unfollowed = ToolRefused("the venue does not answer")
    session = opened("exchange")
    await session.close_bar(START)
    await session.tick(START + MINUTE)
    lines = [event.text for event in world.told if isinstance(event, LogLine)]
    assert lines == ["the market was not followed: the venue does not answer"] * 2
    assert len(world.records()) == 1
    with pytest.raises(ToolRefused):
        await opened().close_bar(START)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ToolboxError("the executor refused"), "no order left: the executor refused"),
        (StorageError("the disk is full"), "no order left: the disk is full"),
        (ToolboxError("nobody knows", outcome_unknown=True), "an order may have left"),
    ],
)
async def test_a_desk_that_fails_is_told_and_the_run_goes_on(
    world: World, opened: Open, error: Exception, words: str
) -> None:
    def fail() -> Outcome:
        raise error

    session = opened()
    world.vote, world.answer = Action.BUY, fail
    await session.close_bar(START)
    (record,) = world.records()
    assert record.verdict.decision is Decision.REJECTED
    assert words in record.verdict.reason
    (line,) = [event for event in world.told if isinstance(event, LogLine)]
    assert str(error) in line.text


async def test_while_a_person_is_asked_the_market_goes_on_and_the_symbol_waits(
    world: World, opened: Open
) -> None:
    session = opened(approve="manual")
    world.vote, world.waits = Action.BUY, asyncio.Event()
    await session.close_bar(START)
    await asyncio.wait_for(world.asked.wait(), 5)
    await session.close_bar(START + HOUR)
    (waiting,) = world.records()
    assert waiting.verdict.decision is Decision.REJECTED
    assert waiting.verdict.reason == "an order of this symbol waits for a person"
    assert len(world.entered) == 1
    world.waits.set()
    await session.settle()
    assert world.records()[-1].verdict == APPROVED.verdict
    assert world.records()[-1].cycle_id == world.entered[0]
    assert world.records()[-1].as_of == datetime(2025, 1, 1, tzinfo=UTC)


async def test_every_decided_bar_leaves_a_point_of_the_equity_curve(world: World, opened: Open) -> None:
    session = opened()
    await session.close_bar(START)
    await trade(world.journal, request("o1", quantity="2"), "100", fee="1.5", at=START)
    await session.tick(START + MINUTE)
    await session.close_bar(START + HOUR)
    world.closed = False
    await session.close_bar(START + 2 * HOUR)
    records = session._records
    await records.flush()
    curve = await records.equity("paper:simulated:simulated", 10)
    assert curve.at_ms.tolist() == [to_ms(START), to_ms(START + HOUR)], "no bar, no point; no point between"
    assert curve.equity.tolist() == [10_000.0, 9_998.5]
    assert curve.exposure.tolist() == [0.0, 200.0]
    assert curve.timeframe == "1h"


async def test_a_bar_that_the_executor_did_not_follow_leaves_no_point(world: World, opened: Open) -> None:
    session = opened("exchange")
    world.unfollowed = ToolboxError("the venue does not answer")
    await session.close_bar(START)
    await session._records.flush()
    assert len(world.records()) == 1
    assert not len((await session._records.equity("paper:simulated:simulated", 10)).at_ms)
