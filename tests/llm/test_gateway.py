"""The gateway's policy over real storage: order, failover, deadline, repair, cache and budgets."""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cryptofunk_tui.domain.models import BudgetRules, ModelsConfig
from cryptofunk_tui.llm.gateway import Gateway
from cryptofunk_tui.llm.provider import ProviderError
from cryptofunk_tui.storage.model_calls import ModelCalls
from tests.llm.questions import Told, answer, asked

pytestmark = pytest.mark.anyio
Open = Callable[..., Gateway]


class Moving:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 27, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


@pytest.fixture
def clock() -> Moving:
    return Moving()


@pytest.fixture
async def calls(tmp_path: Path) -> AsyncIterator[ModelCalls]:
    opened = await ModelCalls.open(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def opened(calls: ModelCalls, clock: Moving) -> Open:
    def open_gateway(*providers: Told, **config: Any) -> Gateway:
        return Gateway(ModelsConfig(**config), providers, calls, clock, random.Random(1))

    return open_gateway


def down(words: str = "503") -> ProviderError:
    return ProviderError("down", words)


async def test_the_first_that_answers_is_the_answer(opened: Open) -> None:
    first, second = Told("one", answer()), Told("two", answer())
    reply = await opened(first, second).complete(asked(), 5)
    assert reply.opinion is not None
    assert (reply.provider, reply.tokens_in, reply.tokens_out, reply.cost_usd) == ("one", 100, 50, 0.001)
    assert (len(first.asked), len(second.asked)) == (1, 0)


@pytest.mark.parametrize(
    "fault", [down(), ProviderError("refused", "401"), ProviderError("limited", "429", 30.0), "prose"]
)
async def test_the_next_one_is_asked_at_once_where_one_fails(opened: Open, fault: Any) -> None:
    gateway = opened(Told("one", fault), Told("two", answer()))
    started = time.perf_counter()
    reply = await gateway.complete(asked(), 5)
    assert time.perf_counter() - started < 0.5
    assert reply.provider == "two"
    assert [each.provider for each in reply.tried] == ["one", "two"]


async def test_a_dead_provider_costs_its_probe_alone(opened: Open) -> None:
    first, second = Told("one", down()), Told("two", answer())
    gateway = opened(first, second, cache_s=0)
    for number in range(10):
        assert (await gateway.complete(asked(cycle=str(number)), 5)).provider == "two"
    assert len(first.asked) == 1


async def test_a_provider_that_hangs_never_holds_a_decision_beyond_its_deadline(opened: Open) -> None:
    gateway = opened(Told("one", 30.0), Told("two", 30.0), call_s=10)
    started = time.perf_counter()
    reply = await gateway.complete(asked(), 0.4)
    assert time.perf_counter() - started < 0.8
    assert reply.opinion is None and reply.failed
    assert "no answer within 0.4 s" in reply.reason


async def test_a_slow_first_leaves_time_for_the_second(opened: Open) -> None:
    reply = await opened(Told("one", 30.0), Told("two", answer()), call_s=0.2).complete(asked(), 5)
    assert reply.provider == "two"


async def test_a_useless_answer_is_told_what_was_wrong_and_repaired_once(opened: Open) -> None:
    only = Told("one", answer(confidence=7), answer())
    reply = await opened(only).complete(asked(), 5)
    assert reply.opinion is not None
    assert only.asked[0] is None and "not within 0 and 1" in str(only.asked[1])


async def test_twice_useless_is_no_opinion_whoever_could_still_be_asked(opened: Open) -> None:
    providers = [Told(name, "We Buy.") for name in ("one", "two", "three")]
    reply = await opened(*providers).complete(asked(), 5)
    assert reply.opinion is None and reply.failed
    assert "twice no usable answer" in reply.reason
    assert [len(each.asked) for each in providers] == [1, 1, 0]


async def test_where_all_are_down_the_first_is_asked_once_more_after_a_while(opened: Open) -> None:
    first, second = Told("one", down(), answer()), Told("two", down())
    reply = await opened(first, second).complete(asked(), 5)
    assert reply.provider == "one"
    assert (len(first.asked), len(second.asked)) == (2, 1)


async def test_exactly_the_same_question_is_asked_once(opened: Open, clock: Moving) -> None:
    only = Told("one", answer())
    gateway = opened(only, cache_s=60)
    await gateway.complete(asked(), 5)
    again = await gateway.complete(asked(cycle="another"), 5)
    assert again.cached and again.cost_usd == 0 and again.opinion is not None
    await gateway.complete(asked(rule="another"), 5)
    assert len(only.asked) == 2
    clock.at += timedelta(seconds=61)
    await gateway.complete(asked(), 5)
    assert len(only.asked) == 3


async def test_a_useless_answer_is_never_kept_for_another_time(opened: Open) -> None:
    only = Told("one", "prose", "prose", answer())
    gateway = opened(only)
    assert (await gateway.complete(asked(), 5)).opinion is None
    assert (await gateway.complete(asked(), 5)).opinion is not None


@pytest.mark.parametrize("name", ["cycle", "agent_day", "hour", "day"])
async def test_no_budget_is_ever_exceeded_by_a_hundred_at_once(
    opened: Open, calls: ModelCalls, clock: Moving, name: str
) -> None:
    budgets = BudgetRules.model_validate(
        dict.fromkeys(("cycle", "agent_day", "hour", "day"), "100") | {name: "0.0105"}
    )
    only = Told("one", 0.02)
    gateway = opened(only, cache_s=0, budgets=budgets)
    replies = await asyncio.gather(*(gateway.complete(asked(n=n), 20) for n in range(100)))
    assert len(only.asked) == 10
    assert sum(reply.opinion is not None for reply in replies) == 10
    assert not any(reply.failed for reply in replies)
    refused = next(reply.reason for reply in replies if reply.opinion is None)
    assert "the budget of" in refused and "$0.0105" in refused
    assert (await calls.spent("c1", "technical", clock.now())).day == Decimal("0.010")


async def test_hour_and_day_are_given_back_as_time_passes(opened: Open, clock: Moving) -> None:
    budgets = BudgetRules(cycle=Decimal(1), agent_day=Decimal(1), hour=Decimal("0.001"), day=Decimal("0.002"))
    gateway = opened(Told("one", answer()), cache_s=0, budgets=budgets)
    got = []
    for minutes in (0, 1, 61, 70, 125, 60 * 25):
        clock.at = datetime(2026, 11, 27, tzinfo=UTC) + timedelta(minutes=minutes)
        got.append((await gateway.complete(asked(), 5)).opinion is not None)
    assert got == [True, False, True, False, False, True]


async def test_a_call_that_nobody_waits_for_any_more_is_still_written_down(
    opened: Open, calls: ModelCalls, clock: Moving
) -> None:
    gateway = opened(Told("one", 30.0))
    task = asyncio.create_task(gateway.complete(asked(), 20))
    await asyncio.sleep(0.1)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    usage = await calls.usage(clock.now() - timedelta(hours=1))
    assert [(each.calls, each.answered) for each in usage] == [(1, 0)]
    assert (await calls.spent("c1", "technical", clock.now())).day > 0


async def test_without_a_usable_provider_nothing_is_asked(opened: Open) -> None:
    only = Told("one", answer())
    only.unusable = "no key: set ONE"
    reply = await opened(only).complete(asked(), 5)
    assert reply.opinion is None and not reply.failed
    assert not only.asked
