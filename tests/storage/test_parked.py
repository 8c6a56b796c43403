"""Dust: what is too small to be sold is set apart, and nothing of it is lost."""

from decimal import Decimal
from pathlib import Path

import pytest

from cryptofunk_tui.domain.orders import OrderStatus, Side
from cryptofunk_tui.storage.errors import NotFound
from tests.storage.books import START, fill_of, open_books, request

pytestmark = pytest.mark.anyio


async def test_dust_leaves_the_positions_and_stays_in_the_balances(tmp_path: Path) -> None:
    journal = await open_books(tmp_path)
    for round in range(2):
        buy, sell = request(f"b{round}", quantity="1"), request(f"s{round}", Side.SELL, "0.99")
        for asked in (buy, sell):
            await journal.add_order(asked, decision_id=None, at=START, approval_id=None)
            await journal.book_fill(fill_of(asked, "100"), status=OrderStatus.FILLED)
        await journal.park("BTC/USDT", "0.01 is below the least order", START)
        assert await journal.positions() == ()
    assert await journal.parked() == {"BTC/USDT": Decimal("0.02")}
    assert (await journal.balances())["BTC"] == Decimal("0.02")
    with pytest.raises(NotFound, match="nothing to park"):
        await journal.park("BTC/USDT", "", START)
    await journal.close()


async def test_a_fee_in_a_third_asset_is_booked_where_it_was_paid(tmp_path: Path) -> None:
    journal = await open_books(tmp_path)
    asked = request("b", quantity="1")
    await journal.add_order(asked, decision_id=None, at=START, approval_id=None)
    fill = fill_of(asked, "100", fee="0.001", fee_asset="BNB").model_copy(
        update={"fee_value": Decimal("0.6")}
    )
    await journal.book_fill(fill, status=OrderStatus.FILLED)
    await journal.book_fill(fill.model_copy(update={"fee_value": Decimal("0.7")}), status=OrderStatus.FILLED)
    assert await journal.balances() == {"BTC": 1, "USDT": Decimal(9900), "BNB": Decimal("-0.001")}
    assert await journal.fees_since(START) == Decimal("0.6")
    portfolio = await journal.portfolio()
    assert (portfolio.other_fees, portfolio.equity) == (Decimal("0.6"), Decimal("9999.4"))
    assert await journal.fills() == (fill,)
    await journal.close()
