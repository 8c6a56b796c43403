"""What can go wrong with a file, and what to do about it, in one line."""

import sqlite3
from pathlib import Path

from cryptofunk_tui.domain.errors import ProductError


class StorageError(ProductError, RuntimeError):
    """The database cannot do what was asked; the message is one line with the mend."""


class Refused(StorageError):
    """The books do not allow it: nothing was written."""

    exit_code = 3


class NotFound(Refused):
    """No record has this id."""

    exit_code = 2


class DuplicateOrder(Refused):
    """An order with this client order id exists already; it must not be sent again."""


_MENDS = {
    sqlite3.SQLITE_BUSY: "another process has kept it locked for 2 s; try again",
    sqlite3.SQLITE_LOCKED: "another process has kept it locked for 2 s; try again",
    sqlite3.SQLITE_FULL: "the disk is full and nothing was written; free some space",
    sqlite3.SQLITE_READONLY: "it may not be written; mend its permissions or choose another state directory",
    sqlite3.SQLITE_PERM: "it may not be read; mend its permissions or choose another state directory",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check that it may be read and written",
    sqlite3.SQLITE_IOERR: "the disk failed to read or write it; check the disk and its free space",
}
_TORN = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def torn(path: Path, detail: str) -> StorageError:
    """The error for a damaged file, which is left as it is."""
    return StorageError(
        f"{path}: damaged ({detail}); left untouched: restore a copy, or move it away to begin anew"
    )


def explain(error: sqlite3.Error, path: Path) -> StorageError:
    """SQLite's error as one of ours."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in _TORN:
        return torn(path, str(error))
    if code == sqlite3.SQLITE_CONSTRAINT:
        return Refused(f"{path}: against its rules ({error}); nothing was written")
    return StorageError(f"{path}: {_MENDS.get(code, str(error))}")
