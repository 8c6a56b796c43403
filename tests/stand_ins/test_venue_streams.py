"""The stand-in exchange's streams before ccxt.pro: the account's events and the market's."""

import asyncio
from collections.abc import Awaitable
from decimal import Decimal
from typing import Any

import aiohttp
import pytest

from tests.stand_ins.ccxt_client import binance
from tests.stand_ins.venue.process import Served

pytestmark = pytest.mark.anyio
BTC = "BTC/USDT"
PATIENCE_S = 5
D = Decimal


async def soon(waited_for: Awaitable[Any]) -> Any:
    return await asyncio.wait_for(waited_for, PATIENCE_S)


async def buy(exchange: Any, name: str, price: str | None = "50000") -> Any:
    kind = "market" if price is None else "limit"
    return await exchange.create_order(BTC, kind, "buy", "0.01", price, {"clientOrderId": name})


async def listening(exchange: Any, what: str) -> asyncio.Task[Any]:
    """A watch that the exchange has confirmed."""
    task = asyncio.create_task(getattr(exchange, what)())
    await asyncio.sleep(0.15)
    assert any(client.subscriptions for client in exchange.clients.values())
    return task


async def test_orders_are_told_from_new_to_their_end(venue: Served, exchange: Any) -> None:
    watch = await listening(exchange, "watch_orders")
    order = await buy(exchange, "cfone")
    (told,) = await soon(watch)
    assert (told["id"], told["clientOrderId"], told["status"]) == (order["id"], "cfone", "open")
    watch = asyncio.create_task(exchange.watch_orders())
    await asyncio.sleep(0)
    venue.market("BTCUSDT", "49990", "50000", ask_size="0.004")
    (told,) = await soon(watch)
    assert (told["status"], D(told["filled"])) == ("open", D("0.004"))
    watch = asyncio.create_task(exchange.watch_orders())
    await exchange.cancel_order(order["id"], BTC)
    (told,) = await soon(watch)
    assert (told["clientOrderId"], told["status"], told["info"]["C"]) == ("cfone", "canceled", "cfone")
    assert told["info"]["c"] != "cfone"


async def test_trades_and_balances_are_told(venue: Served, exchange: Any) -> None:
    venue.reset({"BTC": "2", "BNB": "10"}, fee_asset="BNB")
    trades = await listening(exchange, "watch_my_trades")
    balances = asyncio.create_task(exchange.watch_balance())
    await asyncio.sleep(0.05)
    order = await buy(exchange, "cfone", None)
    (trade,) = await soon(trades)
    assert (trade["order"], D(trade["amount"]), trade["takerOrMaker"]) == (order["id"], D("0.01"), "taker")
    assert trade["fee"]["currency"] == "BNB"
    await soon(balances)
    await asyncio.sleep(0.05)
    known, told = await exchange.fetch_balance(), exchange.balance["spot"]
    for asset in ("BTC", "USDT", "BNB"):
        assert D(told[asset]["free"]) == D(known[asset]["free"]), asset


async def test_what_comes_late_is_told_when_it_comes(venue: Served, exchange: Any) -> None:
    watch = await listening(exchange, "watch_orders")
    venue.faults({"method": "POST", "path": "/api/v3/order", "kind": "late", "seconds": 30})
    with pytest.raises(Exception, match="504"):
        await buy(exchange, "cfone")
    assert not watch.done()
    venue.advance(31)
    assert (await soon(watch))[0]["clientOrderId"] == "cfone"


@pytest.mark.parametrize(
    ("wrong", "code"), [({"apiKey": "x"}, -2015), ({"secret": "x"}, -1022), ({"timestamp": 1}, -1021)]
)
async def test_a_stranger_hears_nothing(venue: Served, wrong: dict[str, Any], code: int) -> None:
    """ccxt itself raises a KeyError for such a refusal, so the socket is asked."""
    async with binance(venue.url) as exchange, aiohttp.ClientSession() as session:
        exchange.apiKey, exchange.secret = (
            wrong.get("apiKey", exchange.apiKey),
            wrong.get("secret", exchange.secret),
        )
        params = exchange.sign_params({name: wrong[name] for name in wrong if name == "timestamp"})
        socket = await session.ws_connect(f"{venue.url}/ws-api/v3")
        asked = {"id": "1", "method": "userDataStream.subscribe.signature", "params": params}
        await socket.send_json(asked)
        told = await socket.receive_json(timeout=PATIENCE_S)
        assert (told["error"]["code"], "result" in told) == (code, False)
        venue.foreign("web_1", "BUY", "0.01", "61000")
        with pytest.raises(TimeoutError):
            await socket.receive_json(timeout=0.2)


async def test_a_dropped_stream_is_said_and_comes_again(venue: Served, exchange: Any) -> None:
    watch = await listening(exchange, "watch_orders")
    venue.drop_streams()
    with pytest.raises(Exception, match="losed") as failure:
        await soon(watch)
    assert type(failure.value).__name__ in ("NetworkError", "ExchangeClosedByUser")
    watch = await listening(exchange, "watch_orders")
    await buy(exchange, "cfone")
    assert (await soon(watch))[0]["clientOrderId"] == "cfone"


async def test_the_book_that_is_streamed_is_the_book(venue: Served, exchange: Any) -> None:
    book = await soon(exchange.watch_order_book(BTC))
    for step in range(5):
        venue.market("BTCUSDT", f"{59_000 + step}", f"{59_010 + step}", size=f"{1 + step}")
        await buy(exchange, f"cf{step}", f"{58_000 + step}")
        book = await soon(exchange.watch_order_book(BTC))
    while float(book["bids"][0][0]) != 59_004:
        book = await soon(exchange.watch_order_book(BTC))
    asked = await exchange.fetch_order_book(BTC)
    for side in ("bids", "asks"):
        assert [[float(each) for each in level] for level in book[side]] == [
            [float(each) for each in level] for level in asked[side]
        ]
    assert len(asked["bids"]) == 10


async def test_the_book_goes_on_after_a_reset(venue: Served, exchange: Any) -> None:
    await soon(exchange.watch_order_book(BTC))
    for number in range(20):
        await buy(exchange, f"cf{number}")
    venue.reset()
    book = await soon(exchange.watch_order_book(BTC))
    while any(float(price) == 50_000 for price, _ in book["bids"]):
        book = await soon(exchange.watch_order_book(BTC))
    assert len(book["bids"]) == 5


async def test_the_best_prices_and_the_trades_are_streamed(venue: Served, exchange: Any) -> None:
    top = asyncio.create_task(exchange.watch_bids_asks([BTC]))
    trades = asyncio.create_task(exchange.watch_trades(BTC))
    await asyncio.sleep(0.2)
    venue.market("BTCUSDT", "61000", "61010")
    told = (await soon(top))[BTC]
    assert (float(told["bid"]), float(told["ask"])) == (61000, 61010)
    assert float((await soon(trades))[-1]["price"]) in (61000, 61010)
    trades = asyncio.create_task(exchange.watch_trades(BTC))
    await buy(exchange, "cfone", None)
    told = (await soon(trades))[-1]
    assert (float(told["price"]), float(told["amount"]), told["side"]) == (61010, 0.01, "buy")


async def test_named_streams_come_as_asked_for(venue: Served) -> None:
    async with aiohttp.ClientSession() as session:
        wrapped = await session.ws_connect(f"{venue.url}/stream?streams=btcusdt@bookTicker/ethusdt@trade")
        bare = await session.ws_connect(f"{venue.url}/ws/btcusdt@bookTicker")
        await asyncio.sleep(0.05)
        venue.market("BTCUSDT", "61000", "61010")
        told = await wrapped.receive_json(timeout=PATIENCE_S)
        assert (told["stream"], told["data"]["b"]) == ("btcusdt@bookTicker", "61000.00000000")
        assert await bare.receive_json(timeout=PATIENCE_S) == told["data"]
        await bare.send_json({"method": "UNSUBSCRIBE", "params": ["btcusdt@bookTicker"], "id": 1})
        assert await bare.receive_json(timeout=PATIENCE_S) == {"id": 1, "result": None}
        venue.market("BTCUSDT", "61001", "61010")
        await bare.send_json({"method": "GUESS", "id": 2})
        assert (await bare.receive_json(timeout=PATIENCE_S))["error"]["code"] == 2
