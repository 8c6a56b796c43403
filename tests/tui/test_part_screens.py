"""Servers and their tools, settings, the doctor, the welcome, and the palette that reaches them."""

import json

import pytest
from textual.widgets import Input

from cryptofunk_tui.tui.screens.doctor import DoctorScreen
from cryptofunk_tui.tui.screens.servers import AnswerScreen, ArgumentsDialog, ServersScreen, ToolsScreen
from cryptofunk_tui.tui.screens.settings import SettingsScreen
from cryptofunk_tui.tui.screens.sheet import Sheet
from cryptofunk_tui.tui.screens.welcome import Welcome
from cryptofunk_tui.tui.view_state import chosen
from cryptofunk_tui.tui.widgets.lines import LineView
from tests.tui import accounts, scenes
from tests.tui.stage import MEDIUM, Stage, plain


def shown(stage: Stage) -> str:
    screen = stage.app.screen
    assert isinstance(screen, Sheet)
    detail = screen.query_one("#sheet-detail", LineView)
    return plain([*screen.view.head, *screen.view.body, *(detail.body if detail.display else ())])


async def test_a_server_s_tools_are_shown_and_one_that_reads_is_called() -> None:
    stage = Stage(scenes.server_down())
    async with stage.open(MEDIUM) as pilot:
        await pilot.press("S")
        await stage.show(pilot)
        assert isinstance(stage.app.screen, ServersScreen)
        assert "exit code -9, again in 0.4 s" in shown(stage)
        assert chosen(stage.app.desk.state, "part") == "server market_data"
        await pilot.press("enter")
        await stage.app.workers.wait_for_complete()
        assert isinstance(stage.app.screen, ToolsScreen)
        assert "✓ reads" in shown(stage) and "arguments: symbol, at?" in shown(stage)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(stage.app.screen, ArgumentsDialog)
        field = stage.app.screen.query_one(Input)
        assert json.loads(field.value) == {"symbol": ""}
        field.value = '{"symbol": '
        await pilot.press("enter")
        assert "not JSON" in stage.said[-1]
        field.value = '{"symbol": "BTC/USDT"}'
        await pilot.press("enter")
        await stage.app.workers.wait_for_complete()
        assert isinstance(stage.app.screen, AnswerScreen)
        assert '"bid": "64107.42"' in shown(stage) and "12.3 ms" in shown(stage)
        assert stage.calls == [("call_tool", "market_data", "get_quote", '{"symbol": "BTC/USDT"}', "console")]


async def test_a_tool_that_may_change_something_is_not_called() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(MEDIUM) as pilot:
        await pilot.press("S", "enter")
        await stage.app.workers.wait_for_complete()
        await pilot.press("down", "enter")
        await pilot.pause()
        assert isinstance(stage.app.screen, ToolsScreen)
        assert stage.said == ["it may change something"]


async def test_the_restart_acts_on_the_row_under_the_cursor() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(MEDIUM) as pilot:
        await pilot.press("S", "down", "b")
        stage.clock.move(1)
        await pilot.press("y")
        await pilot.pause()
        assert stage.calls == [("restart_server", "technical_indicators", "console")]


async def test_settings_say_where_they_come_from_and_what_they_are() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(MEDIUM) as pilot:
        await pilot.press("comma")
        await stage.app.workers.wait_for_complete()
        assert isinstance(stage.app.screen, SettingsScreen)
        await pilot.press("slash", *"mine.yaml", "enter")
        assert "capital" in shown(stage) and "5000" in shown(stage) and "10000" in shown(stage)
        assert "A paper account's start, in quote currency." in shown(stage)
        assert "timeframe" not in shown(stage)
        await pilot.press("enter")
        assert stage.said == ["capital: '5000'"]


async def test_the_doctor_looks_at_the_run_and_at_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "somewhere")
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        await pilot.press("D")
        await stage.app.workers.wait_for_complete()
        assert isinstance(stage.app.screen, DoctorScreen)
        text = shown(stage)
        assert "1 of 2 not well" in text and "✗ disk" in text and "12 MB free" in text
        assert "80×24" in text and "over SSH" in text


async def test_the_welcome_says_what_is_made_up_and_gives_way() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        await pilot.press("W")
        await stage.show(pilot)
        assert isinstance(stage.app.screen, Welcome)
        text = plain(stage.app.screen.query_one("#dialog-words", LineView).body)
        assert "nothing here can cost you money" in text
        assert "made up by a seed" in text
        assert stage.app.screen.query_one("#dialog").size.height <= 22
        await pilot.press("ctrl+k")
        assert ("kill_now", "console") in stage.calls
        await stage.tell(pilot, accounts.account(approvals=(accounts.approval(),)))
        assert not isinstance(stage.app.screen, Welcome), "an approval is not hidden"
        await pilot.press("W", "enter")
        assert not isinstance(stage.app.screen, Welcome)


async def test_the_welcome_of_real_money_does_not_call_it_made_up() -> None:
    stage = Stage([*scenes.normal(), scenes.live()])
    async with stage.open() as pilot:
        await pilot.press("W")
        await stage.show(pilot)
        text = plain(stage.app.screen.query_one("#dialog-words", LineView).body)
        assert "REAL" in text and "made up" not in text


@pytest.mark.parametrize(
    ("words", "screen"),
    [("servers", ServersScreen), ("every setting", SettingsScreen), ("doctor", DoctorScreen)],
)
async def test_the_palette_opens_screens(words: str, screen: type[Sheet]) -> None:
    stage = Stage(scenes.normal())
    async with stage.open(MEDIUM) as pilot:
        await pilot.press("ctrl+p", *words)
        await pilot.pause(0.3)
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(stage.app.screen, screen)


async def test_the_palette_knows_panels_symbols_and_themes() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(MEDIUM) as pilot:
        for words in ("symbol: sol", "theme: light", "panel: orders"):
            await pilot.press("ctrl+p", *words)
            await pilot.pause(0.3)
            await pilot.press("enter")
            await pilot.pause()
        assert stage.app.desk.state.selected == "SOL/USDT"
        assert stage.app.theme == "cryptofunk-light"
        assert stage.app.screen.focused is not None and stage.app.screen.focused.id == "orders"
