"""What the exchange answers about the account, in Binance's own words."""

import uuid
from collections.abc import Callable
from typing import Any

from tests.stand_ins.venue.engine import Engine
from tests.stand_ins.venue.market_data import (
    DAY_MS,
    book_ticker,
    day_ticker,
    depth,
    exchange_info,
    klines,
    wanted,
)
from tests.stand_ins.venue.orders import UserOrder
from tests.stand_ins.venue.rules import Refusal

PAGE, MOST = 500, 1000
Answer = Callable[[Engine, dict[str, str]], Any]


def shown(order: UserOrder) -> dict[str, Any]:
    """An order as every request tells of it."""
    return {
        "symbol": order.symbol,
        "orderId": order.number,
        "orderListId": -1,
        "clientOrderId": order.name,
        "price": f"{order.price:.8f}",
        "origQty": f"{order.quantity:.8f}",
        "executedQty": f"{order.filled:.8f}",
        "cummulativeQuoteQty": f"{order.value:.8f}",
        "origQuoteOrderQty": f"{order.spend:.8f}",
        "status": order.status,
        "timeInForce": order.time_in_force,
        "type": order.type,
        "side": order.side,
        "stopPrice": f"{order.stop:.8f}",
        "icebergQty": "0.00000000",
        "time": order.at,
        "updateTime": order.updated,
        "isWorking": not order.stop or order.triggered,
        "workingTime": order.at if not order.stop or order.triggered else -1,
        "selfTradePreventionMode": "NONE",
    }


def placed(order: UserOrder, detail: str) -> dict[str, Any]:
    """The answer to an order: ACK, RESULT, or FULL with its fills."""
    told = {"transactTime": order.updated} | shown(order)
    if detail == "ACK":
        return {
            name: told[name] for name in ("symbol", "orderId", "orderListId", "clientOrderId", "transactTime")
        }
    if detail == "RESULT":
        return told
    names = ("price", "qty", "commission", "commissionAsset")
    fills = [{name: fill[name] for name in names} | {"tradeId": fill["id"]} for fill in order.fills]
    return told | {"fills": fills}


def post_order(engine: Engine, query: dict[str, str]) -> Any:
    order = engine.place(query)
    unasked = "FULL" if order.type in ("LIMIT", "MARKET") else "ACK"
    return placed(order, query.get("newOrderRespType", unasked))


def get_order(engine: Engine, query: dict[str, str]) -> Any:
    order = engine.find(query)
    if order is None:
        raise Refusal(-2013, "Order does not exist.")
    return shown(order)


def delete_order(engine: Engine, query: dict[str, str]) -> Any:
    order = engine.find(query)
    if order is None:
        raise Refusal(-2011, "Unknown order sent.")
    return _cancelled(engine, order, query.get("newClientOrderId"))


def delete_open_orders(engine: Engine, query: dict[str, str]) -> Any:
    symbol = wanted(query)
    mine = [order for order in engine.open.values() if order.symbol == symbol]
    if not mine:
        raise Refusal(-2011, "Unknown order sent.")
    return [_cancelled(engine, order, None) for order in mine]


def replace_order(engine: Engine, query: dict[str, str]) -> Any:
    """Cancel, then place: the new order is not tried where the cancel fails, and its own failure leaves the
    old one cancelled."""
    names = {"cancelOrderId": "orderId", "cancelOrigClientOrderId": "origClientOrderId"}
    old = {"symbol": query.get("symbol", "")} | {names[name]: query[name] for name in names if name in query}
    try:
        cancelled = delete_order(engine, old)
    except Refusal as refusal:
        data = _half("FAILURE", _error(refusal), "NOT_ATTEMPTED", None)
        raise Refusal(-2022, "Order cancel-replace failed.", 400, {"data": data}) from None
    try:
        new = post_order(engine, query)
    except Refusal as refusal:
        data = _half("SUCCESS", cancelled, "FAILURE", _error(refusal))
        raise Refusal(-2021, "Order cancel-replace partially failed.", 409, {"data": data}) from None
    return _half("SUCCESS", cancelled, "SUCCESS", new)


def open_orders(engine: Engine, query: dict[str, str]) -> Any:
    symbol = wanted(query) if "symbol" in query else None
    return [shown(order) for order in engine.open.values() if symbol in (None, order.symbol)]


def all_orders(engine: Engine, query: dict[str, str]) -> Any:
    symbol, limit = wanted(query), _limit(query)
    since, until = _window(query)
    first = int(query.get("orderId", 0))
    known = [
        order
        for order in engine.orders.values()
        if order.symbol == symbol and order.number >= first and since <= order.at <= until
    ]
    oldest_first = "orderId" in query or "startTime" in query
    return [shown(order) for order in (known[:limit] if oldest_first else known[-limit:])]


def my_trades(engine: Engine, query: dict[str, str]) -> Any:
    """Executions are told for a day from the start that is asked for."""
    trades, limit = engine.trades[wanted(query)], _limit(query)
    if "orderId" in query:
        trades = [trade for trade in trades if trade["orderId"] == int(query["orderId"])]
    if "fromId" in query:
        return [trade for trade in trades if trade["id"] >= int(query["fromId"])][:limit]
    since, until = _window(query)
    trades = [trade for trade in trades if since <= trade["time"] <= until]
    return trades[:limit] if "startTime" in query or "orderId" in query else trades[-limit:]


def account(engine: Engine, query: dict[str, str]) -> Any:
    owned, rates = engine.account.owned, dict.fromkeys(("maker", "taker", "buyer", "seller"), "0.00100000")
    return {
        "commissionRates": rates,
        "canTrade": engine.rights["trading"],
        "canWithdraw": True,
        "canDeposit": True,
        "updateTime": engine.now(),
        "accountType": "SPOT",
        "balances": [balance(engine, asset, ("asset", "free", "locked")) for asset in owned],
        "permissions": ["SPOT"],
        "uid": 1,
    }


def balance(engine: Engine, asset: str, names: tuple[str, str, str]) -> dict[str, str]:
    """What is free and what is locked of an asset, under the names of the place that tells of it."""
    free, locked = engine.account.free(asset), engine.account.locked(asset)
    return dict(zip(names, (asset, f"{free:f}", f"{locked:f}"), strict=True))


def restrictions(engine: Engine, query: dict[str, str]) -> Any:
    rights = engine.rights
    return {
        "ipRestrict": rights["ip_bound"],
        "createTime": engine.now(),
        "enableReading": True,
        "enableWithdrawals": rights["withdrawals"],
        "enableInternalTransfer": rights["internal_transfers"],
        "permitsUniversalTransfer": False,
        "enableMargin": False,
        "enableFutures": False,
        "enableVanillaOptions": False,
        "enableSpotAndMarginTrading": rights["trading"],
    }


def _cancelled(engine: Engine, order: UserOrder, name: str | None) -> dict[str, Any]:
    """`clientOrderId` names the request to cancel, as at the real exchange."""
    engine.cancel(order, name or uuid.uuid4().hex[:22])
    told = {"origClientOrderId": order.name, "transactTime": order.updated}
    return shown(order) | told | {"clientOrderId": order.cancel_name}


def _half(cancel: str, cancelled: Any, new: str, placed_: Any) -> dict[str, Any]:
    results = {"cancelResult": cancel, "newOrderResult": new}
    return results | {"cancelResponse": cancelled, "newOrderResponse": placed_}


def _error(refusal: Refusal) -> dict[str, Any]:
    return {"code": refusal.code, "msg": refusal.text}


def _limit(query: dict[str, str]) -> int:
    return min(int(query.get("limit", PAGE)), MOST)


def _window(query: dict[str, str]) -> tuple[int, int]:
    """From when until when, in milliseconds; a day where only its start is given. Raises Refusal."""
    since = int(query.get("startTime", 0))
    until = int(query.get("endTime", since + DAY_MS - 1 if since else 2**62))
    if since and until - since > DAY_MS:
        raise Refusal(-1127, "More than 24 hours between startTime and endTime.")
    return since, until


PUBLIC: dict[tuple[str, str], Answer] = {
    ("GET", "/api/v3/ping"): lambda engine, query: {},
    ("GET", "/api/v3/time"): lambda engine, query: {"serverTime": engine.now()},
    ("GET", "/api/v3/exchangeInfo"): exchange_info,
    ("GET", "/api/v3/depth"): depth,
    ("GET", "/api/v3/ticker/24hr"): day_ticker,
    ("GET", "/api/v3/ticker/bookTicker"): book_ticker,
    ("GET", "/api/v3/klines"): klines,
}
SIGNED: dict[tuple[str, str], Answer] = {
    ("POST", "/api/v3/order"): post_order,
    ("GET", "/api/v3/order"): get_order,
    ("DELETE", "/api/v3/order"): delete_order,
    ("POST", "/api/v3/order/cancelReplace"): replace_order,
    ("GET", "/api/v3/openOrders"): open_orders,
    ("DELETE", "/api/v3/openOrders"): delete_open_orders,
    ("GET", "/api/v3/allOrders"): all_orders,
    ("GET", "/api/v3/myTrades"): my_trades,
    ("GET", "/api/v3/account"): account,
    ("GET", "/sapi/v1/account/apiRestrictions"): restrictions,
}
