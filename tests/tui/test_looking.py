"""Ways of looking: averages and marks in the chart, the log's filter, sorted symbols, a trace to keep."""

import json
from datetime import timedelta

import pytest

from cryptofunk_tui.domain.events import AgentRecord, AgentRecords, Bars
from cryptofunk_tui.domain.risk import Decision, TradingState
from cryptofunk_tui.tui.panels import candlesticks
from cryptofunk_tui.tui.panels.candlesticks import Candle, averages, candles, slotted
from cryptofunk_tui.tui.panels.status import status_line
from cryptofunk_tui.tui.view_state import symbols
from tests.tui import accounts, props, scenes
from tests.tui.props import EVIL, MARKET, NOW
from tests.tui.stage import LARGE, MEDIUM, Stage, plain
from tests.tui.test_panels import state_of

HOUR_MS = 3_600_000


def bars(*hours: int) -> Bars:
    flat = tuple(100.0 + hour for hour in hours)
    stamps = tuple(1_736_000_000_000 // HOUR_MS * HOUR_MS + hour * HOUR_MS for hour in hours)
    return Bars(
        at=MARKET,
        symbol="BTC/USDT",
        timeframe="1h",
        timestamp_ms=stamps,
        open=flat,
        high=flat,
        low=flat,
        close=flat,
        volume=flat,
    )


def test_missing_bars_are_gaps_and_a_long_gap_is_short() -> None:
    slots = slotted(candles(bars(0, 1, 3, 50), "1h"), "1h")
    assert [slot is None for slot in slots] == [False, False, True, False, *[True] * 4, False]


def test_averages_are_exponential_and_begin_at_the_first_close() -> None:
    known = candles(bars(0, 1, 2), "1h")
    (line,) = averages(known, (3,)).values()
    assert line == [100.0, 100.5, 101.25]


async def test_the_chart_shows_averages_and_what_was_traded_until_they_are_hidden() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(LARGE) as pilot:
        assert "EMA 9 " in stage.text("chart") and "EMA 21 " in stage.text("chart")
        body = stage.text("chart").split("\n", 3)[3]
        assert "▲" in body, "the entry is marked"
        await pilot.press("m")
        assert "EMA 9 " not in stage.text("chart")


def test_a_mark_stands_in_the_bar_of_its_moment() -> None:
    known: list[Candle] = candles(bars(*range(40)), "1h")
    mark = candlesticks.Mark(known[20].opened + timedelta(minutes=59), 130.0, "▲", "accent")
    lines = plain(candlesticks.chart(candlesticks.Picture(known, "1h", marks=[mark]), 60, 14)).split("\n")
    (row,) = [line for line in lines[1:] if "▲" in line[:48]]
    assert row.index("▲") == 48 - 40 + 20


async def test_the_log_is_filtered_by_level_and_by_words_and_says_so() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(LARGE) as pilot:
        await pilot.press("v")
        text = stage.text("log")
        assert "coingecko answered 429" in text and "servers are ready" not in text
        assert "warnings, 3 hidden" in text
        await pilot.press("v")
        assert "coingecko answered 429" not in stage.text("log")
        await pilot.press("v", "slash")
        await pilot.pause()
        await pilot.press(*"btc bought", "enter")
        text = stage.text("log")
        assert "bought 0.014036" in text and "servers are ready" not in text
        await stage.tell(pilot, props.log("BTC/USDT bought again"), props.log(EVIL))
        assert "bought again" in stage.text("log") and "click" not in stage.text("log")
        await pilot.press("slash", "escape")
        assert "servers are ready" in stage.text("log")


async def test_symbols_are_sorted_as_they_stand_and_the_selection_stays() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(MEDIUM) as pilot:
        before = symbols(stage.app.desk.state)
        await pilot.press("s")
        assert symbols(stage.app.desk.state)[0] == "ETH/USDT"
        await pilot.press("s", "s")
        assert symbols(stage.app.desk.state) == tuple(sorted(before))
        await pilot.press("s")
        assert symbols(stage.app.desk.state) == before


async def test_the_council_shows_health_and_record_and_what_hinders_it() -> None:
    stage = Stage(scenes.server_down())
    async with stage.open(LARGE) as pilot:
        records = (
            AgentRecord(agent="technical", calls=48, hits=30),
            AgentRecord(agent="arbitrage", calls=0, hits=0),
        )
        await stage.tell(pilot, AgentRecords(at=NOW, horizon_bars=12, records=records))
        text = stage.text("council")
        assert "✗ technical" in text and "62% of 48" in text and "of 0 " not in text.replace("of 0.60", "")
        await stage.tell(pilot, accounts.account(TradingState.PAUSED, "asked for by anna@console"))
        assert "nothing is bought: paused: asked for by anna@console" in stage.text("council")
        await stage.tell(pilot, accounts.account(tripped="daily_loss"))
        assert "nothing is bought: breaker tripped: daily_loss" in stage.text("council")


@pytest.mark.parametrize(
    ("llm", "words"), [((), "rules"), (({"cost_usd": 0.25}, {"cost_usd": 0.5}), "models $0.75")]
)
def test_the_status_says_what_models_cost(llm: tuple[dict[str, object], ...], words: str) -> None:
    cycle = props.cycle("BTC/USDT", Decision.NONE)
    record = cycle.record.model_copy(update={"llm": llm})
    state = state_of([*scenes.normal(), cycle.model_copy(update={"record": record})])
    assert words in plain([status_line(state, 200, NOW)])
    narrow = plain([status_line(state, 80, NOW)])
    assert words not in narrow and "RUNNING" in narrow and "10,204.67" in narrow and "dd" in narrow


async def test_a_trace_is_searched_and_written_to_a_file() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        await pilot.press("t", "slash", *"quorum", "enter", "w")
        await stage.app.workers.wait_for_complete()
        await pilot.pause()
        name, text = next(call[1:] for call in stage.calls if call[0] == "export")
        assert name.startswith("trace-c") and json.loads(text)["symbol"] == "BTC/USDT"
        assert stage.said == [f"/exports/{name}"]
        assert stage.app.clipboard == f"/exports/{name}"
