"""Accounts, market time, the engine's pulse, and marks."""

from collections.abc import AsyncIterator
from datetime import timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest

from cryptofunk_tui.domain.events import ServerStatus
from cryptofunk_tui.domain.orders import Side
from cryptofunk_tui.domain.portfolio import Mark, Portfolio
from cryptofunk_tui.storage.errors import NotFound, Refused
from cryptofunk_tui.storage.journal import Journal
from tests.storage.books import ACCOUNT, START, SYMBOL, after, open_books, request, trade

pytestmark = pytest.mark.anyio
D = Decimal


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = await open_books(tmp_path)
    yield opened
    await opened.close()


async def mark(journal: Journal, price: str, **parts: float) -> Portfolio:
    at = after(**parts)
    return await journal.mark((Mark(symbol=SYMBOL, price=D(price), at=at),), at)


async def test_an_account_keeps_its_run_and_capital(journal: Journal) -> None:
    again = await journal.open_account(
        mode="paper",
        market="simulated",
        venue="simulated",
        run_id="another",
        quote_asset="USDT",
        capital=D(5),
        at=after(days=9),
    )
    assert again == ACCOUNT
    account = await journal.account()
    assert account is not None
    assert (account.account, account.run_id, account.start) == (ACCOUNT, "run", D(10000))
    assert (account.market_time, account.processed_until) == (None, None)
    assert await journal.balances() == {"USDT": 10000}


async def test_an_account_keeps_its_currency(journal: Journal) -> None:
    with pytest.raises(Refused, match="kept in USDT, not EUR"):
        await journal.open_account(
            mode="paper",
            market="simulated",
            venue="simulated",
            run_id="run",
            quote_asset="EUR",
            capital=D(5),
            at=START,
        )
    assert await journal.balances() == {"USDT": 10000}


async def test_before_the_first_account(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path)
    assert await journal.account() is None
    assert await journal.engine() is None
    assert await journal.positions() == ()
    assert await journal.balances() == {}
    for question in (journal.portfolio(), journal.set_market_time(START), journal.set_processed_until(START)):
        with pytest.raises(NotFound, match="no account is open"):
            await question
    await journal.close()


async def test_market_time_runs_forward(journal: Journal) -> None:
    await journal.set_market_time(after(hours=1))
    await journal.set_market_time(after(hours=1))
    with pytest.raises(Refused, match="cannot go back"):
        await journal.set_market_time(START)
    await journal.set_processed_until(after(hours=1))
    await journal.set_processed_until(START)
    account = await journal.account()
    assert account is not None
    assert (account.market_time, account.processed_until) == (after(hours=1), after(hours=1))


async def test_the_engine_pulse(journal: Journal) -> None:
    server = ServerStatus(at=START, name="s", state="ready", latency_ms=1.5, restarts=2, detail="up")
    await journal.set_engine(41, START)
    await journal.heartbeat(after(seconds=1), [server], 0.25)
    engine = await journal.engine()
    assert engine is not None
    assert (engine.pid, engine.since, engine.heartbeat) == (41, START, after(seconds=1))
    assert (engine.servers, engine.feed_age_s) == ((server,), 0.25)
    await journal.set_engine(None, after(seconds=2))
    engine = await journal.engine()
    assert engine is not None
    assert (engine.pid, engine.heartbeat, engine.servers, engine.feed_age_s) == (None, None, (), None)


async def test_a_fresh_account_is_worth_its_capital(journal: Journal) -> None:
    portfolio = await journal.portfolio()
    assert (portfolio.account, portfolio.quote_asset, portfolio.cash) == (ACCOUNT, "USDT", D(10000))
    assert (portfolio.positions, portfolio.marks) == ((), ())
    assert portfolio.peak_equity == portfolio.day_start_equity == portfolio.equity == portfolio.start == 10000


async def test_marks_raise_the_peak_and_never_lower_it(journal: Journal) -> None:
    await trade(journal, request("in", quantity="10"), "100")
    for hour, (price, equity, peak) in enumerate(
        [("110", 10100, 10100), ("90", 9900, 10100), ("120", 10200, 10200), ("119", 10190, 10200)]
    ):
        marked = await mark(journal, price, hours=hour)
        assert (marked.equity, marked.peak_equity) == (D(equity), D(peak))
        assert marked == await journal.portfolio()
    assert marked.drawdown == pytest.approx(-10 / 10200)
    assert [equity for _, equity in await journal.equity_curve(after(hours=1))] == [9900, 10200, 10190]
    await journal.rebase_peak()
    rebased = await journal.portfolio()
    assert (rebased.peak_equity, rebased.drawdown) == (D(10190), 0.0)


async def test_the_day_starts_at_midnight_utc(journal: Journal) -> None:
    await trade(journal, request("in", quantity="10"), "100")
    assert (await mark(journal, "101", hours=1)).day_start_equity == 10000
    assert (await mark(journal, "103", hours=23)).day_start_equity == 10000
    assert (await mark(journal, "104", hours=24)).day_start_equity == 10040
    assert (await mark(journal, "99", hours=30)).day_start_equity == 10040
    assert (await mark(journal, "95", hours=53)).day_start_equity == 9990, "the last one before midnight"
    assert (await mark(journal, "90", hours=40)).day_start_equity == 9990, "a day never starts again"


async def test_the_day_is_of_market_time_not_of_the_zone(journal: Journal) -> None:
    await trade(journal, request("in", quantity="10"), "100")
    await mark(journal, "101", hours=1)
    at = after(hours=23).astimezone(timezone(timedelta(hours=5)))
    marked = await journal.mark((Mark(symbol=SYMBOL, price=D(105), at=at),), at)
    assert marked.day_start_equity == 10000


async def test_a_mark_from_before_the_position_says_nothing(journal: Journal) -> None:
    await mark(journal, "50", hours=1)
    await trade(journal, request("in", quantity="10"), "100", at=after(hours=2))
    portfolio = await journal.portfolio()
    assert (portfolio.marks, portfolio.equity) == ((), D(10000))
    await trade(journal, request("other", symbol="ETH/USDT"), "7", at=after(hours=2))
    marked = await mark(journal, "99", hours=3)
    assert [seen.symbol for seen in marked.marks] == [SYMBOL]
    assert marked.equity == 9990


async def test_an_older_mark_changes_nothing(journal: Journal) -> None:
    await trade(journal, request("in", quantity="10"), "100")
    await mark(journal, "110", hours=3)
    assert (await mark(journal, "10", hours=2)).equity == 10100


async def test_all_is_there_after_reopening(tmp_path: Path) -> None:
    journal = await open_books(tmp_path)
    await trade(journal, request("in", quantity="10"), "100", fee="1")
    await trade(journal, request("out", Side.SELL, "4"), "105", fee="0.42")
    await mark(journal, "104", hours=1)
    await journal.set_market_time(after(hours=1))

    async def everything(opened: Journal) -> list[object]:
        return [
            await opened.account(),
            await opened.portfolio(),
            await opened.orders(),
            await opened.trades(),
            await opened.fills(),
            await opened.balances(),
        ]

    before = await everything(journal)
    reader = await Journal.open(tmp_path, readonly=True)
    assert await everything(reader) == before
    await reader.close()
    await journal.close()
    for readonly in (False, True):
        again = await Journal.open(tmp_path, readonly=readonly)
        assert await everything(again) == before
        await again.close()
