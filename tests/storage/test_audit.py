"""The books against the fills."""

from pathlib import Path

import pytest

from cryptofunk_tui.domain.orders import OrderStatus, Side
from cryptofunk_tui.storage.audit import audit
from cryptofunk_tui.storage.errors import NotFound
from cryptofunk_tui.storage.journal import Journal
from tests.storage.books import START, fill_of, open_books, request

pytestmark = pytest.mark.anyio


async def test_books_that_add_up_are_not_complained_about(tmp_path: Path) -> None:
    journal = await open_books(tmp_path)
    for asked in (request("b"), request("s", Side.SELL, "0.999")):
        await journal.add_order(asked, decision_id=None, at=START, approval_id=None)
        await journal.book_fill(fill_of(asked, "100", fee="0.1"), status=OrderStatus.FILLED)
    await journal.park("BTC/USDT", "dust", START)
    assert await audit(journal) == ()
    await journal.close()


async def test_every_difference_is_named(tmp_path: Path) -> None:
    journal = await open_books(tmp_path)
    asked = request("b")
    await journal.add_order(asked, decision_id=None, at=START, approval_id=None)
    await journal.book_fill(fill_of(asked, "100", fee="0.1"), status=OrderStatus.FILLED)
    account = (await journal.portfolio()).account
    await journal.database.write("put_balance", account=account, asset="USDT", amount="9900")
    await journal.database.write("remove_position", account=account, symbol="BTC/USDT")
    await journal.database.write(
        "put_order_totals", client_order_id="b", status="FILLED", filled="2", value="200", fees="0", at=0
    )
    assert await audit(journal) == (
        "balance of USDT is 9900, its fills say 9899.9",
        "holding of BTC/USDT is 0, its fills say 1",
        "order b has 2 filled, its fills 1",
    )
    await journal.close()


async def test_without_an_account_there_is_nothing_to_audit(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path)
    with pytest.raises(NotFound, match="no account is open"):
        await audit(journal)
    await journal.close()
