"""From a vote to an order over the real servers, which are killed at the worst moments."""

from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from cryptofunk_tui.domain.base import to_ms
from cryptofunk_tui.domain.cycle import cycle_id
from cryptofunk_tui.domain.orders import ApprovalStatus, OrderStatus, Purpose
from cryptofunk_tui.domain.portfolio import Position
from cryptofunk_tui.domain.risk import Decision
from cryptofunk_tui.domain.signals import Plan
from cryptofunk_tui.orchestrator.desk import Outcome
from cryptofunk_tui.storage.control import kill_path
from cryptofunk_tui.toolbox.errors import ToolboxError, ToolRefused
from tests.orchestrator.office import NOW, Office, opened_office

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    async with opened_office(tmp_path_factory.mktemp("desk"), "auto") as opened:
        yield opened


async def bought(office: Office, symbol: str) -> Position:
    """What is held of a symbol; it is bought first where nothing is."""
    if (await office.journal.portfolio()).position(symbol) is None:
        await office.enter(symbol)
    held = (await office.journal.portfolio()).position(symbol)
    assert held is not None
    return held


async def held_once(office: Office, symbol: str, outcome: Outcome) -> None:
    """One order, filled once, and the position that it makes."""
    (order,) = outcome.orders
    assert order.status is OrderStatus.FILLED
    assert await office.orders(symbol) == (order,)
    assert sum(fill.quantity for fill in order.fills) == order.quantity
    position = (await office.journal.portfolio()).position(symbol)
    assert position is not None
    assert position.quantity == order.quantity
    assert position.stop is not None


async def test_a_decision_is_sized_approved_and_placed_and_the_same_again_is_the_same_order(
    office: Office,
) -> None:
    outcome = await office.enter("BTC/USDT")
    assert outcome.verdict.decision is Decision.APPROVED
    assert outcome.approval is not None
    assert outcome.approval.decision == "GRANTED"
    assert all(check.ok for check in outcome.verdict.checks)
    await held_once(office, "BTC/USDT", outcome)
    again = await office.enter("BTC/USDT")
    assert again.verdict.decision is Decision.REJECTED
    assert "approved and used" in again.verdict.reason
    assert await office.orders("BTC/USDT") == outcome.orders


@pytest.mark.parametrize(
    ("symbol", "tool", "accident"),
    [
        ("SOL/USDT", "request_approval", "killed before it answered"),
        ("XRP/USDT", "place_market_order", "killed before it answered"),
    ],
)
async def test_an_answer_that_was_lost_makes_no_second_order(
    office: Office, symbol: str, tool: str, accident: str
) -> None:
    office.wire.expect(accident, tool)
    office.wire.calls.clear()
    outcome = await office.enter(symbol)
    assert outcome.verdict.decision is Decision.APPROVED
    await held_once(office, symbol, outcome)
    assert office.wire.calls.count("place_market_order") == 1
    assert ("get_order_status" in office.wire.calls) == (tool == "place_market_order")
    assert await office.leave_for(cycle_id("run", symbol, to_ms(NOW))) == [ApprovalStatus.CONSUMED]


async def test_an_order_that_never_reached_the_journal_is_not_sent_again(office: Office) -> None:
    office.wire.expect("killed on the wire", "place_market_order")
    office.wire.calls.clear()
    with pytest.raises(ToolboxError, match="went away before it took the order: no order 'cf") as lost:
        await office.enter("ADA/USDT")
    assert not lost.value.outcome_unknown
    assert office.wire.calls.count("place_market_order") == 1
    assert await office.orders("ADA/USDT") == ()
    assert await office.leave_for(cycle_id("run", "ADA/USDT", to_ms(NOW))) == [ApprovalStatus.REJECTED]


async def test_a_refusal_does_not_hide_an_order_that_was_taken(office: Office) -> None:
    office.wire.expect("refused after it was taken", "place_market_order")
    office.wire.expect("not seen yet", "get_order_status")
    await held_once(office, "LTC/USDT", await office.enter("LTC/USDT"))


async def test_while_the_executor_is_away_nobody_claims_to_know(office: Office) -> None:
    office.wire.expect("answer lost", "place_market_order")
    office.wire.expect("away", "get_order_status")
    with pytest.raises(ToolboxError, match="order_executor is restarting") as lost:
        await office.enter("DOGE/USDT")
    assert lost.value.outcome_unknown
    (order,) = await office.orders("DOGE/USDT")
    assert order.status is OrderStatus.FILLED


async def test_what_the_executor_refuses_has_lost_its_leave(office: Office) -> None:
    held = await bought(office, "BTC/USDT")
    office.wire.expect("trading was killed", "place_market_order")
    try:
        with pytest.raises(ToolRefused, match="killed by a test"):
            await office.desk.leave("c3", held, office.quotes["BTC/USDT"], lambda _: None)
    finally:
        kill_path(office.state_dir).unlink()
    assert await office.leave_for("c3") == [ApprovalStatus.REJECTED]
    assert (await office.journal.portfolio()).position("BTC/USDT") == held


async def test_a_vote_to_leave_closes_the_position_whole(office: Office) -> None:
    held = await bought(office, "BTC/USDT")
    outcome = await office.desk.leave("c4", held, office.quotes["BTC/USDT"], lambda _: None)
    (order,) = outcome.orders
    assert (order.status, order.purpose, order.quantity) == (
        OrderStatus.FILLED,
        Purpose.EXIT,
        held.quantity,
    )
    assert (await office.journal.portfolio()).position("BTC/USDT") is None


async def test_what_the_limits_forbid_is_rejected_with_every_check(office: Office) -> None:
    before = await office.orders("BTC/USDT")
    wide = Plan(reference=Decimal(100), stop=Decimal(50), target=Decimal(101))
    outcome = await office.desk.enter(
        "c5",
        "trend_following",
        wide,
        office.quotes["BTC/USDT"],
        office.instruments["BTC/USDT"],
        lambda _: None,
    )
    assert outcome.verdict.decision is Decision.REJECTED
    assert outcome.orders == ()
    assert {check.name: check.ok for check in outcome.verdict.checks}["reward_risk"] is False
    assert await office.orders("BTC/USDT") == before
