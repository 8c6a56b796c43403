"""A journal whose newest bytes a crash has torn: it opens, holds whole transactions, and all that were synced
before the cut."""

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from cryptofunk_tui.domain.orders import OrderStatus
from cryptofunk_tui.storage.audit import audit
from cryptofunk_tui.storage.journal import JOURNAL_FILE, Journal
from tests.nightly import memory_folder
from tests.storage.books import START, fill_of, open_books, request

TAIL = 4096
ORDERS = 30


class Torn:
    """The files of a journal in the middle of its life, and how long its WAL was after each commit."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sizes: list[int] = []
        asyncio.run(self._write())
        self.wal = (folder / "wal").read_bytes()

    async def _write(self) -> None:
        source = self.folder / "source"
        journal = await open_books(source, capital="1000000")
        for number in range(ORDERS):
            asked = request(f"o{number}", quantity="1")
            async with journal.transaction():
                await journal.add_order(asked, decision_id=None, at=START, approval_id=None)
                await journal.book_fill(fill_of(asked, "100", fee="0.1"), status=OrderStatus.FILLED)
            self.sizes.append((source / f"{JOURNAL_FILE}-wal").stat().st_size)
        for suffix, name in (("", "db"), ("-wal", "wal")):
            shutil.copy(source / f"{JOURNAL_FILE}{suffix}", self.folder / name)
        await journal.close()

    def copy(self, state_dir: Path, wal: bytes) -> None:
        """A state directory with these bytes for its WAL."""
        state_dir.mkdir(exist_ok=True)
        for suffix in ("", "-wal", "-shm"):
            (state_dir / f"{JOURNAL_FILE}{suffix}").unlink(missing_ok=True)
        shutil.copy(self.folder / "db", state_dir / JOURNAL_FILE)
        (state_dir / f"{JOURNAL_FILE}-wal").write_bytes(wal)

    def synced(self, cut: int) -> int:
        """Transactions that lie wholly before the cut."""
        return sum(size <= cut for size in self.sizes)


@pytest.fixture(scope="module")
def torn() -> Iterator[Torn]:
    with memory_folder() as folder:
        yield Torn(folder)


def orders_and_fills(state_dir: Path) -> tuple[int, int]:
    connection = sqlite3.connect(state_dir / JOURNAL_FILE)
    try:
        (orders,) = connection.execute("select count(*) from orders").fetchone()
        (fills,) = connection.execute("select count(*) from fills").fetchone()
        return int(orders), int(fills)
    finally:
        connection.close()


def test_a_cut_at_every_offset_of_the_tail_loses_no_synced_transaction(torn: Torn) -> None:
    for cut in range(len(torn.wal) - TAIL, len(torn.wal) + 1):
        torn.copy(torn.folder / "s", torn.wal[:cut])
        orders, fills = orders_and_fills(torn.folder / "s")
        assert orders == fills == torn.synced(cut), cut


def test_a_flipped_byte_costs_what_comes_after_it_and_nothing_before(torn: Torn) -> None:
    for place in range(len(torn.wal) - TAIL, len(torn.wal), 7):
        bytes_ = bytearray(torn.wal)
        bytes_[place] ^= 0xFF
        torn.copy(torn.folder / "s", bytes(bytes_))
        orders, fills = orders_and_fills(torn.folder / "s")
        assert orders == fills, place
        assert torn.synced(place) <= orders <= ORDERS, place


@pytest.mark.parametrize("lost", [0, 1, 24, 700, 2048, TAIL])
def test_what_is_left_opens_and_adds_up(torn: Torn, tmp_path: Path, lost: int) -> None:
    torn.copy(tmp_path, torn.wal[: len(torn.wal) - lost])

    async def look() -> tuple[int, tuple[str, ...]]:
        journal = await Journal.open(tmp_path)
        try:
            return len(await journal.orders()), await audit(journal)
        finally:
            await journal.close()

    assert asyncio.run(look()) == (torn.synced(len(torn.wal) - lost), ())
