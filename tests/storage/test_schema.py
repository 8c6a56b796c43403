"""Opening files that are torn, foreign, newer, forbidden or missing: said in one line, nothing replaced."""

import asyncio
import contextlib
import os
import random
import sqlite3
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cryptofunk_tui.storage.errors import StorageError
from cryptofunk_tui.storage.journal import JOURNAL_FILE, Journal
from cryptofunk_tui.storage.records import Records
from cryptofunk_tui.storage.schema import prepare
from tests.storage.books import START, open_books, request, trade

pytestmark = pytest.mark.anyio


async def filled_journal(state_dir: Path) -> Path:
    journal = await open_books(state_dir)
    for number in range(40):
        await trade(journal, request(f"o{number}"), "100")
    await journal.close()
    return state_dir / JOURNAL_FILE


async def refusal(state_dir: Path) -> str:
    before = (state_dir / JOURNAL_FILE).read_bytes()
    with pytest.raises(StorageError) as failure:
        journal = await Journal.open(state_dir)
        await journal.close()
    assert (state_dir / JOURNAL_FILE).read_bytes() == before
    assert "\n" not in str(failure.value)
    return str(failure.value)


async def test_a_file_that_is_no_database_is_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / JOURNAL_FILE).write_bytes(b"not a database at all, but long enough to be taken for one" * 40)
    assert "damaged" in await refusal(tmp_path)


async def test_an_empty_file_is_no_new_journal(tmp_path: Path) -> None:
    (tmp_path / JOURNAL_FILE).touch()
    assert "the file is empty" in await refusal(tmp_path)


async def test_a_database_of_another_program_is_refused(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / JOURNAL_FILE)
    other.execute("create table things (x)")
    other.commit()
    other.close()
    assert "no database of this program" in await refusal(tmp_path)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
async def test_a_torn_file_is_refused(tmp_path: Path, share: float) -> None:
    path = await filled_journal(tmp_path)
    os.truncate(path, int(path.stat().st_size * share))
    message = await refusal(tmp_path)
    assert "damaged" in message
    assert "restore a copy" in message


@pytest.mark.parametrize("table", ["fills", "trades", "migrations"])
async def test_one_page_of_noise_is_refused(tmp_path: Path, table: str) -> None:
    path = await filled_journal(tmp_path)
    whole = sqlite3.connect(path)
    (page,) = whole.execute("select rootpage from sqlite_master where name = ?", (table,)).fetchone()
    whole.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(random.Random(4).randbytes(200))
    assert "damaged" in await refusal(tmp_path)


async def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    path = await filled_journal(tmp_path)
    later = sqlite3.connect(path)
    later.execute("insert into migrations (version, name) values (99, '0099_future.sql')")
    later.commit()
    later.close()
    assert "schema 99 is newer" in await refusal(tmp_path)


async def test_an_older_schema_is_brought_up_to_date_by_a_writer_only(tmp_path: Path) -> None:
    path = tmp_path / JOURNAL_FILE
    old = sqlite3.connect(path)
    old.execute("create table migrations (version integer primary key, name text not null)")
    old.commit()
    old.close()
    with pytest.raises(StorageError, match="older version"):
        await Journal.open(tmp_path, readonly=True)
    journal = await Journal.open(tmp_path)
    assert await journal.account() is None
    await journal.close()


async def test_a_reader_makes_no_file(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nothing yet"):
        await Journal.open(tmp_path, readonly=True)
    with pytest.raises(StorageError, match="nothing yet"):
        await Records.open(tmp_path, readonly=True)
    assert list(tmp_path.iterdir()) == []


async def test_a_directory_in_the_way_is_said_so(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the directory should be")
    with pytest.raises(StorageError, match="choose another state directory"):
        await Journal.open(tmp_path / "state")


@contextlib.contextmanager
def without_rights(path: Path) -> Iterator[None]:
    """Forbid the file; root reads everything, so root becomes nobody meanwhile."""
    path.chmod(0o000)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_forbidden_file_is_said_so() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / JOURNAL_FILE
        prepare(path, "journal", readonly=False)
        Path(folder).chmod(0o755)
        for readonly in (False, True):
            with without_rights(path), pytest.raises(StorageError, match="cannot be opened") as failure:
                prepare(path, "journal", readonly=readonly)
            assert "\n" not in str(failure.value)


async def test_a_journal_is_its_owners_alone(tmp_path: Path) -> None:
    await filled_journal(tmp_path / "state")
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "state" / JOURNAL_FILE).stat().st_mode & 0o777 == 0o600


async def test_many_may_make_the_same_journal_at_once(tmp_path: Path) -> None:
    journals = await asyncio.gather(*(Journal.open(tmp_path) for _ in range(6)))
    await journals[0].set_engine(7, START)
    seen = [await journal.engine() for journal in journals]
    assert [engine and engine.pid for engine in seen] == [7] * 6
    for journal in journals:
        await journal.close()
    assert [path.name for path in tmp_path.iterdir()] == [JOURNAL_FILE]


@pytest.mark.parametrize(("mode", "file"), [(0o770, ""), (0o702, ""), (0o660, "journal.sqlite3")])
async def test_what_others_can_write_is_refused(tmp_path: Path, mode: int, file: str) -> None:
    state = tmp_path / "s"
    await (await Journal.open(state)).close()
    (state / file).chmod(mode)
    with pytest.raises(StorageError, match="can be written by others; run: chmod"):
        await Journal.open(state)
    await (await Journal.open(state, readonly=True)).close()
