"""Orders that wait for a person, over the real risk officer and executor: made smaller, left behind by the
market, and answered by many at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cryptofunk_tui.domain.base import WallClock
from cryptofunk_tui.domain.cycle import ApprovalNote
from cryptofunk_tui.domain.errors import Refused
from cryptofunk_tui.domain.market import Quote
from cryptofunk_tui.domain.orders import Approval, ApprovalStatus, OrderStatus
from cryptofunk_tui.domain.risk import Decision
from cryptofunk_tui.domain.rules import ApprovalRules
from cryptofunk_tui.orchestrator.desk import Outcome
from cryptofunk_tui.orchestrator.waiting import POLL_S, Smaller, WaitingRoom
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.errors import Refused as Decided
from cryptofunk_tui.storage.journal import Journal
from tests.orchestrator.office import Office, opened_office
from tests.storage.books import START, approval, open_books, request

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


@pytest.mark.parametrize(
    ("symbol", "factor", "words"),
    [("DOGE/USDT", "1.02", "the price rose to"), ("LTC/USDT", "0.985", "the price fell to")],
)
async def test_a_price_that_left_the_order_behind_rejects_it(
    office: Office, symbol: str, factor: str, words: str
) -> None:
    quote = office.quotes[symbol]
    asked = Asked(office, symbol)
    first = await asked.pending()
    office.quotes[symbol] = moved(quote, "1.005")
    await asyncio.sleep(3 * POLL_S)
    (bounds,) = office.desk.room.corridors()
    assert (bounds.approval_id, bounds.asked) == (first.approval_id, quote.ask)
    assert not asked.outcome.done(), "a small move leaves it waiting"
    office.quotes[symbol] = moved(quote, factor)
    try:
        outcome = await asked.end()
    finally:
        office.quotes[symbol] = quote
    assert outcome.verdict.decision is Decision.REJECTED
    assert words in outcome.verdict.reason and "1 % from the price asked at" in outcome.verdict.reason
    assert await office.orders(symbol) == ()
    assert office.desk.room.corridors() == ()
    with pytest.raises(Decided):
        await asked.answer(first, ApprovalStatus.GRANTED)


def moved(quote: Quote, factor: str) -> Quote:
    return quote.model_copy(
        update={side: getattr(quote, side) * Decimal(factor) for side in ("bid", "ask", "last")}
    )


class Slow(Approvals):
    """Answers reach the journal only when they are let."""

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self.asked = asyncio.Event()
        self.let = asyncio.Event()

    async def decide(self, *arguments: Any, **more: Any) -> Approval:
        self.asked.set()
        await self.let.wait()
        return await super().decide(*arguments, **more)


class Alone:
    """A waiting room over a journal of its own, with one order in it."""

    def __init__(self, journal: Journal) -> None:
        self.slow, self.quick = Slow(journal), Approvals(journal)
        order = request("cf1", quantity="0.5")
        self.approval = approval("a1", order, ApprovalStatus.PENDING).model_copy(
            update={"expires_at": WallClock().now() + timedelta(seconds=60)}
        )
        price = Decimal(100)
        quote = Quote(symbol=order.symbol, venue="simulated", bid=price, ask=price, last=price, at=START)
        self.room = WaitingRoom(self.slow, ApprovalRules(), lambda _: None, WallClock(), lambda: False)
        self.quote, self.order = quote, order

    async def start(self) -> None:
        await self.quick.add(self.approval)
        self.answer = asyncio.create_task(self.room.wait("a1", self.order, self.quote, None))
        while not self.room.corridors():  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    def shrink(self, quantity: str) -> asyncio.Task[Decimal]:
        return asyncio.create_task(self.room.shrink("a1", Decimal(quantity), "anna"))


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Alone]:
    journal = await open_books(tmp_path)
    room = Alone(journal)
    await room.start()
    yield room
    room.answer.cancel()
    await journal.close()


async def test_a_smaller_size_that_came_second_does_not_take_the_leave_away(alone: Alone) -> None:
    smaller = alone.shrink("0.2")
    await alone.slow.asked.wait()
    now = WallClock().now()
    await alone.quick.decide(
        "a1", ApprovalStatus.GRANTED, "bob", "word", now, expires_at=now + timedelta(seconds=30)
    )
    await asyncio.sleep(2 * POLL_S)
    alone.slow.let.set()
    with pytest.raises(Decided, match="GRANTED"):
        await smaller
    answered = await asyncio.wait_for(alone.answer, 5)
    assert isinstance(answered, ApprovalNote)
    assert (answered.decision, answered.decided_by) == ("GRANTED", "bob")


async def test_of_two_smaller_sizes_the_one_that_was_taken_is_asked_for(alone: Alone) -> None:
    sizes = [alone.shrink("0.2"), alone.shrink("0.3")]
    await asyncio.sleep(0)
    alone.slow.let.set()
    done = await asyncio.gather(*sizes, return_exceptions=True)
    taken = [each for each in done if isinstance(each, Decimal)]
    assert len(taken) == 1
    assert await asyncio.wait_for(alone.answer, 5) == Smaller(taken[0])


async def test_a_smaller_size_that_came_after_the_time_was_over_changes_nothing(alone: Alone) -> None:
    smaller = alone.shrink("0.2")
    await alone.slow.asked.wait()
    await alone.quick.expire(alone.approval.expires_at)
    alone.slow.let.set()
    with pytest.raises(Decided, match="EXPIRED"):
        await smaller
    answered = await asyncio.wait_for(alone.answer, 5)
    assert isinstance(answered, ApprovalNote) and answered.decision == "EXPIRED"
