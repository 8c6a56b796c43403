"""Real SIGKILLs at random moments of the order path, and what the next life makes of them."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.execution.ccxt_scene import connected
from tests.execution.test_fault_matrix import ShiftedClock, check, life, settle
from tests.nightly import scaled
from tests.stand_ins.venue.process import ROOT, StandIn, started

pytestmark = pytest.mark.anyio
LIVES = 2
KILLS = scaled(100, 5_000) // LIVES


def faults(stand_in: StandIn) -> None:
    """One in twenty orders loses its request or its answer, or comes late."""
    place = {"method": "POST", "path": "/api/v3/order", "p": 0.02, "seconds": 30}
    stand_in.faults(*({"kind": kind} | place for kind in ("reply_lost", "request_lost", "late")), seed=1)


def lead_lives(stand_in: StandIn, state_dir: Path, seed: int) -> None:
    command = [sys.executable, "-m", "tests.execution.killed_lives", stand_in.url, str(state_dir)]
    done = subprocess.run(
        [*command, str(KILLS), str(seed)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert (done.returncode, done.stdout) == (0, f"{KILLS} killed\n"), done.stderr


@pytest.mark.timeout(scaled(120, 7200))
@pytest.mark.parametrize("seed", range(LIVES))
async def test_no_kill_doubles_or_orphans_an_order(tmp_path: Path, seed: int) -> None:
    with started() as stand_in:
        stand_in.reset({"USDT": "100000", "BTC": "1"})
        faults(stand_in)
        lead_lives(stand_in, tmp_path, seed)
        stand_in.faults()
        assert len(stand_in.state()["accepted"]) > KILLS / 10
        clock = ShiftedClock()
        async with (
            connected(stand_in, clock, timeout_s=5) as venue,
            life(tmp_path, venue, clock) as scene,
        ):
            await settle(scene, stand_in, clock)
            await check(scene, stand_in, f"seed {seed}")
