"""ctrl+k stops trading from anywhere, at once, without a question, whatever else is broken."""

from collections.abc import Sequence

import pytest

from cryptofunk_tui.domain.risk import TradingState
from tests.tui import accounts, scenes
from tests.tui.stage import Stage


@pytest.mark.parametrize(
    "way",
    [(), ("t",), ("question_mark",), ("a",), ("c",), ("ctrl+p",), ("ctrl+p", "x"), ("9", "z"), ("ctrl+q",)],
    ids=lambda way: "+".join(way) or "main",
)
async def test_from_every_screen_modal_and_input(way: Sequence[str]) -> None:
    stage = Stage(scenes.pending())
    async with stage.open() as pilot:
        await pilot.press(*way)
        await pilot.pause()
        depth = len(stage.app.screen_stack)
        await pilot.press("ctrl+k")
        await pilot.pause()
        assert [call for call in stage.calls if "kill" in call[0]] == [
            ("kill_now", "console"),
            ("kill", "console"),
        ]
        assert len(stage.app.screen_stack) == depth, "the kill opens and closes nothing"
        assert stage.app.desk.state.kill == "asked"


async def test_from_the_field_of_the_resume_word() -> None:
    stage = Stage(scenes.halted())
    async with stage.open() as pilot:
        await pilot.press("r", *"RES", "ctrl+k")
        await pilot.pause()
        assert ("kill_now", "console") in stage.calls


async def test_the_file_is_written_before_anything_is_awaited() -> None:
    stage = Stage(scenes.normal())
    async with stage.open():
        stage.app.action_run("kill")
        assert stage.calls == [("kill_now", "console")]


async def test_twice_is_once_and_the_banner_stays_until_resumed() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        await pilot.press("ctrl+k", "ctrl+k")
        await stage.tell(pilot, accounts.account())
        assert "■ KILLED by console" in stage.text("banner")
        await stage.tell(pilot, accounts.account(TradingState.HALTED, "killed by console"))
        assert "The engine has confirmed it" in stage.text("banner")
        await pilot.press("r", *"RESUME", "enter")
        await pilot.pause()
        await stage.tell(pilot, accounts.account())
        assert "KILLED" not in stage.text("banner")
        assert stage.calls[-1] == ("resume", "RESUME", "console")


async def test_a_kill_file_that_cannot_be_written_is_shouted_and_the_engine_is_still_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        assert stage.engine is not None

        def fails(actor: str) -> None:
            raise OSError("disk full")

        monkeypatch.setattr(stage.engine, "kill_now", fails)
        await pilot.press("ctrl+k")
        await pilot.pause()
        assert "THE KILL FILE COULD NOT BE WRITTEN: disk full" in stage.said[0]
        assert stage.calls == [("kill", "console")]


async def test_before_the_engine_is_there_and_after_it_failed_the_switch_writes_the_file() -> None:
    written: list[str] = []
    stage = Stage(kill_switch=written.append)
    stage.app.action_run  # noqa: B018 (the app is not running yet)
    stage.app.life.kill_now("console")
    assert written == ["console"]
    async with stage.open():
        assert stage.calls[0] == ("kill_now", "console"), "an engine that comes later is killed as it comes"
