"""The console in a real terminal: when it paints, when its servers stand, when it shows a decision, what it
weighs; beside a bare Textual screen."""

import asyncio
import os
import pty
import signal
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from tests.benchmarks.figures import BASELINE, line

BARE = "from textual.app import App\nfrom textual.widgets import Static\n" + (
    "class A(App):\n    def compose(self): yield Static('PAPER')\nA().run()"
)
SERVERS = ("market_data", "technical_indicators", "risk_analyzer", "order_executor")
SETTLE_S = 20


class Terminal:
    """A program on a pty, and when each text was first seen in what it wrote."""

    def __init__(self, *command: str) -> None:
        self._master, slave = pty.openpty()
        env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "160", "LINES": "50"}
        self.started = time.perf_counter()
        self.process = subprocess.Popen(command, stdin=slave, stdout=slave, stderr=slave, env=env)
        os.close(slave)
        self._output = b""
        threading.Thread(target=self._read, daemon=True).start()

    def seen(self, text: str, timeout_s: float = 30) -> float | None:
        """Seconds from the start until the text was written; None when it never was."""
        while time.perf_counter() - self.started < timeout_s:
            if text.encode() in self._output:
                return time.perf_counter() - self.started
            time.sleep(0.005)
        return None

    def end(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def _read(self) -> None:
        while True:
            try:
                self._output += os.read(self._master, 65536)
            except OSError:
                return


async def run() -> list[str]:
    bare = Terminal(sys.executable, "-c", BARE)
    bare_paint = bare.seen("PAPER")
    bare.end()
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder)
        console = Terminal(
            sys.executable, "-m", "cryptofunk_tui", "--market", "simulated", "--state-dir", folder
        )
        paint = console.seen("KILL")
        ready = await _until(console, lambda: _servers_ready(state))
        decision = await _until(console, lambda: _decided(state))
        await asyncio.sleep(SETTLE_S)
        own, children = _memory_mb(console.process.pid)
        console.end()
    parts = ", ".join(f"{name.removeprefix('servers.')} {size:.0f}" for name, size in children.items())
    return [
        line("bare Textual screen, first paint", _seconds(bare_paint), BASELINE),
        line(
            "first paint",
            f"{_seconds(paint)}, {(paint or 0) / (bare_paint or 1):.2f} of the bare one",
            "0.7 s",
        ),
        line("servers ready", _seconds(ready), "5 s"),
        line("first decision", _seconds(decision), "10 s"),
        line("console", f"{own:.0f} MB", "150 MB"),
        line("everything", f"{own + sum(children.values()):.0f} MB ({parts})", "500 MB"),
    ]


async def _until(console: Terminal, happened: Callable[[], bool], timeout_s: float = 30) -> float | None:
    while time.perf_counter() - console.started < timeout_s:
        if happened():
            return time.perf_counter() - console.started
        await asyncio.sleep(0.02)
    return None


def _servers_ready(state: Path) -> bool:
    """By the run's own log, which is written as it happens."""
    log = state / "logs" / "run.log"
    lines = log.read_text().splitlines() if log.exists() else []
    return all(any(f" {name}: ready" in text for text in lines) for name in SERVERS)


def _memory_mb(pid: int) -> tuple[float, dict[str, float]]:
    """Resident memory of a process, and of its children by their last word."""
    listed = subprocess.run(
        ["ps", "-eo", "pid=,ppid=,rss=,args="], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    rows = [
        (int(own), int(parent), int(rss) / 1000, args)
        for own, parent, rss, args in (row.split(None, 3) for row in listed)
    ]
    own = next(size for process, _, size, _ in rows if process == pid)
    return own, {args.split()[-1]: size for _, parent, size, args in rows if parent == pid}


def _decided(state: Path) -> bool:
    return bool(_ask(state / "records.sqlite3", "select count(*) from cycles"))


def _ask(path: Path, query: str) -> str:
    try:
        with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
            row = database.execute(query).fetchone()
    except sqlite3.Error:
        return ""
    return str(row[0]) if row and row[0] else ""


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.2f} s"
