"""`python -m tests.execution.killed_lives URL STATE_DIR KILLS SEED`: one life after the other trades on the
stand-in exchange and is ended by SIGKILL at a random moment. The lives are forked from this process, which
has loaded everything, so that each costs milliseconds."""

import asyncio
import contextlib
import gc
import os
import random
import signal
import sys
import time
from pathlib import Path

from cryptofunk_tui.execution.venue import OrderRefused
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.market.venue_clients import Credentials, venue_client
from tests.execution.ccxt_scene import SYMBOL, connected
from tests.execution.scene import D
from tests.execution.test_fault_matrix import PLAN, ShiftedClock, life
from tests.stand_ins.venue import KEY, SECRET
from tests.stand_ins.venue.process import StandIn

LONGEST_S = 0.12
STARTED = b"s"


async def trade(url: str, state_dir: Path, number: int, ready: int) -> None:
    """Buy, rest, close and follow until the end comes."""
    rng = random.Random(number)
    stand_in = StandIn(int(url.rpartition(":")[2]))
    clock = ShiftedClock()
    async with connected(stand_in, clock, timeout_s=5) as venue, life(state_dir, venue, clock) as scene:
        os.write(ready, STARTED)
        for step in range(10_000):
            await scene.executor.keep_watch()
            with contextlib.suppress(OrderRefused, MarketError):
                if rng.random() < 0.3:
                    await scene.executor.close_position(SYMBOL, "a person")
                    continue
                limit = "59000" if rng.random() < 0.3 else None
                order = scene.entry(f"{number}-{step}", "0.001", symbol=SYMBOL, limit=limit, protection=PLAN)
                await scene.executor.place(order, await scene.grant(order, collar=D(61_000)))


def one_life(url: str, state_dir: Path, number: int, rng: random.Random) -> None:
    """Fork a life, let it start, and end it."""
    heard, ready = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(heard)
        with contextlib.suppress(BaseException):
            asyncio.run(trade(url, state_dir, number, ready))
        os._exit(1)
    os.close(ready)
    if os.read(heard, 1) == STARTED:
        time.sleep(rng.uniform(0, LONGEST_S))
    os.close(heard)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), f"life {number} ended by itself with {status}"


def main() -> None:
    url, state_dir, kills, seed = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    rng = random.Random(seed)
    venue_client("binance", url, Credentials(KEY, SECRET))  # loads what the lives need
    gc.freeze()
    for number in range(kills):
        one_life(url, state_dir, number, rng)
    print(f"{kills} killed", flush=True)


if __name__ == "__main__":
    main()
