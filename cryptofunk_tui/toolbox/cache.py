"""A cache that serves what it has at once and refreshes behind."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True)
class Cached(Generic[T]):
    """A value with its age in seconds. `error` says why the newest refresh failed; None where it did not."""

    value: T
    age_s: float
    stale: bool
    error: str | None


@dataclass
class _Entry(Generic[T]):
    value: T
    at: float
    error: str | None = None


class Cache(Generic[T]):
    """Values by key. One older than `fresh_s` is still served, marked stale, while one refresh runs behind;
    a failed refresh keeps the old value and its error, and is never served as a value. After a failure
    the next refresh waits `retry_s`."""

    def __init__(
        self, *, fresh_s: float, retry_s: float = 1.0, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._fresh_s = fresh_s
        self._retry_s = retry_s
        self._clock = clock
        self._entries: dict[str, _Entry[T]] = {}
        self._not_before: dict[str, float] = {}
        self._flights: dict[str, asyncio.Task[T]] = {}

    def peek(self, key: str) -> Cached[T] | None:
        """What is there, without asking for more."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        age = self._clock() - entry.at
        return Cached(entry.value, age, age > self._fresh_s or entry.error is not None, entry.error)

    def put(self, key: str, value: T) -> None:
        """A new value, from now."""
        self._entries[key] = _Entry(value, self._clock())
        self._not_before.pop(key, None)

    def fail(self, key: str, error: str) -> None:
        """A refresh failed: the value stays, marked."""
        self._not_before[key] = self._clock() + self._retry_s
        if key in self._entries:
            self._entries[key].error = error

    def due(self, key: str) -> bool:
        """Whether a refresh is wanted now."""
        cached = self.peek(key)
        waiting = self._clock() < self._not_before.get(key, float("-inf"))
        return (cached is None or cached.stale) and not waiting

    async def get(self, key: str, fetch: Callable[[], Awaitable[T]]) -> Cached[T]:
        """The value if there is one, at once; `fetch` runs behind when it is stale. Without a value, waits
        for `fetch` and raises what it raises; callers that come meanwhile share the one fetch."""
        cached = self.peek(key)
        if cached is None:
            value = await asyncio.shield(self._flight(key, fetch))
            return self.peek(key) or Cached(value, 0.0, stale=False, error=None)
        if cached.stale and self.due(key):
            self._flight(key, fetch)
        return cached

    async def close(self) -> None:
        """Stop what is being fetched."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)

    def _flight(self, key: str, fetch: Callable[[], Awaitable[T]]) -> asyncio.Task[T]:
        if key not in self._flights:
            flight = asyncio.create_task(self._refresh(key, fetch))
            flight.add_done_callback(lambda done: self._landed(key, done))
            self._flights[key] = flight
        return self._flights[key]

    def _landed(self, key: str, flight: asyncio.Task[T]) -> None:
        del self._flights[key]
        if not flight.cancelled():
            flight.exception()

    async def _refresh(self, key: str, fetch: Callable[[], Awaitable[T]]) -> T:
        try:
            value = await fetch()
        except Exception as error:
            self.fail(key, str(error) or type(error).__name__)
            raise
        self.put(key, value)
        return value
