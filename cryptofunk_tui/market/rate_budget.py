"""One budget of requests for each venue and machine, shared by all processes through a small locked file."""

import asyncio
import fcntl
import json
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

RESERVE = 0.2
"""Share of the budget that only urgent requests may use."""
BURST_S = 5.0
"""Requests of so many seconds may be made at once."""
PATIENCE_S = 10.0
_LOCK_TRIES = 25
_URGENT: ContextVar[bool] = ContextVar("urgent", default=False)


class NoBudget(Exception):
    """No request may be made now; the text says why, and how long it lasts."""


@contextmanager
def urgent() -> Iterator[None]:
    """Requests made within may use the reserve: taking orders back, and looking what is left."""
    token = _URGENT.set(True)
    try:
        yield
    finally:
        _URGENT.reset(token)


def budget_folder(parent: Path | None = None) -> Path:
    """One for each user of the machine: requests of one address count together, whoever makes them. Where
    somebody else got hold of that name, a folder of this process alone: nobody may hold our cancels up."""
    folder = (parent or Path(tempfile.gettempdir())) / f"cryptofunk-{os.getuid()}"
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o077:
        return folder
    return Path(tempfile.mkdtemp(prefix="cryptofunk-", dir=parent))


class RateBudget:
    """A token bucket in a file. Times are the machine's monotonic clock, which all processes share."""

    def __init__(self, venue: str, host: str, per_second: float, folder: Path | None = None) -> None:
        """`per_second` is in the units in which requests are charged."""
        self._rate = per_second
        self._most = max(per_second * BURST_S, 2.0)
        folder = folder or budget_folder()
        name = re.sub(r"[^A-Za-z0-9.-]", "_", f"{venue}-{host}")
        self._path = folder / f"{name}.budget"

    async def take(self, cost: float) -> None:
        """Wait until a request of this cost may be made. Raises NoBudget while the venue refuses us, and
        where it would take longer than ten seconds."""
        patient_until = time.monotonic() + PATIENCE_S
        while (wait_s := await self._try(cost, urgent=_URGENT.get())) > 0:
            if time.monotonic() + wait_s > patient_until:
                raise NoBudget(f"the budget of requests is used up for {wait_s:.0f} s")
            await asyncio.sleep(wait_s)

    async def block(self, seconds: float) -> None:
        """The venue refuses us for so long: nobody on this machine asks it meanwhile."""
        with await self._locked() as file:
            tokens, blocked_until = self._read(file)
            until = max(blocked_until, time.monotonic() + seconds)
            self._write(file, tokens, until)

    async def _try(self, cost: float, *, urgent: bool) -> float:
        """Seconds to wait before the next attempt; 0 where the cost was taken. Raises NoBudget."""
        with await self._locked() as file:
            tokens, blocked_until = self._read(file)
            blocked_s = blocked_until - time.monotonic()
            if blocked_s > 0:
                raise NoBudget(f"the venue refuses requests for another {blocked_s:.0f} s")
            floor = 0.0 if urgent else self._most * RESERVE
            missing = min(cost, self._most - floor) + floor - tokens
            if missing > 0:
                return missing / self._rate
            self._write(file, tokens - cost, blocked_until)
            return 0.0

    def _read(self, file: int) -> tuple[float, float]:
        """Tokens now, and until when the venue refuses us. A file that cannot be read is a full budget."""
        now = time.monotonic()
        try:
            tokens, at, blocked_until = (float(each) for each in json.loads(os.pread(file, 200, 0)))
        except (ValueError, TypeError):
            return self._most, 0.0
        if not 0 <= now - at < 1e7:  # of another boot
            return self._most, 0.0
        return min(self._most, tokens + (now - at) * self._rate), blocked_until

    def _write(self, file: int, tokens: float, blocked_until: float) -> None:
        data = json.dumps([tokens, time.monotonic(), blocked_until]).encode()
        os.pwrite(file, data, 0)
        os.truncate(file, len(data))

    async def _locked(self) -> "_Locked":
        """The file, locked. A holder that was stopped in the middle may not stop everybody: after a moment
        the budget is used without the lock."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        for _ in range(_LOCK_TRIES):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.001)
        return _Locked(file)


class _Locked:
    """Closing the file lets the lock go."""

    def __init__(self, file: int) -> None:
        self._file = file

    def __enter__(self) -> int:
        return self._file

    def __exit__(self, *_: object) -> None:
        os.close(self._file)
