"""The venue's own switch: armed for entries, never where it would take a stop away."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cryptofunk_tui.domain.market import Quote
from cryptofunk_tui.domain.orders import Fill, Liquidity, Side
from cryptofunk_tui.domain.rules import CostRules
from cryptofunk_tui.execution.dead_man import LEFT_ALONE_S, DeadMan
from cryptofunk_tui.execution.fees import FeeWorth
from cryptofunk_tui.market.source import MarketError
from tests.execution.ccxt_scene import as_order
from tests.execution.live_scene import SYMBOL, new_venue
from tests.execution.scene import SetClock, request

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 6, 1, tzinfo=UTC)


async def test_it_is_armed_while_entries_alone_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    async def switch(seconds: int) -> None:
        asked.append(seconds)

    venue = new_venue(SetClock())
    dead_man = DeadMan(venue)
    buy, sell = as_order(request("b", symbol=SYMBOL)), as_order(request("s", Side.SELL, symbol=SYMBOL))
    await dead_man.keep([buy])
    assert asked == []
    venue.has_dead_man = True
    monkeypatch.setattr(venue, "cancel_all_after", switch)
    for resting in ([], [buy], [buy], [buy, sell], [sell], [buy], []):
        await dead_man.keep(resting)
    assert asked == [LEFT_ALONE_S, LEFT_ALONE_S, 0, LEFT_ALONE_S, 0]


def execution(asset: str) -> Fill:
    return Fill(
        fill_id="1",
        client_order_id="c",
        symbol=SYMBOL,
        side=Side.BUY,
        price=Decimal(100),
        quantity=Decimal(2),
        fee=Decimal("0.001"),
        fee_asset=asset,
        liquidity=Liquidity.TAKER,
        at=NOW,
    )


async def test_a_fee_is_worth_its_price_or_what_the_rate_would_take() -> None:
    asked: list[str] = []

    async def quote(symbol: str, at: datetime) -> Quote:
        asked.append(symbol)
        if symbol == "KCS/USDT":
            raise MarketError("not traded")
        return Quote(symbol=symbol, venue="v", bid=Decimal(499), ask=Decimal(501), last=Decimal(500), at=at)

    worth = FeeWorth(quote, CostRules())
    assert (await worth.with_worth(execution("BNB"))).fee_value == Decimal("0.5")
    assert (await worth.with_worth(execution("BNB"))).fee_value == Decimal("0.5")
    assert (await worth.with_worth(execution("KCS"))).fee_value == Decimal("0.2")
    assert asked == ["BNB/USDT", "KCS/USDT"]
    for asset in ("BTC", "USDT"):
        assert (await worth.with_worth(execution(asset))).fee_value is None
