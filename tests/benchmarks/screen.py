"""The screen that is left open all day, at 160×50 in a real terminal: what it costs and how soon it answers,
beside a plain DataTable on the same ticks."""

import asyncio
import json
import os
import pty
import signal
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fcntl import ioctl
from pathlib import Path

import psutil
import yaml

from tests.benchmarks.figures import BASELINE, line, percentile, spread
from tests.benchmarks.orders import RECORDING, SPEED
from tests.end_to_end.runs import WARM_UP, rise_and_fall
from tests.stand_ins.venue.process import StandIn, started
from tests.tui.props import SYMBOLS

COLUMNS, ROWS = 160, 50
TRADED = ("BTC/USDT", "ETH/USDT", "XRP/USDT", "BNB/USDT")
WATCHED_S = 20.0
SETTLE_S = 4.0
KEYS = 40
KILLS = 40
STEP, HELP, HELP_SHOWN = b"j", b"?", b"what each key does"
ESCAPE, KILL, QUIT = b"\x1b", b"\x0b", b"\x11"


class Screen:
    """A probed program on a pty that somebody reads as fast as it writes."""

    def __init__(self, what: str, folder: Path, *options: str) -> None:
        self.late = folder / f"{what}.json"
        command = [sys.executable, "-m", "tests.benchmarks.probed", what, str(self.late), *options]
        self._master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        env = {**os.environ, "TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
        self._child = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=env, start_new_session=True
        )
        os.close(slave)
        self.process = psutil.Process(self._child.pid)
        self.written = 0
        self._text = b""
        self._wanted = b""
        self._seen_at = 0.0
        self._seen = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()

    def wait_for(self, text: bytes, timeout_s: float = 30.0) -> float:
        """When the text was read that is written from now on. Raises TimeoutError."""
        self._seen.clear()
        self._text, self._wanted = b"", text
        return self.seen(timeout_s)

    def press(self, keys: bytes, text: bytes) -> float:
        """Milliseconds from writing the keys to reading the text."""
        self._seen.clear()
        self._text, self._wanted = b"", text
        pressed = time.perf_counter()
        os.write(self._master, keys)
        return (self.seen(10.0) - pressed) * 1000

    def seen(self, timeout_s: float) -> float:
        if not self._seen.wait(timeout_s):
            raise TimeoutError(f"{self._wanted!r} was not written: {self._text[-300:]!r}")
        return self._seen_at

    def write(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def end(self) -> list[float]:
        """End the program; how late its loop was, in ms."""
        self.write(QUIT)
        time.sleep(0.5)
        with_signal = self._child.poll() is None
        if with_signal:
            self._child.send_signal(signal.SIGTERM)
        try:
            self._child.wait(20)
        except subprocess.TimeoutExpired:
            for process in (*self.process.children(recursive=True), self.process):
                process.kill()
        return list(json.loads(self.late.read_text())) if self.late.exists() else [0.0]

    def _read(self) -> None:
        while True:
            try:
                read = os.read(self._master, 65536)
            except OSError:
                return
            now = time.perf_counter()
            self.written += len(read)
            if self._wanted:
                self._text = (self._text + read)[-200_000:]
                if self._wanted in self._text:
                    self._seen_at, self._wanted = now, b""
                    self._seen.set()


@dataclass(frozen=True)
class Cost:
    """What was used while it was watched: shares of a core, bytes a second."""

    own: float
    servers: float
    written: float


def cost(screen: Screen, seconds: float = WATCHED_S) -> Cost:
    own, servers, written, at = (*_cpu(screen), screen.written, time.perf_counter())
    time.sleep(seconds)
    own_after, servers_after = _cpu(screen)
    passed = time.perf_counter() - at
    return Cost(
        (own_after - own) / passed,
        (servers_after - servers) / passed,
        (screen.written - written) / passed,
    )


def _cpu(screen: Screen) -> tuple[float, float]:
    """Seconds of processor time: the screen's own, and of its children."""

    def used(process: psutil.Process) -> float:
        times = process.cpu_times()
        return float(times.user + times.system)

    return used(screen.process), sum(used(child) for child in screen.process.children(recursive=True))


def keys(screen: Screen) -> list[float]:
    """How soon the help stands after its key, in ms: a whole new screen, the most that a key can ask for."""
    took = []
    for number in range(KEYS):
        took.append(screen.press(HELP, HELP_SHOWN))
        time.sleep(0.15)
        screen.write(ESCAPE)
        time.sleep(0.5 + number % 7 * 0.03)
    return took


def steps(screen: Screen, symbols: tuple[str, ...]) -> list[float]:
    """How soon the next symbol is marked and charted after its key, in ms: only then is its name written."""
    took = []
    for number in range(1, KEYS + 1):
        took.append(screen.press(STEP, symbols[number % len(symbols)].encode()))
        time.sleep(0.2 + number % 7 * 0.03)
    return took


def kills(screen: Screen, file: Path) -> list[float]:
    """From the byte to the kill file on disk, in ms."""
    took = []
    for number in range(KILLS):
        file.unlink(missing_ok=True)
        time.sleep(0.15 + number % 7 * 0.03)
        pressed = time.perf_counter()
        screen.write(KILL)
        while not file.exists() and time.perf_counter() - pressed < 5:
            time.sleep(0.0002)
        took.append((time.perf_counter() - pressed) * 1000)
    return took


@contextmanager
def opened(what: str, folder: Path, ready: bytes, *options: str) -> Iterator[Screen]:
    screen = Screen(what, folder, *options)
    try:
        screen.wait_for(ready, 60.0)
        time.sleep(SETTLE_S)
        yield screen
    finally:
        screen.end()


async def run() -> list[str]:
    if not RECORDING.exists():
        return [line("the screen", f"no recording at {RECORDING.name}", "")]
    with tempfile.TemporaryDirectory() as name:
        return await asyncio.to_thread(_run, Path(name))


def _run(folder: Path) -> list[str]:
    table = Screen("table", folder)
    table.wait_for(b"symbol")
    time.sleep(SETTLE_S)
    plain, plain_keys, plain_late = cost(table), keys(table), table.end()
    with opened("quiet", folder, b"KILL") as quiet:
        idle = cost(quiet)
    fed = Screen("fed", folder)
    fed.wait_for(b"KILL")
    time.sleep(SETTLE_S)
    ticked, fed_steps, fed_keys, fed_late = cost(fed), steps(fed, SYMBOLS), keys(fed), fed.end()
    with opened("fed", folder, b"KILL", "--low-bandwidth") as narrow:
        low = cost(narrow)
    with started() as stand_in:
        real, real_steps, real_keys, real_kills, real_late = _real(stand_in, folder)
    rate = f"market ×{SPEED:g}"
    return [
        line(f"DataTable, {rate}: CPU", _core(plain.own), BASELINE),
        line("  loop's lag; key to a line of text", f"{_p99(plain_late)}; {spread(plain_keys)}", BASELINE),
        line("  written", _bytes(plain.written), BASELINE),
        line("console, nothing happens: CPU", f"{_core(idle.own)}, {_bytes(idle.written)}", "5 %"),
        line(f"console, each tick an event, {rate}: CPU", _core(ticked.own), "35 %"),
        line("  loop's lag", _p99(fed_late), "p99 50 ms"),
        line("  key to the next symbol", spread(fed_steps), "p99 100 ms"),
        line("  key to a new screen", spread(fed_keys), "p99 100 ms"),
        line("  written", _bytes(ticked.written), ""),
        line("  written with --low-bandwidth", f"{_bytes(low.written)}, CPU {_core(low.own)}", "60 KB/s"),
        line(f"console and engine, {rate}: CPU", _core(real.own), "35 %"),
        line("  its servers", _core(real.servers), ""),
        line("  loop's lag", _p99(real_late), "p99 50 ms"),
        line("  key to the next symbol", spread(real_steps), "p99 100 ms"),
        line("  key to a new screen", spread(real_keys), "p99 100 ms"),
        line("  ctrl+k to the kill file", spread(real_kills), "p99 50 ms"),
        line("  written", _bytes(real.written), ""),
    ]


def _real(stand_in: StandIn, folder: Path) -> tuple[Cost, list[float], list[float], list[float], list[float]]:
    """The real console with its engine and servers, on a paper account at the stand-in exchange."""
    stand_in.reset({"USDT": "20000"})
    stand_in.closes("BTCUSDT", rise_and_fall()[: WARM_UP + 3])
    stand_in.replay(RECORDING, SPEED)
    config, state = folder / "mine.yaml", folder / "state"
    own = {
        "symbols": list(TRADED),
        "exchange": {
            "venues": ["binance"],
            "base_urls": {"binance": stand_in.url},
            "requests_per_second": {"binance": 10_000},
        },
        "coingecko": {"enabled": False},
        "news": {"fear_greed_url": "http://127.0.0.1:9/"},
    }
    config.write_text(yaml.safe_dump(own))
    words = ("--market", "exchange", "--venue", "binance", "--config", str(config))
    screen = Screen("console", folder, *words, "--state-dir", str(state))
    screen.wait_for(b"RUNNING", 60.0)
    screen.write(ESCAPE)
    time.sleep(3 * SETTLE_S)
    used, stepped, answered = cost(screen), steps(screen, TRADED), keys(screen)
    killed = kills(screen, state / "KILL")
    return used, stepped, answered, killed, screen.end()


def _core(share: float) -> str:
    return f"{share:.1%} of a core"


def _bytes(rate: float) -> str:
    return f"{rate / 1000:.1f} KB/s"


def _p99(values_ms: list[float]) -> str:
    return f"p50 {percentile(values_ms, 0.5):.1f} ms, p99 {percentile(values_ms, 0.99):.1f} ms"
