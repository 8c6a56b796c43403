"""The equity curve, closed trades and the agents' calls, as a report reads them."""

import sqlite3
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from cryptofunk_tui.domain.base import to_ms
from cryptofunk_tui.domain.candles import Candles
from cryptofunk_tui.domain.cycle import CycleRecord
from cryptofunk_tui.domain.events import AgentRecord
from cryptofunk_tui.domain.orders import OrderRequest, OrderStatus, Purpose, Side
from cryptofunk_tui.domain.portfolio import Portfolio
from cryptofunk_tui.domain.signals import Action
from cryptofunk_tui.storage.errors import StorageError
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.records import RECORDS_FILE, Records
from cryptofunk_tui.storage.track import Traded, closed_trades, traded
from tests.storage.books import ACCOUNT, START, after, fill_of, open_books, request, trade
from tests.storage.test_records import FIRST, HOUR, cycle

pytestmark = pytest.mark.anyio
BTC, ETH = "BTC/USDT", "ETH/USDT"


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    opened = await Records.open(tmp_path, source="simulated:simulated")
    yield opened
    await opened.close()


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = await open_books(tmp_path)
    yield opened
    await opened.close()


def portfolio(cash: str, account: str = ACCOUNT) -> Portfolio:
    return Portfolio(
        account=account,
        quote_asset="USDT",
        start=Decimal(10000),
        cash=Decimal(cash),
        positions=(),
        marks=(),
        peak_equity=Decimal(10000),
        day_start_equity=Decimal(10000),
    )


def closing(symbol: str, *closes: float) -> Candles:
    """Bars that close at these prices, the first an hour after the start."""
    columns = {name: np.array(closes) for name in ("open", "high", "low", "close", "volume")}
    return Candles.from_columns(
        symbol, "1h", {"timestamp_ms": FIRST + HOUR * np.arange(len(closes))} | columns
    )


def calls(hour: int, symbol: str, signal: Action, ballot: Action) -> CycleRecord:
    """A decision on the bar that closed at `hour`."""
    record = cycle(hour, symbol)
    return record.model_copy(
        update={
            "signals": (record.signals[0].model_copy(update={"action": signal}), record.signals[1]),
            "ballots": (record.ballots[0].model_copy(update={"action": ballot}),),
        }
    )


async def test_the_curve_outlives_the_run_and_a_bar_counts_once(tmp_path: Path, records: Records) -> None:
    for hour, cash in ((1, "10000"), (2, "10010.123456789"), (2, "10020.5"), (3, "9990")):
        records.add_equity(after(hours=hour), "1h", portfolio(cash))
    records.add_equity(after(hours=9), "1d", portfolio("5", "paper:other:other"))
    await records.flush()
    reader = await Records.open(tmp_path, readonly=True)
    curve = await reader.equity(ACCOUNT, 100)
    newest = await reader.equity(ACCOUNT, 2)
    none = await reader.equity("paper:none:none", 100)
    await reader.close()
    assert curve.at_ms.tolist() == [FIRST + HOUR * hour for hour in (1, 2, 3)]
    assert curve.equity.tolist() == [10000.0, 10020.5, 9990.0]
    assert curve.exposure.tolist() == [0.0, 0.0, 0.0]
    assert (curve.timeframe, none.timeframe, none.equity.tolist()) == ("1h", None, [])
    assert newest.equity.tolist() == [10020.5, 9990.0]


async def test_closes_at_some_times_alone(records: Records) -> None:
    records.add_candles(closing(BTC, 1, 2, 3))
    records.add_candles(closing(ETH, 10, 20))
    await records.flush()
    found = await records.closes_at((BTC, ETH, "XRP/USDT"), "1h", [FIRST, FIRST + 2 * HOUR])
    assert found == {BTC: {FIRST: 1.0, FIRST + 2 * HOUR: 3.0}, ETH: {FIRST: 10.0}, "XRP/USDT": {}}


async def test_calls_are_held_against_the_close_some_bars_later(records: Records) -> None:
    records.add_candles(closing(BTC, 100, 101, 102, 101, 101))
    records.add_candles(closing(ETH, 50, 49, 48, 47, 46))
    for record in (
        calls(1, BTC, Action.BUY, Action.SELL),  # 100 → 102: a hit, a miss
        calls(2, BTC, Action.SELL, Action.HOLD),  # 101 → 101: a miss, no call
        calls(3, BTC, Action.ABSTAIN, Action.SELL),  # 102 → 101: no call, a hit
        calls(4, BTC, Action.BUY, Action.BUY),  # not known yet
        calls(1, ETH, Action.SELL, Action.BUY),  # 50 → 48: a hit, a miss
    ):
        records.add_cycle(record)
    records.add_cycle(calls(2, ETH, Action.SELL, Action.SELL), preview=True)
    within = calls(2, BTC, Action.BUY, Action.BUY)
    records.add_cycle(within.model_copy(update={"cycle_id": "early", "as_of": after(hours=2, minutes=7)}))
    await records.flush()
    assert await records.decided_symbols() == (BTC, ETH)
    assert await records.agent_records((BTC, ETH), "1h", 2, 500) == (
        AgentRecord(agent="sentiment", calls=0, hits=0),
        AgentRecord(agent="technical", calls=3, hits=2),
        AgentRecord(agent="trend_following", calls=3, hits=1),
    )
    only = {each.agent: (each.calls, each.hits) for each in await records.agent_records((ETH,), "1h", 2, 500)}
    assert only["technical"] == (1, 1)
    assert await records.agent_records((BTC,), "1h", 2, 1) == (), "the newest decision is within a bar"
    assert await records.agent_records((BTC,), "4h", 2, 500) == ()


async def test_no_calls_of_another_market(tmp_path: Path, records: Records) -> None:
    records.add_candles(closing(BTC, 100, 101, 102))
    records.add_cycle(calls(1, BTC, Action.BUY, Action.BUY))
    await records.flush()
    assert await records.agent_records((BTC,), "1h", 2, 500)
    other = await Records.open(tmp_path, source="exchange:binance")
    assert await other.agent_records((BTC,), "1h", 2, 500) == ()
    await other.close()


async def sell(journal: Journal, order: OrderRequest, decision: str | None, reason: str) -> None:
    await journal.add_order(order, decision_id=decision, at=START, approval_id=None)
    await journal.set_status(order.client_order_id, OrderStatus.SENT, reason, START)
    await journal.book_fill(fill_of(order, "110", fee="1", at=after(hours=1)), status=OrderStatus.FILLED)


@pytest.mark.parametrize(
    ("purpose", "decision", "reason", "word"),
    [
        (Purpose.STOP, None, "", "stop"),
        (Purpose.TARGET, None, "", "target"),
        (Purpose.TRAIL, None, "", "trail"),
        (Purpose.EXIT, "c1", "", "vote"),
        (Purpose.EXIT, None, "closed by console", "person"),
        (Purpose.EXIT, None, "its stop could not be confirmed", "guard"),
        (Purpose.FLATTEN, None, "killed by console", "kill"),
    ],
)
async def test_who_closed_a_trade(
    journal: Journal, purpose: Purpose, decision: str | None, reason: str, word: str
) -> None:
    await trade(journal, request("in"), "100", fee="0.5")
    await sell(journal, request("out", Side.SELL, purpose=purpose), decision, reason)
    (closed,) = await closed_trades(journal, 10)
    assert (closed.exit_purpose, closed.pnl) == (word, Decimal("8.5"))


async def test_what_was_traded_counts_open_positions_too(journal: Journal) -> None:
    assert await traded(journal) == Traded(Decimal(0), Decimal(0))
    await trade(journal, request("in", quantity="2"), "100", fee="0.25")
    await trade(journal, request("out", Side.SELL), "110", fee="0.5")
    await journal.add_order(request("waits"), decision_id="d", at=START, approval_id=None)
    assert await traded(journal) == Traded(Decimal(310), Decimal("0.75"))
    assert len(await closed_trades(journal, 10)) == 1


def test_hours_are_what_these_tests_take_them_for() -> None:
    assert to_ms(after(hours=1)) - to_ms(START) == HOUR


async def test_records_of_the_first_version_are_brought_up_to_date_whole(tmp_path: Path) -> None:
    old = await Records.open(tmp_path, source="simulated:simulated")
    old.add_cycle(cycle(1))
    await old.close()
    with sqlite3.connect(tmp_path / RECORDS_FILE) as file:
        file.execute("drop table equity")
        file.execute("delete from migrations where version > 1")
    with pytest.raises(StorageError, match="older version"):
        await Records.open(tmp_path, readonly=True)
    new = await Records.open(tmp_path)
    new.add_equity(after(hours=1), "1h", portfolio("10000"))
    await new.flush()
    assert (await new.equity(ACCOUNT, 5)).equity.tolist() == [10000.0]
    assert [record.cycle_id for record in await new.cycles()] == [cycle(1).cycle_id]
    await new.close()
