"""Moves one of the exchange's prices at random, the same way for the same seed."""

import asyncio
import random
from decimal import Decimal

from tests.stand_ins.venue.engine import Engine
from tests.stand_ins.venue.rules import pair

FARTHEST_BP = 10
"""How far one step goes at most, in hundredths of a percent."""
SIZE = Decimal(1000)


async def walk(engine: Engine, symbol: str, seed: int, steps: int, step_s: float) -> None:
    rng, tick = random.Random(seed), pair(symbol).tick
    middle = pair(symbol).price
    for _ in range(steps):
        middle += middle * rng.randint(-FARTHEST_BP, FARTHEST_BP) / 10_000
        bid = (middle * Decimal("0.9999")).quantize(tick)
        engine.move(symbol, bid, max(bid + tick, (middle * Decimal("1.0001")).quantize(tick)), SIZE, SIZE)
        await asyncio.sleep(step_s)
