"""The terminal as one that may stall, be taken away, or know nothing but ASCII.

Textual writes through a short queue and waits where it is full. The engine lives on the same loop, so a
terminal that no longer reads (a lost SSH connection, ctrl+s) would stop the trading as well. Here nothing
that is written ever waits."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from select import select
from threading import Condition
from typing import Protocol, TextIO, cast

from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

from cryptofunk_tui.tui.plain import AsciiTable

MOST_WAITING = 2_000_000
"""Characters that may wait for the terminal; beyond that frames are dropped until it reads again."""
PARTING_S = 2.0
"""How long the end waits for a terminal that does not read."""


LOOK_S = 0.2
"""Between two looks whether it was given up."""
PIECE = 256
"""Bytes that a terminal which takes any takes at once."""
PARTING_WORDS = b"cryptofunk: the engine stands still; `fg` goes on, `cryptofunk kill` stops all trading\r\n"


def has_shell() -> bool:
    """Whether a shell with job control started us and can bring us back with `fg`. Where the terminal, SSH or
    tmux started us themselves, nobody could."""
    return os.getpgrp() != os.getsid(0)


class Owner(Protocol):
    """The console, as the terminal sees it."""

    only_ascii: bool

    def soon(self, do: Callable[[], None]) -> None:
        """Call it on the loop. From any thread, and from a signal's handler."""

    def terminal_lost(self) -> None:
        """Nothing more can be shown; nobody is there."""

    def terminal_back(self) -> None:
        """Frames were dropped while it did not read; show everything anew."""


class PatientWriter(WriterThread):
    """Writes in the background, in order. `write` never waits and never raises."""

    def __init__(self, file: TextIO, lost: Callable[[], None], back: Callable[[], None]) -> None:
        super().__init__(file)
        self._lost = lost
        self._back = back
        self._texts: deque[str] = deque()
        self._waiting = 0
        self._changed = Condition()
        self._is_ending = False
        self._is_lost = False
        self._is_given_up = False
        self._dropped = False

    def write(self, text: str) -> None:
        """Queue a text, or drop it where the terminal is gone or far behind."""
        with self._changed:
            if self._is_lost:
                return
            if self._waiting + len(text) > MOST_WAITING and not self._is_ending:
                self._dropped = True
                return
            self._texts.append(text)
            self._waiting += len(text)
            self._changed.notify()

    def run(self) -> None:
        try:
            self._file.flush()
            while (text := self._next()) is not None:
                self._send(text.encode("utf-8", "replace"))
        except (OSError, ValueError):
            with self._changed:
                self._is_lost = True
                self._texts.clear()
            self._lost()

    def stop(self) -> None:
        """End once all is written, or after a while."""
        with self._changed:
            self._is_ending = True
            self._changed.notify()
        self.join(PARTING_S)
        self._is_given_up = True
        self.join(2 * LOOK_S)

    def _send(self, data: bytes) -> None:
        """By the descriptor, in pieces that it takes without waiting: who waits within a write cannot be
        ended."""
        descriptor = self._file.fileno()
        start = 0
        while start < len(data):
            if select([], [descriptor], [], LOOK_S)[1]:
                start += os.write(descriptor, data[start : start + PIECE])
            elif self._is_given_up:
                return

    def _next(self) -> str | None:
        """All that waits, as one text; None at the end."""
        with self._changed:
            while not self._texts:
                if self._is_ending:
                    return None
                if self._dropped:
                    self._dropped = False
                    self._back()
                self._changed.wait()
            text = "".join(self._texts)
            self._texts.clear()
            self._waiting = 0
            return text


class TerminalDriver(LinuxDriver):
    """Textual's driver with the patient writer."""

    _ascii = AsciiTable()

    _writer: PatientWriter | None = None

    @property
    def _writer_thread(self) -> WriterThread | None:
        return self._writer

    @_writer_thread.setter
    def _writer_thread(self, stock: WriterThread | None) -> None:
        """In the place of the writer that Textual is about to start."""
        lost, back = self._owner.terminal_lost, self._owner.terminal_back
        self._writer = None
        if stock is not None and self._file is not None:
            self._writer = PatientWriter(self._file, lost, back)

    def _sigtstp_application(self, *_: object) -> None:
        self._owner.soon(self._step_out)

    def _sigcont_application(self, *_: object) -> None:
        self._owner.soon(self._step_in)

    def _step_out(self) -> None:
        """Hand the terminal back and stop, with all that the shell started together with us."""
        self.suspend_application_mode()
        with suppress(OSError):
            os.write(self.fileno, PARTING_WORDS)
        os.killpg(os.getpgrp(), signal.SIGSTOP)

    def _step_in(self) -> None:
        """Take the terminal. Who was stopped by force still has it, so hand it back first: what it was like
        before us must not be forgotten."""
        if self._writer is None:
            return
        if self._writer.is_alive():
            self.suspend_application_mode()
        self._must_signal_resume = True
        self.resume_application_mode()

    def write(self, data: str) -> None:
        super().write(data.translate(self._ascii) if self._owner.only_ascii else data)

    def _get_terminal_size(self) -> tuple[int, int]:
        """The terminal's own word: COLUMNS and LINES in the environment outlive a change of its size."""
        try:
            size = os.get_terminal_size(self.fileno)
        except OSError:
            return super()._get_terminal_size()
        return size.columns, size.lines

    def run_input_thread(self) -> None:
        """Read until the end; a terminal that cannot be read any more is gone."""
        try:
            super().run_input_thread()
        except OSError:
            self._owner.terminal_lost()

    @property
    def _owner(self) -> Owner:
        return cast("Owner", self._app)
