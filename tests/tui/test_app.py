"""How the console begins and ends: light, one part after the other, with the right exit code."""

import asyncio
import subprocess
import sys

import pytest

from cryptofunk_tui.tui import engine_life
from cryptofunk_tui.tui.app import CryptoFunkApp
from cryptofunk_tui.tui.engine_handle import Publish
from tests.tui import accounts, props, scenes
from tests.tui.stage import LARGE, MEDIUM, SMALL, RecordingEngine, Stage

HEAVY = ("pydantic", "numpy", "plotext", "textual_plotext", "mcp", "ccxt", "yaml", "litellm", "sqlite3")


def test_nothing_heavy_is_imported_before_the_first_paint() -> None:
    code = f"import sys, cryptofunk_tui.tui.app; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


async def test_the_engine_is_made_after_the_first_paint_and_its_parts_appear() -> None:
    stage = Stage(scenes.starting())
    async with stage.open(MEDIUM) as pilot:
        assert "market_data" in stage.text("servers")
        assert "◌ starting" in stage.text("servers")
        assert "The account opens with the engine." in stage.text("positions")
        assert "STARTING" in stage.text("status")
        await stage.tell(pilot, *scenes.normal())
        assert "● RUNNING" in stage.text("status")
        assert "BTC/USDT" in stage.text("watchlist")


async def test_panels_follow_the_events_on_their_own_timers() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(MEDIUM) as pilot:
        stage.app.publish(props.tick("BTC/USDT", 2))
        async with asyncio.timeout(5):
            while "128,246.90" not in stage.text("watchlist"):
                await pilot.pause(0.05)


async def test_events_of_another_thread_arrive() -> None:
    stage = Stage()
    async with stage.open(MEDIUM) as pilot:
        await asyncio.to_thread(stage.app.publish, props.log("from a thread"))
        await stage.show(pilot)
        assert "from a thread" in stage.text("log")


async def test_hidden_panels_do_no_work() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(SMALL) as pilot:
        orders = stage.app.screen.query_one("#orders")
        assert not orders.display
        before = stage.text("orders")
        await stage.tell(pilot, accounts.account(orders=(accounts.order(77, "ETH/USDT"),)))
        assert stage.text("orders") == before
        await pilot.press("4")
        await stage.show(pilot)
        assert "ETH/USDT" in stage.text("orders")


async def test_resizing_rearranges_and_loses_nothing() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(SMALL) as pilot:
        for size in (LARGE, (60, 15), (20, 6), (120, 40), SMALL):
            await pilot.resize_terminal(*size)
            await stage.show(pilot)
            for panel in stage.app.screen.query("#board > *"):
                if panel.display:
                    assert panel.region.right <= size[0] and panel.region.bottom <= size[1]
        assert "10,204" in stage.text("status")


async def test_an_engine_that_fails_says_so_and_the_console_stays() -> None:
    stage = Stage(scenes.normal())
    stage.fails = RuntimeError("the journal is [red]torn[/]; restore it from a copy")
    async with stage.open() as pilot:
        assert "✗ ENGINE FAILED: the journal is [red]torn[/]" in stage.text("banner")
        await pilot.press("ctrl+k")
        assert ("kill_now", "console") in stage.calls
        await pilot.press("ctrl+q")
        await pilot.pause()
    assert stage.app.return_code == 1
    assert stage.app.last_error == "the journal is [red]torn[/]; restore it from a copy"


async def test_an_engine_that_cannot_be_made_says_so() -> None:
    def refuses(publish: object) -> RecordingEngine:
        raise OSError("another engine holds the state directory")

    app = CryptoFunkApp(refuses)
    async with app.run_test() as pilot:
        async with asyncio.timeout(5):
            while app.desk.state.stage != "failed":
                await pilot.pause(0.02)
        await pilot.press("ctrl+k")
        assert "there is no engine" in app.desk.state.log[-1].text
        await pilot.press("ctrl+q")
    assert app.return_code == 1


async def test_an_engine_may_be_made_by_a_coroutine() -> None:
    engine: list[RecordingEngine] = []

    async def make(publish: Publish) -> RecordingEngine:
        engine.append(RecordingEngine(publish, [props.log("made")]))
        return engine[0]

    app = CryptoFunkApp(make)
    async with app.run_test() as pilot:
        async with asyncio.timeout(5):
            while not engine or not engine[0].told:
                await pilot.pause(0.02)
        await pilot.press("ctrl+q")
    assert engine[0].calls == [("stop",)]
    assert app.return_code == 0


async def test_quit_asks_while_something_is_held_and_a_second_time_leaves() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert stage.calls == []
        await pilot.press("ctrl+q")
        await pilot.pause()
    assert stage.calls == [("stop",)]
    assert stage.app.return_code == 0


async def test_an_engine_that_does_not_stop_is_left_behind_with_an_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_life, "STOP_S", 0.1)
    stage = Stage()
    async with stage.open() as pilot:
        assert stage.engine is not None
        stage.engine.hangs = True
        await pilot.press("ctrl+q")
        await pilot.pause(0.4)
    assert stage.app.return_code == 1
    assert stage.app.last_error == "the engine did not stop within 0.1 s"


async def test_a_run_that_is_over_is_said() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        assert stage.engine is not None
        await stage.engine.stop()
        await pilot.pause()
        await stage.show(pilot)
        assert "THE RUN HAS ENDED" in stage.text("banner")
        await pilot.press("space")
        assert stage.said[-1].endswith("the run has ended")


async def test_another_question_is_not_taken_for_the_one_about_quitting() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        await pilot.press("c", "ctrl+q")
        await pilot.pause()
        assert stage.calls == []
        assert len(stage.app.screen_stack) == 3
