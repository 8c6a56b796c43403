"""The stand-in exchange as a test holds it: started, told what to do, asked what it saw, and ended."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).parents[3]


class StandIn:
    """Its address and its control. Calls are synchronous and short."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._http = httpx.Client(base_url=f"{self.url}/control", timeout=30)

    def market(self, symbol: str, bid: str, ask: str, size: str = "1000") -> None:
        self._post("market", {"symbol": symbol, "bid": bid, "ask": ask, "size": size})

    def faults(self, *rules: dict[str, Any], seed: int = 0) -> None:
        """Break what the rules name; none mends all."""
        self._post("faults", {"rules": list(rules), "seed": seed})

    def advance(self, seconds: float) -> None:
        """Move the exchange's clock; what was due by then is accepted."""
        self._post("clock", {"advance_ms": int(seconds * 1000)})

    def crossed(self, *symbols: str) -> None:
        self._post("crossed", {"symbols": list(symbols)})

    def limit(self, per_minute: int) -> None:
        self._post("limit", {"per_minute": per_minute})

    def reset(self, balances: dict[str, str] | None = None, **options: Any) -> None:
        """A clean account, without faults."""
        self._post("reset", {"balances": balances or {}, **options})

    def foreign(self, name: str, side: str, quantity: str, price: str) -> None:
        """Somebody else's hand on the same account."""
        order = {"symbol": "BTCUSDT", "side": side, "type": "LIMIT", "quantity": quantity, "price": price}
        self._post("foreign", order | {"newClientOrderId": name})

    def closes(self, symbol: str, closes: list[float]) -> None:
        """What the last hourly bars closed at, oldest first."""
        self._post("closes", {"symbol": symbol, "closes": closes})

    def replay(self, recording: Path, speed: float) -> None:
        """Let prices move as they were recorded."""
        self._post("replay", {"path": str(recording), "speed": speed})

    def seed(self, open_orders: int, closed: int, prefix: str) -> None:
        self._post("seed", {"open": open_orders, "closed": closed, "prefix": prefix})

    def state(self) -> dict[str, Any]:
        return dict(self._get("state"))

    def requests(self) -> list[dict[str, Any]]:
        """All that was asked, with the monotonic time of its arrival in seconds."""
        return list(self._get("requests"))

    def close(self) -> None:
        self._http.close()

    def _post(self, what: str, body: dict[str, Any]) -> Any:
        answer = self._http.post(f"/{what}", json=body)
        answer.raise_for_status()
        return answer.json()

    def _get(self, what: str) -> Any:
        return self._http.get(f"/{what}").json()


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
