"""kill -9 of each server in turn during a run: no call hangs, nothing is traded twice, the run goes on."""

import json
import os
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

import psutil
import pytest

from tests.end_to_end.runs import command, environment

SERVERS = ("market_data", "technical_indicators", "risk_analyzer", "order_executor")
BARS = 120


@pytest.mark.timeout(240)
def test_a_run_outlives_each_of_its_servers(tmp_path: Path) -> None:
    jsonl, state = tmp_path / "run.jsonl", tmp_path / "state"
    words = ("headless", "--market", "simulated", "--symbols", "BTC/USDT,ETH/USDT", "--cycles", str(BARS))
    run = subprocess.Popen(
        command(*words, "--jsonl", str(jsonl), "--state-dir", str(state)),
        env=environment(tmp_path),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for number, name in enumerate(SERVERS, start=1):
            _await_lines(jsonl, number * 20, run)
            os.kill(_child(run.pid, name), signal.SIGKILL)
        _, errors = run.communicate(timeout=150)
    finally:
        run.kill()
    assert run.returncode == 0, errors
    records = [json.loads(line) for line in jsonl.read_text().splitlines()]
    decided = Counter(record["cycle_id"] for record in records)
    assert max(decided.values()) == 1
    assert len(decided) >= 2 * BARS - 4
    _money_adds_up(state)


def _money_adds_up(state: Path) -> None:
    """One order a decision and leg; cash = start − Σ buys + Σ sales − fees, to the last decimal."""
    with sqlite3.connect(state / "journal.sqlite3") as journal:
        entries = journal.execute(
            "select decision_id, count(*) from orders where purpose = 'ENTRY' group by decision_id"
        ).fetchall()
        fills = journal.execute("select side, price, quantity, fee from fills").fetchall()
        (total,) = journal.execute("select amount from balances where asset = 'USDT'").fetchone()
    assert all(count == 1 for _, count in entries)
    cash = Decimal(10000)
    for side, price, quantity, fee in fills:
        cash += Decimal(price) * Decimal(quantity) * (1 if side == "SELL" else -1) - Decimal(fee)
    assert Decimal(total) == cash


def _await_lines(path: Path, count: int, run: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while not path.exists() or path.read_text().count("\n") < count:
        assert run.poll() is None, "the run has ended early"
        assert time.monotonic() < deadline, f"no {count} decisions"
        time.sleep(0.05)


def _child(pid: int, name: str) -> int:
    children = psutil.Process(pid).children(recursive=True)
    return next(int(each.pid) for each in children if each.cmdline()[-1:] == [f"servers.{name}"])
