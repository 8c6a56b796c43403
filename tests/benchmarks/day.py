"""A simulated day on the console, run in a minute, and how its memory grows.

`python -m tests.benchmarks.day` feeds 24 hours of what an engine with five symbols tells: each price every
second, the account every two seconds (a real one: every half), a preview every 30 seconds, and at each close
a decision, bars and lines of log. The screen is painted once a simulated minute, and each hour a person opens
the help and a trace. Prints the resident memory after each hour, in MB."""

import asyncio
import gc
import json
import math
import sys
from datetime import timedelta

import psutil
from textual.pilot import Pilot

from cryptofunk_tui.domain.events import CycleFinished
from cryptofunk_tui.domain.risk import Decision
from tests.benchmarks.figures import line
from tests.tui import accounts, props, scenes
from tests.tui.stage import Stage

HOURS = 24
SETTLED = 4
"""Hours until what is kept of the past has its room."""


async def _hour(stage: Stage, pilot: Pilot[None], hour: int) -> None:
    for minute in range(60):
        for second in range(60):
            moved = 1 + 0.004 * math.sin((hour * 3600 + minute * 60 + second) / 40)
            for symbol in props.SYMBOLS:
                stage.app.publish(props.tick(symbol, moved))
            if second % 2 == 0:
                stage.app.publish(accounts.account())
            if second % 30 == 0:
                for symbol in props.SYMBOLS:
                    stage.app.publish(props.cycle(symbol, Decision.NONE, preview=True))
        stage.clock.move(60)
        stage.app.repaint()
        await pilot.pause(0.001)
    at = props.MARKET + timedelta(hours=hour)
    for symbol in props.SYMBOLS:
        record = props.record(symbol, Decision.NONE, cycle_id=f"c{hour}{symbol}", at=at)
        stage.app.publish(CycleFinished(at=at, record=record, preview=False))
        stage.app.publish(props.bars(symbol, 240 - hour % 5))
        for number in range(4):
            stage.app.publish(props.log(f"hour {hour} {symbol} line {number}"))
    for key in ("question_mark", "t"):
        await pilot.press(key, "escape")
        await pilot.pause()


async def live() -> list[float]:
    stage, process, sizes = Stage(scenes.normal()), psutil.Process(), []
    async with stage.open((160, 50)) as pilot:
        for hour in range(HOURS):
            await _hour(stage, pilot, hour)
            gc.collect()
            sizes.append(process.memory_info().rss / 1e6)
    return sizes


def slope(sizes: list[float]) -> float:
    """MB an hour once settled, by least squares."""
    points = list(enumerate(sizes))[SETTLED:]
    middle = sum(hour for hour, _ in points) / len(points)
    mean = sum(size for _, size in points) / len(points)
    rise = sum((hour - middle) * (size - mean) for hour, size in points)
    return rise / sum((hour - middle) ** 2 for hour, _ in points)


async def run() -> list[str]:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.day", stdout=asyncio.subprocess.PIPE
    )
    told, _ = await child.communicate()
    sizes = json.loads(told)
    measured = f"{slope(sizes):+.2f} MB an hour, {sizes[0]:.0f} to {sizes[-1]:.0f} MB"
    return [line(f"memory of the screen over {HOURS} simulated hours", measured, "1 MB an hour")]


if __name__ == "__main__":
    print(json.dumps(asyncio.run(live())))
