"""A run's events as a file, to be shown again: JSON lines, gzipped where the name ends with .gz.

The first line says what the file is and when the run began. Each other line is an event: the second at which
it came, its kind, and the fields that differ from the last event of the same kind and subject. The newest
bars of a chart, for instance, are those known before without the first, and one more."""

from __future__ import annotations

import gzip
import io
import json
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO, get_args

from cryptofunk_tui.domain.errors import ProductError, WrongUse

if TYPE_CHECKING:
    from cryptofunk_tui.domain.events import AnyEvent

VERSION = 1
_SUBJECT = ("symbol", "timeframe", "name", "agent")
"""Fields that say what an event is about."""
_ALIKE = 20
"""Shorter lists are written whole."""
_MOST_GONE = 10
"""How many entries may have left a list at its head for the rest to be known again."""
Known = dict[tuple[str, ...], dict[str, Any]]
"""The fields of the last event of each kind and subject."""


class Recorder:
    """Listens to a run and writes what it tells. The file is for its owner's eyes alone."""

    def __init__(
        self,
        path: Path,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises WrongUse where the file exists or cannot be written."""
        try:
            raw = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
        except OSError as error:
            raise WrongUse(f"{path}: {error.strerror}; name a new file with --record") from None
        packed = gzip.GzipFile("", "wb", fileobj=raw, mtime=0) if path.suffix == ".gz" else raw
        self._raw = raw
        self._file = io.TextIOWrapper(packed, encoding="utf-8")
        self._known: Known = {}
        self._monotonic = monotonic
        self._began = monotonic()
        self._write({"cryptofunk_recording": VERSION, "began": now().isoformat()})

    def beside(self, publish: Callable[[AnyEvent], None]) -> Callable[[AnyEvent], None]:
        """A listener that publishes each event, then writes it. Where the disk fails the recording ends, and
        a line of the log says so."""
        ended = False

        def listen(event: AnyEvent) -> None:
            nonlocal ended
            publish(event)
            if ended:
                return
            try:
                self.hear(event)
            except OSError as error:
                from cryptofunk_tui.domain.events import LogLine

                ended = True
                text = f"the recording has ended: {error.strerror}"
                publish(LogLine(at=event.at, level="warning", source="console", text=text))

        return listen

    def hear(self, event: AnyEvent) -> None:
        """Write an event. Raises OSError."""
        kind, fields = type(event).__name__, event.model_dump(mode="json")
        before = self._known.get(key := _key(kind, fields), {})
        changed = {
            name: _shortened(before.get(name), value)
            for name, value in fields.items()
            if name not in before or before[name] != value
        }
        self._known[key] = fields
        subject = {name: fields[name] for name in _SUBJECT if name in fields}
        self._write({"s": round(self._monotonic() - self._began, 3), "kind": kind, **subject, "set": changed})

    def close(self) -> None:
        """End the file. What the disk no longer takes is lost."""
        for file in (self._file, self._raw):
            with suppress(OSError):
                file.close()

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, separators=(",", ":"), ensure_ascii=False) + "\n")


class Recording:
    """A recorded run. Its events are read when they are asked for."""

    def __init__(self, path: Path) -> None:
        """Raises ProductError where there is no recording that can be read."""
        self.path = path
        lines = self._lines()
        head = _object(next(lines, ""))
        if "cryptofunk_recording" not in head:
            raise ProductError(f"{path}: no recording of a run; make one with: cryptofunk --record FILE")
        if head["cryptofunk_recording"] != VERSION:
            raise ProductError(f"{path}: recorded by another version of cryptofunk, which can show it")
        self.began = datetime.fromisoformat(head["began"])
        """Wall time of second 0."""
        last = deque(lines, maxlen=1)
        second = _object(last[0]).get("s") if last else None
        self.length_s = float(second) if isinstance(second, int | float) else 0.0
        """Seconds from the run's begin to its last event."""

    def events(self) -> Iterator[tuple[float, AnyEvent]]:
        """Each event with the second at which it came. Raises ProductError at a line that is none."""
        from pydantic import ValidationError

        from cryptofunk_tui.domain import events

        kinds = {kind.__name__: kind for kind in get_args(events.AnyEvent)}
        known: Known = {}
        for number, text in enumerate(islice(self._lines(), 1, None), start=2):
            line = _object(text)
            try:
                second, kind, changed = float(line["s"]), line["kind"], line["set"]
                key = _key(kind, line)
                before = known.get(key, {})
                fields = before | {
                    name: _restored(before.get(name), value) for name, value in changed.items()
                }
                event = kinds[kind].model_validate_json(json.dumps(fields))
            except (KeyError, TypeError, ValueError, AttributeError, ValidationError):
                raise ProductError(f"{self.path}: line {number} is no event of this version") from None
            known[key] = fields
            yield second, event

    def _lines(self) -> Iterator[str]:
        """All lines but one that was cut off when the run ended."""
        with _opened(self.path) as file:
            try:
                for line in file:
                    if line.endswith("\n"):
                        yield line
            except EOFError:
                return
            except (OSError, UnicodeDecodeError):
                raise ProductError(f"{self.path}: cannot be read as a recording") from None


def _opened(path: Path) -> TextIO:
    try:
        file = path.open("rb")
    except OSError as error:
        raise WrongUse(f"{path}: {error.strerror}; name a recording") from None
    packed = file.peek(2)[:2] == b"\x1f\x8b"
    return io.TextIOWrapper(gzip.GzipFile(fileobj=file) if packed else file, encoding="utf-8")


def _object(line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _key(kind: str, fields: dict[str, Any]) -> tuple[str, ...]:
    return (kind, *(str(fields.get(name)) for name in _SUBJECT))


def _shortened(before: Any, value: Any) -> Any:
    """A list that goes on from the one before it as how many went, how many stay, and what is new."""
    if not (isinstance(before, list) and isinstance(value, list) and len(value) >= _ALIKE):
        return value
    for gone in range(_MOST_GONE):
        pairs = zip(before[gone:], value, strict=False)
        stay = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        if stay >= len(value) - _MOST_GONE:
            return {"gone": gone, "stay": stay, "then": value[stay:]}
    return value


def _restored(before: Any, value: Any) -> Any:
    if isinstance(before, list) and isinstance(value, dict):
        kept = before[value["gone"] : value["gone"] + value["stay"]]
        return [*kept, *value["then"]]
    return value
