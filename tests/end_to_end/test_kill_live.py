"""The kill of a live account on real processes: it blocks at once, cleans, looks at the venue, and says what
it could not do, whatever else is broken."""

import asyncio
import os
import random
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from cryptofunk_tui.orchestrator.launch import write_run_config
from cryptofunk_tui.storage.control import Control, touch_kill
from cryptofunk_tui.storage.journal import JOURNAL_FILE
from cryptofunk_tui.storage.kill_report import KillReport, read_report
from cryptofunk_tui.toolbox.errors import ToolboxError
from tests.end_to_end.live import PREFIX, add_resting, executor, granted, open_journal, person, settings_for
from tests.end_to_end.runs import command
from tests.nightly import scaled
from tests.stand_ins.venue.process import StandIn, started

pytestmark = pytest.mark.anyio
KILLS = scaled(10, 200)
OPEN = 200
BLOCKED_WITHIN_S = 0.1
CLEANED_WITHIN_S = 5.0
BROKEN_CANCELS = {"method": "DELETE", "path": "/api/v3/order", "kind": "500", "p": 0.2}


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with started() as process:
        yield process


def ours(stand_in: StandIn) -> set[str]:
    """Names of our orders that rest at the exchange."""
    return {
        order["clientOrderId"]
        for order in stand_in.state()["orders"]
        if order["status"] in ("NEW", "PARTIALLY_FILLED") and order["clientOrderId"].startswith("cf")
    }


async def told(state_dir: Path, since: datetime, *, clean: bool = True) -> KillReport:
    """The report, once it is there (and clean), within the time that a kill has."""
    deadline = time.monotonic() + CLEANED_WITHIN_S
    while True:
        report = read_report(state_dir)
        if report is not None and report.at >= since and (report.is_clean or not clean):
            return report
        assert time.monotonic() < deadline, report
        await asyncio.sleep(0.02)


@pytest.mark.timeout(scaled(120, 3600))
async def test_kills_at_random_moments_block_and_clean(stand_in: StandIn, tmp_path: Path) -> None:
    config = write_run_config(settings_for(stand_in), tmp_path)
    stand_in.reset({"USDT": "1000000"})
    journal = await open_journal(tmp_path)
    rng = random.Random(5)
    async with executor(config, tmp_path) as toolbox:
        for kill in range(KILLS):
            prefix = f"{PREFIX}{kill:04d}"
            await add_resting(journal, prefix, OPEN)
            stand_in.seed(OPEN, 0, prefix)
            stand_in.faults(BROKEN_CANCELS, seed=kill)
            orders = [await granted(journal, f"{kill}-{number}", limit="50000") for number in range(12)]
            placing = asyncio.create_task(place_all(toolbox, orders))
            await asyncio.sleep(rng.uniform(0, 0.3))
            killed_at, since = time.monotonic(), datetime.now(UTC)
            touch_kill(tmp_path, "killed by a test")
            await told(tmp_path, since)
            await placing
            assert time.monotonic() - killed_at < CLEANED_WITHIN_S + 1
            late = [
                asked
                for asked in stand_in.requests()
                if asked["method"] == "POST" and asked["at"] > killed_at + BLOCKED_WITHIN_S
            ]
            assert late == []
            assert ours(stand_in) == set()
            stand_in.faults()
            await Control(journal, tmp_path).resume("RESUME", "test", datetime.now(UTC))
    await journal.close()


async def place_all(toolbox: Any, orders: list[dict[str, Any]]) -> None:
    for order in orders:
        with suppress(ToolboxError):
            await toolbox.call("order_executor", "place_limit_order", order, deadline_s=10.0)


def kill_command(state_dir: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`cryptofunk kill` as a person types it."""
    return subprocess.run(
        command("kill", *words, "--state-dir", str(state_dir)),
        capture_output=True,
        text=True,
        timeout=60,
        env=person(state_dir.parent),
        check=False,
    )


async def with_open_orders(stand_in: StandIn, state_dir: Path) -> Path:
    state_dir.mkdir(mode=0o700, exist_ok=True)
    config = write_run_config(settings_for(stand_in), state_dir)
    stand_in.reset({"USDT": "1000000"})
    journal = await open_journal(state_dir)
    await add_resting(journal, PREFIX, 20)
    stand_in.seed(20, 0, PREFIX)
    stand_in.foreign("web_1", "BUY", "0.01", "40000")
    await journal.close()
    return config


async def test_with_nothing_running_the_command_itself_cleans(stand_in: StandIn, tmp_path: Path) -> None:
    state = tmp_path / "s"
    await with_open_orders(stand_in, state)
    done = await asyncio.to_thread(kill_command, state)
    assert (done.returncode, done.stderr) == (0, "")
    assert "cancelled 20, sold 0" in done.stdout
    resting = [order["clientOrderId"] for order in stand_in.state()["orders"] if order["status"] == "NEW"]
    assert resting == ["web_1"]


@pytest.mark.parametrize("left", [b"no database at all" * 100, None], ids=["torn", "deleted"])
async def test_with_the_journal_gone_orders_are_cancelled_and_nothing_is_sold(
    stand_in: StandIn, tmp_path: Path, left: bytes | None
) -> None:
    state = tmp_path / "s"
    await with_open_orders(stand_in, state)
    for file in state.glob(f"{JOURNAL_FILE}*"):
        file.unlink()
    if left is not None:
        (state / JOURNAL_FILE).write_bytes(left)
    done = await asyncio.to_thread(kill_command, state, "--flatten")
    assert done.returncode == 1
    assert "nothing is sold" in done.stderr
    assert "cancelled 20, sold 0" in done.stdout
    assert ours(stand_in) == set()


async def test_with_the_journal_gone_under_a_running_executor(stand_in: StandIn, tmp_path: Path) -> None:
    state = tmp_path / "s"
    config = await with_open_orders(stand_in, state)
    async with executor(config, state) as toolbox:
        await toolbox.call("order_executor", "process_market", {}, deadline_s=10.0)
        for name in (JOURNAL_FILE, f"{JOURNAL_FILE}-wal"):
            (state / name).write_bytes(b"\xff" * 70_000)
        since = datetime.now(UTC)
        touch_kill(state, "killed by a test")
        report = await told(state, since, clean=False)
        while ours(stand_in):
            assert (datetime.now(UTC) - report.at).total_seconds() < CLEANED_WITHIN_S
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
async def test_with_the_executor_dead_or_stuck_the_command_cleans(
    stand_in: StandIn, tmp_path: Path, number: signal.Signals
) -> None:
    state = tmp_path / "s"
    config = await with_open_orders(stand_in, state)
    async with executor(config, state):
        (child,) = [
            each for each in psutil.Process().children() if "servers.order_executor" in each.cmdline()
        ]
        os.kill(child.pid, number)
        done = await asyncio.to_thread(kill_command, state)
        # A process that was stopped within a transaction keeps the journal locked, which is said.
        assert done.returncode == 0 or "kept it locked" in done.stderr, done.stderr
        assert ours(stand_in) == set()
        with suppress(ProcessLookupError):
            os.kill(child.pid, signal.SIGCONT)


async def test_sigusr1_to_the_executor_kills(stand_in: StandIn, tmp_path: Path) -> None:
    state = tmp_path / "s"
    config = await with_open_orders(stand_in, state)
    async with executor(config, state) as toolbox:
        await toolbox.call("order_executor", "process_market", {}, deadline_s=10.0)
        (child,) = [
            each for each in psutil.Process().children() if "servers.order_executor" in each.cmdline()
        ]
        since = datetime.now(UTC)
        os.kill(child.pid, signal.SIGUSR1)
        report = await told(state, since)
        assert (report.reason, ours(stand_in)) == ("killed by SIGUSR1", set())


async def test_a_key_that_may_withdraw_trades_nothing(stand_in: StandIn, tmp_path: Path) -> None:
    state = tmp_path / "s"
    config = await with_open_orders(stand_in, state)
    stand_in.reset({"USDT": "1000000"}, withdrawals=True)
    journal = await open_journal(state)
    async with executor(config, state) as toolbox:
        with pytest.raises(ToolboxError, match="may withdraw or transfer"):
            await toolbox.call(
                "order_executor", "place_market_order", await granted(journal, "w"), deadline_s=10.0
            )
    assert stand_in.state()["orders"] == []
    await journal.close()


async def test_a_kill_that_sells_leaves_nothing_held(stand_in: StandIn, tmp_path: Path) -> None:
    state = tmp_path / "s"
    config = await with_open_orders(stand_in, state)
    journal = await open_journal(state)
    async with executor(config, state) as toolbox:
        await toolbox.call("order_executor", "process_market", {}, deadline_s=10.0)
        bought = await toolbox.call(
            "order_executor", "place_market_order", await granted(journal, "b"), deadline_s=10.0
        )
        assert bought["status"] == "FILLED"
        assert len(ours(stand_in)) == 21
    done = await asyncio.to_thread(kill_command, state)
    assert "still held, and nothing protects it: 0.001 BTC/USDT" in done.stdout
    done = await asyncio.to_thread(kill_command, state, "--flatten")
    assert (done.returncode, done.stderr) == (0, "")
    assert "sold 1" in done.stdout
    assert await journal.positions() == ()
    assert stand_in.state()["owned"]["BTC"] in ("0.000", "0.000000", "0.00000")
    await journal.close()
