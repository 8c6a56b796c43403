"""Transactions: alone, whole, and robust against cancellation and other processes."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.storage.database import Database, StorageError

pytestmark = pytest.mark.anyio


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await Database.open(tmp_path / "journal.sqlite3", "journal", full_sync=True)
    yield opened
    await opened.close()


async def log(database: Database, reason: str) -> None:
    await database.write("add_control_log", at=1, state=TradingState.PAUSED, reason=reason, actor="test")


async def reasons(database: Database) -> list[str]:
    return [row["reason"] for row in await database.rows("control_log", count=99)]


async def test_a_failing_transaction_leaves_nothing(database: Database) -> None:
    with pytest.raises(RuntimeError, match="half way"):
        async with database.transaction():
            await log(database, "lost")
            raise RuntimeError("half way")
    await log(database, "kept")
    assert await reasons(database) == ["kept"]


async def test_inner_transactions_join_the_outer_one(database: Database) -> None:
    with pytest.raises(RuntimeError):
        async with database.transaction():
            async with database.transaction():
                await log(database, "inner")
            await asyncio.wait_for(log(database, "in a task of its own"), 1)
            assert len(await reasons(database)) == 2
            raise RuntimeError
    assert await reasons(database) == []


async def test_another_task_sees_nothing_uncommitted(database: Database) -> None:
    written, seen = asyncio.Event(), asyncio.Event()

    async def look() -> list[str]:
        await written.wait()
        seen.set()
        return await reasons(database)

    watcher = asyncio.create_task(look())
    async with database.transaction():
        await log(database, "first")
        written.set()
        await seen.wait()
        await asyncio.sleep(0.01)
        assert not watcher.done()
        await log(database, "second")
    assert await watcher == ["second", "first"]


async def test_transactions_of_tasks_take_turns(database: Database) -> None:
    async def pair(name: str) -> None:
        async with database.transaction():
            await log(database, name)
            await asyncio.sleep(0)
            await log(database, name)

    await asyncio.gather(*(pair(str(number)) for number in range(8)))
    written = await reasons(database)
    assert len(written) == 16
    assert written[::2] == written[1::2]


async def test_a_task_started_within_does_not_join_once_it_has_ended(database: Database) -> None:
    late = asyncio.Event()

    async def afterwards() -> None:
        await late.wait()
        await log(database, "on its own")

    async with database.transaction():
        task = asyncio.create_task(afterwards())
        await log(database, "within")
    late.set()
    with pytest.raises(RuntimeError):
        async with database.transaction():
            await asyncio.wait({task}, timeout=0.05)
            raise RuntimeError
    await task
    assert await reasons(database) == ["on its own", "within"]


@pytest.mark.parametrize("pauses", range(9))
async def test_a_cancelled_transaction_is_rolled_back_or_whole(database: Database, pauses: int) -> None:
    async def write() -> None:
        async with database.transaction():
            await log(database, "one")
            await log(database, "two")

    task = asyncio.create_task(write())
    for _ in range(pauses):
        await asyncio.sleep(0.0002)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert await reasons(database) in ([], ["two", "one"])
    async with asyncio.timeout(1):
        await log(database, "the next one gets in")


async def test_a_transaction_cancelled_again_and_again_lets_the_next_in(database: Database) -> None:
    started = asyncio.Event()

    async def write() -> None:
        async with database.transaction():
            await log(database, "lost")
            started.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(write())
    await started.wait()
    while not task.done():
        task.cancel()
        await asyncio.sleep(0)
    async with asyncio.timeout(1):
        assert await reasons(database) == []


async def test_a_file_held_by_another_process_is_said_so(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = sqlite3.connect(tmp_path / "journal.sqlite3", isolation_level=None)
    await database._connection.execute("pragma busy_timeout = 50")
    other.execute("begin immediate")
    with pytest.raises(StorageError, match="another process has kept it locked"):
        async with database.transaction():
            pytest.fail("two writers at once")
    other.execute("rollback")
    other.close()
    await log(database, "afterwards")


async def test_a_transaction_given_up_before_it_began_leaves_none_open(
    database: Database, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "journal.sqlite3", isolation_level=None)
    other.execute("begin immediate")

    async def write() -> None:
        async with database.transaction():
            pytest.fail("two writers at once")

    task = asyncio.create_task(write())
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.sleep(0.01)
    other.execute("rollback")
    await asyncio.gather(task, return_exceptions=True)
    assert task.cancelled()
    await log(database, "afterwards")
    assert other.execute("select reason from control_log").fetchall() == [("afterwards",)]
    other.close()


async def test_the_busy_timeout_is_two_seconds(database: Database) -> None:
    for pragma, value in {"busy_timeout": 2000, "synchronous": 2, "foreign_keys": 1}.items():
        rows = list(await database._connection.execute_fetchall(f"pragma {pragma}"))
        assert rows[0][0] == value, pragma
    rows = list(await database._connection.execute_fetchall("pragma journal_mode"))
    assert rows[0][0] == "wal"


async def test_a_full_disk_is_one_line_and_writes_nothing(database: Database) -> None:
    await log(database, "before")
    pages = next(iter(await database._connection.execute_fetchall("pragma page_count")))[0]
    await database._connection.execute(f"pragma max_page_count = {pages}")
    with pytest.raises(StorageError, match="disk is full and nothing was written") as failure:
        async with database.transaction():
            for _ in range(50):
                await log(database, "x" * 4000)
    assert "\n" not in str(failure.value)
    assert await reasons(database) == ["before"]
    await database._connection.execute("pragma max_page_count = 100000")
    await log(database, "after")
    assert await reasons(database) == ["after", "before"]


async def test_a_closed_database_says_so(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "journal.sqlite3", "journal", full_sync=True)
    await database.close()
    await database.close()
    with pytest.raises(StorageError, match="already closed"):
        await reasons(database)


async def test_a_reader_writes_nothing(database: Database, tmp_path: Path) -> None:
    await log(database, "seen")
    reader = await Database.open(tmp_path / "journal.sqlite3", "journal", full_sync=True, readonly=True)
    try:
        assert await reasons(reader) == ["seen"]
        await log(database, "seen at once")
        assert len(await reasons(reader)) == 2
        with pytest.raises(StorageError, match="may not be written"):
            await log(reader, "refused")
    finally:
        await reader.close()


async def test_money_stays_text_to_the_last_digit(database: Database) -> None:
    amount = "12345678901234567890.123456789012345678"
    await database.write(
        "add_account",
        account="a",
        mode="paper",
        market="m",
        venue="v",
        run_id="r",
        quote_asset="EUR",
        start=amount,
        at=1,
    )
    await database.write("open_balance", account="a", asset="EUR", amount=amount)
    await database.write("activate_account", account="a")
    rows = await database.rows("balances")
    assert Decimal(rows[0]["amount"]) == Decimal(amount)
    assert rows[0]["amount"] == amount
