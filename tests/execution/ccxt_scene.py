"""The real ccxt client before the stand-in exchange."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

from cryptofunk_tui.domain.base import Clock, WallClock
from cryptofunk_tui.domain.orders import Order, OrderRequest, OrderStatus, OrderType
from cryptofunk_tui.domain.rules import CostRules
from cryptofunk_tui.execution.ccxt_venue import CcxtVenue
from cryptofunk_tui.market.venue_clients import Credentials, venue_client
from tests.stand_ins.venue import KEY, SECRET
from tests.stand_ins.venue.process import StandIn

SYMBOL = "BTC/USDT"


@asynccontextmanager
async def connected(
    stand_in: StandIn, clock: Clock | None = None, *, timeout_s: float = 0.4
) -> AsyncIterator[CcxtVenue]:
    """A venue adapter that has learned what is traded."""
    client = venue_client("binance", stand_in.url, Credentials(KEY, SECRET), per_second=10_000)
    client.timeout = int(timeout_s * 1000)
    venue = CcxtVenue(client, (SYMBOL,), CostRules(), clock or WallClock())
    try:
        await venue.load()
        yield venue
    finally:
        await venue.close()


def as_order(request: OrderRequest, venue_order_id: str | None = None) -> Order:
    """A request as the journal would know it."""
    now = WallClock().now()
    return Order(
        client_order_id=request.client_order_id,
        decision_id="d",
        symbol=request.symbol,
        side=request.side,
        type=OrderType.MARKET,
        purpose=request.purpose,
        strategy=None,
        quantity=request.quantity,
        limit_price=request.limit_price,
        stop_price=request.stop_price,
        status=OrderStatus.SENT,
        filled=Decimal(0),
        price=None,
        fees=Decimal(0),
        reason="",
        venue_order_id=venue_order_id,
        created_at=now,
        updated_at=now,
    )
