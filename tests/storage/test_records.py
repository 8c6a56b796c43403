"""Records: queued, written in batches, read beside the writer."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from cryptofunk_tui.domain.base import to_ms
from cryptofunk_tui.domain.candles import Candles
from cryptofunk_tui.domain.cycle import CycleRecord, cycle_id
from cryptofunk_tui.domain.events import ServerStatus
from cryptofunk_tui.domain.market import Quote
from cryptofunk_tui.domain.risk import Check, Decision, Verdict
from cryptofunk_tui.domain.signals import Action, Ballot, Context, Signal, Tally
from cryptofunk_tui.storage import records as module
from cryptofunk_tui.storage.errors import StorageError
from cryptofunk_tui.storage.records import RECORDS_FILE, Records
from tests.storage.books import START, after

pytestmark = pytest.mark.anyio
HOUR = 3_600_000
FIRST = to_ms(START)


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    opened = await Records.open(tmp_path, source="simulated:simulated")
    yield opened
    await opened.close()


def candles(first: int, count: int, symbol: str = "BTC/USDT", lift: float = 0) -> Candles:
    price = 100.1 + lift + np.arange(first, first + count)
    return Candles.from_columns(
        symbol,
        "1h",
        {
            "timestamp_ms": FIRST + HOUR * np.arange(first, first + count),
            "open": price,
            "high": price + 1,
            "low": price - 1,
            "close": price + 0.5,
            "volume": price * 3,
        },
    )


def cycle(number: int, symbol: str = "BTC/USDT", reason: str = "consensus") -> CycleRecord:
    as_of = after(hours=number)
    return CycleRecord(
        cycle_id=cycle_id("run", symbol, to_ms(as_of)),
        symbol=symbol,
        as_of=as_of,
        mode="paper",
        market="simulated",
        inputs={"rsi_14": 1 / 3, "macd": None},
        signals=(
            Signal(
                agent="technical", action=Action.BUY, confidence=0.7, reasons=("RSI 28 < 30",), as_of=as_of
            ),
            Signal(
                agent="sentiment", action=Action.ABSTAIN, confidence=0, reasons=("no “news”",), as_of=as_of
            ),
        ),
        context=Context(score=0.25, present=("technical",), absent=("sentiment",)),
        ballots=(Ballot(agent="trend_following", action=Action.BUY, confidence=0.8, weight=6, reasons=()),),
        tally=Tally(action=Action.BUY, consensus=0.9, confidence=0.8, quorum=1, reason="carried"),
        verdict=Verdict(
            decision=Decision.APPROVED,
            checks=(Check(name="position", value=0.05, limit=0.1, ok=True),),
            reason=reason,
        ),
        approval=None,
        orders=(),
        timings_ms={"agents": 1.5},
    )


def rows(state_dir: Path, query: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(state_dir / RECORDS_FILE)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


async def test_candles_come_back_bit_for_bit(records: Records) -> None:
    given = candles(0, 30)
    records.add_candles(given)
    await records.flush()
    back = await records.candles("BTC/USDT", "1h", 100, FIRST + 30 * HOUR)
    assert back.columns() == given.columns()
    assert len(await records.candles("ETH/USDT", "1h", 100, FIRST + 30 * HOUR)) == 0


async def test_closes_are_those_closed_by_the_moment(records: Records) -> None:
    records.add_candles(candles(0, 30))
    await records.flush()
    stamps, closes = await records.closes("BTC/USDT", "1h", 3, FIRST + 10 * HOUR)
    assert stamps.tolist() == [FIRST + bar * HOUR for bar in (7, 8, 9)]
    assert closes.tolist() == (100.6 + np.arange(7, 10)).tolist()
    assert (stamps.dtype.name, closes.dtype.name) == ("int64", "float64")
    stamps, _ = await records.closes("BTC/USDT", "1h", 3, FIRST + 10 * HOUR - 1)
    assert stamps[-1] == FIRST + 8 * HOUR
    stamps, closes = await records.closes("BTC/USDT", "4h", 3, FIRST)
    assert len(stamps) == len(closes) == 0


async def test_overlapping_windows_add_what_is_new(records: Records) -> None:
    for window in (candles(10, 20), candles(11, 20), candles(5, 10), candles(11, 20)):
        records.add_candles(window)
    assert len(records._waiting) == 20 + 1 + 5
    records.add_candles(candles(0, 0))
    await records.flush()
    back = await records.candles("BTC/USDT", "1h", 100, FIRST + 99 * HOUR)
    assert back.columns() == candles(5, 26).columns()


async def test_sources_are_kept_apart(records: Records, tmp_path: Path) -> None:
    records.add_candles(candles(0, 5))
    await records.flush()
    other = await Records.open(tmp_path, source="exchange:binance")
    other.add_candles(candles(0, 2, lift=1000))
    await other.flush()
    reader = await Records.open(tmp_path, readonly=True)
    _, closes = await reader.closes("BTC/USDT", "1h", 9, FIRST + 99 * HOUR)
    assert closes.tolist() == [1100.6, 1101.6]
    await reader.close()
    await other.close()


async def test_a_cycle_comes_back_whole(records: Records, tmp_path: Path) -> None:
    record = cycle(1)
    records.add_cycle(record)
    assert await records.cycle(record.cycle_id) is None
    await records.flush()
    assert await records.cycle(record.cycle_id) == record
    assert rows(tmp_path, "select agent, action, confidence, reasons from signals order by agent") == [
        ("sentiment", "ABSTAIN", 0.0, '["no “news”"]'),
        ("technical", "BUY", 0.7, '["RSI 28 < 30"]'),
    ]
    assert rows(tmp_path, "select agent, action, weight from ballots") == [("trend_following", "BUY", 6)]
    assert rows(tmp_path, "select as_of, action, decision, reason from verdicts") == [
        (FIRST + HOUR, "BUY", "APPROVED", "consensus")
    ]


async def test_cycles_newest_first_and_a_repeated_one_once(records: Records) -> None:
    for number in range(3):
        for symbol in ("BTC/USDT", "ETH/USDT"):
            records.add_cycle(cycle(number, symbol))
    records.add_cycle(cycle(1, reason="replayed"))
    await records.flush()
    newest = await records.cycles(limit=3)
    assert [(seen.symbol, seen.as_of) for seen in newest] == [
        ("ETH/USDT", after(hours=2)),
        ("BTC/USDT", after(hours=2)),
        ("ETH/USDT", after(hours=1)),
    ]
    older = await records.cycles(limit=2, before=newest[0].cycle_id)
    assert older == newest[1:3]
    of_btc = await records.cycles("BTC/USDT")
    assert [seen.verdict.reason for seen in of_btc] == ["consensus", "replayed", "consensus"]


async def test_the_newest_preview_is_kept_beside_the_cycles(records: Records) -> None:
    for number in range(3):
        records.add_cycle(cycle(number), preview=True)
    records.add_cycle(cycle(7, "ETH/USDT"), preview=True)
    await records.flush()
    assert await records.cycles() == ()
    assert await records.cycle(cycle(1).cycle_id) is None
    assert await records.cycle(cycle(2).cycle_id) == cycle(2)
    records.add_cycle(cycle(2, reason="the real one"))
    await records.flush()
    final = await records.cycle(cycle(2).cycle_id)
    assert final is not None
    assert final.verdict.reason == "the real one"


async def test_quotes_stay_exact(records: Records) -> None:
    quote = Quote(
        symbol="BTC/USDT",
        venue="binance",
        bid=Decimal("0.000000010000000000000001"),
        ask=Decimal("0.00000002"),
        last=Decimal("0.00000002"),
        at=START,
    )
    records.add_quote(quote)
    records.add_quote(quote.model_copy(update={"at": after(seconds=1)}))
    await records.flush()
    assert await records.quotes("BTC/USDT") == (quote.model_copy(update={"at": after(seconds=1)}), quote)


async def test_health_keeps_changes_only(records: Records) -> None:
    ready = ServerStatus(at=START, name="s", state="ready", latency_ms=1, restarts=0, detail="")
    failed = ready.model_copy(update={"at": after(seconds=2), "state": "failed", "detail": "killed"})
    other = ready.model_copy(update={"name": "t", "latency_ms": None})
    for status in (ready, ready.model_copy(update={"latency_ms": 2.0}), other, failed, failed):
        records.add_health(status)
    await records.flush()
    assert await records.health() == (failed, other, ready)


async def test_a_flush_writes_at_most_500_rows_at_once(records: Records) -> None:
    sizes: list[int] = []
    write_many = records._database.write_many

    async def counted(query: str, values: list[dict[str, object]]) -> None:
        sizes.append(len(values))
        await write_many(query, values)

    records._database.write_many = counted  # type: ignore[method-assign, assignment]
    records.add_candles(candles(0, 1234))
    await asyncio.gather(records.flush(), records.flush())
    assert sizes == [500, 500, 234]
    stamps, _ = await records.closes("BTC/USDT", "1h", 9999, FIRST + 9999 * HOUR)
    assert len(stamps) == 1234


async def test_what_could_not_be_written_waits(records: Records) -> None:
    connection = records._database._connection
    pages = next(iter(await connection.execute_fetchall("pragma page_count")))[0]
    await connection.execute(f"pragma max_page_count = {pages}")
    records.add_candles(candles(0, 400))
    with pytest.raises(StorageError, match="disk is full"):
        await records.flush()
    await connection.execute("pragma max_page_count = 100000")
    await records.flush()
    assert len(await records.candles("BTC/USDT", "1h", 999, FIRST + 999 * HOUR)) == 400


async def test_memory_is_not_filled_for_a_disk_that_is(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 10)
    with pytest.raises(StorageError, match="10 rows wait"):
        records.add_candles(candles(0, 11))


async def test_closing_writes_what_waits(tmp_path: Path) -> None:
    records = await Records.open(tmp_path)
    records.add_cycle(cycle(1))
    await records.close()
    reader = await Records.open(tmp_path, readonly=True)
    assert len(await reader.cycles()) == 1
    await reader.close()


async def test_a_reader_follows_the_writer(records: Records, tmp_path: Path) -> None:
    reader = await Records.open(tmp_path, readonly=True)
    for number in range(20):
        records.add_cycle(cycle(number))
        records.add_candles(candles(0, number + 1))
        written, seen = await asyncio.gather(records.flush(), reader.cycles(limit=99))
        assert written is None
        assert len(seen) in (number, number + 1)
        assert len(await reader.cycles(limit=99)) == number + 1
    reader.add_candles(candles(0, 1))
    with pytest.raises(StorageError, match="may not be written"):
        await reader.close()
