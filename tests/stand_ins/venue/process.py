"""The stand-in exchange as a test holds it: started, told what to do, asked what it saw, and ended."""

import subprocess
import sys
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import httpx
from aiohttp import web

from tests.stand_ins.venue.serve import Venue

ROOT = Path(__file__).parents[3]
GRACE_S = 0.1
"""How long requests that hang may hold up the end."""


class Controls(ABC):
    """Its address and its control. Calls are synchronous and short."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"

    def market(self, symbol: str, bid: str, ask: str, size: str = "1000", **sizes: str) -> None:
        """`sizes`: `bid_size` and `ask_size` where they differ."""
        self._do("market", {"symbol": symbol, "bid": bid, "ask": ask, "size": size, **sizes})

    def walk(self, symbol: str, seed: int, steps: int, step_s: float) -> None:
        """Let one price move at random, the same way for the same seed."""
        self._do("walk", {"symbol": symbol, "seed": seed, "steps": steps, "step_s": step_s})

    def faults(self, *rules: dict[str, Any], seed: int = 0) -> None:
        """Break what the rules name; none mends all."""
        self._do("faults", {"rules": list(rules), "seed": seed})

    def advance(self, seconds: float) -> None:
        """Move the exchange's clock; what was due by then is accepted."""
        self._do("clock", {"advance_ms": int(seconds * 1000)})

    def clock(self, **how: Any) -> None:
        """`freeze` it or let it run, set its `offset_ms` to the wall's, `advance_ms`."""
        self._do("clock", how)

    def crossed(self, *symbols: str) -> None:
        self._do("crossed", {"symbols": list(symbols)})

    def stale(self, *symbols: str) -> None:
        """Tell of these books as they are now, whatever happens in them; none lets all live."""
        self._do("stale", {"symbols": list(symbols)})

    def limit(self, per_minute: int, orders: int = 10**9) -> None:
        """The weight of requests a minute, and the orders in ten seconds."""
        self._do("limit", {"per_minute": per_minute, "orders": orders})

    def drop_streams(self) -> None:
        self._do("drop", {})

    def reset(self, balances: dict[str, str] | None = None, **options: Any) -> None:
        """A clean account, without faults."""
        self._do("reset", {"balances": balances or {}, **options})

    def foreign(self, name: str, side: str, quantity: str, price: str) -> None:
        """Somebody else's hand on the same account."""
        order = {"symbol": "BTCUSDT", "side": side, "type": "LIMIT", "quantity": quantity, "price": price}
        self._do("foreign", order | {"newClientOrderId": name, "timeInForce": "GTC"})

    def closes(self, symbol: str, closes: list[float]) -> None:
        """What the last hourly bars closed at, oldest first."""
        self._do("closes", {"symbol": symbol, "closes": closes})

    def replay(self, recording: Path, speed: float) -> None:
        """Let prices move as they were recorded."""
        self._do("replay", {"path": str(recording), "speed": speed})

    def seed(self, open_orders: int, closed: int, prefix: str) -> None:
        self._do("seed", {"open": open_orders, "closed": closed, "prefix": prefix})

    def state(self) -> dict[str, Any]:
        return dict(self._do("state", {}))

    def requests(self) -> list[dict[str, Any]]:
        """All that was asked, with the time of its arrival: monotonic (`at`) and the wall's, in seconds."""
        return list(self._do("requests", {}))

    @abstractmethod
    def _do(self, what: str, asked: dict[str, Any]) -> Any: ...


class StandIn(Controls):
    """One in a process of its own."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self._http = httpx.Client(base_url=f"{self.url}/control", timeout=30)

    def close(self) -> None:
        self._http.close()

    def _do(self, what: str, asked: dict[str, Any]) -> Any:
        answer = self._http.post(f"/{what}", json=asked)
        answer.raise_for_status()
        return answer.json()


class Served(Controls):
    """One in this process's loop."""

    def __init__(self, port: int, venue: Venue) -> None:
        super().__init__(port)
        self._venue = venue

    def _do(self, what: str, asked: dict[str, Any]) -> Any:
        return self._venue.control.do(what, asked)


@asynccontextmanager
async def served(port: int = 0) -> AsyncIterator[Served]:
    """An exchange on a port of this machine, a free one for 0."""
    venue = Venue()
    runner = web.AppRunner(venue.app(), access_log=None, shutdown_timeout=GRACE_S)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield Served(runner.addresses[0][1], venue)
    finally:
        await runner.cleanup()


@contextmanager
def started() -> Iterator[StandIn]:
    """A process of its own, ended at the end."""
    command = [sys.executable, "-m", "tests.stand_ins.venue"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    stand_in = StandIn(int(process.stdout.readline()))
    try:
        yield stand_in
    finally:
        stand_in.close()
        process.kill()
        process.wait()
