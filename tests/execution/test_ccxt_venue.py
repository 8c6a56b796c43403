"""The adapter before the stand-in exchange: real ccxt, real HTTP."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cryptofunk_tui.domain.base import WallClock
from cryptofunk_tui.domain.orders import Liquidity, OrderStatus, Side, TimeInForce
from cryptofunk_tui.execution.venue import Permissions, Unclear
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.market.venue_clients import ccxt_errors
from tests.execution.ccxt_scene import SYMBOL, as_order, connected
from tests.execution.scene import D, request
from tests.stand_ins.venue import KEY, SECRET
from tests.stand_ins.venue.process import StandIn, started

pytestmark = pytest.mark.anyio
ORDER = {"method": "POST", "path": "/api/v3/order"}
QUERY = {"method": "GET", "path": "/api/v3/order"}
CANCEL = {"method": "DELETE", "path": "/api/v3/order"}
NOW = WallClock().now()


@pytest.fixture(scope="module")
def process() -> Iterator[StandIn]:
    with started() as stand_in:
        yield stand_in


@pytest.fixture
def stand_in(process: StandIn) -> StandIn:
    process.reset({"USDT": "100000", "BTC": "2", "BNB": "10"})
    return process


def buy(name: str = "cfone", quantity: str = "0.01", **prices: Any) -> Any:
    return request(name, quantity=quantity, symbol=SYMBOL, **prices)


def sell(name: str = "cftwo", quantity: str = "0.01", **prices: Any) -> Any:
    return request(name, Side.SELL, quantity, symbol=SYMBOL, **prices)


async def test_a_market_order_with_a_collar_never_rests(stand_in: StandIn) -> None:
    stand_in.market("BTCUSDT", "59999", "60001", size="0.004")
    async with connected(stand_in) as venue:
        report = await venue.submit(buy(), NOW, D("60001.015"))
    (order,) = stand_in.state()["orders"]
    assert (order["type"], order["timeInForce"], order["price"]) == ("LIMIT", "IOC", "60001.01000000")
    assert report.status is OrderStatus.EXPIRED
    assert [(fill.price, fill.quantity) for fill in report.fills] == [
        (D(60001), D("0.004")),
        (D("60001.01"), D("0.004")),
    ]
    assert report.filled == D("0.008")


async def test_an_exit_goes_at_the_market_with_its_fees(stand_in: StandIn) -> None:
    async with connected(stand_in) as venue:
        report = await venue.submit(sell(), NOW, None)
    assert (report.status, report.venue_order_id) == (OrderStatus.FILLED, "1")
    (fill,) = report.fills
    assert (fill.fill_id, fill.client_order_id, fill.side) == ("BTC/USDT:1", "cftwo", Side.SELL)
    assert (fill.price, fill.fee, fill.fee_asset) == (D("59994.00"), D("0.59994"), "USDT")
    assert stand_in.state()["orders"][0]["type"] == "MARKET"


async def test_a_fee_in_a_third_asset_comes_with_its_worth(stand_in: StandIn) -> None:
    stand_in.reset({"BTC": "2", "BNB": "10"}, fee_asset="BNB")
    async with connected(stand_in) as venue:
        (fill,) = (await venue.submit(sell(), NOW, None)).fills
    assert (fill.fee_asset, fill.fee) == ("BNB", D("0.00119988"))
    assert fill.fee_value == D("0.59994")


@pytest.mark.parametrize(
    ("quantity", "price"), [("0.12345", "61234.12"), ("0.00009", "59999999.99"), ("1.00001", "30000.07")]
)
async def test_numbers_reach_the_wire_as_they_are(stand_in: StandIn, quantity: str, price: str) -> None:
    stand_in.reset({"BTC": "2", "USDT": "10000000"})
    async with connected(stand_in) as venue:
        await venue.submit(sell(quantity=quantity, limit=price), NOW, None)
    (order,) = stand_in.state()["orders"]
    assert (D(order["origQty"]), D(order["price"])) == (D(quantity), D(price))


async def test_post_only_and_immediate_or_cancel(stand_in: StandIn) -> None:
    async with connected(stand_in) as venue:
        refused = await venue.submit(buy(limit="61000", post_only=True), NOW, None)
        assert (refused.status, "immediately match" in refused.reason) == (OrderStatus.REJECTED, True)
        expired = await venue.submit(buy("cfioc", limit="50000", time_in_force=TimeInForce.IOC), NOW, None)
        assert (expired.status, expired.fills) == (OrderStatus.EXPIRED, ())


async def test_a_stop_rests_fires_and_is_found(stand_in: StandIn) -> None:
    async with connected(stand_in) as venue:
        report = await venue.submit(sell(stop="55000"), NOW, None)
        assert report.status is OrderStatus.OPEN
        (listed,) = await venue.open_orders()
        assert (listed.client_order_id, listed.stop_price, listed.price) == ("cftwo", D(55000), None)
        stand_in.market("BTCUSDT", "54999", "55001")
        found = await venue.find(as_order(sell(stop="55000")))
        assert found is not None
        assert (found.status, found.filled) == (OrderStatus.FILLED, D("0.01"))
        assert [fill.price for fill in found.fills] == [D(54999)]


async def test_a_stop_that_would_fire_at_once_is_refused(stand_in: StandIn) -> None:
    async with connected(stand_in) as venue:
        report = await venue.submit(sell(stop="61000"), NOW, None)
    assert report.status is OrderStatus.REJECTED


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ({"kind": "timeout"}, OrderStatus.UNKNOWN),
        ({"kind": "request_lost"}, OrderStatus.UNKNOWN),
        ({"kind": "reply_lost"}, OrderStatus.UNKNOWN),
        ({"kind": "reset"}, OrderStatus.UNKNOWN),
        ({"kind": "late", "seconds": 30}, OrderStatus.UNKNOWN),
        ({"kind": "500"}, OrderStatus.UNKNOWN),
        ({"kind": "502"}, OrderStatus.UNKNOWN),
        ({"kind": "504"}, OrderStatus.UNKNOWN),
        ({"kind": "-1000"}, OrderStatus.UNKNOWN),
        ({"kind": "-1001"}, OrderStatus.UNKNOWN),
        ({"kind": "-1006"}, OrderStatus.UNKNOWN),
        ({"kind": "-1007"}, OrderStatus.UNKNOWN),
        ({"kind": "empty"}, OrderStatus.UNKNOWN),
        ({"kind": "not_json"}, OrderStatus.UNKNOWN),
        ({"kind": "wrong_shape"}, OrderStatus.UNKNOWN),
        ({"kind": "duplicate"}, OrderStatus.UNKNOWN),
        ({"kind": "-1013"}, OrderStatus.REJECTED),
        ({"kind": "-1021"}, OrderStatus.REJECTED),
        ({"kind": "-2010"}, OrderStatus.REJECTED),
        ({"kind": "429"}, OrderStatus.REJECTED),
        ({"kind": "418"}, OrderStatus.REJECTED),
    ],
)
async def test_each_fault_says_whether_an_order_may_be_there(
    stand_in: StandIn, fault: dict[str, Any], status: OrderStatus
) -> None:
    async with connected(stand_in) as venue:
        stand_in.faults(ORDER | fault)
        report = await venue.submit(buy(), NOW, D(61000))
    assert report.status is status, report.reason
    for secret in (KEY, SECRET, "signature", "127.0.0.1"):
        assert secret not in report.reason
    if fault["kind"] in ("429", "418"):
        await asyncio.sleep(1.1)


async def test_what_became_of_a_lost_answer_is_found(stand_in: StandIn) -> None:
    async with connected(stand_in) as venue:
        stand_in.faults(ORDER | {"kind": "reply_lost"})
        await venue.submit(buy(), NOW, D(61000))
        stand_in.faults(QUERY | {"kind": "500"})
        with pytest.raises(MarketError, match="cannot say what became"):
            await venue.find(as_order(buy()))
        found = await venue.find(as_order(buy()))
        assert found is not None
        assert (found.status, len(found.fills)) == (OrderStatus.FILLED, 1)
        assert await venue.find(as_order(buy("cfnever"))) is None


async def test_an_order_that_its_name_does_not_find_is_found_in_the_lists(stand_in: StandIn) -> None:
    async with connected(stand_in) as venue:
        await venue.submit(buy(), NOW, D(61000))
        client = venue._client
        real = client.fetch_order

        async def blind(number: str | None, symbol: str, params: Any = None) -> Any:
            if number is None:
                raise type(client).fetch_order.__globals__["OrderNotFound"]("no")
            return await real(number, symbol)

        client.fetch_order = blind
        found = await venue.find(as_order(buy()))
        assert found is not None
        assert found.status is OrderStatus.FILLED


async def test_a_cancel_tells_what_filled_before_it(stand_in: StandIn) -> None:
    async with connected(stand_in) as venue:
        asked = buy(limit="50000")
        await venue.submit(asked, NOW, None)
        assert (await venue.cancel(as_order(asked))).status is OrderStatus.CANCELED
        racing = buy("cfrace", limit="50000")
        await venue.submit(racing, NOW, None)
        stand_in.faults(CANCEL | {"kind": "fill_before_cancel"})
        filled = await venue.cancel(as_order(racing))
        assert (filled.status, len(filled.fills)) == (OrderStatus.FILLED, 1)
        assert filled.fills[0].liquidity is Liquidity.MAKER
        with pytest.raises(Unclear, match="no such order yet"):
            await venue.cancel(as_order(buy("cfnever")))
        stand_in.faults(CANCEL | {"kind": "504"})
        with pytest.raises(Unclear, match="may still be there"):
            await venue.cancel(as_order(racing))


async def test_foreign_orders_executions_and_balances_are_told(stand_in: StandIn) -> None:
    stand_in.foreign("web_7", "BUY", "0.5", "50000")
    async with connected(stand_in) as venue:
        await venue.submit(buy(), NOW, D(61000))
        (listed,) = await venue.open_orders()
        assert (listed.client_order_id, listed.side, listed.quantity) == ("web_7", Side.BUY, D("0.5"))
        (trade,) = await venue.trades(SYMBOL, NOW - timedelta(hours=1))
        assert (trade.venue_order_id, trade.fill.fill_id) == ("2", "BTC/USDT:1")
        assert await venue.client_id_of(SYMBOL, "2") == "cfone"
        balances = await venue.balances()
        state = stand_in.state()["owned"]
        assert {asset: D(amount) for asset, amount in state.items()} == balances
        await venue.cancel_listed(listed)
        assert await venue.open_orders() == ()


async def test_pages_of_executions_are_complete(stand_in: StandIn) -> None:
    stand_in.seed(0, 2300, "cfs")
    async with connected(stand_in, timeout_s=10) as venue:
        trades = await venue.trades(SYMBOL, NOW - timedelta(hours=1))
    assert len({trade.fill.fill_id for trade in trades}) == len(trades) == 2300


async def test_executions_of_days_ago_are_told(stand_in: StandIn) -> None:
    async with connected(stand_in) as venue:
        await venue.submit(buy(), NOW, D(61000))
        since = NOW - timedelta(days=6)
        assert [trade.fill.fill_id for trade in await venue.trades(SYMBOL, since)] == ["BTC/USDT:1"]


@pytest.mark.parametrize("error", ["ArgumentsRequired", "NotSupported", "BadRequest"])
async def test_a_venue_that_knows_orders_by_its_own_name_alone_is_asked_for_its_lists(
    stand_in: StandIn, error: str
) -> None:
    async with connected(stand_in) as venue:
        await venue.submit(buy(), NOW, D(61000))
        real = venue._client.fetch_order

        async def only_by_number(number: str | None, symbol: str, params: Any = None) -> Any:
            if number is None:
                raise getattr(ccxt_errors(), error)("by number alone")
            return await real(number, symbol)

        venue._client.fetch_order = only_by_number
        found = await venue.find(as_order(buy()))
        assert found is not None
        assert (found.status, len(found.fills)) == (OrderStatus.FILLED, 1)


async def test_an_execution_without_its_order_is_an_answer_that_cannot_be_read(stand_in: StandIn) -> None:
    async with connected(stand_in) as venue:

        async def nothing(*_: Any) -> list[Any]:
            return []

        async def nameless(*_: Any) -> list[Any]:
            return [{"id": "1", "timestamp": 0}]

        venue._client.fetch_open_orders = venue._client.fetch_orders = nothing
        venue._client.fetch_my_trades = nameless
        with pytest.raises(MarketError, match="cannot be read: KeyError"):
            await venue.find(as_order(buy()))


@pytest.mark.parametrize("path", ["/api/v3/openOrders", "/api/v3/account", "/api/v3/myTrades"])
@pytest.mark.parametrize("kind", ["not_json", "empty", "500", "-1001", "504"])
async def test_a_question_without_a_readable_answer_is_an_error_in_one_line(
    stand_in: StandIn, path: str, kind: str
) -> None:
    asked = {"/api/v3/openOrders": "open_orders", "/api/v3/account": "balances", "/api/v3/myTrades": "trades"}
    async with connected(stand_in) as venue:
        stand_in.foreign("web_7", "BUY", "0.5", "50000")
        stand_in.faults({"path": path, "kind": kind})
        arguments = (SYMBOL, NOW) if path.endswith("myTrades") else ()
        with pytest.raises(MarketError) as failure:
            await getattr(venue, asked[path])(*arguments)
        assert "\n" not in str(failure.value)
        assert "127.0.0.1" not in str(failure.value)


async def test_rights_of_the_key_and_the_clock(stand_in: StandIn) -> None:
    async with connected(stand_in) as venue:
        assert await venue.permissions() == Permissions(trade=True, withdraw=False, ip_bound=False)
        assert abs(await venue.clock_offset_s()) < 0.1
        stand_in.advance(3)
        assert 2.9 < await venue.clock_offset_s() < 3.1
        assert (await venue.submit(buy(), NOW, D(61000))).status is OrderStatus.FILLED


async def test_the_user_stream_speaks_of_our_orders(stand_in: StandIn) -> None:
    async with connected(stand_in, timeout_s=5) as venue:
        nudges = venue.nudges()
        first = asyncio.ensure_future(anext(nudges))
        await asyncio.sleep(0.5)
        await venue.submit(buy(limit="50000"), NOW, None)
        assert await asyncio.wait_for(first, 5) == "cfone"


def test_amounts_of_the_stand_in_are_conserved(stand_in: StandIn) -> None:
    stand_in.seed(10, 100, "cfs")
    state = stand_in.state()
    assert state["fills"] == 100
    assert Decimal(state["owned"]["BTC"]) == Decimal(state["start"]["BTC"])
