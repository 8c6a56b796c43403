"""What the exchange answers to each request, in Binance's own words."""

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.stand_ins.venue.engine import LEAST, LOT, SYMBOLS, TICK, Engine, Refusal, UserOrder

TYPES = ["LIMIT", "LIMIT_MAKER", "MARKET", "STOP_LOSS", "STOP_LOSS_LIMIT", "TAKE_PROFIT", "TAKE_PROFIT_LIMIT"]
DAY_MS = 86_400_000
"""Executions are told for a day from the start that is asked for."""
Answer = Callable[[Engine, dict[str, str]], Any]


def shown(order: UserOrder) -> dict[str, Any]:
    """An order as every request tells of it."""
    return {
        "symbol": order.symbol,
        "orderId": order.number,
        "orderListId": -1,
        "clientOrderId": order.name,
        "transactTime": order.at,
        "price": f"{order.price:.8f}",
        "origQty": f"{order.quantity:.8f}",
        "executedQty": f"{order.filled:.8f}",
        "cummulativeQuoteQty": f"{order.value:.8f}",
        "status": order.status,
        "timeInForce": "GTC" if order.type == "MARKET" else order.time_in_force,
        "type": order.type,
        "side": order.side,
        "stopPrice": f"{order.stop:.8f}",
        "time": order.at,
        "updateTime": order.at,
        "isWorking": not order.stop or order.triggered,
        "workingTime": order.at,
    }


def placed(order: UserOrder) -> dict[str, Any]:
    """The FULL answer to an order, with its fills."""
    names = ("price", "qty", "commission", "commissionAsset")
    fills = [{name: fill[name] for name in names} | {"tradeId": fill["id"]} for fill in order.fills]
    return shown(order) | {"fills": fills}


def post_order(engine: Engine, query: dict[str, str]) -> Any:
    return placed(engine.place(query))


def get_order(engine: Engine, query: dict[str, str]) -> Any:
    order = engine.find(query)
    if order is None:
        raise Refusal(-2013, "Order does not exist.")
    return shown(order)


def delete_order(engine: Engine, query: dict[str, str]) -> Any:
    order = engine.find(query)
    if order is None or not order.is_open:
        raise Refusal(-2011, "Unknown order sent.")
    engine.cancel(order)
    return shown(order) | {"origClientOrderId": order.name}


def open_orders(engine: Engine, query: dict[str, str]) -> Any:
    wanted = query.get("symbol")
    return [shown(order) for order in engine.open.values() if wanted in (None, order.symbol)]


def all_orders(engine: Engine, query: dict[str, str]) -> Any:
    known = [order for order in engine.orders.values() if order.symbol == query["symbol"]]
    if "startTime" in query:
        known = [order for order in known if order.at >= int(query["startTime"])]
    limit = int(query.get("limit", 500))
    return [shown(order) for order in (known[:limit] if "startTime" in query else known[-limit:])]


def my_trades(engine: Engine, query: dict[str, str]) -> Any:
    trades = engine.trades[query["symbol"]]
    if "orderId" in query:
        trades = [trade for trade in trades if trade["orderId"] == int(query["orderId"])]
    if "fromId" in query:
        trades = trades[int(query["fromId"]) - 1 :]
    elif "startTime" in query:
        since = int(query["startTime"])
        trades = [trade for trade in trades if since <= trade["time"] < since + DAY_MS]
    elif "orderId" not in query:
        return trades[-int(query.get("limit", 500)) :]
    return trades[: int(query.get("limit", 500))]


def account(engine: Engine, query: dict[str, str]) -> Any:
    locked = engine.locked()
    balances = [
        {
            "asset": asset,
            "free": f"{amount - locked.get(asset, Decimal(0)):f}",
            "locked": f"{locked.get(asset, Decimal(0)):f}",
        }
        for asset, amount in engine.owned.items()
    ]
    return {"canTrade": True, "accountType": "SPOT", "balances": balances, "permissions": ["SPOT"]}


def restrictions(engine: Engine, query: dict[str, str]) -> Any:
    return {
        "ipRestrict": False,
        "createTime": engine.now(),
        "enableReading": True,
        "enableWithdrawals": engine.withdrawals,
        "enableInternalTransfer": False,
        "permitsUniversalTransfer": False,
        "enableSpotAndMarginTrading": True,
    }


def listed(symbol: str) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "status": "TRADING",
        "baseAsset": symbol.removesuffix("USDT"),
        "quoteAsset": "USDT",
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": TYPES,
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": f"{TICK:.8f}", "tickSize": f"{TICK:.8f}"},
            {"filterType": "LOT_SIZE", "minQty": f"{LOT:.8f}", "stepSize": f"{LOT:.8f}", "maxQty": "9000"},
            {"filterType": "NOTIONAL", "minNotional": f"{LEAST:.8f}"},
        ],
        "permissionSets": [["SPOT"]],
    }


def exchange_info(engine: Engine, query: dict[str, str]) -> Any:
    wanted = json.loads(query["symbols"]) if "symbols" in query else list(SYMBOLS)
    if not set(wanted) <= set(SYMBOLS):
        raise Refusal(-1121, "Invalid symbol.")
    return {"timezone": "UTC", "serverTime": engine.now(), "symbols": [listed(each) for each in wanted]}


def depth(engine: Engine, query: dict[str, str]) -> Any:
    book = engine.books[query["symbol"]]
    limit = int(query.get("limit", 100))
    bids, asks = (
        [[f"{offer.price:f}", f"{offer.quantity:f}"] for offer in side[:limit]]
        for side in (book.bids, book.asks)
    )
    if query["symbol"] in engine.crossed:
        bids, asks = asks, bids
    return {"lastUpdateId": engine.now(), "bids": bids, "asks": asks}


def ticker(engine: Engine, query: dict[str, str]) -> Any:
    levels = depth(engine, query | {"limit": "1"})
    (bid, bid_size), (ask, ask_size) = levels["bids"][0], levels["asks"][0]
    now = engine.now()
    return {
        "symbol": query["symbol"],
        "lastPrice": f"{engine.last[query['symbol']]:f}",
        "bidPrice": bid,
        "bidQty": bid_size,
        "askPrice": ask,
        "askQty": ask_size,
        "openTime": now - 86_400_000,
        "closeTime": now,
        "volume": "1000",
        "quoteVolume": "1000000",
        "count": 10,
    }


def klines(engine: Engine, query: dict[str, str]) -> Any:
    """Bars at the closes that were given, the newest of which is closed; else flat ones at the last price,
    with a small wave by the bar's number."""
    step = {"1m": 60_000, "15m": 900_000, "1h": 3_600_000, "4h": 14_400_000, "1d": 86_400_000}[
        query["interval"]
    ]
    limit = min(int(query.get("limit", 500)), 1000)
    newest = engine.now() // step * step
    begin = int(query["startTime"]) if "startTime" in query else newest - (limit - 1) * step
    begin = -(-begin // step) * step
    last = engine.last[query["symbol"]]
    rows = []
    for opens in range(begin, min(newest, begin + (limit - 1) * step) + 1, step):
        first, close = last, last * (1 + Decimal(opens // step % 7 - 3) / 1000)
        if closes := engine.closes.get(query["symbol"]):
            back = min(max((newest - opens) // step, 1), len(closes) - 1)
            first, close = Decimal(str(closes[-back - 1])), Decimal(str(closes[-back]))
        high, low = max(first, close) * Decimal("1.001"), min(first, close) * Decimal("0.999")
        prices = [f"{each:.4f}" for each in (first, high, low, close)]
        rows.append([opens, *prices, "12.5", opens + step - 1, "0", 1, "0", "0", "0"])
    return rows


PUBLIC: dict[tuple[str, str], Answer] = {
    ("GET", "/api/v3/ping"): lambda engine, query: {},
    ("GET", "/api/v3/time"): lambda engine, query: {"serverTime": engine.now()},
    ("GET", "/api/v3/exchangeInfo"): exchange_info,
    ("GET", "/api/v3/depth"): depth,
    ("GET", "/api/v3/ticker/24hr"): ticker,
    ("GET", "/api/v3/ticker/bookTicker"): ticker,
    ("GET", "/api/v3/klines"): klines,
}
SIGNED: dict[tuple[str, str], Answer] = {
    ("POST", "/api/v3/order"): post_order,
    ("GET", "/api/v3/order"): get_order,
    ("DELETE", "/api/v3/order"): delete_order,
    ("GET", "/api/v3/openOrders"): open_orders,
    ("GET", "/api/v3/allOrders"): all_orders,
    ("GET", "/api/v3/myTrades"): my_trades,
    ("GET", "/api/v3/account"): account,
    ("GET", "/sapi/v1/account/apiRestrictions"): restrictions,
}
