import asyncio
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from cryptofunk_tui.domain.base import to_ms
from cryptofunk_tui.orchestrator import timeline
from cryptofunk_tui.orchestrator.timeline import Moment, live, paced, stepped

pytestmark = pytest.mark.anyio
START = datetime(2025, 1, 1, tzinfo=UTC)
HOUR_MS = 3_600_000
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class HandClock:
    """Wall time that moves when told, and by a step whenever somebody sleeps."""

    def __init__(self, now: datetime) -> None:
        self.time = now

    def now(self) -> datetime:
        return self.time


async def first(moments: AsyncIterator[Moment], count: int) -> list[Moment]:
    return [await anext(moments) for _ in range(count)]


async def test_stepped_time_goes_from_close_to_close_and_ends() -> None:
    moments = [moment async for moment in stepped(START, START + 2 * HOUR, HOUR_MS)]
    assert moments == [Moment(START + count * HOUR, closes=True) for count in range(3)]
    assert [moment async for moment in stepped(START, START - HOUR, HOUR_MS)] == []


async def test_stepped_time_without_an_end_goes_on() -> None:
    moments = await first(stepped(START, None, HOUR_MS), 100)
    assert moments[-1] == Moment(START + 99 * HOUR, closes=True)


async def test_paced_time_ticks_on_whole_minutes_and_closes_every_bar(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    naps: list[float] = []

    async def sleep(seconds: float) -> None:
        naps.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    moments = await first(paced(START, HOUR_MS, 3000), 8)
    minutes = [0, 25, 50, 60, 85, 110, 120, 145]
    assert [moment.at for moment in moments] == [START + minute * MINUTE for minute in minutes]
    assert [moment.closes for moment in moments] == [minute % 60 == 0 for minute in minutes]
    assert naps == pytest.approx([minute * 60 / 3000 for minute in minutes[1:]], abs=0.2)


async def test_paced_time_keeps_its_pace_by_the_wall() -> None:
    began = time.monotonic()
    moments = await first(paced(START, HOUR_MS, 36_000), 4)
    assert time.monotonic() - began >= 0.3
    assert [moment.at for moment in moments] == [START + count * HOUR for count in range(4)]


async def test_a_slow_machine_sees_the_same_moments_later(monkeypatch: pytest.MonkeyPatch) -> None:
    moments = paced(START, HOUR_MS, 3000)
    await anext(moments)
    stood = time.monotonic() + 1000
    monkeypatch.setattr(time, "monotonic", lambda: stood)
    late = [await asyncio.wait_for(anext(moments), 5) for _ in range(3)]
    assert [moment.at for moment in late] == [START + minute * MINUTE for minute in (25, 50, 60)]


async def test_slow_paces_tick_once_a_minute_of_the_market(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asyncio, "sleep", _no_sleep)
    moments = await first(paced(START + 30 * MINUTE, HOUR_MS, 1), 32)
    assert [moment.at for moment in moments] == [START + (30 + count) * MINUTE for count in range(32)]
    assert [moment.at for moment in moments if moment.closes] == [START + HOUR]


async def test_live_time_begins_with_the_last_closed_bar_and_ticks_until_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = HandClock(START + timedelta(minutes=59, seconds=58))

    async def sleep(_: float) -> None:
        clock.time += timedelta(seconds=1)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    moments = await first(live(clock, HOUR_MS), 7)
    assert moments[0] == Moment(START, closes=True)
    closed = next(index for index, moment in enumerate(moments) if moment.closes and index)
    assert moments[closed] == Moment(START + HOUR, closes=True)
    assert [moment.at for moment in moments[1:closed]] == [
        START + timedelta(minutes=59, seconds=58 + count) for count in range(1, closed)
    ]
    published_after_s = (to_ms(clock.time) - to_ms(START + HOUR)) / 1000
    assert published_after_s >= timeline.PUBLISH_DELAY_S
    assert not any(moment.closes for moment in moments[closed + 1 :])


async def test_live_time_takes_the_newest_close_after_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = HandClock(START + 10 * MINUTE)
    monkeypatch.setattr(asyncio, "sleep", _no_sleep)
    moments = live(clock, HOUR_MS)
    await anext(moments)
    clock.time += timedelta(hours=5)
    assert await anext(moments) == Moment(START + 5 * HOUR, closes=True)
    assert not (await anext(moments)).closes


async def _no_sleep(_: float) -> None:
    return None
