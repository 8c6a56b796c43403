"""Real SIGKILLs at random moments of the order path, and what the next life makes of them."""

from pathlib import Path

import pytest

from tests.execution.ccxt_scene import connected
from tests.execution.test_fault_matrix import ShiftedClock, check, life, settle
from tests.nightly import scaled
from tests.stand_ins.venue.process import StandIn, started

pytestmark = pytest.mark.anyio
LIVES = 2
KILLS = scaled(100, 5_000) // LIVES


def faults(stand_in: StandIn) -> None:
    """One in twenty orders loses its request or its answer, or comes late."""
    kinds = ("reply_lost", "request_lost", "late")
    rules = [
        {"kind": kind, "method": "POST", "path": "/api/v3/order", "p": 0.02, "seconds": 30} for kind in kinds
    ]
    stand_in.faults(*rules, seed=1)


@pytest.mark.timeout(scaled(120, 7200))
@pytest.mark.parametrize("seed", range(LIVES))
async def test_no_kill_doubles_or_orphans_an_order(tmp_path: Path, seed: int) -> None:
    with started() as stand_in:
        stand_in.reset({"USDT": "100000", "BTC": "1"})
        faults(stand_in)
        lead_lives(stand_in, tmp_path, seed)
        stand_in.faults()
        assert len(stand_in.state()["accepted"]) > KILLS / 3
        clock = ShiftedClock()
        async with (
            connected(stand_in, clock, timeout_s=5) as venue,
            life(tmp_path, venue, clock) as scene,
        ):
            await settle(scene, stand_in, clock)
            await check(scene, stand_in, f"seed {seed}")
