"""The cache: at once, behind, one flight, old values kept and marked."""

import asyncio
import time

import pytest

from cryptofunk_tui.toolbox.cache import Cache

pytestmark = pytest.mark.anyio


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Source:
    """Counts its fetches; waits while `gate` is closed."""

    def __init__(self) -> None:
        self.calls = 0
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def __call__(self) -> int:
        self.calls += 1
        call = self.calls
        await self.gate.wait()
        if self.error:
            raise self.error
        return call


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_absent_waits_present_is_served_while_it_is_refreshed_behind() -> None:
    clock, source = Clock(), Source()
    cache: Cache[int] = Cache(fresh_s=10, clock=clock)
    assert cache.peek("k") is None
    assert (await cache.get("k", source)).value == 1
    clock.now += 10
    fresh = await cache.get("k", source)
    assert (fresh.value, fresh.age_s, fresh.stale) == (1, 10, False)
    assert source.calls == 1

    clock.now += 1
    source.gate.clear()
    stale = await cache.get("k", source)
    assert (stale.value, stale.age_s, stale.stale, stale.error) == (1, 11, True, None)
    await settle()
    assert (await cache.get("k", source)).value == 1, "served while the flight is out"
    source.gate.set()
    await settle()
    assert source.calls == 2
    assert (await cache.get("k", source)).value == 2
    await cache.close()


async def test_many_callers_share_one_flight() -> None:
    source = Source()
    source.gate.clear()
    cache: Cache[int] = Cache(fresh_s=10, clock=Clock())
    callers = [asyncio.create_task(cache.get("k", source)) for _ in range(50)]
    await settle()
    callers[0].cancel()
    source.gate.set()
    answers = await asyncio.gather(*callers, return_exceptions=True)
    assert source.calls == 1
    assert isinstance(answers[0], asyncio.CancelledError), "one who leaves does not end it for the rest"
    assert {answer.value for answer in answers[1:] if not isinstance(answer, BaseException)} == {1}


async def test_a_failure_is_raised_where_nothing_is_known_and_never_cached() -> None:
    source = Source()
    source.error = RuntimeError("venue closed")
    cache: Cache[int] = Cache(fresh_s=10, clock=Clock())
    for _ in range(2):
        with pytest.raises(RuntimeError, match="venue closed"):
            await cache.get("k", source)
    assert cache.peek("k") is None
    source.error = None
    assert (await cache.get("k", source)).value == 3


async def test_a_failed_refresh_keeps_the_old_value_says_why_and_waits_before_it_tries_again() -> None:
    clock, source = Clock(), Source()
    cache: Cache[int] = Cache(fresh_s=10, retry_s=5, clock=clock)
    await cache.get("k", source)
    clock.now += 11
    source.error = RuntimeError("429")
    await cache.get("k", source)
    await settle()
    marked = await cache.get("k", source)
    assert (marked.value, marked.stale, marked.error) == (1, True, "429")
    await settle()
    assert source.calls == 2, "not again within 5 s"
    source.error = None
    clock.now += 5
    await cache.get("k", source)
    await settle()
    mended = await cache.get("k", source)
    assert (mended.value, mended.stale, mended.error) == (3, False, None)


async def test_close_ends_the_flights() -> None:
    source = Source()
    source.gate.clear()
    cache: Cache[int] = Cache(fresh_s=10)
    waiting = asyncio.create_task(cache.get("k", source))
    await settle()
    await cache.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert cache.peek("k") is None


async def test_a_present_value_costs_far_less_than_a_millisecond() -> None:
    cache: Cache[int] = Cache(fresh_s=3600)
    source = Source()
    await cache.get("k", source)
    took = []
    for _ in range(1000):
        began = time.perf_counter()
        await cache.get("k", source)
        took.append(time.perf_counter() - began)
    assert sorted(took)[500] < 0.001
