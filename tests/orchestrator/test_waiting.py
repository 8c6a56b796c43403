"""Orders that wait for a person, over the real risk officer and executor: made smaller, left behind by the
market, and answered by many at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal

import pytest

from cryptofunk_tui.domain.base import WallClock
from cryptofunk_tui.domain.errors import Refused
from cryptofunk_tui.domain.orders import Approval, ApprovalStatus, OrderStatus
from cryptofunk_tui.domain.risk import Decision
from cryptofunk_tui.orchestrator.desk import Outcome
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.errors import Refused as Decided
from tests.orchestrator.office import Office, opened_office

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    async with opened_office(tmp_path_factory.mktemp("waiting"), "manual") as opened:
        yield opened


class Asked:
    """An entry that a person is asked for."""

    def __init__(self, office: Office, symbol: str) -> None:
        self.office = office
        self.symbol = symbol
        self.approvals = Approvals(office.journal)
        self._news = asyncio.Event()
        self.outcome = asyncio.create_task(office.enter(symbol, lambda _: self._news.set()))

    async def pending(self) -> Approval:
        """The approval that waits now."""
        await asyncio.wait_for(self._news.wait(), 10)
        self._news.clear()
        waiting = [each for each in await self.approvals.pending() if each.order.symbol == self.symbol]
        assert len(waiting) == 1
        return waiting[0]

    async def answer(self, approval: Approval, status: ApprovalStatus) -> None:
        now = WallClock().now()
        await self.approvals.decide(
            approval.approval_id, status, "tester", "word", now, expires_at=now + timedelta(seconds=30)
        )

    async def end(self) -> Outcome:
        return await asyncio.wait_for(self.outcome, 10)


async def test_half_of_what_was_asked_fills_half_and_the_first_leave_is_gone(office: Office) -> None:
    asked = Asked(office, "BTC/USDT")
    first = await asked.pending()
    half = await office.desk.room.shrink(first.approval_id, first.order.quantity / 2, "anna")
    second = await asked.pending()
    assert second.approval_id != first.approval_id
    assert second.order == first.order.model_copy(update={"quantity": half})
    assert second.expires_at > first.expires_at - timedelta(seconds=1)
    with pytest.raises(Decided):
        await asked.answer(first, ApprovalStatus.GRANTED)
    await asked.answer(second, ApprovalStatus.GRANTED)
    outcome = await asked.end()
    assert outcome.verdict.decision is Decision.APPROVED
    (order,) = outcome.orders
    assert (order.status, order.filled) == (OrderStatus.FILLED, half)
    assert await office.orders("BTC/USDT") == (order,)
    before = await asked.approvals.get(first.approval_id)
    assert before is not None and before.decided_by == "anna"
    assert before.status is ApprovalStatus.REJECTED and "instead of" in before.reason


async def test_what_is_no_smaller_order_is_refused_and_the_first_still_waits(office: Office) -> None:
    asked = Asked(office, "ETH/USDT")
    first = await asked.pending()
    whole = first.order.quantity
    for quantity in (whole, whole * 2, Decimal(0), Decimal(-1), Decimal("NaN"), Decimal("1e-9")):
        with pytest.raises(Refused):
            await office.desk.room.shrink(first.approval_id, quantity, "anna")
    assert [each.approval_id for each in await asked.approvals.pending()] == [first.approval_id]
    await asked.answer(first, ApprovalStatus.REJECTED)
    assert (await asked.end()).orders == ()
    with pytest.raises(Refused, match="does not wait"):
        await office.desk.room.shrink(first.approval_id, whole / 2, "anna")


async def test_of_a_smaller_size_and_an_approval_at_once_one_wins(office: Office) -> None:
    for symbol in ("SOL/USDT", "XRP/USDT", "ADA/USDT"):
        asked = Asked(office, symbol)
        first = await asked.pending()
        done = await asyncio.gather(
            office.desk.room.shrink(first.approval_id, first.order.quantity / 2, "anna"),
            asked.answer(first, ApprovalStatus.GRANTED),
            return_exceptions=True,
        )
        assert sum(isinstance(each, Decided) for each in done) == 1
        if isinstance(done[0], Decided):
            (order,) = (await asked.end()).orders
            assert order.filled == first.order.quantity
        else:
            await asked.answer(await asked.pending(), ApprovalStatus.REJECTED)
            assert (await asked.end()).orders == ()
        assert len(await office.orders(symbol)) <= 1


@pytest.mark.parametrize(("factor", "words"), [("1.02", "the ask rose"), ("0.96", "the bid fell")])
async def test_a_price_that_left_the_order_behind_rejects_it(office: Office, factor: str, words: str) -> None:
    symbol = "DOGE/USDT" if factor > "1" else "LTC/USDT"
    quote = office.quotes[symbol]
    asked = Asked(office, symbol)
    first = await asked.pending()
    moved = {side: getattr(quote, side) * Decimal(factor) for side in ("bid", "ask", "last")}
    office.quotes[symbol] = quote.model_copy(update=moved)
    try:
        outcome = await asked.end()
    finally:
        office.quotes[symbol] = quote
    assert outcome.verdict.decision is Decision.REJECTED
    assert words in outcome.verdict.reason
    assert await office.orders(symbol) == ()
    with pytest.raises(Decided):
        await asked.answer(first, ApprovalStatus.GRANTED)
