"""A person is asked with everything in view; silence and haste reject."""

from cryptofunk_tui.domain.risk import Decision
from cryptofunk_tui.tui.screens.approval import ApprovalDialog, approval_lines
from cryptofunk_tui.tui.screens.dialog import ARMED_AFTER_S
from tests.tui import accounts, props, scenes
from tests.tui.stage import MEDIUM, Stage, plain
from tests.tui.test_panels import state_of


async def test_a_new_approval_comes_to_the_front_without_taking_the_focus() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(MEDIUM) as pilot:
        focused = stage.app.screen.focused
        assert not stage.app.screen.query_one("#approvals").display
        await stage.tell(pilot, accounts.account(approvals=(accounts.approval(),)))
        assert stage.app.screen.query_one("#approvals").display
        assert stage.app.screen.focused is focused
        assert "1 TO APPROVE 1:37" in stage.text("status")


def test_the_question_shows_size_stop_votes_and_verdict() -> None:
    shown = plain(approval_lines(state_of(scenes.pending()), accounts.approval(), 72, props.NOW))
    for words in ("▲ BUY ETH/USDT", "0.311085", "1,000.00 USDT", "9.8% of equity", "3,124.55", "risks 28.00"):
        assert words in shown
    for words in ("rejected in  1:37", "consensus 0.89", "trend_following", "absent", "9 of 9 limits kept"):
        assert words in shown


def test_what_risk_did_not_like_is_said_in_the_question() -> None:
    events = [*scenes.normal(), props.cycle("ETH/USDT", Decision.REJECTED)]
    shown = plain(approval_lines(state_of(events), accounts.approval(), 72, props.NOW))
    assert "8 of 9 limits kept" in shown
    assert "✗ exposure 52.4% against 50.0%" in shown


def test_an_approval_without_its_decision_still_says_why() -> None:
    assert "waits for a person" in plain(
        approval_lines(state_of([accounts.account()]), accounts.approval(), 72, props.NOW)
    )


async def test_reject_is_in_front_and_approve_is_deaf_at_first() -> None:
    stage = Stage(scenes.pending())
    async with stage.open() as pilot:
        await pilot.press("a", "y", "tab", "enter")
        assert isinstance(stage.app.screen, ApprovalDialog)
        stage.clock.move(ARMED_AFTER_S - 0.01)
        await pilot.press("y")
        assert stage.calls == []
        stage.clock.move(0.01)
        await pilot.press("y")
        await pilot.pause()
        assert stage.calls == [("approve", "a1", "console")]


async def test_enter_rejects_at_once_and_escape_leaves_it_open() -> None:
    stage = Stage(scenes.pending())
    async with stage.open() as pilot:
        await pilot.press("a", "escape")
        assert stage.calls == []
        await pilot.press("x", "enter")
        await pilot.pause()
        assert stage.calls == [("reject", "a1", "console")]


async def test_silence_rejects_and_the_question_leaves() -> None:
    stage = Stage(scenes.pending())
    async with stage.open() as pilot:
        await pilot.press("a")
        stage.clock.move(96)
        await stage.show(pilot)
        assert isinstance(stage.app.screen, ApprovalDialog)
        stage.clock.move(2)
        await stage.show(pilot)
        assert not isinstance(stage.app.screen, ApprovalDialog)
        assert stage.said[-1].startswith("No answer in time")
        assert stage.calls == []


async def test_an_answer_from_another_terminal_takes_the_question_away() -> None:
    stage = Stage(scenes.pending())
    async with stage.open() as pilot:
        await pilot.press("a")
        await stage.tell(pilot, accounts.account())
        assert not isinstance(stage.app.screen, ApprovalDialog)
        assert stage.calls == []


async def test_the_approval_under_the_cursor_is_opened() -> None:
    stage = Stage(
        [
            *scenes.pending(),
            accounts.account(approvals=(accounts.approval(), accounts.approval("SOL/USDT", 2, 110))),
        ]
    )
    async with stage.open() as pilot:
        await pilot.press("6", "down", "a")
        stage.clock.move(1)
        await pilot.press("y")
        await pilot.pause()
        assert stage.calls == [("approve", "a2", "console")]
