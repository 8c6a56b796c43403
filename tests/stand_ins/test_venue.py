"""The stand-in exchange before ccxt's own client: trading, faults, limits and its clock."""

import asyncio
import time
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.stand_ins.ccxt_client import binance
from tests.stand_ins.venue.process import Served, started

pytestmark = pytest.mark.anyio
BTC = "BTC/USDT"
ORDER = {"method": "POST", "path": "/api/v3/order"}
CANCEL = {"method": "DELETE", "path": "/api/v3/order"}
D = Decimal


async def buy(exchange: Any, name: str = "cfone", price: str | None = "50000", **params: Any) -> Any:
    kind = "market" if price is None else "limit"
    return await exchange.create_order(BTC, kind, "buy", "0.01", price, {"clientOrderId": name, **params})


async def refused(placing: Any) -> tuple[str, str]:
    """The name and the text of the error that comes of it."""
    with pytest.raises(Exception, match="binance") as failure:
        await placing
    return type(failure.value).__name__, str(failure.value)


def conserved(state: dict[str, Any]) -> bool:
    """Whether each asset is its start and every execution and fee since, to the last digit."""
    owned = {asset: D(amount) for asset, amount in state["start"].items()}
    for trade in state["trades"]:
        sign = 1 if trade["isBuyer"] else -1
        changes = (
            (trade["symbol"].removesuffix("USDT"), sign * D(trade["qty"])),
            ("USDT", -sign * D(trade["quoteQty"])),
            (trade["commissionAsset"], -D(trade["commission"])),
        )
        for asset, change in changes:
            owned[asset] = owned.get(asset, D(0)) + change
    return owned == {asset: D(amount) for asset, amount in state["owned"].items()}


async def test_markets_have_their_own_steps_and_books(exchange: Any) -> None:
    steps = {name: each["precision"] for name, each in exchange.markets.items()}
    xrp, btc = steps["XRP/USDT"], steps["BTC/USDT"]
    assert (D(xrp["price"]), D(xrp["amount"])) == (D("0.0001"), D("0.1"))
    assert (D(btc["price"]), D(btc["amount"])) == (D("0.01"), D("0.00001"))
    for symbol in ("BTC/USDT", "ETH/USDT", "XRP/USDT", "BNB/USDT"):
        book = await exchange.fetch_order_book(symbol)
        assert book["bids"][0][0] < book["asks"][0][0]
        assert len(await exchange.fetch_ohlcv(symbol, "1h", limit=10)) == 10


async def test_a_market_order_walks_the_book_and_pays(venue: Served, exchange: Any) -> None:
    venue.market("BTCUSDT", "59999", "60001", size="0.004")
    order = await buy(exchange, price=None)
    assert (order["status"], order["clientOrderId"]) == ("closed", "cfone")
    assert [trade["price"] for trade in order["trades"]] == ["60001.00", "60001.01", "60001.02"]
    balance = await exchange.fetch_balance()
    cost = sum(D(trade["cost"]) + D(trade["fee"]["cost"]) for trade in order["trades"])
    assert (D(balance["BTC"]["total"]), D(balance["USDT"]["total"])) == (D("2.01"), 100_000 - cost)
    assert conserved(venue.state())


async def test_money_buys_what_it_is_worth(venue: Served, exchange: Any) -> None:
    order = await exchange.create_market_buy_order_with_cost(BTC, "100", {"clientOrderId": "cfcost"})
    assert (order["filled"], order["status"]) == ("0.00166000", "closed")


async def test_a_resting_order_fills_in_parts_and_keeps_its_turn(venue: Served, exchange: Any) -> None:
    await buy(exchange, "cffirst")
    await buy(exchange, "cfsecond")
    assert D((await exchange.fetch_balance())["USDT"]["used"]) == 1000
    venue.market("BTCUSDT", "49990", "50000", ask_size="0.015")
    first, second = [
        await exchange.fetch_order(None, BTC, {"clientOrderId": name}) for name in ("cffirst", "cfsecond")
    ]
    assert (first["status"], second["status"], D(second["filled"])) == ("closed", "open", D("0.005"))
    assert D((await exchange.fetch_balance())["USDT"]["used"]) == D(250)
    (mine,) = await exchange.fetch_my_trades(BTC, params={"orderId": second["id"]})
    assert (mine["takerOrMaker"], D(mine["amount"])) == ("maker", D("0.005"))
    await exchange.cancel_order(second["id"], BTC)
    assert D((await exchange.fetch_balance())["USDT"]["used"]) == 0
    assert conserved(venue.state())


async def test_a_fill_or_kill_order_is_whole_or_nothing(venue: Served, exchange: Any) -> None:
    venue.market("BTCUSDT", "59999", "60001", size="0.001")
    order = await buy(exchange, price="60001", timeInForce="FOK")
    assert (order["status"], D(order["filled"])) == ("expired", D(0))
    order = await buy(exchange, "cftwo", price="60001", timeInForce="IOC")
    assert (order["status"], D(order["filled"])) == ("expired", D("0.001"))


async def test_our_own_trade_sets_a_stop_off(venue: Served, exchange: Any) -> None:
    stop = await exchange.create_order(BTC, "market", "sell", "0.01", None, {"stopLossPrice": "59990.97"})
    venue.market("BTCUSDT", "59991", "60001", bid_size="0.01")
    await exchange.create_order(BTC, "market", "sell", "0.025")
    assert (await exchange.fetch_order(stop["id"], BTC))["status"] == "open"
    await exchange.create_order(BTC, "market", "sell", "0.01")
    fired = await exchange.fetch_order(stop["id"], BTC)
    assert (fired["status"], D(fired["average"])) == ("closed", D("59990.965"))
    assert conserved(venue.state())


async def test_a_stop_limit_order_rests_once_it_is_set_off(venue: Served, exchange: Any) -> None:
    params = {"clientOrderId": "cfstop", "stopLossPrice": "59000"}
    await exchange.create_order(BTC, "limit", "sell", "0.01", "58900", params)
    venue.market("BTCUSDT", "58000", "58010")
    assert (await exchange.fetch_open_orders(BTC))[0]["status"] == "open"
    venue.market("BTCUSDT", "58950", "58960")
    done = await exchange.fetch_order(None, BTC, {"clientOrderId": "cfstop"})
    assert (done["status"], D(done["average"])) == ("closed", D(58900))


@pytest.mark.parametrize("fee_asset", ["quote", "base", "BNB"])
async def test_fees_in_any_asset_are_exact(venue: Served, exchange: Any, fee_asset: str) -> None:
    venue.reset({"BTC": "2", "BNB": "0.0013"}, fee_asset=fee_asset)
    paid = [(await buy(exchange, f"cf{number}", price=None))["trades"][0]["fee"] for number in range(2)]
    wanted = {"quote": ["USDT", "USDT"], "base": ["BTC", "BTC"], "BNB": ["BNB", "USDT"]}
    assert [fee["currency"] for fee in paid] == wanted[fee_asset]
    assert conserved(venue.state())


async def test_cancels_name_themselves_and_the_order(exchange: Any) -> None:
    order = await buy(exchange)
    told = (await exchange.cancel_order(order["id"], BTC))["info"]
    assert (told["origClientOrderId"], told["status"]) == ("cfone", "CANCELED")
    assert told["clientOrderId"] != "cfone"
    again = await refused(exchange.cancel_order(order["id"], BTC))
    assert (again[0], "-2011" in again[1]) == ("OrderNotFound", True)
    await buy(exchange, "cftwo")
    await buy(exchange, "cfthree")
    assert {each["status"] for each in await exchange.cancel_all_orders(BTC)} == {"canceled"}
    exchange.options["fetchOpenOrders"] = {"warnWithoutSymbol": False}
    assert await exchange.fetch_open_orders() == []


async def test_an_order_is_replaced_or_says_how_far_it_came(venue: Served, exchange: Any) -> None:
    order = await buy(exchange)
    new = await exchange.edit_order(order["id"], BTC, "limit", "buy", "0.02", "50001")
    assert (D(new["price"]), new["status"]) == (D(50001), "open")
    half = await refused(exchange.edit_order(new["id"], BTC, "limit", "buy", "50", "50001"))
    assert "-2021" in half[1]
    assert [each["status"] for each in venue.state()["orders"]] == ["CANCELED", "CANCELED"]
    none = await refused(exchange.edit_order(new["id"], BTC, "limit", "buy", "0.02", "50001"))
    assert "-2022" in none[1]


async def test_a_name_is_taken_while_its_order_is_open(venue: Served, exchange: Any) -> None:
    order = await buy(exchange)
    assert await refused(buy(exchange)) == (
        "InvalidOrder",
        'binance {"code":-2010,"msg":"Duplicate order sent."}',
    )
    await exchange.cancel_order(order["id"], BTC)
    await buy(exchange)
    state = venue.state()
    assert (state["accepted"], state["submitted"]) == ({"cfone": 2}, {"cfone": 3})
    venue.reset({}, unique_names=True)
    await exchange.cancel_order((await buy(exchange))["id"], BTC)
    assert (await refused(buy(exchange)))[0] == "InvalidOrder"


@pytest.mark.parametrize(
    ("symbol", "amount", "price", "filter_"),
    [
        ("BTCUSDT", "0.000001", "50000", "LOT_SIZE"),
        ("BTCUSDT", "0.010005", "50000", "LOT_SIZE"),
        ("BTCUSDT", "0.01", "50000.001", "PRICE_FILTER"),
        ("BTCUSDT", "0.00009", "50000", "NOTIONAL"),
        ("XRPUSDT", "10.05", "0.5", "LOT_SIZE"),
        ("XRPUSDT", "100", "0.50001", "PRICE_FILTER"),
        ("XRPUSDT", "9.9", "0.5", "NOTIONAL"),
    ],
)
async def test_filters_hold(exchange: Any, symbol: str, amount: str, price: str, filter_: str) -> None:
    asked = {"symbol": symbol, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    told = await refused(exchange.private_post_order(asked | {"quantity": amount, "price": price}))
    assert f'"code":-1013,"msg":"Filter failure: {filter_}"' in told[1]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"symbol": "DOGEUSDT"}, -1121),
        ({"side": "HOLD"}, -1117),
        ({"type": "GUESS"}, -1116),
        ({"timeInForce": "EVER"}, -1115),
        ({"timeInForce": ""}, -1102),
        ({"quantity": ""}, -1102),
        ({"quantity": "NaN"}, -1100),
        ({"quantity": "-1"}, -1100),
        ({"stopPrice": "1"}, -1106),
        ({"newClientOrderId": "a b"}, -1100),
    ],
)
async def test_what_makes_no_sense_is_refused(exchange: Any, change: dict[str, str], code: int) -> None:
    asked = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "timeInForce": "GTC"}
    told = await refused(exchange.private_post_order(asked | {"quantity": "0.01", "price": "50000"} | change))
    assert f'"code":{code},' in told[1]


async def test_who_may_not_is_refused(venue: Served, exchange: Any) -> None:
    poor = await refused(exchange.create_order(BTC, "limit", "buy", "3", "50000"))
    assert poor == ("InsufficientFunds", "binance Account has insufficient balance for requested action.")
    assert "-1021" in (await refused(exchange.fetch_balance({"timestamp": 1})))[1]
    async with binance(venue.url, secret="x") as stranger:
        assert "-1022" in (await refused(stranger.fetch_balance()))[1]
    async with binance(venue.url, apiKey="x") as stranger:
        assert "-2015" in (await refused(stranger.fetch_balance()))[1]
    async with httpx.AsyncClient(base_url=venue.url) as http:
        assert (await http.get("/api/v3/account")).json()["code"] == -2014
    venue.reset({}, trading=False, ip_bound=True, internal_transfers=True)
    rights = await exchange.sapi_get_account_apirestrictions()
    names = ("enableWithdrawals", "enableInternalTransfer", "ipRestrict", "enableSpotAndMarginTrading")
    assert [rights[name] for name in names] == [False, True, True, False]
    assert "-2015" in (await refused(buy(exchange)))[1]


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "timeout"}, "RequestTimeout"),
        ({"kind": "504"}, "RequestTimeout"),
        ({"kind": "late", "seconds": 30}, "RequestTimeout"),
        ({"kind": "-1007"}, "RequestTimeout"),
        ({"kind": "request_lost"}, "ExchangeNotAvailable"),
        ({"kind": "reply_lost"}, "ExchangeNotAvailable"),
        ({"kind": "reset"}, "ExchangeNotAvailable"),
        ({"kind": "500"}, "ExchangeNotAvailable"),
        ({"kind": "502"}, "ExchangeNotAvailable"),
        ({"kind": "-1000"}, "OperationFailed"),
        ({"kind": "-1001"}, "OperationFailed"),
        ({"kind": "-1006"}, "OperationFailed"),
        ({"kind": "429"}, "DDoSProtection"),
        ({"kind": "418"}, "DDoSProtection"),
        ({"kind": "-1021"}, "InvalidNonce"),
        ({"kind": "-2010"}, "InsufficientFunds"),
        ({"kind": "duplicate"}, "InvalidOrder"),
        ({"kind": "-1013"}, "BadRequest"),
    ],
)
async def test_each_fault_raises_what_it_raises_at_the_real_exchange(
    venue: Served, fault: dict[str, Any], error: str
) -> None:
    async with binance(venue.url, timeout=300) as exchange:
        venue.faults(ORDER | fault)
        assert (await refused(buy(exchange)))[0] == error
        there = {"cfone": 1} if fault["kind"] == "reply_lost" else {}
        assert venue.state()["accepted"] == there


@pytest.mark.parametrize("kind", ["empty", "not_json", "wrong_shape"])
async def test_an_answer_that_is_none_raises_nothing(venue: Served, exchange: Any, kind: str) -> None:
    venue.faults(ORDER | {"kind": kind})
    assert (await buy(exchange))["id"] is None
    assert venue.state()["accepted"] == {"cfone": 1}


@pytest.mark.parametrize("kind", ["500", "502", "504", "timeout", "-1000", "-1001", "-1006", "-1007"])
async def test_what_failed_may_have_happened_all_the_same(venue: Served, kind: str) -> None:
    async with binance(venue.url, timeout=300) as exchange:
        venue.faults(ORDER | {"kind": kind, "done": True})
        await refused(buy(exchange))
    assert venue.state()["accepted"] == {"cfone": 1}


async def test_faults_skip_count_and_come_by_chance(venue: Served, exchange: Any) -> None:
    venue.faults(ORDER | {"kind": "-1000", "skip": 1, "count": 2})
    assert [rule["count"] for rule in venue.state()["faults"]] == [2]
    met = [isinstance(await _tried(buy(exchange, f"cf{number}")), Exception) for number in range(4)]
    assert (met, venue.state()["faults"]) == ([False, True, True, False], [])
    seen = []
    for _ in range(2):
        venue.faults({"path": "/api/v3/openOrders", "kind": "502", "p": 0.3}, seed=7)
        seen.append([isinstance(await _tried(exchange.fetch_open_orders(BTC)), Exception) for _ in range(20)])
    assert seen[0] == seen[1]
    assert 0 < sum(seen[0]) < 20
    venue.faults()
    assert await exchange.fetch_open_orders(BTC)


async def _tried(doing: Any) -> Any:
    try:
        return await doing
    except Exception as error:
        return error


@pytest.mark.parametrize(("share", "filled"), [("1", "0.01"), ("0.4", "0.004")])
async def test_a_cancel_races_a_fill(venue: Served, exchange: Any, share: str, filled: str) -> None:
    order = await buy(exchange)
    venue.faults(CANCEL | {"kind": "fill_before_cancel", "share": share})
    told = await _tried(exchange.cancel_order(order["id"], BTC))
    assert isinstance(told, Exception) is (share == "1")
    found = await exchange.fetch_order(order["id"], BTC)
    assert (found["status"], D(found["filled"])) == ("closed" if share == "1" else "canceled", D(filled))
    assert D((await exchange.fetch_balance())["USDT"]["used"]) == 0
    assert conserved(venue.state())


async def test_late_orders_come_by_the_exchanges_clock(venue: Served, exchange: Any) -> None:
    venue.clock(freeze=True)
    still = await exchange.fetch_time()
    venue.faults(ORDER | {"kind": "late", "seconds": 30})
    await refused(buy(exchange))
    venue.advance(29.999)
    assert (await refused(exchange.fetch_order(None, BTC, {"clientOrderId": "cfone"})))[0] in (
        "OrderNotFound",
        "InvalidNonce",
    )
    assert venue.state()["accepted"] == {}
    venue.advance(0.001)
    assert venue.state()["accepted"] == {"cfone": 1}
    assert await exchange.fetch_time() == still + 30_000
    venue.clock(freeze=False)
    await asyncio.sleep(0.01)
    assert still + 30_000 < await exchange.fetch_time() < still + 31_000
    venue.clock(offset_ms=-2000)
    assert abs(await exchange.fetch_time() - time.time() * 1000 + 2000) < 500
    assert "-1021" in (await refused(exchange.fetch_balance()))[1]


async def test_weights_are_told_and_their_limit_holds(venue: Served, exchange: Any) -> None:
    venue.clock(freeze=True)
    venue.limit(50)
    await exchange.fetch_balance()
    await exchange.fetch_order_book(BTC)
    assert _header(exchange, "x-mbx-used-weight-1m") == "25"
    async with httpx.AsyncClient(base_url=venue.url) as http:
        answers = [await http.get("/api/v3/exchangeInfo") for _ in range(13)]
        assert [answer.status_code for answer in answers] == [200, *[429] * 11, 418]
        assert 0 < int(answers[1].headers["Retry-After"]) <= 60
        assert int(answers[-1].headers["Retry-After"]) == 120
        venue.advance(121)
        assert (await http.get("/api/v3/exchangeInfo")).status_code == 200
    venue.clock(freeze=False, offset_ms=0)
    venue.limit(6000, orders=1)
    await buy(exchange)
    assert _header(exchange, "x-mbx-order-count-10s") == "1"
    assert "-1015" in (await refused(buy(exchange, "cftwo")))[1]


def _header(exchange: Any, name: str) -> str:
    return {key.lower(): str(value) for key, value in exchange.last_response_headers.items()}[name]


async def test_books_can_be_stale_or_crossed(venue: Served, exchange: Any) -> None:
    venue.stale("BTCUSDT")
    before = await exchange.fetch_order_book(BTC)
    seen_at = (await exchange.fetch_ticker(BTC))["timestamp"]
    venue.market("BTCUSDT", "50000", "50001")
    await asyncio.sleep(0.01)
    assert await exchange.fetch_order_book(BTC) == before
    assert (await exchange.fetch_ticker(BTC))["timestamp"] == seen_at
    venue.stale()
    assert (await exchange.fetch_order_book(BTC))["asks"][0][0] == 50001
    venue.crossed("BTCUSDT")
    book = await exchange.fetch_order_book(BTC)
    assert book["bids"][0][0] > book["asks"][0][0]


async def test_lists_have_pages(venue: Served, exchange: Any) -> None:
    venue.seed(200, 10_000, "cf")
    started_at = time.perf_counter()
    orders: dict[str, Any] = {}
    while len(page := await exchange.fetch_orders(BTC, None, 1000, {"orderId": len(orders) + 1})) == 1000:
        orders |= {order["id"]: order for order in page}
    orders |= {order["id"]: order for order in page}
    trades: dict[str, Any] = {}
    while page := await exchange.fetch_my_trades(BTC, None, 1000, {"fromId": len(trades) + 1}):
        trades |= {trade["id"]: trade for trade in page}
    assert (len(orders), len(trades)) == (10_200, 10_000)
    assert len(await exchange.fetch_open_orders(BTC)) == 200
    assert time.perf_counter() - started_at < 10
    assert conserved(venue.state())


async def test_a_walk_is_the_same_for_the_same_seed(venue: Served, exchange: Any) -> None:
    ends = []
    for _ in range(2):
        venue.reset()
        venue.walk("ETHUSDT", seed=3, steps=20, step_s=0.0)
        await asyncio.sleep(0.1)
        ends.append((await exchange.fetch_order_book("ETH/USDT"))["bids"])
    assert ends[0] == ends[1]
    assert ends[0][0][0] != 2999.7


async def test_a_foreign_hand_counts_for_nobody(venue: Served, exchange: Any) -> None:
    venue.foreign("web_1", "BUY", "0.01", "61000")
    (order,) = await exchange.fetch_orders(BTC)
    assert (order["clientOrderId"], order["status"]) == ("web_1", "closed")
    assert venue.state()["accepted"] == {}


async def test_a_wrong_word_to_its_control_is_said_so(venue: Served) -> None:
    async with httpx.AsyncClient(base_url=venue.url) as http:
        for what, asked in (("market", {}), ("nothing", {}), ("market", {"bid": "2", "ask": "1"})):
            answer = await http.post(f"/control/{what}", json=asked)
            assert (answer.status_code, "error" in answer.json()) == (400, True)


async def test_a_process_of_its_own_answers_quickly_and_tells_when_it_was_asked() -> None:
    with started() as stand_in:
        stand_in.reset({"USDT": "1000000"})
        async with binance(stand_in.url) as exchange:
            took = []
            for number in range(60):
                began = time.monotonic()
                await buy(exchange, f"cf{number}")
                took.append(time.monotonic() - began)
                arrived = stand_in.requests()[-1]
                assert (arrived["name"], began <= arrived["at"] <= time.monotonic()) == (f"cf{number}", True)
        assert sorted(took)[30] < 0.05
        assert abs(stand_in.requests()[-1]["wall"] - time.time()) < 5
