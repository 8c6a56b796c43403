"""A real terminal for tests: a child process on a pty of its own."""

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PATIENCE_S = 30.0


class Terminal:
    """Reads what the child writes, types for it, changes its size, and can be taken away."""

    def __init__(self, *command: str) -> None:
        self.output = b""
        self.exit_code: int | None = None
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.chdir(Path(__file__).parents[2])
            os.environ["TERM"] = "xterm-256color"
            os.execv(command[0], command)
        self.resize(120, 40)
        self.modes_before = self.modes()

    def modes(self) -> list[Any]:
        """How the terminal treats what is typed: echo, lines, signals."""
        return termios.tcgetattr(self._master)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read_until(self, text: bytes) -> bool:
        """Read until the text was written after what was read before by `forget`."""
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.output and time.monotonic() < deadline and self._read():
            pass
        return text in self.output

    def read_for(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._read():
            pass

    def forget(self) -> None:
        """Look only at what comes from now on."""
        self.output = b""

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def take_away(self) -> None:
        """Close the terminal under the child, as a lost connection does."""
        os.close(self._master)
        self._master = -1

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def is_stopped(self) -> bool:
        """Whether the child is suspended."""
        state = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
        return state == "T"

    def until(self, what: Callable[[], bool]) -> None:
        """Read until it is so."""
        deadline = time.monotonic() + PATIENCE_S
        while not what():
            assert time.monotonic() < deadline, "it never came"
            self._read()

    def wait(self) -> int:
        """Drain the output until the process has ended; its exit code."""
        deadline = time.monotonic() + PATIENCE_S
        while self.exit_code is None and time.monotonic() < deadline:
            if self._master < 0 or not self._read():
                time.sleep(0.05)
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                self.exit_code = os.waitstatus_to_exitcode(status)
        assert self.exit_code is not None, "the console did not end"
        return self.exit_code

    def end(self) -> None:
        if self.exit_code is None:
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        if self._master >= 0:
            os.close(self._master)

    def _read(self) -> bool:
        if not select.select([self._master], [], [], 0.1)[0]:
            return True
        try:
            self.output += os.read(self._master, 65536)
        except OSError:
            return False
        return True
