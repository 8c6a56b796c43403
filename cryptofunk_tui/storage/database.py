"""One database behind named queries; whoever calls it never sees which one it is."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import aiosql
import aiosqlite

from cryptofunk_tui.storage.errors import StorageError, explain
from cryptofunk_tui.storage.schema import BUSY_TIMEOUT_S, prepare, uri

__all__ = ["Database", "Row", "StorageError"]

T = TypeVar("T")
Row = sqlite3.Row
"""A result row: `row["column"]`."""

_running: ContextVar[tuple[object, ...]] = ContextVar("transactions", default=())


class Database:
    """A file, its named queries, and transactions. One connection: statements of one process never overlap,
    and outside a transaction none sees what another task has not committed."""

    def __init__(self, path: Path, connection: aiosqlite.Connection, queries: Any) -> None:
        self.path = path
        self._connection = connection
        self._queries = queries
        self._lock = asyncio.Lock()
        self._transaction: object | None = None

    @classmethod
    async def open(cls, path: Path, schema: str, *, full_sync: bool, readonly: bool = False) -> "Database":
        """Open `path`, made and migrated by sql/`schema`, with the queries of sql/queries/`schema`.
        `full_sync`: a commit survives a loss of power. Raises StorageError."""
        queries = _load_queries(schema)
        await asyncio.to_thread(prepare, path, schema, readonly=readonly)
        connection = aiosqlite.connect(
            uri(path, "ro" if readonly else "rw"), uri=True, timeout=BUSY_TIMEOUT_S, isolation_level=None
        )
        connection._thread.daemon = True  # a program that fails before close() must still be able to end
        try:
            await connection
            connection.row_factory = sqlite3.Row
            await connection.execute(f"pragma synchronous = {'full' if full_sync else 'normal'}")
            await connection.execute("pragma foreign_keys = on")
        except sqlite3.Error as error:
            await connection.close()
            raise explain(error, path) from None
        return cls(path, connection, queries)

    async def close(self) -> None:
        """Wait for what is running, then close. Closing twice is harmless."""
        async with self._lock:
            await self._connection.close()

    async def rows(self, query: str, **values: Any) -> list[Row]:
        """All rows of a named query, as one consistent snapshot."""
        select = getattr(self._queries, query)
        return await self._alone(lambda: _collect(select(self._connection, **values)))

    async def row(self, query: str, **values: Any) -> Row | None:
        """The first row of a named query, or None; also for updates that return what they changed."""
        select = getattr(self._queries, query)
        found: Row | None = await self._alone(lambda: select(self._connection, **values))
        return found

    async def write(self, query: str, **values: Any) -> int:
        """Run a named statement; the number of rows that it changed."""
        change = getattr(self._queries, query)
        return int(await self._alone(lambda: change(self._connection, **values)))

    async def write_many(self, query: str, values: Sequence[Mapping[str, Any]]) -> None:
        """Run a named statement once for each set of values, within the current transaction."""
        sql = getattr(self._queries, query).sql
        await self._alone(lambda: self._connection.executemany(sql, values))

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """All or nothing, alone among all processes. Within a transaction of the same task (and tasks that
        it awaits) it joins. Raises StorageError when another process holds the file for 2 s."""
        if self._joined():
            yield
            return
        marker = object()
        await self._lock.acquire()
        try:
            self._transaction = marker
            await self._translated(lambda: self._connection.execute("begin immediate"))
        except BaseException:
            await self._end(commit=False)
            raise
        token = _running.set((*_running.get(), marker))
        try:
            yield
        except BaseException:
            await self._end(commit=False)
            raise
        else:
            await self._end(commit=True)
        finally:
            _running.reset(token)

    def _joined(self) -> bool:
        return self._transaction is not None and self._transaction in _running.get()

    async def _alone(self, call: Callable[[], Awaitable[T]]) -> T:
        if self._joined():
            return await self._translated(call)
        async with self._lock:
            return await self._translated(call)

    async def _translated(self, call: Callable[[], Awaitable[T]]) -> T:
        try:
            return await call()
        except sqlite3.Error as error:
            raise explain(error, self.path) from None
        except ValueError as error:
            if str(error) in ("Connection closed", "no active connection"):
                raise StorageError(f"{self.path}: already closed; open it again") from None
            raise

    async def _end(self, *, commit: bool) -> None:
        """Commit or roll back. The connection works in order: a rollback comes after a `begin` or `commit`
        that a cancelled task no longer waits for, and before whatever the next task asks."""
        done = False
        try:
            if commit:
                await self._translated(self._connection.commit)
                done = True
        finally:
            try:
                if not done:
                    await self._translated(self._connection.rollback)
            finally:
                self._transaction = None
                self._lock.release()


async def _collect(rows: AsyncIterator[Row]) -> list[Row]:
    return [row async for row in rows]


class _OneHop:
    """aiosql's view of an aiosqlite connection, where every call is one hop to the connection's thread."""

    is_aio_driver = True

    def process_sql(self, _name: str, _operation: object, sql: str) -> str:
        return sql

    async def select(
        self, connection: aiosqlite.Connection, _name: str, sql: str, values: Any, _record: object
    ) -> AsyncIterator[Row]:
        for row in await connection.execute_fetchall(sql, values):
            yield row

    async def select_one(
        self, connection: aiosqlite.Connection, _name: str, sql: str, values: Any, _record: object
    ) -> Row | None:
        return next(iter(await connection.execute_fetchall(sql, values)), None)

    async def insert_update_delete(
        self, connection: aiosqlite.Connection, _name: str, sql: str, values: Any
    ) -> int:
        return (await connection.execute(sql, values)).rowcount


@cache
def _load_queries(schema: str) -> Any:
    folder = files("sql").joinpath("queries").joinpath(schema)
    texts = [item.read_text(encoding="utf-8") for item in folder.iterdir() if item.name.endswith(".sql")]
    return aiosql.from_str("\n".join(texts), _OneHop)
