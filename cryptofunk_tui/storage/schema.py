"""How a database file is made, recognised and brought up to date: never silently, never in halves."""

import contextlib
import os
import re
import sqlite3
import stat
import threading
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from pathlib import Path

from cryptofunk_tui.storage.errors import StorageError, explain, torn

BUSY_TIMEOUT_S = 2.0
_CHECKED_BYTES = 64 << 20
"""Smaller files are checked whole when opened, at about 2 ms a MB; in larger ones damage shows at use."""
_NUMBERED = re.compile(r"(\d{4})_\w+\.sql")


def uri(path: Path, mode: str) -> str:
    """SQLite's name of the file; `rw` never creates it, `ro` never writes it."""
    return f"{path.absolute().as_uri()}?mode={mode}"


def prepare(path: Path, schema: str, *, readonly: bool) -> None:
    """Make the file where it is missing, check it, and migrate it. Raises StorageError for a damaged file,
    one written by a newer program, one that may not be read or written, and for a missing one when
    `readonly`. A damaged file is left as it is."""
    try:
        if not path.exists():
            if readonly:
                raise StorageError(f"{path}: there is nothing yet; start an engine on this state directory")
            _create(path, schema)
        elif path.stat().st_size == 0:
            raise torn(path, "the file is empty")
        if not readonly:
            _check_private(path)
        with _connection(path, "ro" if readonly else "rw") as connection:
            _check(connection, path)
            _migrate(connection, path, schema, readonly=readonly)
    except sqlite3.Error as error:
        raise explain(error, path) from None
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror}; mend it or choose another state directory") from None


@contextlib.contextmanager
def _connection(path: Path, mode: str) -> Iterator[sqlite3.Connection]:
    connection = sqlite3.connect(uri(path, mode), uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def _create(path: Path, schema: str) -> None:
    """Build the file under another name and link it into place whole: whoever sees it sees all of it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    _discard(draft)
    try:
        with _connection(draft, "rwc") as connection:
            connection.execute("create table migrations (version integer primary key, name text not null)")
            _migrate(connection, draft, schema, readonly=False)
            connection.execute("pragma journal_mode = wal")  # last, so that the file alone holds everything
        draft.chmod(0o600)
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        _sync_directory(path.parent)
    finally:
        _discard(draft)


def _discard(draft: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        draft.with_name(draft.name + suffix).unlink(missing_ok=True)


def _sync_directory(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _check_private(path: Path) -> None:
    """Money is not kept where another user could change the books, or put a file beside them."""
    for each, mode in ((path.parent, "700"), (path, "600")):
        if each.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise StorageError(f"{each} can be written by others; run: chmod {mode} {each}")


def _check(connection: sqlite3.Connection, path: Path) -> None:
    if path.stat().st_size > _CHECKED_BYTES:
        return
    fault = connection.execute("pragma quick_check(1)").fetchone()[0]
    if fault != "ok":
        raise torn(path, " ".join(fault.split()))


def _migrate(connection: sqlite3.Connection, path: Path, schema: str, *, readonly: bool) -> None:
    known = _migrations(schema)
    if _version(connection, path, len(known)) == len(known):
        return
    if readonly:
        raise StorageError(
            f"{path}: written by an older version; start an engine on it to bring it up to date"
        )
    connection.execute("begin immediate")
    done = _version(connection, path, len(known))
    for version, (name, script) in enumerate(known[done:], start=done + 1):
        for statement in _statements(script):
            connection.execute(statement)
        connection.execute("insert into migrations (version, name) values (?, ?)", (version, name))
    connection.execute("commit")


def _version(connection: sqlite3.Connection, path: Path, newest: int) -> int:
    try:
        version = int(connection.execute("select coalesce(max(version), 0) from migrations").fetchone()[0])
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_ERROR:
            raise
        raise torn(path, "no database of this program") from None
    if version > newest:
        raise StorageError(
            f"{path}: schema {version} is newer than this version's {newest}; update cryptofunk, "
            "or choose another state directory"
        )
    return version


@cache
def _migrations(schema: str) -> tuple[tuple[str, str], ...]:
    """Name and text of each migration, in order; a missing number is a broken installation."""
    found = sorted(
        (item.name, item.read_text(encoding="utf-8"))
        for item in files("sql").joinpath(schema).iterdir()
        if _NUMBERED.fullmatch(item.name)
    )
    if [int(name[:4]) for name, _ in found] != list(range(1, len(found) + 1)) or not found:
        raise StorageError(f"sql/{schema}: the numbered migrations have a gap; install cryptofunk again")
    return tuple(found)


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
