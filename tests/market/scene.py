"""Candles with known prices, and a stand-in exchange as a process of its own."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptofunk_tui.domain.candles import COLUMNS, Candles
from cryptofunk_tui.domain.sources import ExchangeConfig

STAND_IN = Path(__file__).parents[1] / "stand_ins" / "binance.py"
START = datetime(2024, 3, 1, tzinfo=UTC)
START_MS = int(START.timestamp() * 1000)
HOUR_MS = 3_600_000


def hours(count: float) -> datetime:
    """So many hours after START."""
    return START + timedelta(hours=count)


def candles(
    closes: Sequence[float], *, symbol: str = "BTC/EUR", timeframe: str = "1h", skip: Sequence[int] = ()
) -> Candles:
    """Bars from START that open at the close before and reach 1 % beyond; those in `skip` are missing."""
    step = {"1m": 60_000, "1h": HOUR_MS}[timeframe]
    opens = [closes[0], *closes[:-1]]
    rows = [
        (
            START_MS + i * step,
            opens[i],
            max(opens[i], close) * 1.01,
            min(opens[i], close) * 0.99,
            close,
            2.0 + i,
        )
        for i, close in enumerate(closes)
        if i not in skip
    ]
    return Candles.from_columns(
        symbol, timeframe, {name: [row[i] for row in rows] for i, name in enumerate(COLUMNS)}
    )


@dataclass
class StandIn:
    """A running stand-in."""

    url: str

    def break_path(self, path: str, **fault: Any) -> None:
        """`fault="429"` and the like, or `body="…"`; see the stand-in."""
        self._post({"path": path, **fault})

    def mend(self) -> None:
        self._post({})

    def seen(self) -> list[str]:
        """What was asked for so far."""
        with urllib.request.urlopen(f"{self.url}/seen", timeout=5) as answer:
            asked: list[str] = json.load(answer)
        return asked

    def config(self, *others: str) -> ExchangeConfig:
        return ExchangeConfig(venues=("binance", *others), base_urls={"binance": self.url})

    def _post(self, body: dict[str, Any]) -> None:
        request = urllib.request.Request(f"{self.url}/faults", json.dumps(body).encode(), method="POST")
        urllib.request.urlopen(request, timeout=5).close()


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """A stand-in exchange on a free port, gone afterwards."""
    process = subprocess.Popen([sys.executable, str(STAND_IN)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield StandIn(f"http://127.0.0.1:{int(process.stdout.readline())}")
    finally:
        process.kill()
        process.communicate()
