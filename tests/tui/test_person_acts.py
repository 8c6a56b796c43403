"""What a person can do to orders: less of one, all of them sold, and the record of who did what."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input

from cryptofunk_tui.tui.screens.acts import ActsScreen
from cryptofunk_tui.tui.screens.amount import AmountDialog, less
from cryptofunk_tui.tui.screens.approval import ApprovalDialog
from cryptofunk_tui.tui.screens.dialog import HELD_S
from cryptofunk_tui.tui.screens.typed import TypedDialog
from cryptofunk_tui.tui.widgets.lines import LineView
from tests.tui import accounts, scenes
from tests.tui.stage import MEDIUM, SMALL, Stage, plain


async def test_less_of_an_order_is_asked_for_as_a_share_or_as_an_amount() -> None:
    stage = Stage(scenes.pending())
    approval = accounts.approval()
    async with stage.open() as pilot:
        for text, wanted in (("50%", approval.order.quantity / 2), ("0.01", Decimal("0.01"))):
            await pilot.press("a", "e")
            await pilot.pause()
            assert isinstance(stage.app.screen, AmountDialog)
            stage.app.screen.query_one(Input).value = text
            await pilot.press("enter")
            await pilot.pause()
            call = stage.calls[-1]
            assert call[:2] == ("resize", approval.approval_id)
            assert Decimal(call[2]) == wanted
        assert {call[0] for call in stage.calls} == {"resize"}, "nothing is approved by asking for less"


@pytest.mark.parametrize("text", ["", "all", "0", "-1", "100%", "150%", "99999", "nan", "1e999"])
async def test_what_is_not_less_is_refused_in_words(text: str) -> None:
    stage = Stage(scenes.pending())
    async with stage.open() as pilot:
        await pilot.press("a", "e")
        await pilot.pause()
        stage.app.screen.query_one(Input).value = text
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(stage.app.screen, AmountDialog)
        assert stage.said and stage.calls == []


@given(st.decimals("0.01", "99.99", places=2), st.decimals("0.000001", "1000000", places=6))
def test_a_share_is_always_less_and_never_nothing(share: Decimal, asked: Decimal) -> None:
    assert 0 < less(f"{share}%", asked) < asked


async def test_an_order_that_waits_no_longer_takes_its_question_along() -> None:
    stage = Stage(scenes.pending())
    async with stage.open() as pilot:
        await pilot.press("a", "e")
        await stage.tell(pilot, accounts.account())
        assert stage.app.screen is stage.app.get_default_screen()
        assert "The order waits no longer." in stage.said


async def test_a_click_is_as_deaf_as_a_key_until_the_question_could_be_read() -> None:
    stage = Stage(scenes.pending())
    async with stage.open(MEDIUM) as pilot:
        await pilot.press("a")
        await stage.show(pilot)
        assert isinstance(stage.app.screen, ApprovalDialog)
        choices = stage.app.screen.query_one("#dialog-choices", LineView)
        row = plain(choices.body)
        at = row.index("Approve") + 2
        await pilot.click(choices, offset=(at, 0))
        assert stage.calls == []
        stage.clock.move(HELD_S)
        await pilot.click(choices, offset=(at, 0))
        await pilot.pause()
        assert stage.calls == [("approve", accounts.approval().approval_id, "console")]


async def test_selling_everything_takes_the_word_and_kills_first() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(SMALL) as pilot:
        await pilot.press("F")
        assert isinstance(stage.app.screen, TypedDialog)
        await pilot.press(*"FLAT", "enter")
        assert stage.calls == []
        await pilot.press(*"TEN", "enter")
        await pilot.pause()
        assert stage.calls == [("kill_now", "console"), ("flatten", "console")]


async def test_nothing_is_sold_where_nothing_is_held() -> None:
    stage = Stage(scenes.starting())
    async with stage.open() as pilot:
        await pilot.press("F")
        assert "cryptofunk kill --flatten" in stage.said[-1]
        assert stage.calls == []


async def test_who_did_what_is_listed_with_what_came_of_it() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(MEDIUM) as pilot:
        await pilot.press("L")
        await stage.app.workers.wait_for_complete()
        screen = stage.app.screen
        assert isinstance(screen, ActsScreen)
        text = plain([*screen.view.head, *screen.view.body])
        assert "anna@console" in text and "✓ done" in text and "✗ it has run out" in text
        await pilot.press("slash", *"10.0.0.5", "enter")
        assert "anna@console" not in plain(screen.view.body)
