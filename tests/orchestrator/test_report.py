"""The report from the files that a run leaves."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from cryptofunk_tui.domain.orders import Purpose, Side
from cryptofunk_tui.domain.signals import Action
from cryptofunk_tui.orchestrator.report import performance
from cryptofunk_tui.storage.errors import NotFound
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.records import Records
from tests.storage.books import after, open_books, request, trade
from tests.storage.test_track import BTC, ETH, calls, closing, portfolio

pytestmark = pytest.mark.anyio


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


async def test_a_whole_report(journal: Journal, records: Records) -> None:
    records.add_candles(closing(BTC, 100, 110, 120))
    records.add_candles(closing(ETH, 50, 50, 40))
    for hour, cash in ((1, "10000"), (2, "10100"), (3, "10049.5")):
        records.add_equity(after(hours=hour), "1h", portfolio(cash))
        records.add_cycle(calls(hour, BTC, Action.BUY, Action.HOLD))
    records.add_cycle(calls(1, ETH, Action.BUY, Action.HOLD))
    await records.flush()
    await trade(journal, request("b1"), "100", fee="0.5", at=after(hours=1))
    await trade(
        journal, request("s1", Side.SELL, purpose=Purpose.TARGET), "110", fee="0.5", at=after(hours=2)
    )
    await trade(journal, request("b2", strategy=None), "120", fee="1", at=after(hours=3))
    found = await performance(journal, records)
    assert (found.bars, found.since, found.until) == (3, after(hours=1), after(hours=3))
    assert (found.timeframe, found.symbols) == ("1h", (BTC, ETH))
    assert found.figures.total_return.value == pytest.approx(0.00495)
    assert found.figures.max_drawdown.value == pytest.approx(-0.005)
    assert found.hold_return.value == pytest.approx((1.2 + 0.8) / 2 - 1)
    assert found.curve.hold == pytest.approx((1.0, 1.05, 1.0))
    assert found.curve.equity == (10000.0, 10100.0, 10049.5)
    assert found.fees == Decimal(2), "an open position has cost its fee already"
    assert found.turnover.value == pytest.approx(330 / ((10000 + 10100 + 10049.5) / 3))
    assert (found.trades.trades, found.trades.pnl) == (1, Decimal(9))
    assert [(each.name, each.pnl) for each in found.by_exit] == [("target", Decimal(9))]
    assert [each.name for each in found.by_strategy] == ["trend_following"]
    assert {each.agent: each.calls for each in found.agents} == {}, "twelve bars have not gone by"
    assert found.model_dump(mode="json")["trades"]["pnl"] == "9"


async def test_before_the_first_bar_everything_is_unknown(journal: Journal, records: Records) -> None:
    found = await performance(journal, records)
    assert (found.bars, found.since, found.curve.at, found.newest) == (0, None, (), ())
    assert (found.start, found.equity, found.fees) == (Decimal(10000), Decimal(10000), Decimal(0))
    assert (found.hold_return.value, found.turnover.value, found.trades.win_rate) == (None, None, None)


async def test_what_is_held_is_what_had_a_price_at_the_first_bar(journal: Journal, records: Records) -> None:
    records.add_candles(closing(BTC, 100, 110))
    for hour in (1, 2):
        records.add_cycle(calls(hour, ETH, Action.BUY, Action.HOLD))
        records.add_cycle(calls(hour, BTC, Action.BUY, Action.HOLD))
        records.add_equity(after(hours=hour), "1h", portfolio("10000"))
    await records.flush()
    assert (await performance(journal, records)).hold_return.value == pytest.approx(0.1)
    records.add_equity(after(hours=3), "1h", portfolio("10000"))
    await records.flush()
    found = await performance(journal, records)
    assert (found.hold_return.value, found.hold_return.needs) == (None, "needs candles")
    assert found.curve.hold == pytest.approx((1.0, 1.1, None))


async def test_without_an_account_there_is_no_report(tmp_path: Path, records: Records) -> None:
    empty = await Journal.open(tmp_path)
    with pytest.raises(NotFound, match="no account"):
        await performance(empty, records)
    await empty.close()
