"""Approvals: answered by one, used once, gone with time."""

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from cryptofunk_tui.domain.orders import ApprovalStatus, OrderStatus, Protection, Purpose, Side
from cryptofunk_tui.domain.risk import Check
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.errors import NotFound, Refused, StorageError
from cryptofunk_tui.storage.journal import Journal
from tests.storage.books import START, after, approval, fill_of, open_books, request

pytestmark = pytest.mark.anyio
PENDING, GRANTED = ApprovalStatus.PENDING, ApprovalStatus.GRANTED
REJECTED, EXPIRED = ApprovalStatus.REJECTED, ApprovalStatus.EXPIRED


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = await open_books(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def approvals(journal: Journal) -> Approvals:
    return Approvals(journal)


async def status(approvals: Approvals, name: str) -> ApprovalStatus:
    known = await approvals.get(name)
    assert known is not None
    return known.status


async def test_an_approval_binds_its_order_whole(approvals: Approvals) -> None:
    order = request("o1", limit_price="99.5").model_copy(
        update={"protection": Protection(reference=Decimal(100), stop=Decimal("97.50"))}
    )
    checks = (
        Check(name="position", value=0.08, limit=0.1, ok=True),
        Check(name="var", value=None, limit=1, ok=False),
    )
    asked = approval("a1", order, PENDING)
    await approvals.add(asked, checks)
    assert await approvals.get("a1") == asked
    assert await approvals.checks("a1") == checks
    assert await approvals.pending() == (asked,)
    assert await approvals.for_decision("decision") == (asked,)
    assert await approvals.get("a2") is None
    assert await approvals.for_decision("other") == ()


async def test_an_id_is_used_once(approvals: Approvals) -> None:
    await approvals.add(approval("a1", request("o1"), PENDING))
    with pytest.raises(Refused, match="exists already"):
        await approvals.add(approval("a1", request("o2")))
    assert await status(approvals, "a1") is PENDING


async def test_an_approval_belongs_to_a_known_account(approvals: Approvals) -> None:
    foreign = approval("a1", request("o1")).model_copy(update={"account": "paper:nowhere:nowhere"})
    with pytest.raises(StorageError, match="against its rules"):
        await approvals.add(foreign)


@pytest.mark.parametrize("answer", [GRANTED, REJECTED])
async def test_a_person_answers_once(approvals: Approvals, answer: ApprovalStatus) -> None:
    await approvals.add(approval("a1", request("o1"), PENDING, expires_at=after(seconds=120)))
    decided = await approvals.decide(
        "a1", answer, "console", "looked at it", after(seconds=60), expires_at=after(seconds=90)
    )
    assert (decided.status, decided.decided_by, decided.reason) == (answer, "console", "looked at it")
    assert decided.expires_at == after(seconds=90)
    assert await approvals.pending() == ()
    with pytest.raises(Refused, match=f"is {answer}; only a pending one"):
        await approvals.decide("a1", GRANTED, "cli", "me too", after(seconds=61))


async def test_an_answer_after_the_time_is_none(approvals: Approvals) -> None:
    await approvals.add(approval("a1", request("o1"), PENDING, expires_at=after(seconds=120)))
    with pytest.raises(Refused, match="is EXPIRED"):
        await approvals.decide("a1", GRANTED, "console", "late", after(seconds=120))
    assert await status(approvals, "a1") is PENDING
    assert not await approvals.consume("a1", after(seconds=1))


async def test_an_unknown_id_is_not_found(approvals: Approvals) -> None:
    with pytest.raises(NotFound, match="a9"):
        await approvals.decide("a9", GRANTED, "console", "", START)
    assert not await approvals.consume("a9", START)
    assert not await approvals.revoke("a9", "", START)


async def test_an_answer_is_a_yes_or_a_no(approvals: Approvals) -> None:
    with pytest.raises(ValueError, match="GRANTED or REJECTED"):
        await approvals.decide("a1", ApprovalStatus.CONSUMED, "console", "", START)


async def test_a_grant_is_used_once(approvals: Approvals) -> None:
    await approvals.add(approval("a1", request("o1")))
    tried = await asyncio.gather(*(approvals.consume("a1", after(seconds=1)) for _ in range(10)))
    assert sum(tried) == 1
    assert await status(approvals, "a1") is ApprovalStatus.CONSUMED
    assert not await approvals.revoke("a1", "too late", START)


@pytest.mark.parametrize("state", [PENDING, REJECTED, EXPIRED])
async def test_only_a_grant_can_be_used(approvals: Approvals, state: ApprovalStatus) -> None:
    await approvals.add(approval("a1", request("o1"), state))
    assert not await approvals.consume("a1", START)


async def test_a_grant_is_not_used_after_its_time(approvals: Approvals) -> None:
    await approvals.add(approval("a1", request("o1"), expires_at=after(seconds=30)))
    assert not await approvals.consume("a1", after(seconds=30))
    assert await approvals.consume("a1", after(seconds=29.999))


async def test_a_grant_of_another_account_is_not_used(journal: Journal, approvals: Approvals) -> None:
    await approvals.add(approval("a1", request("o1")))
    await journal.open_account(
        mode="paper", market="x", venue="x", run_id="r", quote_asset="USDT", capital=Decimal(1), at=START
    )
    assert not await approvals.consume("a1", START)
    assert await approvals.reserved() == {}
    assert await approvals.expire(after(days=1)) == ()


async def test_use_and_intent_are_one(journal: Journal, approvals: Approvals) -> None:
    await approvals.add(approval("a1", request("o1")))
    with pytest.raises(RuntimeError):
        async with journal.transaction():
            assert await approvals.consume("a1", START)
            await journal.add_order(request("o1"), decision_id=None, at=START, approval_id="a1")
            raise RuntimeError
    assert await status(approvals, "a1") is GRANTED
    assert await journal.order("o1") is None


async def test_what_waits_too_long_expires(approvals: Approvals) -> None:
    await approvals.add(approval("a1", request("o1"), PENDING, expires_at=after(seconds=10)))
    await approvals.add(approval("a2", request("o2"), GRANTED, expires_at=after(seconds=10)))
    await approvals.add(approval("a3", request("o3"), PENDING, expires_at=after(seconds=11)))
    closed = await approvals.expire(after(seconds=10))
    assert sorted((each.approval_id, each.status, each.reason) for each in closed) == [
        ("a1", EXPIRED, "no answer in time"),
        ("a2", EXPIRED, "not used in time"),
    ]
    assert await approvals.expire(after(seconds=10)) == ()
    assert [each.approval_id for each in await approvals.pending()] == ["a3"]


async def test_a_revoked_approval_is_rejected(approvals: Approvals) -> None:
    for name, state in [("a1", PENDING), ("a2", GRANTED)]:
        await approvals.add(approval(name, request(name), state))
        assert await approvals.revoke(name, "asked anew with less", after(seconds=1))
        assert await status(approvals, name) is REJECTED
    assert not await approvals.consume("a2", after(seconds=1))


async def test_grants_and_open_entries_reserve(journal: Journal, approvals: Approvals) -> None:
    await approvals.add(approval("a1", request("o1", quantity="2"), collar="101"))
    await approvals.add(approval("a2", request("o2", limit_price="90"), collar="101"))
    await approvals.add(approval("a3", request("o3", symbol="ETH/USDT"), collar="11"))
    await approvals.add(approval("a4", request("o4"), PENDING))
    await approvals.add(approval("a5", request("o5", Side.SELL, purpose=Purpose.EXIT)))
    assert await approvals.reserved() == {"BTC/USDT": 292, "ETH/USDT": 11}
    assert await approvals.reserved(after(seconds=29), excluding="o2") == {"BTC/USDT": 202, "ETH/USDT": 11}
    assert await approvals.reserved(after(seconds=30)) == {}

    await approvals.consume("a1", START)
    await journal.add_order(request("o1", quantity="2"), decision_id=None, at=START, approval_id="a1")
    assert await approvals.reserved(after(seconds=30)) == {"BTC/USDT": 202}
    assert await approvals.reserved(after(seconds=30), excluding="o1") == {}
    part = fill_of(request("o1", quantity="2"), "100", "0.5")
    await journal.book_fill(part, status=OrderStatus.PARTIAL)
    assert await approvals.reserved(after(seconds=30)) == {"BTC/USDT": Decimal("151.5")}
    await journal.set_status("o1", OrderStatus.CANCELED, "", START)
    assert await approvals.reserved(after(seconds=30)) == {}
