"""Agents and their numbers: looked at, stopped, changed only after a question."""

from textual.widgets import Input

from cryptofunk_tui.domain.events import AgentRecord, AgentRecords
from cryptofunk_tui.tui.screens.agents import AgentsScreen, NumberDialog, NumbersScreen, as_yaml
from cryptofunk_tui.tui.screens.dialog import ARMED_AFTER_S, ConfirmDialog
from cryptofunk_tui.tui.widgets.lines import LineView
from tests.tui import scenes
from tests.tui.props import NOW
from tests.tui.stage import LARGE, MEDIUM, Stage, plain


def shown(stage: Stage) -> str:
    view = stage.app.screen.query_one("#sheet-body", LineView)
    detail = stage.app.screen.query_one("#sheet-detail", LineView)
    return plain([*view.head, *view.body, *detail.body])


async def test_every_agent_is_listed_with_its_word_and_its_record() -> None:
    stage = Stage(scenes.server_down())
    async with stage.open(LARGE) as pilot:
        record = AgentRecord(agent="trend_following", calls=20, hits=11)
        await stage.tell(pilot, AgentRecords(at=NOW, horizon_bars=12, records=(record,)))
        await pilot.press("A")
        await stage.show(pilot)
        assert isinstance(stage.app.screen, AgentsScreen)
        text = shown(stage)
        assert "✗ failed" in text and "the technical_indicators server is down" in text
        assert "×6" in text and "55% of 20" in text
        await pilot.press("down", "g")
        stage.clock.move(ARMED_AFTER_S)
        await pilot.press("y")
        await pilot.pause()
        assert stage.calls == [("stop_agent", "order_book", "console")]


async def test_a_number_is_changed_after_a_question_and_not_before() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(MEDIUM) as pilot:
        await pilot.press("A")
        await stage.show(pilot)
        await pilot.press("down", "down", "down", "enter")
        await stage.app.workers.wait_for_complete()
        assert isinstance(stage.app.screen, NumbersScreen)
        assert "rules: {council: {trend_following: {weight: 6}}}" in shown(stage)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(stage.app.screen, NumberDialog)
        stage.app.screen.query_one(Input).value = "8"
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(stage.app.screen, ConfirmDialog)
        assert stage.calls == []
        stage.clock.move(ARMED_AFTER_S)
        await pilot.press("y")
        await pilot.pause()
        await stage.app.workers.wait_for_complete()
        assert stage.calls == [("tune_agent", "trend_following", "weight", "8", "console")]


def test_the_line_for_the_file_is_the_setting() -> None:
    assert as_yaml("a.b.c", "1") == "a: {b: {c: 1}}"
    assert as_yaml("capital", "'5'") == "capital: '5'"
