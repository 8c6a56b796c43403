"""What the council is shown and what counts of its words, over a market that answers as it is told."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cryptofunk_tui.agents.frame import Frame
from cryptofunk_tui.agents.order_book import OrderBookAgent
from cryptofunk_tui.agents.risk import RiskAgent
from cryptofunk_tui.decision.decide import Standing
from cryptofunk_tui.domain.base import WallClock, from_ms
from cryptofunk_tui.domain.market import FearGreed, Level, OrderBook, Quote
from cryptofunk_tui.domain.rules import Rules
from cryptofunk_tui.domain.signals import Action, Ballot, Signal
from cryptofunk_tui.orchestrator.feed import Snapshot
from cryptofunk_tui.orchestrator.hearing import Chamber, Hearing
from cryptofunk_tui.orchestrator.launch import MarketFacts
from cryptofunk_tui.orchestrator.sitting import Sitting
from cryptofunk_tui.quant.indicators import IndicatorSpec, compute
from cryptofunk_tui.toolbox.errors import ServerDown
from tests.agents.scene import candles

pytestmark = pytest.mark.anyio
ROWS = 64
RULES = Rules()


@dataclass
class Market:
    """Answers for one symbol; what is in `lost` is not answered."""

    frame_shown: Frame
    lost: set[str] = field(default_factory=set)

    async def frame(self, symbol: str) -> Frame:
        return self.frame_shown

    async def forming_frame(self, symbol: str, at: datetime) -> Frame:
        return self.frame_shown

    async def snapshot(self, symbol: str, at: datetime) -> Snapshot:
        if "market" in self.lost:
            raise ServerDown("market_data is restarting")
        book = OrderBook(
            symbol=symbol,
            venue="here",
            bids=levels((Decimal(100) - step for step in range(1, 4)), "5"),
            asks=levels((Decimal(100) + step for step in range(1, 4)), "1"),
            at=at,
        )
        seen: dict[str, Any] = {
            "quote": quote(symbol, "here", "100", at),
            "order_book": book,
            "venue_quotes": (quote(symbol, "there", "103", at),),
            "headlines": (),
            "fear_greed": FearGreed(value=90, classification="greed", at=at),
        }
        return Snapshot(**{part: None if part in self.lost else value for part, value in seen.items()})


def levels(prices: Iterable[Decimal], quantity: str) -> tuple[Level, ...]:
    return tuple(Level(price=price, quantity=Decimal(quantity)) for price in prices)


def quote(symbol: str, venue: str, price: str, at: datetime) -> Quote:
    mid = Decimal(price)
    return Quote(symbol=symbol, venue=venue, bid=mid - 1, ask=mid + 1, last=mid, at=at)


def market() -> Market:
    """A wavering market with every indicator that the council asks for."""
    bars = candles([100 + 2 * math.sin(bar / 7) + math.sin(bar * 1.7) for bar in range(600)])
    needs = Sitting(RULES, lambda _: None, WallClock()).needs
    columns = compute(bars, [IndicatorSpec.of(need.name, dict(need.parameters)) for need in needs])
    return Market(Frame(bars, columns).rows(-ROWS))


@dataclass
class Room:
    """A chamber with its market, at the close of the last bar."""

    market: Market
    sitting: Sitting
    chamber: Chamber

    @property
    def closed(self) -> datetime:
        return from_ms(int(self.market.frame_shown.candles.close_ms[-1]))

    async def hear(self, after_s: float = 0) -> Hearing:
        return await self.chamber.hear("BTC/EUR", self.closed + timedelta(seconds=after_s))


@pytest.fixture
def room() -> Room:
    shown, sitting = market(), Sitting(RULES, lambda _: None, WallClock())
    facts = MarketFacts(
        kind="simulated",
        venue="here",
        symbols=("BTC/EUR",),
        has_book=True,
        has_venue_quotes=True,
        has_news=True,
        notice=None,
        span=None,
    )
    return Room(shown, sitting, Chamber(shown, sitting, facts))  # type: ignore[arg-type]


def signal(hearing: Hearing, name: str) -> Signal:
    return next(each for each in hearing.signals if each.agent == name)


def words(hearing: Hearing) -> dict[str, tuple[Action, tuple[str, ...]]]:
    """What everyone said, and why."""
    spoken: tuple[Signal | Ballot, ...] = (*hearing.signals, *hearing.ballots)
    return {each.agent: (each.action, each.reasons) for each in spoken}


async def test_all_seven_are_heard_and_the_record_says_what_they_saw(room: Room) -> None:
    hearing = await room.hear()
    assert [each.agent for each in hearing.signals] == ["technical", "order_book", "sentiment"]
    assert [each.agent for each in hearing.ballots] == ["trend_following", "mean_reversion", "arbitrage"]
    assert all(action is not Action.ABSTAIN and reasons for action, reasons in words(hearing).values())
    assert hearing.context.present == ("technical", "order_book", "sentiment")
    assert hearing.inputs["close"] == float(room.market.frame_shown.candles.close[-1])
    assert hearing.inputs["fear_greed"] == 90
    assert hearing.inputs["news.score"] is None
    assert {"rsi_14", "book.imbalance", "arb.buy_edge"} <= set(hearing.inputs)
    tally = hearing.settle(Standing(), RiskAgent(RULES.limits, RULES.costs))
    assert tally.reason


@pytest.mark.parametrize("lost", [{"market"}, {"order_book", "headlines", "fear_greed", "venue_quotes"}])
async def test_what_the_market_does_not_answer_makes_its_agents_abstain_with_a_reason(
    room: Room, lost: set[str]
) -> None:
    room.market.lost |= lost
    hearing = await room.hear()
    absent = {name: why[0] for name, (action, why) in words(hearing).items() if action is Action.ABSTAIN}
    assert absent == {
        "order_book": "book.imbalance is not known",
        "sentiment": "news.score is not known",
        "arbitrage": "no fresh quotes of another venue",
    }
    assert hearing.context.absent == ("order_book", "sentiment")


async def test_a_signal_that_does_not_come_from_candles_lives_five_minutes(room: Room) -> None:
    spoken = signal(await room.hear(), "order_book")
    room.market.lost.add("order_book")
    assert signal(await room.hear(after_s=300), "order_book") == spoken
    silent = signal(await room.hear(after_s=301), "order_book")
    assert silent.action is Action.ABSTAIN


async def test_an_agent_that_fails_or_is_stopped_does_not_go_on_speaking(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    await room.hear()
    room.sitting.stop("sentiment")
    monkeypatch.setattr(OrderBookAgent, "score", _raise)
    hearing = await room.hear(after_s=1)
    assert signal(hearing, "sentiment").reasons == ("the agent is stopped",)
    assert signal(hearing, "order_book").reasons == ("the agent failed: ZeroDivisionError: no book",)
    assert hearing.context.absent == ("order_book", "sentiment")
    monkeypatch.undo()
    room.sitting.start("sentiment")
    assert not (await room.hear(after_s=2)).context.absent


async def test_a_strategy_that_is_stopped_abstains_and_never_holds(room: Room) -> None:
    room.sitting.stop("trend_following")
    hearing = await room.hear()
    ballot = hearing.ballot("trend_following")
    assert ballot is not None
    assert (ballot.action, ballot.confidence, ballot.plan) == (Action.ABSTAIN, 0, None)
    assert ballot.reasons == ("the agent is stopped",)
    tally = hearing.settle(Standing(), RiskAgent(RULES.limits, RULES.costs))
    assert tally.quorum == pytest.approx(9 / 15)


async def test_candles_that_are_too_old_silence_those_that_read_them(room: Room) -> None:
    just_in_time = await room.hear(after_s=3600 + 60)
    assert signal(just_in_time, "technical").action is not Action.ABSTAIN
    late = await room.hear(after_s=3600 + 61)
    silent = {name for name, (_, why) in words(late).items() if "too old to speak" in why[0]}
    assert silent == {"technical", "trend_following", "mean_reversion"}
    assert late.context.absent == ("technical",)


def _raise(*_: object) -> None:
    raise ZeroDivisionError("no book")
