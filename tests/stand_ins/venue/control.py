"""What a test tells the exchange, and asks it, under /control."""

import asyncio
import contextlib
from collections.abc import Coroutine
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.stand_ins.venue.answers import shown
from tests.stand_ins.venue.replay import replay
from tests.stand_ins.venue.rules import Refusal
from tests.stand_ins.venue.walk import walk

if TYPE_CHECKING:
    from tests.stand_ins.venue.serve import Venue


class Control:
    """`do("market", {...})` is `POST /control/market`; each method tells what it takes."""

    def __init__(self, venue: "Venue") -> None:
        self._venue, self._engine = venue, venue.engine
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, request: web.Request) -> web.Response:
        asked = await request.json() if request.method == "POST" else {}
        try:
            return web.json_response(self.do(request.match_info["what"], asked))
        except (Refusal, KeyError, TypeError, ValueError, AttributeError) as error:
            return web.json_response({"error": f"{type(error).__name__}: {error}"}, status=400)

    def do(self, what: str, asked: dict[str, Any]) -> Any:
        """Raises Refusal, or what a wrong word raises."""
        return getattr(self, f"_{what}")(asked)

    async def close(self) -> None:
        """End what moves the prices."""
        for task in list(self._tasks):
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _market(self, asked: dict[str, str]) -> None:
        size = asked.get("size", "1000")
        prices = Decimal(asked["bid"]), Decimal(asked["ask"])
        sizes = Decimal(asked.get("bid_size", size)), Decimal(asked.get("ask_size", size))
        self._engine.move(asked["symbol"], *prices, *sizes)

    def _faults(self, asked: dict[str, Any]) -> None:
        self._venue.faults.set(asked.get("rules", []), asked.get("seed", 0))

    def _clock(self, asked: dict[str, Any]) -> None:
        """`freeze` first, then `offset_ms`, then `advance_ms`."""
        clock = self._engine.clock
        if "freeze" in asked:
            clock.freeze(asked["freeze"])
        clock.offset_ms = asked.get("offset_ms", clock.offset_ms) + asked.get("advance_ms", 0)
        self._engine.let_late_in()

    def _crossed(self, asked: dict[str, Any]) -> None:
        self._engine.crossed = set(asked["symbols"])

    def _stale(self, asked: dict[str, Any]) -> None:
        self._engine.set_stale(asked["symbols"])

    def _limit(self, asked: dict[str, int]) -> None:
        self._venue.limits.allow(asked["per_minute"], asked.get("orders", 10**9))

    def _reset(self, asked: dict[str, Any]) -> None:
        self._engine.clock.reset()
        self._engine.reset(**asked)
        self._venue.faults.set([])
        self._venue.requests.clear()
        self._venue.submitted.clear()

    def _foreign(self, asked: dict[str, str]) -> Any:
        return shown(self._engine.place(asked, foreign=True))

    def _seed(self, asked: dict[str, Any]) -> None:
        self._engine.seed(asked["open"], asked["closed"], asked["prefix"])

    def _closes(self, asked: dict[str, Any]) -> None:
        self._engine.closes[asked["symbol"]] = asked["closes"]

    def _replay(self, asked: dict[str, Any]) -> None:
        self._start(replay(self._engine, Path(asked["path"]), asked["speed"]))

    def _walk(self, asked: dict[str, Any]) -> None:
        self._start(walk(self._engine, asked["symbol"], asked["seed"], asked["steps"], asked["step_s"]))

    def _drop(self, asked: object) -> None:
        """Close every stream."""
        self._start(self._venue.streams.drop())

    def _start(self, moving: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(moving)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _requests(self, asked: object) -> Any:
        return list(self._venue.requests)

    def _state(self, asked: object) -> Any:
        engine, account = self._engine, self._engine.account
        engine.let_late_in()
        return {
            "now": engine.now(),
            "orders": [shown(order) for order in engine.orders.values()],
            "trades": [fill for fills in engine.trades.values() for fill in fills],
            "accepted": dict(engine.accepted),
            "submitted": dict(self._venue.submitted),
            "owned": {asset: f"{amount:f}" for asset, amount in account.owned.items()},
            "locked": {asset: f"{account.locked(asset):f}" for asset in account.owned},
            "start": {asset: f"{amount:f}" for asset, amount in account.start.items()},
            "fills": sum(len(trades) for trades in engine.trades.values()),
            "faults": self._venue.faults.left(),
        }
