"""Every action by its key: what it asks, what it calls, and why it does nothing when it cannot."""

import pytest
from textual.widgets import Input

from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.tui.actions import ACTIONS, BY_ID, key_name
from cryptofunk_tui.tui.screens.dialog import ARMED_AFTER_S, HELD_S, ConfirmDialog
from cryptofunk_tui.tui.screens.help import HelpScreen
from cryptofunk_tui.tui.screens.trace import TraceScreen
from cryptofunk_tui.tui.screens.typed import TypedDialog
from cryptofunk_tui.tui.view_state import ViewState, selected
from tests.tui import accounts, props, scenes
from tests.tui.stage import LARGE, MEDIUM, SMALL, Stage


def test_registry_is_consistent() -> None:
    keys = [key for action in ACTIONS for key in action.keys]
    assert len(keys) == len(set(keys))
    assert len(BY_ID) == len(ACTIONS)
    for action in ACTIONS:
        reason = action.blocked(ViewState())
        assert reason is None or reason.strip()
        assert action.label and action.description
    assert [action.id for action in ACTIONS if action.danger == "instant"] == ["kill"]
    assert key_name("ctrl+k") == "^k"


@pytest.mark.parametrize(
    ("key", "call"),
    [
        ("e", ("reduce", "console")),
        ("c", ("close_position", "BTC/USDT", "console")),
        ("o", ("cancel_order", "cf" + "3".zfill(30), "console")),
        ("b", ("restart_server", "market_data", "console")),
    ],
)
async def test_dangerous_actions_ask_first(key: str, call: tuple[str, ...]) -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        await pilot.press(key)
        assert isinstance(stage.app.screen, ConfirmDialog)
        await pilot.press("enter")
        assert stage.calls == [], "the answer in front is the way back"
        await pilot.press(key)
        stage.clock.move(ARMED_AFTER_S)
        await pilot.press("y")
        await pilot.pause()
        assert stage.calls == [call]


async def test_what_is_typed_ahead_is_no_answer() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        await pilot.press("c", "y")
        await pilot.pause()
        assert stage.calls == []
        assert isinstance(stage.app.screen, ConfirmDialog)
        stage.clock.move(HELD_S)
        await pilot.press("tab", "enter")
        await pilot.pause()
        assert stage.calls == [("close_position", "BTC/USDT", "console")]


async def test_space_pauses_and_goes_on() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        await pilot.press("space")
        await pilot.pause()
        await stage.tell(pilot, accounts.account(TradingState.PAUSED, "asked for by console"))
        await pilot.press("space")
        await pilot.pause()
        assert stage.calls == [("pause", "console"), ("resume", "RESUME", "console")]


async def test_resume_after_a_halt_takes_the_word() -> None:
    stage = Stage(scenes.halted())
    async with stage.open() as pilot:
        await pilot.press("r")
        assert isinstance(stage.app.screen, TypedDialog)
        await pilot.press(*"resume", "enter")
        assert isinstance(stage.app.screen, TypedDialog), "the word must be in capitals"
        stage.app.screen.query_one(Input).value = ""
        await pilot.press(*"RESUME", "enter")
        await pilot.pause()
        assert stage.calls == [("resume", "RESUME", "console")]


async def test_agents_are_stopped_and_started_where_the_cursor_is() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        await pilot.press("g")
        assert stage.said[-1].endswith("choose an agent in panel 7")
        await pilot.press("7", *["down"] * 6, "g")
        stage.clock.move(ARMED_AFTER_S)
        await pilot.press("y")
        await pilot.pause()
        assert stage.calls == [("stop_agent", "order_book", "console")]
        await stage.tell(pilot, props.agent("order_book", "stopped"))
        await pilot.press("g")
        await pilot.pause()
        assert stage.calls[-1] == ("start_agent", "order_book", "console")


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("space", "the engine is not ready yet"),
        ("e", "the engine is not ready yet"),
        ("a", "the engine is not ready yet"),
        ("c", "the engine is not ready yet"),
        ("t", "no decision on any symbol yet"),
    ],
)
async def test_what_is_not_possible_yet_says_why(key: str, reason: str) -> None:
    stage = Stage()
    async with stage.open() as pilot:
        await pilot.press(key)
        assert stage.said[-1].endswith(reason)
        assert stage.calls == []


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("r", "trading is running already"),
        ("x", "nothing waits for approval"),
        ("c", "no position in ETH/USDT"),
    ],
)
async def test_what_makes_no_sense_says_why(key: str, reason: str) -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        await pilot.press("j", key)
        assert stage.said[-1].endswith(reason)
        assert stage.calls == []


async def test_arrows_select_the_symbol_that_chart_and_council_show() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(MEDIUM) as pilot:
        await pilot.press("down", "j")
        assert selected(stage.app.desk.state) == "SOL/USDT"
        assert "SOL/USDT" in stage.text("chart").splitlines()[0]
        assert "SOL/USDT" in stage.text("council").splitlines()[0]
        await pilot.press("k", "up", "up")
        assert selected(stage.app.desk.state) == "ADA/USDT"


async def test_brackets_change_the_length_of_a_bar() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(MEDIUM) as pilot:
        assert "BTC/USDT 1h" in stage.text("chart")
        await pilot.press("]")
        assert "BTC/USDT 4h" in stage.text("chart")
        await pilot.press("[", "[")
        assert "BTC/USDT 1h" in stage.text("chart")


async def test_numbers_bring_and_focus_panels_and_z_zooms() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(SMALL) as pilot:
        board = stage.app.screen.query_one("#board")
        for number, panel_id in {"1": "chart", "4": "orders", "0": "watchlist", "9": "log"}.items():
            await pilot.press(number)
            assert stage.app.screen.focused is not None
            assert stage.app.screen.focused.id == panel_id
            assert stage.app.screen.focused.display
        await pilot.press("z")
        await pilot.pause()
        assert stage.app.screen.query_one("#log").size == board.size
        await pilot.press("escape")
        await pilot.pause()
        assert stage.app.screen.query_one("#log").size.height < board.size.height


async def test_tab_walks_through_the_panels_in_front() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(LARGE) as pilot:
        seen = []
        for _ in range(10):
            await pilot.press("tab")
            assert stage.app.screen.focused is not None
            seen.append(stage.app.screen.focused.id)
        assert len(set(seen)) == 10
        await pilot.press("shift+tab")
        focused = stage.app.screen.focused
        assert focused is not None and focused.id == seen[-2]


async def test_trace_and_help_open_once_and_close() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        for key, screen in (("t", TraceScreen), ("question_mark", HelpScreen)):
            await pilot.press(key)
            assert isinstance(stage.app.screen, screen)
            await pilot.press(key, "down", "pagedown", "end", "home", "escape")
            assert len(stage.app.screen_stack) == 1


async def test_palette_reaches_the_actions_and_runs_them() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        await pilot.press("ctrl+p")
        await pilot.pause(0.3)
        await pilot.press(*"pause or")
        await pilot.pause(0.5)
        await pilot.press("enter", "enter")
        await pilot.pause(0.2)
        assert stage.calls == [("pause", "console")]


async def test_footer_and_titles_answer_the_mouse() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        footer = "".join(span.text for span in stage.app.screen.query_one("#footer").body[0])  # type: ignore[attr-defined]
        await pilot.click("#footer", offset=(footer.index("pause"), 0))
        await pilot.pause()
        assert stage.calls == [("pause", "console")]
        title = stage.text("positions").splitlines()[0]
        await pilot.click("#positions", offset=(title.index("Orders"), 0))
        await pilot.pause()
        assert stage.app.screen.query_one("#orders").display
        assert not stage.app.screen.query_one("#positions").display


async def test_themes_go_round() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        first = stage.app.theme
        themes = []
        for _ in range(4):
            await pilot.press("T")
            themes.append(stage.app.theme)
        assert len(set(themes)) == 4
        assert themes[-1] == first


async def test_a_control_that_fails_or_hangs_is_said_and_harms_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        assert stage.engine is not None

        async def refuses(actor: str) -> None:
            raise RuntimeError("[red]the journal is locked[/]")

        monkeypatch.setattr(stage.engine, "pause", refuses)
        await pilot.press("space")
        await pilot.pause()
        assert stage.said[-1] == "pause: [red]the journal is locked[/]"
        assert stage.app.desk.state.log[-1].level == "error"
