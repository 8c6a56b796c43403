"""One budget for all who ask a venue from this machine."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cryptofunk_tui.market.rate_budget import NoBudget, RateBudget, budget_folder, urgent

pytestmark = pytest.mark.anyio


async def test_a_burst_passes_and_then_requests_wait_for_their_turn(tmp_path: Path) -> None:
    budget = RateBudget("v", "h", 100, tmp_path)
    started = time.monotonic()
    for _ in range(400):
        await budget.take(1)
    assert time.monotonic() - started < 0.5
    for _ in range(30):
        await budget.take(1)
    assert time.monotonic() - started > 0.2


async def test_the_reserve_is_for_what_is_urgent(tmp_path: Path) -> None:
    budget = RateBudget("v", "h", 1, tmp_path)
    for _ in range(4):
        await budget.take(1)
    with urgent():
        started = time.monotonic()
        await budget.take(1)
        assert time.monotonic() - started < 0.1


async def test_a_venue_that_refuses_is_left_alone_by_everybody(tmp_path: Path) -> None:
    first, second = RateBudget("v", "h", 100, tmp_path), RateBudget("v", "h", 100, tmp_path)
    await first.block(0.3)
    with pytest.raises(NoBudget, match="refuses requests"), urgent():
        await second.take(1)
    await RateBudget("v", "other", 100, tmp_path).take(1)
    await asyncio.sleep(0.35)
    await second.take(1)


@pytest.mark.parametrize("damage", [b"", b"[1", b'["x", 1, 2]', b"[1, 1e300, 0]", b"\xff" * 500])
async def test_a_broken_file_is_replaced(tmp_path: Path, damage: bytes) -> None:
    budget = RateBudget("v", "h", 100, tmp_path)
    (tmp_path / "v-h.budget").write_bytes(damage)
    await budget.take(1)
    await budget.take(1)


@pytest.mark.parametrize("theirs", ["loose", "link"])
def test_a_folder_that_is_not_ours_alone_is_not_used(tmp_path: Path, theirs: str) -> None:
    first = budget_folder(tmp_path)
    assert budget_folder(tmp_path) == first
    if theirs == "loose":
        first.chmod(0o777)
    else:
        first.rmdir()
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        first.symlink_to(tmp_path / "elsewhere")
    other = budget_folder(tmp_path)
    assert other != first
    assert other.stat().st_mode & 0o777 == 0o700


def test_several_processes_share_it(tmp_path: Path) -> None:
    script = (
        "import asyncio, sys, pathlib\n"
        "from cryptofunk_tui.market.rate_budget import RateBudget\n"
        "async def main():\n"
        "    budget = RateBudget('v', 'h', 50, pathlib.Path(sys.argv[1]))\n"
        "    for _ in range(75): await budget.take(1)\n"
        "asyncio.run(main())\n"
    )
    started = time.monotonic()
    many = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path)]) for _ in range(4)]
    assert [process.wait(30) for process in many] == [0] * 4
    assert time.monotonic() - started > (300 - 200) / 50 - 0.1
