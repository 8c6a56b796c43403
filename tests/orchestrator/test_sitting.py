import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cryptofunk_tui.agents.base import Scores
from cryptofunk_tui.agents.frame import Frame
from cryptofunk_tui.agents.order_book import OrderBookAgent
from cryptofunk_tui.agents.technical import TechnicalAgent
from cryptofunk_tui.agents.trend_following import TrendFollowingAgent
from cryptofunk_tui.domain.base import WallClock
from cryptofunk_tui.domain.errors import WrongUse
from cryptofunk_tui.domain.events import AgentStatus, AnyEvent
from cryptofunk_tui.domain.rules import ANALYSIS_AGENTS, STRATEGY_AGENTS, Rules
from cryptofunk_tui.domain.signals import Action
from cryptofunk_tui.orchestrator import sitting
from cryptofunk_tui.orchestrator.sitting import Sitting
from tests.agents.scene import frame

pytestmark = pytest.mark.anyio
BOOK = {"book.imbalance": [0.9], "book.depth": [0.9], "book.large": [0.9], "book.spoof": [0.0]}


class Council:
    """A sitting and what it told."""

    def __init__(self) -> None:
        self.told: list[AgentStatus] = []
        self.sitting = Sitting(Rules(), self._hear, WallClock())

    def _hear(self, event: AnyEvent) -> None:
        assert isinstance(event, AgentStatus)
        self.told.append(event)

    def states(self, name: str) -> list[tuple[str, int]]:
        return [(status.state, status.restarts) for status in self.told if status.agent == name]


@pytest.fixture
def council() -> Council:
    return Council()


@pytest.fixture
def hang() -> Iterator[Callable[..., Any]]:
    """Something that does not come back until the test is over."""
    over = threading.Event()
    yield lambda *_: over.wait(30)
    over.set()


async def test_everyone_that_is_enabled_has_a_seat(council: Council) -> None:
    assert council.sitting.analysts == ANALYSIS_AGENTS
    assert council.sitting.strategists == STRATEGY_AGENTS
    council.sitting.announce()
    assert {status.agent: status.state for status in council.told} == dict.fromkeys(
        (*ANALYSIS_AGENTS, *STRATEGY_AGENTS), "running"
    )
    assert len(set(council.sitting.needs)) == len(council.sitting.needs)


async def test_an_agent_that_raises_is_absent_visibly_and_seated_anew(
    council: Council, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(OrderBookAgent, "score", _raise)
        voice = await council.sitting.signal("order_book", frame(BOOK))
    assert voice.opinion is None
    assert voice.reasons == ("the agent failed: ZeroDivisionError: no book",)
    assert council.states("order_book") == [("failed", 0)]
    assert council.told[-1].detail == "ZeroDivisionError: no book"

    again = await council.sitting.signal("order_book", frame(BOOK))
    assert again.opinion is not None
    assert again.opinion.at(0)[0] is Action.BUY
    assert council.states("order_book") == [("failed", 0), ("running", 1)]
    assert council.told[-1].detail == ""


@pytest.mark.parametrize("error", [StopIteration("nothing left"), KeyError("close"), MemoryError()])
async def test_whatever_a_strategy_raises_it_is_only_absent(
    council: Council, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def plan(*_: object) -> None:
        raise error

    monkeypatch.setattr(TrendFollowingAgent, "plan", plan)
    voice = await asyncio.wait_for(council.sitting.proposal("trend_following", _trend()), 1)
    assert voice.opinion is None
    assert voice.reasons[0].startswith("the agent failed: ")


async def test_an_agent_that_hangs_is_absent_and_holds_nobody_up(
    council: Council, monkeypatch: pytest.MonkeyPatch, hang: Callable[..., Any]
) -> None:
    monkeypatch.setattr(sitting, "SCORE_DEADLINE_S", 0.03)
    monkeypatch.setattr(TechnicalAgent, "score", hang)
    began = time.monotonic()
    for restarts in range(20):
        voice = await council.sitting.signal("technical", frame(BOOK))
        assert voice.opinion is None
        assert voice.reasons == ("the agent failed: no answer within 0.03 s",)
        assert council.states("technical")[-1] == ("failed", restarts)
    assert time.monotonic() - began < 10
    monkeypatch.setattr(sitting, "SCORE_DEADLINE_S", 2.0)
    other = await council.sitting.signal("order_book", frame(BOOK))
    assert other.opinion is not None
    assert all(thread.daemon for thread in threading.enumerate() if thread.name == "agent"), (
        "a hung agent would keep the process from ending"
    )


async def test_a_stopped_agent_stays_away_until_it_is_started(council: Council) -> None:
    council.sitting.stop("order_book")
    for _ in range(2):
        voice = await council.sitting.signal("order_book", frame(BOOK))
        assert voice.opinion is None
        assert voice.reasons == ("the agent is stopped",)
    council.sitting.start("order_book")
    assert (await council.sitting.signal("order_book", frame(BOOK))).opinion is not None
    assert council.states("order_book") == [("stopped", 0), ("running", 0)]


async def test_an_agent_stopped_while_it_speaks_stays_stopped(
    council: Council, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, answer = threading.Event(), threading.Event()

    def score(*_: object) -> Scores:
        asked.set()
        answer.wait(10)
        raise ZeroDivisionError("no book")

    monkeypatch.setattr(OrderBookAgent, "score", score)
    speaking = asyncio.create_task(council.sitting.signal("order_book", frame(BOOK)))
    await asyncio.to_thread(asked.wait, 10)
    council.sitting.stop("order_book")
    answer.set()
    assert (await speaking).opinion is None
    assert council.states("order_book")[-1] == ("stopped", 0)
    assert (await council.sitting.signal("order_book", frame(BOOK))).reasons == ("the agent is stopped",)


async def test_a_name_that_nobody_has_is_refused_with_those_there_are(council: Council) -> None:
    for act in (council.sitting.stop, council.sitting.start, council.sitting.reads_candles):
        with pytest.raises(WrongUse, match="no agent 'astrology'; there are technical, order_book, sent"):
            act("astrology")


async def test_who_reads_candles(council: Council) -> None:
    names = (*council.sitting.analysts, *council.sitting.strategists)
    assert {name for name in names if council.sitting.reads_candles(name)} == {
        "technical",
        "trend_following",
        "mean_reversion",
    }


def _raise(*_: object) -> None:
    raise ZeroDivisionError("no book")


def _trend() -> Frame:
    names = ("ema_9", "ema_21", "adx_14", "atr_14")
    return frame({name: [1.0] * 3 for name in names})
