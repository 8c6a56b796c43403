"""The report on the screen: asked for, drawn at every size, asked for again as bars close."""

import pytest
from textual.pilot import Pilot

from cryptofunk_tui.domain.events import AgentRecord, AgentRecords
from cryptofunk_tui.domain.performance import Performance
from cryptofunk_tui.domain.risk import Decision
from cryptofunk_tui.tui.reduce import reduce
from cryptofunk_tui.tui.screens.performance import FOLLOW_S, WIDE, PerformanceScreen
from cryptofunk_tui.tui.text import width_of
from cryptofunk_tui.tui.view_state import ViewState
from tests.tui import props, scenes
from tests.tui.reports import report, trade
from tests.tui.stage import LARGE, MEDIUM, SMALL, Stage, plain


async def opened(stage: Stage, pilot: Pilot[None], known: Performance | None) -> PerformanceScreen:
    assert stage.engine is not None
    stage.engine.report = known
    await pilot.press("p")
    await stage.app.workers.wait_for_complete()
    await stage.show(pilot)
    screen = stage.app.screen
    assert isinstance(screen, PerformanceScreen)
    return screen


def text(screen: PerformanceScreen) -> str:
    return plain([*screen.view.head, *screen.view.body])


def asked(stage: Stage) -> int:
    return stage.calls.count(("performance",))


@pytest.mark.parametrize("size", [SMALL, MEDIUM, LARGE])
async def test_all_parts_are_there_and_nothing_is_cut(size: tuple[int, int]) -> None:
    stage = Stage(scenes.normal())
    async with stage.open(size) as pilot:
        screen = await opened(stage, pilot, report())
        shown = text(screen)
        for part in ("Return", "Risk", "Equity", "By strategy", "By symbol", "By exit", "Newest trades"):
            assert part in shown
        for name in ("trend_following", "BTC/USDT", "person", "technical", "• buy and hold", "365 days"):
            assert name in shown
        assert "right 12 bars later" in shown
        assert "no call to be judged: sentiment" in shown
        assert "…" not in shown
        assert max(width_of(line) for line in screen.view.body) <= size[0]
        beside = any("Return" in line and "By strategy" in line for line in shown.split("\n"))
        assert beside == (size[0] >= WIDE)
        assert asked(stage) == 1


async def test_the_first_page_says_how_it_stands_even_when_small() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(SMALL) as pilot:
        screen = await opened(stage, pilot, report())
        seen = plain(screen.view.body[: screen.view.rows])
        figures = report().figures
        assert figures.max_drawdown.value is not None
        for word in (
            "▲ +",
            "10,000.00 became",
            "max drawdown",
            "Sharpe",
            "profit factor",
            "fees paid",
            "Equity",
        ):
            assert word in seen
        assert f"−{-figures.max_drawdown.value * 100:.1f}%" in seen


async def test_a_run_without_a_bar_says_when_the_curve_starts() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        screen = await opened(stage, pilot, report(0, 0))
        assert "No closed trade yet; the curve starts with the first bar." in text(screen)


@pytest.mark.parametrize("size", [SMALL, MEDIUM, LARGE, (WIDE, 30)])
async def test_too_little_says_what_it_needs_in_place_of_a_number(size: tuple[int, int]) -> None:
    stage = Stage(scenes.normal())
    async with stage.open(size) as pilot:
        screen = await opened(stage, pilot, report(20, 0))
        shown = text(screen)
        assert "needs 81 more bars" in shown
        assert "needs 30 more days" in shown
        (factor,) = [line for line in shown.split("\n") if line.startswith("profit factor")]
        assert "no trade yet" in factor
        assert "…" not in shown


async def test_one_bar_is_no_curve_yet() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        assert "from the second bar on" in text(await opened(stage, pilot, report(1, 0)))


async def test_a_question_that_fails_is_said_and_asked_again() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        screen = await opened(stage, pilot, None)
        assert "no report; R asks again" in text(screen)
        assert stage.engine is not None
        stage.engine.report = report()
        await pilot.press("R")
        await stage.app.workers.wait_for_complete()
        assert "By strategy" in text(screen)
        stage.engine.report = None
        await pilot.press("R")
        await stage.app.workers.wait_for_complete()
        assert "! not newer" in text(screen)
        assert "By strategy" in text(screen), "what was known stays"


async def test_it_is_asked_for_again_as_bars_close_and_not_all_the_time() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        screen = await opened(stage, pilot, report())
        stage.clock.move(FOLLOW_S + 1)
        screen.follow()
        await stage.app.workers.wait_for_complete()
        assert asked(stage) == 1, "nothing was decided since"
        await stage.tell(pilot, props.cycle("SOL/USDT", Decision.REJECTED))
        screen.follow()
        await stage.app.workers.wait_for_complete()
        assert asked(stage) == 2
        await stage.tell(pilot, props.cycle("BTC/USDT", Decision.NONE))
        screen.follow()
        await stage.app.workers.wait_for_complete()
        assert asked(stage) == 2, "too soon"
        stage.clock.move(FOLLOW_S)
        await pilot.press("escape")
        screen.follow()
        assert asked(stage) == 2, "nobody looks"


async def test_names_from_outside_are_made_harmless() -> None:
    evil = trade(1).model_copy(update={"strategy": "a\x1b[31m\u202eb", "symbol": "X\n/Y"})
    known = report()
    known = known.model_copy(update={"newest": (evil,), "account": "a\x07b"})
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        shown = text(await opened(stage, pilot, known))
        assert not set(shown) & set("\x1b\u202e\x07")


def test_the_agents_records_come_into_the_state() -> None:
    told = AgentRecords(
        at=props.NOW, horizon_bars=12, records=(AgentRecord(agent="technical", calls=4, hits=3),)
    )
    assert reduce(ViewState(), told, props.NOW).agent_records == told
