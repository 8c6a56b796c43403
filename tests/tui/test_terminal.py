"""The console in a real terminal: however it ends, the terminal is sane after, and nothing is left behind."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from tests.tui.pty_terminal import Terminal

KILLED = b"KILLED BY"
SANE = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l", b"\x1b[?1003l", b"\x1b[?2004l")
"""The alternate screen left, the cursor shown, the mouse and bracketed paste off."""
CTRL_K, CTRL_Q, F12 = b"\x0b", b"\x11", b"\x1b[24~"
Open = Callable[..., Terminal]


@pytest.fixture
def opened() -> Iterator[Open]:
    terminals: list[Terminal] = []

    def open_(*command: str) -> Terminal:
        terminals.append(Terminal(sys.executable, "-m", *command))
        assert terminals[-1].read_until(b"PAPER")
        assert terminals[-1].read_until(b"3 open")
        return terminals[-1]

    yield open_
    for terminal in terminals:
        terminal.end()


def assert_sane(terminal: Terminal) -> None:
    for sequence in SANE:
        assert sequence in terminal.output
    assert terminal.modes() == terminal.modes_before


@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGHUP, CTRL_Q], ids=["term", "hup", "ctrl+q"])
def test_it_leaves_cleanly(opened: Open, way: signal.Signals | bytes) -> None:
    terminal = opened("tests.tui.feeder", "5")
    if isinstance(way, bytes):
        terminal.press(way)
        assert terminal.read_until(b"Quit?")
        terminal.press(way)
    else:
        terminal.send(way)
    assert terminal.wait() == 0
    assert_sane(terminal)
    assert b"Traceback" not in terminal.output


def test_a_signal_before_the_first_paint_leaves_the_terminal_sane() -> None:
    terminal = Terminal(sys.executable, "-m", "tests.tui.feeder", "5")
    try:
        assert terminal.read_until(b"\x1b[?1049h")
        terminal.send(signal.SIGTERM)
        assert terminal.wait() == 0
        assert_sane(terminal)
    finally:
        terminal.end()


@pytest.mark.parametrize("rate", ["5", "200"])
def test_a_terminal_that_is_taken_away_ends_the_console(opened: Open, rate: str) -> None:
    terminal = opened("tests.tui.feeder", rate)
    began = time.monotonic()
    terminal.take_away()
    assert terminal.wait() == 0
    assert time.monotonic() - began < 10


def test_a_terminal_that_stops_reading_stops_nothing_else(opened: Open) -> None:
    terminal = opened("tests.tui.crashers", "nothing")
    for _ in range(40):  # far more than the terminal's own buffer takes
        os.write(terminal._master, b"T")
        time.sleep(0.02)
    terminal.send(signal.SIGTERM)
    began = time.monotonic()
    while os.waitpid(terminal.pid, os.WNOHANG)[0] == 0:
        assert time.monotonic() - began < 15, "the console waits for a terminal that does not read"
        time.sleep(0.05)
    terminal.exit_code = 0


def test_what_was_dropped_for_a_slow_terminal_is_shown_when_it_reads_again(opened: Open) -> None:
    terminal = opened("tests.tui.feeder", "200")
    time.sleep(2)
    terminal.read_for(1)
    terminal.forget()
    terminal.press(b"?")
    assert terminal.read_until(b"Safety")


@pytest.mark.parametrize(
    ("what", "words"), [("panel", b"this panel failed"), ("widget", b"orders broke"), ("worker", b"64,")]
)
def test_what_breaks_beside_the_screen_leaves_the_kill_where_it_was(
    opened: Open, what: str, words: bytes
) -> None:
    terminal = opened("tests.tui.crashers", what)
    terminal.press(F12)
    terminal.forget()
    assert terminal.read_until(words)
    terminal.press(CTRL_K)
    assert terminal.read_until(b"KILLED by")
    terminal.send(signal.SIGTERM)
    assert terminal.wait() == 0
    assert_sane(terminal)


def test_an_engine_that_fails_is_said_on_screen_and_after_it(opened: Open) -> None:
    terminal = opened("tests.tui.crashers", "engine")
    assert terminal.read_until(b"ENGINE FAILED: planted")
    terminal.press(CTRL_K)
    assert terminal.read_until(b"KILLED by")
    terminal.press(CTRL_Q)
    assert terminal.wait() == 1
    assert_sane(terminal)
    assert b"cryptofunk: planted" in terminal.output


@pytest.mark.parametrize("what", ["screen", "app"])
def test_a_console_that_breaks_ends_in_order_and_says_why(opened: Open, what: str) -> None:
    terminal = opened("tests.tui.crashers", what)
    terminal.press(F12)
    assert terminal.wait() == 1
    assert_sane(terminal)
    last = terminal.output.split(b"\x1b[?1004l")[-1]
    assert b"cryptofunk: the screen broke: RuntimeError: planted" in last
    assert b"Traceback" not in terminal.output


def test_a_second_signal_does_not_wait_for_an_engine_that_hangs(opened: Open) -> None:
    terminal = opened("tests.tui.crashers", "hang")
    terminal.send(signal.SIGTERM)
    assert terminal.read_until(b"STOPPING")
    terminal.send(signal.SIGTERM)
    began = time.monotonic()
    assert terminal.wait() == 1
    assert time.monotonic() - began < 5
    assert b"the engine did not stop at once, as asked" in terminal.output
    assert_sane(terminal)


def test_any_size_at_any_time(opened: Open) -> None:
    terminal = opened("tests.tui.feeder", "50")
    for columns, rows in [(1, 1), (300, 100), (20, 3), (80, 24), (3, 50), (200, 2)] * 4:
        terminal.resize(columns, rows)
        terminal.read_for(0.03)
    terminal.resize(120, 40)
    terminal.read_for(0.5)
    terminal.forget()
    terminal.press(b"?")
    assert terminal.read_until(b"what each key does")
    terminal.send(signal.SIGTERM)
    assert terminal.wait() == 0
    assert_sane(terminal)


def test_suspended_and_resumed_it_is_whole_again(opened: Open) -> None:
    terminal = opened("tests.tui.feeder", "20")
    terminal.press(b"\x1a")
    assert terminal.read_until(b"Suspend?")
    time.sleep(0.6)
    terminal.press(b"y")
    assert terminal.read_until(b"\x1b[?1049l")
    deadline = time.monotonic() + 10
    while not terminal.is_stopped() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert terminal.is_stopped()
    assert terminal.modes() == terminal.modes_before
    terminal.forget()
    terminal.send(signal.SIGCONT)
    assert terminal.read_until(b"\x1b[?1049h")
    assert terminal.read_until(b"Council")
    terminal.press(CTRL_K)
    assert terminal.read_until(b"KILLED by")
    terminal.send(signal.SIGTERM)
    assert terminal.wait() == 0
    assert_sane(terminal)


def test_a_terminal_that_knows_ascii_only_gets_nothing_else(opened: Open) -> None:
    terminal = opened("tests.tui.feeder", "20", "--ascii")
    terminal.press(b"?")
    assert terminal.read_until(b"what each key does")
    terminal.press(b"qc")
    assert terminal.read_until(b"Close BTC/USDT?")
    assert terminal.output.isascii()
