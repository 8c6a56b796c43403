"""When things happen: bar closes and the ticks between them, by the market's own clock."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptofunk_tui.domain.base import Clock, from_ms, to_ms

TICK_S = 0.5
"""Wall seconds between two looks at a simulated market that runs at a speed."""
LIVE_TICK_S = 1.0
"""Wall seconds between two looks at a live market."""
PUBLISH_DELAY_S = 2.0
"""Wall seconds that a live venue is given to publish a bar after its close."""
MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Moment:
    """A point of market time; `closes` says that bars end here."""

    at: datetime
    closes: bool


async def stepped(first: datetime, last: datetime | None, bar_ms: int) -> AsyncIterator[Moment]:
    """Every bar close from `first` to `last`, as fast as they are taken."""
    at = first
    while last is None or at <= last:
        yield Moment(at, closes=True)
        at += timedelta(milliseconds=bar_ms)


async def paced(first: datetime, bar_ms: int, speed: float) -> AsyncIterator[Moment]:
    """Bar closes and whole-minute ticks between them at `speed` market seconds in a wall second. The ticks
    stand at fixed market times, so a slow machine sees the same ones, later."""
    step_ms = max(MINUTE_MS, round(speed * TICK_S * 1000 / MINUTE_MS) * MINUTE_MS)
    start_ms, started = to_ms(first), time.monotonic()
    at_ms = start_ms
    while True:
        yield Moment(from_ms(at_ms), closes=at_ms % bar_ms == 0)
        at_ms = min(at_ms + step_ms, (at_ms // bar_ms + 1) * bar_ms)
        ahead_s = (at_ms - start_ms) / 1000 / speed - (time.monotonic() - started)
        await asyncio.sleep(max(0.0, ahead_s))


async def live(clock: Clock, bar_ms: int) -> AsyncIterator[Moment]:
    """The last closed bar at once, then every close and a tick a second between."""
    delay_ms = round(PUBLISH_DELAY_S * 1000)
    bar = (to_ms(clock.now()) - delay_ms) // bar_ms
    yield Moment(from_ms(bar * bar_ms), closes=True)
    while True:
        await asyncio.sleep(LIVE_TICK_S)
        now = clock.now()
        newest = (to_ms(now) - delay_ms) // bar_ms
        if newest > bar:
            bar = newest
            yield Moment(from_ms(bar * bar_ms), closes=True)
        else:
            yield Moment(now, closes=False)
