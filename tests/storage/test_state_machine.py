"""Whatever is told of an order: it takes only steps of the table, and its events say which."""

import asyncio
import itertools
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptofunk_tui.domain.orders import TRANSITIONS, Order, OrderStatus
from cryptofunk_tui.storage.audit import audit
from cryptofunk_tui.storage.errors import Refused
from cryptofunk_tui.storage.journal import Journal
from tests.nightly import memory_folder, scaled
from tests.storage.books import START, fill_of, open_books, request

PARTS = 4
told = st.lists(st.one_of(st.sampled_from(OrderStatus), st.integers(0, PARTS - 1)), max_size=25)
"""A status that is set, or the number of a part that fills; a part may be told twice."""


@pytest.fixture(scope="module")
def books() -> Iterator[tuple[asyncio.AbstractEventLoop, Journal, Iterator[int]]]:
    with memory_folder() as folder, asyncio.Runner() as runner:
        journal = runner.run(open_books(folder, capital="1000000000"))
        yield runner.get_loop(), journal, itertools.count()
        runner.run(journal.close())


async def live(journal: Journal, name: str, history: list[OrderStatus | int]) -> None:
    asked = request(name, quantity=str(PARTS))
    await journal.add_order(asked, decision_id=None, at=START, approval_id=None)
    status, path, parts = OrderStatus.INTENT, [OrderStatus.INTENT], set[int]()
    for each in history:
        if isinstance(each, int):
            parts.add(each)
            fill = fill_of(asked, "100", "1", fill_id=f"{name}-{each}")
            already = len((await known(journal, name)).fills)
            await journal.book_fill(fill, status=OrderStatus.PARTIAL)
            fresh = len((await known(journal, name)).fills) > already
            after = OrderStatus.PARTIAL if fresh and OrderStatus.PARTIAL in TRANSITIONS[status] else status
        else:
            after = await set_status(journal, name, status, each)
        if after is not status:
            path.append(after)
        status = after
        order = await known(journal, name)
        assert (order.status, order.filled) == (status, Decimal(len(parts)))
    events = [each for _, each, _ in await journal.order_events(name)]
    assert events == path
    assert all(after in TRANSITIONS[before] for before, after in itertools.pairwise(events))


async def known(journal: Journal, name: str) -> Order:
    order = await journal.order(name)
    assert order is not None
    return order


async def set_status(journal: Journal, name: str, status: OrderStatus, wanted: OrderStatus) -> OrderStatus:
    """The state after the attempt: refused where the table has no such step."""
    if wanted in TRANSITIONS[status] or wanted is status:
        await journal.set_status(name, wanted, "", START)
        return wanted
    with pytest.raises(Refused):
        await journal.set_status(name, wanted, "", START)
    return status


@settings(max_examples=scaled(300, 3_000), deadline=None)
@given(history=told)
@pytest.mark.timeout(scaled(120, 1200))
def test_an_order_takes_only_the_steps_of_the_table(
    books: tuple[asyncio.AbstractEventLoop, Journal, Iterator[int]], history: list[OrderStatus | int]
) -> None:
    loop, journal, numbers = books
    loop.run_until_complete(live(journal, f"o{next(numbers)}", history))


def test_the_books_add_up_after_all_of_them(
    books: tuple[asyncio.AbstractEventLoop, Journal, Iterator[int]],
) -> None:
    loop, journal, _ = books
    wrong = [each for each in loop.run_until_complete(audit(journal)) if "is FILLED with" not in each]
    assert wrong == []
    assert Decimal(0) <= loop.run_until_complete(journal.balances())["USDT"]
