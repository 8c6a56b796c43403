"""The console in a real terminal: it paints, leaves by key and by signal, and the terminal is sane after."""

import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

PATIENCE_S = 30.0
LEFT_ALTERNATE_SCREEN = b"\x1b[?1049l"
SHOWN_CURSOR = b"\x1b[?25h"


class Terminal:
    """A child process on a pty of its own."""

    def __init__(self, *command: str) -> None:
        self.output = b""
        self.exit_code: int | None = None
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.chdir(Path(__file__).parents[2])
            os.environ["TERM"] = "xterm-256color"
            os.execv(command[0], command)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))

    def read_until(self, text: bytes) -> bool:
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.output and time.monotonic() < deadline and self._read():
            pass
        return text in self.output

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def wait(self) -> int:
        """Drain the output until the process has ended."""
        deadline = time.monotonic() + PATIENCE_S
        while self.exit_code is None and time.monotonic() < deadline:
            self._read()
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.exit_code = os.waitstatus_to_exitcode(status)
        assert self.exit_code is not None, "the console did not end"
        return self.exit_code

    def end(self) -> None:
        if self.exit_code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self._master)

    def _read(self) -> bool:
        if not select.select([self._master], [], [], 0.1)[0]:
            return True
        try:
            self.output += os.read(self._master, 65536)
        except OSError:
            return False
        return True


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    opened = Terminal(sys.executable, "-m", "tests.tui.feeder", "5")
    yield opened
    opened.end()


@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGHUP, b"\x11"], ids=["term", "hup", "ctrl+q"])
def test_it_leaves_cleanly(terminal: Terminal, way: signal.Signals | bytes) -> None:
    assert terminal.read_until(b"PAPER")
    assert terminal.read_until(b"64,")
    if isinstance(way, bytes):
        terminal.press(way)
        assert terminal.read_until(b"Quit?")
        terminal.press(way)
    else:
        os.kill(terminal.pid, way)
    assert terminal.wait() == 0
    assert LEFT_ALTERNATE_SCREEN in terminal.output
    assert SHOWN_CURSOR in terminal.output
    assert b"Traceback" not in terminal.output
