"""Runs the engine without a screen: a line a decision on stdout, a record a decision in the JSONL file."""

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import TextIO

import uvloop

from cryptofunk_tui.domain.cycle import CycleRecord
from cryptofunk_tui.domain.errors import ProductError, WrongUse
from cryptofunk_tui.domain.events import AnyEvent, CycleFinished, EngineStarted, LogLine, ModelsStatus
from cryptofunk_tui.domain.risk import Decision
from cryptofunk_tui.headless.lines import decision_line
from cryptofunk_tui.orchestrator.engine import Engine
from cryptofunk_tui.settings import Settings

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run_headless(
    settings: Settings, state_dir: Path, *, cycles: int | None, jsonl: Path | None, resume: bool
) -> int:
    """Run until the cycles are done or a signal asks to stop; the exit code. Raises ProductError."""
    return uvloop.run(_run(settings, state_dir, cycles, jsonl, resume))


async def _run(
    settings: Settings, state_dir: Path, cycles: int | None, jsonl: Path | None, resume: bool
) -> int:
    try:
        sink = jsonl.open("a", encoding="utf-8") if jsonl else None
    except OSError as error:
        raise WrongUse(f"{jsonl}: {error.strerror}; name a writable file with --jsonl") from None
    printer = Printer(sys.stdout, sys.stderr, sink)
    lost: list[OSError] = []

    def show(event: AnyEvent) -> None:
        try:
            printer.show(event)
        except OSError as error:
            lost.append(error)
            engine.request_stop()

    engine = Engine(settings, state_dir, show, cycles=cycles, resume=resume)
    for number in STOP_SIGNALS:
        asyncio.get_running_loop().add_signal_handler(number, engine.request_stop)
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, engine.kill_now, "SIGUSR1")
    try:
        await engine.run()
    finally:
        if sink:
            with suppress(OSError):  # every record was flushed when it was written
                sink.close()
    if lost:
        _abandon(sys.stdout)
        raise ProductError(f"stopped, because the output cannot be written any more: {lost[0].strerror}")
    return 0


def _abandon(stream: TextIO) -> None:
    """Point a stream at nothing: what it still holds must not fail once more when the process ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


class Printer:
    """Writes events as lines. A record is written once, when nobody is waited for any more."""

    def __init__(self, out: TextIO, err: TextIO, sink: TextIO | None) -> None:
        self._out, self._err, self._sink = out, err, sink

    def show(self, event: AnyEvent) -> None:
        match event:
            case CycleFinished(record=record, preview=False) if (
                record.verdict.decision is not Decision.PENDING
            ):
                self._record(record)
            case CycleFinished(record=record, preview=False):
                approval = record.approval.approval_id if record.approval else ""
                self._note(f"{record.symbol} waits for a person: cryptofunk approve {approval}, or reject")
            case EngineStarted(notice=notice):
                market = f"{event.market} market ({event.venue})"
                self._note(f"{event.mode} account on the {market}: {', '.join(event.symbols)}")
                if notice:
                    self._note(notice)
            case ModelsStatus(failing=False):
                self._note(event.detail)
            case LogLine(level="warning" | "error"):
                self._note(f"{event.level}: {event.source}: {event.text}")

    def _record(self, record: CycleRecord) -> None:
        if self._sink:
            self._sink.write(record.model_dump_json() + "\n")
            self._sink.flush()
        self._out.write(decision_line(record) + "\n")
        self._out.flush()

    def _note(self, text: str) -> None:
        self._err.write(text + "\n")
        self._err.flush()
