"""One engine a state directory: a lock that the system releases when its holder dies."""

import fcntl
import os
import time
from pathlib import Path
from types import TracebackType

from cryptofunk_tui.storage.errors import Refused, StorageError

LOCK_FILE = "engine.lock"
_ATTEMPTS = 5
_PAUSE_S = 0.02


class StateLock:
    """The right to run an engine on `state_dir`."""

    def __init__(self, state_dir: Path) -> None:
        self.path = state_dir / LOCK_FILE
        self._file: int | None = None

    def acquire(self) -> None:
        """Take the lock. Raises Refused, with the holder's process id, when it is taken."""
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StorageError(
                f"{self.path}: {error.strerror}; mend it or choose another state directory"
            ) from None
        for _ in range(_ATTEMPTS):
            if _try_lock(file):
                os.truncate(file, 0)
                os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
                self._file = file
                return
            time.sleep(_PAUSE_S)  # whoever only asks for the holder lets go at once
        os.close(file)
        raise Refused(
            f"{self.path.parent}: an engine runs here already (process {_read_pid(self.path) or 'unknown'}); "
            "stop it, or choose another state directory"
        )

    def release(self) -> None:
        """Let go; harmless when nothing is held."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> "StateLock":
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def holder(state_dir: Path) -> int | None:
    """The process that runs an engine on `state_dir`, None where none does."""
    path = state_dir / LOCK_FILE
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return None
    try:
        return None if _try_lock(file) else _read_pid(path)
    finally:
        os.close(file)


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _read_pid(path: Path) -> int | None:
    try:
        return int(path.read_text(encoding="ascii").strip())
    except (OSError, ValueError):
        return None
