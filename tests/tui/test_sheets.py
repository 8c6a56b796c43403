"""Sheets are searched, lists are filtered and keep their cursor, and what the engine is asked comes in."""

import gc

from textual.strip import Strip
from textual.widgets import Input

from cryptofunk_tui.domain.risk import Decision
from cryptofunk_tui.tui.screens.help import HelpScreen
from cryptofunk_tui.tui.screens.history import PAGE, HistoryScreen
from cryptofunk_tui.tui.screens.search import FOUND, marked, text_of
from cryptofunk_tui.tui.screens.sheet import Sheet
from cryptofunk_tui.tui.screens.trace import TraceScreen
from cryptofunk_tui.tui.text import Span, holds
from cryptofunk_tui.tui.widgets.lines import LineView
from tests.tui import props, scenes
from tests.tui.stage import Stage, plain


def body(stage: Stage) -> str:
    assert isinstance(stage.app.screen, Sheet)
    return plain([*stage.app.screen.view.head, *stage.app.screen.view.body])


def foot(stage: Stage) -> str:
    return plain(stage.app.screen.query_one("#sheet-foot", LineView).body)


def test_words_are_found_across_spans_and_in_any_case() -> None:
    line = (Span("Bitcoin ", "bold"), Span("BUY 0.7", "up", "act"))
    assert holds(text_of(line), "buy coin")
    assert not holds(text_of(line), "buy sell")
    assert [span for span in marked(line, "COIN B") if span.tone == FOUND] == [
        Span("B", FOUND),
        Span("coin", FOUND),
        Span("B", FOUND, "act"),
    ]
    assert text_of(marked(line, "n bu")) == text_of(line)
    assert marked(line, "nothing") == line


async def test_a_sheet_jumps_from_find_to_find_and_says_how_many() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        await pilot.press("question_mark", "slash", *"order")
        await pilot.pause()
        assert isinstance(stage.app.screen, HelpScreen)
        assert "order: " in foot(stage)
        await pilot.press("enter")
        view = stage.app.screen.view
        finds = [row for row, line in enumerate(view.body) if "order" in text_of(line).lower()]
        top = view.top
        await pilot.press("n")
        assert view.top == min(view_row for view_row in finds if view_row > top)
        await pilot.press("slash", "escape")
        assert isinstance(stage.app.screen, HelpScreen), "escape leaves the search, not the screen"
        assert "order: " not in foot(stage)


async def test_what_stands_nowhere_is_said() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        await pilot.press("t", "slash", *"zebra", "enter")
        assert "nowhere" in foot(stage)
        await pilot.press("n", "N")


async def test_history_is_filtered_and_opens_the_record() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        await pilot.press("h")
        await stage.show(pilot)
        assert isinstance(stage.app.screen, HistoryScreen)
        assert "BTC/USDT" in body(stage) and "ETH/USDT" in body(stage)
        why = plain(stage.app.screen.query_one("#sheet-detail", LineView).body)
        assert "trend_following 0.71×6" in why and "arbitrage absent" in why and "risk: all limits" in why
        await pilot.press("slash", *"eth", "enter")
        assert "BTC/USDT" not in body(stage)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(stage.app.screen, TraceScreen)
        assert "ETH/USDT" in plain(stage.app.screen.view.head)
        await pilot.press("escape", "slash", *" nothing here")
        assert "Nothing holds" in body(stage)


async def test_the_cursor_stays_with_its_decision_as_new_ones_come() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        await pilot.press("h", "down")
        screen = stage.app.screen
        assert isinstance(screen, HistoryScreen)
        chosen = screen.current()
        await stage.tell(pilot, props.cycle("SOL/USDT", Decision.REJECTED))
        assert screen.current() == chosen


async def test_older_decisions_are_fetched_at_the_end_once() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        assert stage.engine is not None
        record = props.record("BTC/USDT", Decision.NONE)
        old = [record.model_copy(update={"cycle_id": f"old{number}"}) for number in range(PAGE + 5)]
        stage.engine.archive = (*stage.app.desk.state.history, *old)
        await pilot.press("h", "end")
        await stage.app.workers.wait_for_complete()
        screen = stage.app.screen
        assert isinstance(screen, HistoryScreen)
        assert len(screen.items()) == len(stage.app.desk.state.history) + PAGE
        await pilot.press("end")
        await stage.app.workers.wait_for_complete()
        assert len(screen.items()) == len(stage.app.desk.state.history) + len(old)
        await pilot.press("end")
        assert len([call for call in stage.calls if call[0] == "decisions"]) == 2, (
            "what is complete is not asked for again"
        )


async def test_an_engine_that_cannot_answer_is_said_in_the_list() -> None:
    stage = Stage()
    async with stage.open() as pilot:
        await pilot.press("h")
        await stage.show(pilot)
        assert "No decision yet" in body(stage)
        stage.app.life.engine = None
        await pilot.press("R")
        await stage.app.workers.wait_for_complete()
        assert "the engine is not ready yet" in body(stage)


async def test_the_kill_works_while_words_are_typed() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        await pilot.press("h", "slash", *"eth", "ctrl+k")
        await pilot.pause()
        assert stage.app.screen.query_one(Input).value == "eth"
        assert ("kill_now", "console") in stage.calls


async def test_sheets_that_were_closed_keep_nothing_of_what_they_painted() -> None:
    """Textual holds on to the caches of the newest thousand widgets; they must be empty."""
    stage = Stage([*scenes.normal(), *scenes.pending()])

    async def strips(times: int) -> int:
        for key in ("question_mark", "t", "a") * times:
            await pilot.press(key, "escape")
            await stage.show(pilot)
        gc.collect()
        return sum(isinstance(known, Strip) for known in gc.get_objects())

    async with stage.open() as pilot:
        settled = await strips(2)
        assert await strips(4) < settled * 1.2
