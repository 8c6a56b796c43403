"""A budget of calls a minute that all callers share."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

from cryptofunk_tui.toolbox.errors import RateLimited

WINDOW_S = 60.0


class Limiter:
    """At most `calls` in any window of 60 s, first come first served: each call reserves its moment, and
    sleeps until then or is refused at once. `clock` counts monotonic seconds."""

    def __init__(
        self,
        calls: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if calls < 1:
            raise ValueError("calls must be at least 1 a minute")
        self._calls = calls
        self._clock = clock
        self._sleep = sleep
        self._reserved: deque[float] = deque(maxlen=calls)
        self._closed_until = float("-inf")

    async def acquire(self, calls: int = 1, *, deadline_s: float) -> None:
        """Wait until `calls` may be made together. Raises RateLimited, reserving nothing, if that is later
        than `deadline_s` from now; a caller cancelled while it waits has spent its reservation."""
        wait_s = self.wait_s(calls)
        if wait_s > deadline_s:
            raise RateLimited(f"the {self._calls} calls of this minute are spent, next in {wait_s:.0f} s")
        self._reserved.extend([self._clock() + wait_s] * calls)
        if wait_s > 0:
            await self._sleep(wait_s)
        if self._clock() < self._closed_until:
            raise RateLimited("told to wait while this call was waiting for its turn")

    def wait_s(self, calls: int = 1) -> float:
        """Seconds until `calls` could be made together."""
        if not 1 <= calls <= self._calls:
            raise ValueError(f"calls must be between 1 and {self._calls}, not {calls}")
        now = self._clock()
        moment = max(now, self._closed_until)
        if self._reserved:
            moment = max(moment, self._reserved[-1])
        beyond = len(self._reserved) + calls - self._calls
        if beyond > 0:
            moment = max(moment, self._reserved[beyond - 1] + WINDOW_S)
        return moment - now

    def back_off(self, seconds: float) -> None:
        """No call for `seconds` from now: the other side said so."""
        self._closed_until = max(self._closed_until, self._clock() + seconds)
