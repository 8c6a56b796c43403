"""Runs of the real command on real processes, and candles that make the council act."""

import csv
import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

HOUR_MS = 3_600_000
START_MS = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp() * 1000)
WARM_UP = 720


def command(*words: str) -> list[str]:
    return [sys.executable, "-P", "-m", "cryptofunk_tui", *words]


def environment(home: Path) -> dict[str, str]:
    """A person's environment with nothing of ours in it."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "HOME": str(home), "TERM": "xterm-256color"}


def cryptofunk(
    home: Path, *words: str, code: int | None = 0, timeout: float = 90
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; `code` is the exit code that is expected, None for any."""
    done = subprocess.run(
        command(*words),
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment(home),
        cwd=home,
        check=False,
    )
    if code is not None:
        assert done.returncode == code, (
            f"exit {done.returncode}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
        )
    return done


@dataclass(frozen=True)
class Run:
    """A finished headless run: its records and where it left its state."""

    records: list[dict[str, Any]]
    state: Path
    text: str

    def orders(self) -> list[dict[str, Any]]:
        return [order for record in self.records for order in record["orders"]]


def headless(home: Path, *words: str, name: str = "run", code: int = 0, timeout: float = 110) -> Run:
    """A headless run with a state directory and a JSONL file of its own."""
    state, jsonl = home / name, home / f"{name}.jsonl"
    done = cryptofunk(
        home, "headless", "--state-dir", str(state), "--jsonl", str(jsonl), *words, code=code, timeout=timeout
    )
    lines = jsonl.read_text().splitlines() if jsonl.exists() else []
    return Run([json.loads(line) for line in lines], state, done.stdout + done.stderr)


def write_candles(path: Path, closes: list[float], *, wick: float = 0.001) -> Path:
    """Hourly candles, each opening at the last close, as CSV."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("timestamp_ms", "open", "high", "low", "close", "volume"))
        before = closes[0]
        for index, close in enumerate(closes):
            top, bottom = max(before, close), min(before, close)
            row = (before, round(top * (1 + wick), 4), round(bottom * (1 - wick), 4), close, 100 + index % 7)
            writer.writerow((START_MS + index * HOUR_MS, *row))
            before = close
    return path


def rise_and_fall() -> list[float]:
    """A quiet market for the warm-up, a rise that crosses the averages, a crash through the stop."""
    quiet = [
        round(100 + 0.6 * math.sin(index / 5) + 0.1 * math.sin(index * 1.7), 2) for index in range(WARM_UP)
    ]
    rise = quiet[-1:]
    for step in range(9):
        rise.append(round(rise[-1] * (1 + (0.011, 0.006, -0.008)[step % 3]), 2))
    fall = [round(rise[-1] * (1 - 0.02) ** step, 2) for step in range(1, 8)]
    return quiet + rise[1:] + fall
