"""The Fear & Greed index of alternative.me, kept for ten minutes."""

import time
from collections.abc import Callable

import httpx

from cryptofunk_tui.domain.base import from_ms
from cryptofunk_tui.domain.market import FearGreed

_KEPT_S = 600.0
_KEPT_FAILURE_S = 60.0
_TIMEOUT_S = 3.0


class FearGreedIndex:
    """Asks `url` when the kept answer is old. After a failure the index is unknown for a minute."""

    def __init__(self, url: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._url = url
        self._monotonic = monotonic
        self._kept: FearGreed | None = None
        self._kept_until = float("-inf")

    async def now(self) -> FearGreed | None:
        if self._monotonic() >= self._kept_until:
            self._kept = await self._ask()
            self._kept_until = self._monotonic() + (_KEPT_S if self._kept else _KEPT_FAILURE_S)
        return self._kept

    async def _ask(self) -> FearGreed | None:
        try:
            async with httpx.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=True) as client:
                answer = await client.get(self._url)
            answer.raise_for_status()
            newest = answer.json()["data"][0]
            value = int(newest["value"])
            if not 0 <= value <= 100:
                return None
            return FearGreed(
                value=value,
                classification=str(newest["value_classification"])[:40],
                at=from_ms(int(newest["timestamp"]) * 1000),
            )
        except (
            httpx.HTTPError,
            httpx.InvalidURL,
            ValueError,
            LookupError,
            TypeError,
            OverflowError,
            OSError,
        ):
            return None
