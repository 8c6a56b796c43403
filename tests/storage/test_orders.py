"""Orders: intent once, every state kept, no way back from the last one."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from cryptofunk_tui.domain.orders import OrderStatus, Protection, Purpose, Side
from cryptofunk_tui.storage.errors import NotFound, Refused, StorageError
from cryptofunk_tui.storage.journal import DuplicateOrder, Journal
from tests.storage.books import START, after, fill_of, open_books, request

pytestmark = pytest.mark.anyio
TERMINAL = [status for status in OrderStatus if status.is_terminal]


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = await open_books(tmp_path)
    yield opened
    await opened.close()


async def add(journal: Journal, name: str, **parts: object) -> None:
    await journal.add_order(request(name, **parts), decision_id="c1", at=START, approval_id=None)  # type: ignore[arg-type]


async def test_an_intent_is_kept_as_it_was_approved(journal: Journal) -> None:
    protection = Protection(reference=Decimal(100), stop=Decimal("97.5"), target=Decimal(105))
    asked = request("o1", limit_price="99.50").model_copy(update={"protection": protection})
    order = await journal.add_order(asked, decision_id="c1", at=START, approval_id=None)
    assert order == await journal.order("o1")
    assert (order.status, order.filled, order.price, order.fills) == (
        OrderStatus.INTENT,
        Decimal(0),
        None,
        (),
    )
    assert (order.decision_id, order.limit_price, order.created_at) == ("c1", Decimal("99.50"), START)
    assert await journal.request("o1") == asked
    assert await journal.request("o2") is None
    assert await journal.order("o2") is None


async def test_an_order_is_written_once(journal: Journal) -> None:
    await add(journal, "o1")
    with pytest.raises(DuplicateOrder, match="o1 exists already"):
        await add(journal, "o1", quantity="2")
    order = await journal.order("o1")
    assert order is not None
    assert order.quantity == 1
    assert len(await journal.order_events("o1")) == 1


async def test_a_quantity_must_be_above_zero(journal: Journal) -> None:
    with pytest.raises(Refused, match="above zero"):
        await add(journal, "o1", quantity="0")


async def test_without_an_account_there_is_no_order(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path)
    with pytest.raises(StorageError, match="against its rules"):
        await add(journal, "o1")
    await journal.close()


async def test_every_state_is_kept(journal: Journal) -> None:
    await add(journal, "o1")
    await journal.set_status("o1", OrderStatus.SENT, "on the wire", after(seconds=1))
    await journal.set_status("o1", OrderStatus.SENT, "again", after(seconds=2))
    await journal.set_status("o1", OrderStatus.UNKNOWN, "timeout", after(seconds=3))
    await journal.book_fill(fill_of(request("o1"), "100", at=after(seconds=4)), status=OrderStatus.FILLED)
    assert [(at, status) for at, status, _ in await journal.order_events("o1")] == [
        (START, OrderStatus.INTENT),
        (after(seconds=1), OrderStatus.SENT),
        (after(seconds=3), OrderStatus.UNKNOWN),
        (after(seconds=4), OrderStatus.FILLED),
    ]


@pytest.mark.parametrize("final", TERMINAL)
async def test_a_terminal_state_is_final(journal: Journal, final: OrderStatus) -> None:
    await add(journal, "o1")
    await journal.set_status("o1", final, "done", after(seconds=1))
    await journal.set_status("o1", final, "said twice", after(seconds=2))
    for status in set(OrderStatus) - {final}:
        with pytest.raises(Refused, match="which is final"):
            await journal.set_status("o1", status, "back", after(seconds=3))
    order = await journal.order("o1")
    assert order is not None
    assert (order.status, order.reason, order.updated_at) == (final, "done", after(seconds=1))


async def test_the_file_itself_keeps_a_terminal_state(journal: Journal) -> None:
    await add(journal, "o1")
    await journal.set_status("o1", OrderStatus.CANCELED, "done", START)
    with pytest.raises(StorageError, match="terminal state"):
        await journal.database.write(
            "put_order_totals", client_order_id="o1", status="OPEN", filled="0", value="0", fees="0", at=1
        )


async def test_a_late_fill_is_booked_and_the_state_stays(journal: Journal) -> None:
    await add(journal, "o1")
    await journal.set_status("o1", OrderStatus.CANCELED, "cancelled", START)
    await journal.book_fill(fill_of(request("o1"), "100", "0.4"), status=OrderStatus.PARTIAL)
    order = await journal.order("o1")
    assert order is not None
    assert (order.status, order.filled) == (OrderStatus.CANCELED, Decimal("0.4"))
    assert (await journal.balances())["USDT"] == 9960


async def test_an_unknown_order_is_not_found(journal: Journal) -> None:
    with pytest.raises(NotFound, match="o9"):
        await journal.set_status("o9", OrderStatus.SENT, "", START)


async def test_orders_by_state_and_symbol_newest_first(journal: Journal) -> None:
    for number, symbol in enumerate(["BTC/USDT", "ETH/USDT", "BTC/USDT", "ETH/USDT"]):
        await add(journal, f"o{number}", symbol=symbol)
    await journal.set_status("o0", OrderStatus.FILLED, "", START)
    await journal.set_status("o1", OrderStatus.OPEN, "", START)
    await journal.set_status("o2", OrderStatus.CANCELED, "", START)

    async def names(*args: object, **kwargs: object) -> list[str]:
        return [order.client_order_id for order in await journal.orders(*args, **kwargs)]  # type: ignore[arg-type]

    assert await names() == ["o3", "o2", "o1", "o0"]
    assert await names(limit=2) == ["o3", "o2"]
    assert await names(symbol="BTC/USDT") == ["o2", "o0"]
    assert await names([OrderStatus.OPEN, OrderStatus.INTENT]) == ["o3", "o1"]
    assert await names([OrderStatus.OPEN, OrderStatus.INTENT], limit=1) == ["o3"]
    assert await names([OrderStatus.INTENT], "BTC/USDT") == []
    assert await names([OrderStatus.OPEN, OrderStatus.FILLED]) == ["o1", "o0"]
    assert await names(iter([OrderStatus.CANCELED])) == ["o2"]
    assert await names([]) == []


async def test_a_limit_counts_orders_not_fills(journal: Journal) -> None:
    for number in range(3):
        await add(journal, f"o{number}")
        for part in range(3):
            await journal.book_fill(
                fill_of(request(f"o{number}"), f"10{part}", "0.25", fill_id=f"f{number}-{part}"),
                status=OrderStatus.PARTIAL,
            )
    newest = await journal.orders(limit=2)
    assert [order.client_order_id for order in newest] == ["o2", "o1"]
    assert [[fill.fill_id for fill in order.fills] for order in newest] == [
        [f"f{number}-{part}" for part in range(3)] for number in (2, 1)
    ]
    assert newest[0].price == 101
    assert newest == (await journal.orders([OrderStatus.PARTIAL]))[:2]


async def test_orders_are_counted_by_market_time(journal: Journal) -> None:
    for minutes in range(5):
        await journal.add_order(
            request(f"o{minutes}", Side.BUY, purpose=Purpose.ENTRY),
            decision_id=None,
            at=after(minutes=minutes),
            approval_id=None,
        )
    assert await journal.order_count_since(after(minutes=3)) == 2
    assert await journal.order_count_since(after(minutes=5)) == 0


async def test_a_naive_time_is_refused(journal: Journal) -> None:
    with pytest.raises(ValueError, match="no timezone"):
        await journal.order_count_since(START.replace(tzinfo=None))


async def test_a_step_that_the_table_lacks_is_refused(journal: Journal) -> None:
    await add(journal, "o1")
    await journal.set_status("o1", OrderStatus.SENT, "", START)
    await journal.set_status("o1", OrderStatus.OPEN, "", START)
    with pytest.raises(Refused, match="o1 is OPEN, it cannot be UNKNOWN"):
        await journal.set_status("o1", OrderStatus.UNKNOWN, "", START)
    await journal.set_status("o1", OrderStatus.OPEN, "another reason", START)
    order = await journal.order("o1")
    assert order is not None
    assert (order.status, order.reason) == (OrderStatus.OPEN, "another reason")


async def test_the_venues_name_leads_back_to_ours(journal: Journal) -> None:
    await add(journal, "o1")
    assert await journal.order_of_venue("42") is None
    await journal.name_at_venue("o1", "42")
    assert await journal.order_of_venue("42") == "o1"
    order = await journal.order("o1")
    assert order is not None
    assert order.venue_order_id == "42"
