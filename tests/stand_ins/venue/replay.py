"""Moves the exchange's prices as a recording of the real wire did, at any speed."""

import asyncio
import gzip
import json
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from tests.stand_ins.venue.engine import Engine

STEP_S = 0.005


def top_of_book(path: Path) -> Iterator[tuple[float, Decimal, Decimal]]:
    """Seconds since the first line, best bid and best ask."""
    first = None
    with gzip.open(path, "rt") as lines:
        for line in lines:
            stamp, _, body = line.partition(" ")
            first = first or int(stamp)
            if "bookTicker" in body:
                told = json.loads(body)["data"]
                yield (int(stamp) - first) / 1e9, Decimal(told["b"]), Decimal(told["a"])


async def replay(engine: Engine, path: Path, speed: float) -> None:
    """Every change of the recording, again and again; those of one moment as one."""
    while True:
        started, newest = time.monotonic(), None
        for seconds, bid, ask in top_of_book(path):
            due = started + seconds / speed
            newest = (bid, ask)
            if due - time.monotonic() > STEP_S:
                engine.move("BTCUSDT", *newest, Decimal(1000), Decimal(1000))
                await asyncio.sleep(due - time.monotonic())
