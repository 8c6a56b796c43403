"""The console in a real terminal: however it ends, the terminal is sane after, and nothing is left behind."""

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator

import psutil
import pytest

from tests.tui.pty_terminal import Terminal

KILLED = b"KILLED BY"
SANE = (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1000l", b"\x1b[?1003l", b"\x1b[?2004l")
"""The alternate screen left, the cursor shown, the mouse and bracketed paste off."""
CTRL_K, CTRL_Q, CTRL_Z, F12 = b"\x0b", b"\x11", b"\x1a", b"\x1b[24~"
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
    ("what", "words"),
    [
        ("panel", b"this panel failed"),
        ("widget", b"orders broke"),
        ("worker", b"64,"),
        ("timer", b"the rest goes on"),
        ("screen", b"MainScreen broke"),
        ("sheet", b"Unbuilt broke"),
        ("app", b"Breaking broke"),
    ],
)
def test_what_breaks_leaves_the_kill_where_it_was(opened: Open, what: str, words: bytes) -> None:
    terminal = opened("tests.tui.crashers", what)
    terminal.forget()
    terminal.press(F12)
    assert terminal.read_until(words)
    terminal.press(b"?")
    assert terminal.read_until(b"what each key does")
    terminal.press(b"q")
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


def test_a_console_that_cannot_be_built_ends_in_order_and_says_why() -> None:
    terminal = Terminal(sys.executable, "-m", "tests.tui.crashers", "start")
    try:
        assert terminal.wait() == 1
        assert_sane(terminal)
        last = terminal.output.split(b"\x1b[?1004l")[-1]
        assert b"cryptofunk: the screen broke: RuntimeError: planted" in last
        assert b"Traceback" not in terminal.output
    finally:
        terminal.end()


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


@pytest.fixture
def shell() -> Iterator[Terminal]:
    """A shell with job control that a person types into."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("needs bash")
    terminal = Terminal(bash, "--norc", "--noprofile", "-i")
    terminal.press(b"PS1='ready'; unset PROMPT_COMMAND; clear\n")
    assert terminal.read_until(b"ready")
    yield terminal
    for child in psutil.Process(terminal.pid).children(recursive=True):
        child.kill()
    terminal.end()


@pytest.mark.parametrize("how", ["{}", "sh -c '{}; exit $?'"], ids=["alone", "within a script"])
def test_suspended_the_shell_is_back_and_fg_makes_it_whole_again(shell: Terminal, how: str) -> None:
    shell.press(how.format(f"{sys.executable} -m tests.tui.feeder 20").encode() + b"\n")
    assert shell.read_until(b"3 open")
    shell.press(CTRL_Z)
    assert shell.read_until(b"Suspend?")
    shell.read_for(0.6)  # deaf until it could be read
    shell.press(b"y")
    assert shell.read_until(b"\x1b[?1049l")
    assert shell.read_until(b"Stopped")
    for sequence in (*SANE, b"the engine stands still; `fg` goes on"):
        assert sequence in shell.output
    shell.forget()
    shell.press(b"echo $((6 * 7))\n")
    assert shell.read_until(b"42")
    shell.forget()
    shell.press(b"fg\n")
    assert shell.read_until(b"\x1b[?1049h")
    assert shell.read_until(b"Council")
    shell.press(CTRL_K)
    assert shell.read_until(b"KILLED by")
    shell.forget()
    shell.press(CTRL_Q)
    assert shell.read_until(b"Quit?")
    shell.press(CTRL_Q)
    assert shell.read_until(b"ready")  # what is typed before is not for the shell
    assert b"\x1b[?1049l" in shell.output
    shell.press(b"echo left with $?\n")
    assert shell.read_until(b"left with 0")


@pytest.mark.parametrize("stop", [None, signal.SIGSTOP, signal.SIGTSTP], ids=["running", "stop", "tstp"])
def test_told_to_go_on_it_does_not_forget_what_the_terminal_was_like(
    opened: Open, stop: signal.Signals | None
) -> None:
    terminal = opened("tests.tui.feeder", "20")
    if stop is not None:
        terminal.send(stop)
        terminal.until(terminal.is_stopped)
    terminal.forget()
    terminal.send(signal.SIGCONT)
    assert terminal.read_until(b"\x1b[?1049h")
    assert terminal.read_until(b"Council")
    terminal.send(signal.SIGTERM)
    assert terminal.wait() == 0
    assert_sane(terminal)


@pytest.mark.parametrize("stop", [signal.SIGSTOP, signal.SIGTSTP])
def test_a_terminal_that_is_taken_away_ends_a_suspended_console(opened: Open, stop: signal.Signals) -> None:
    terminal = opened("tests.tui.feeder", "20")
    terminal.send(stop)
    terminal.until(terminal.is_stopped)
    terminal.take_away()
    assert terminal.wait() == 0


def test_a_terminal_that_knows_ascii_only_gets_nothing_else(opened: Open) -> None:
    terminal = opened("tests.tui.feeder", "20", "--ascii")
    terminal.press(b"?")
    assert terminal.read_until(b"what each key does")
    terminal.press(b"qc")
    assert terminal.read_until(b"Close BTC/USDT?")
    assert terminal.output.isascii()
