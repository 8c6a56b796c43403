"""A person is asked with everything in view; silence and haste reject."""

from decimal import Decimal

import pytest

from cryptofunk_tui.domain.corridor import Corridor
from cryptofunk_tui.domain.cycle import ApprovalNote
from cryptofunk_tui.domain.risk import Decision
from cryptofunk_tui.tui.screens.approval import ApprovalDialog, approval_lines
from cryptofunk_tui.tui.screens.dialog import ARMED_AFTER_S, HELD_S
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
        await pilot.press("a")
        stage.clock.move(ARMED_AFTER_S - 0.01)
        await pilot.press("tab", "enter")
        assert isinstance(stage.app.screen, ApprovalDialog)
        assert stage.calls == []
        stage.clock.move(HELD_S)
        await pilot.press("y")
        await pilot.pause()
        assert stage.calls == [("approve", "a1", "console")]


async def test_what_is_pressed_after_half_a_second_approves() -> None:
    stage = Stage(scenes.pending())
    async with stage.open() as pilot:
        await pilot.press("a")
        stage.clock.move(ARMED_AFTER_S)
        await pilot.press("y")
        await pilot.pause()
        assert stage.calls == [("approve", "a1", "console")]


@pytest.mark.parametrize("key", ["y", "enter"])
async def test_a_key_held_down_does_nothing_however_long(key: str) -> None:
    stage = Stage(scenes.pending())
    async with stage.open() as pilot:
        await pilot.press("a", "tab", key)
        stage.clock.move(0.66)
        for _ in range(60):
            await pilot.press(key)
            stage.clock.move(0.04)
        assert isinstance(stage.app.screen, ApprovalDialog)
        assert stage.calls == [], (
            "a keyboard repeats after two thirds of a second, and then 25 times a second"
        )
        stage.clock.move(HELD_S)
        await pilot.press(key)
        await pilot.pause()
        assert stage.calls == [("approve", "a1", "console")]


async def test_another_order_that_takes_the_place_of_the_first_is_armed_anew() -> None:
    stage = Stage(scenes.pending())
    smaller = accounts.approval(number=2)
    async with stage.open() as pilot:
        await pilot.press("a")
        stage.clock.move(5)
        await stage.tell(pilot, accounts.account(approvals=(smaller,)))
        assert stage.app.screen is stage.app.get_default_screen(), "the first leaves; none comes by itself"
        await pilot.press("y", "enter", "a", "y")
        await pilot.pause()
        assert stage.calls == []
        assert isinstance(stage.app.screen, ApprovalDialog)
        stage.clock.move(HELD_S)
        await pilot.press("y")
        await pilot.pause()
        assert stage.calls == [("approve", "a2", "console")]


async def test_why_the_order_waits_no_longer_is_said() -> None:
    stage = Stage(scenes.pending())
    why = "the price rose to 3254.42 while it waited, beyond 3253.4 (reward over risk below 1)"
    asked = props.cycle("ETH/USDT", Decision.REJECTED)
    note = ApprovalNote(approval_id="a1", decision="REJECTED", decided_by=None, reason=why)
    ended = asked.model_copy(update={"record": asked.record.model_copy(update={"approval": note})})
    async with stage.open() as pilot:
        for keys in (("a",), ("a", "e")):
            await stage.tell(pilot, *scenes.pending())
            await pilot.press(*keys)
            await stage.show(pilot)
            await stage.tell(pilot, ended, accounts.account())
            assert stage.app.screen is stage.app.get_default_screen()
            assert stage.said[-1] == f"The order waits no longer: {why}"


@pytest.mark.parametrize(
    ("factor", "words", "near"),
    [
        (1.0034, "+0.34%  rejected at -1.00% and +0.87%", False),
        (0.9913, "-0.87%  ! rejected at -1.00% and +0.87%", True),
        (1.0081, "+0.81%  ! rejected at -1.00% and +0.87%", True),
    ],
)
async def test_how_far_the_price_has_moved_is_shown_live(factor: float, words: str, near: bool) -> None:
    approval = accounts.approval()
    asked = Decimal(str(props.PRICES["ETH/USDT"]))
    bounds = Corridor(
        approval_id="a1",
        asked=asked,
        low=asked * Decimal("0.99"),
        why_low="1 % from the price asked at",
        high=asked * Decimal("1.0087"),
        why_high="reward over risk below 1",
    )
    account = accounts.account(approvals=(approval,)).model_copy(update={"corridors": (bounds,)})
    moved = asked * Decimal(str(factor))
    tick = props.tick("ETH/USDT").model_copy(update={"ask": moved})
    state = state_of([*scenes.pending(), account, tick])
    line = next(
        line
        for line in approval_lines(state, approval, 72, props.NOW)
        if line and line[0].text.startswith("price")
    )
    assert words in plain([line]).replace("−", "-")
    assert (line[1].tone == "warn") is near


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
