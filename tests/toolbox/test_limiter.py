"""The budget of calls: never more than allowed in any minute, whoever asks and however long they wait."""

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.toolbox.errors import RateLimited
from cryptofunk_tui.toolbox.limiter import WINDOW_S, Limiter

pytestmark = pytest.mark.anyio


class Time:
    """A clock that only moves when told; sleepers are noted and wake at once."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept = 0.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept = seconds


@given(
    limit=st.integers(1, 8),
    steps=st.lists(
        st.tuples(st.integers(0, 90), st.integers(1, 8), st.sampled_from([0, 5, 60, 500])), max_size=40
    ),
)
def test_no_window_holds_more_than_the_limit(limit: int, steps: list[tuple[int, int, int]]) -> None:
    time = Time()
    limiter = Limiter(limit, clock=time, sleep=time.sleep)
    granted: list[float] = []

    async def run() -> None:
        for passed, calls, deadline in steps:
            time.now += passed
            time.slept = 0.0
            expected = limiter.wait_s(min(calls, limit))
            try:
                await limiter.acquire(min(calls, limit), deadline_s=deadline)
            except RateLimited:
                assert expected > deadline
                assert limiter.wait_s(min(calls, limit)) == expected, "a refusal spends nothing"
            else:
                assert time.slept <= deadline
                granted.extend([time.now + time.slept] * min(calls, limit))

    asyncio.run(run())
    assert all(earlier <= later for earlier, later in pairwise(granted)), "first come, first served"
    for index in range(len(granted) - limit):
        assert granted[index + limit] - granted[index] >= WINDOW_S


async def test_it_refuses_at_once_what_would_wait_too_long() -> None:
    time = Time()
    limiter = Limiter(30, clock=time, sleep=time.sleep)
    await limiter.acquire(30, deadline_s=0)
    with pytest.raises(RateLimited, match="30 calls of this minute are spent, next in 60 s"):
        await limiter.acquire(deadline_s=59)
    time.now += 60
    await limiter.acquire(deadline_s=0)


async def test_backing_off_holds_everyone_also_those_who_wait() -> None:
    time = Time()
    limiter = Limiter(1, clock=time, sleep=time.sleep)
    await limiter.acquire(deadline_s=0)
    limiter.back_off(200)
    limiter.back_off(10)
    assert limiter.wait_s() == 200

    class Late(Time):
        async def sleep(self, seconds: float) -> None:
            self.now += seconds
            late.back_off(30)

    clock = Late()
    late = Limiter(1, clock=clock, sleep=clock.sleep)
    await late.acquire(deadline_s=0)
    with pytest.raises(RateLimited, match="told to wait"):
        await late.acquire(deadline_s=100)


async def test_many_callers_at_once_share_one_budget() -> None:
    limiter = Limiter(5)
    answers = await asyncio.gather(
        *(limiter.acquire(deadline_s=1) for _ in range(20)), return_exceptions=True
    )
    assert sum(answer is None for answer in answers) == 5
    assert sum(isinstance(answer, RateLimited) for answer in answers) == 15


def test_wrong_use_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Limiter(0)
    with pytest.raises(ValueError, match="between 1 and 3"):
        Limiter(3).wait_s(4)
