"""What the exchange tells everybody, in Binance's own words."""

import json
from decimal import Decimal
from typing import Any

from tests.stand_ins.venue.book import Levels
from tests.stand_ins.venue.engine import Engine
from tests.stand_ins.venue.orders import missing
from tests.stand_ins.venue.rules import PAIRS, Refusal, pair

DAY_MS = 86_400_000
STEPS_MS = {"1m": 60_000, "5m": 300_000, "15m": 900_000, "1h": 3_600_000, "4h": 14_400_000, "1d": DAY_MS}
DEPTH, MOST_DEPTH, MOST_BARS = 100, 5000, 1000
NO_LEVEL = ["0.00000000", "0.00000000"]


def rows(levels: Levels) -> list[list[str]]:
    return [[f"{price:.8f}", f"{quantity:.8f}"] for price, quantity in levels]


def wanted(query: dict[str, str]) -> str:
    """The symbol asked about. Raises Refusal."""
    if not query.get("symbol"):
        raise missing("symbol")
    return pair(query["symbol"]).symbol


def exchange_info(engine: Engine, query: dict[str, str]) -> Any:
    chosen: list[str] = [query["symbol"]] if "symbol" in query else list(PAIRS)
    if "symbols" in query:
        chosen = json.loads(query["symbols"])
    return {
        "timezone": "UTC",
        "serverTime": engine.now(),
        "rateLimits": [],
        "exchangeFilters": [],
        "symbols": [pair(each).told() for each in chosen],
    }


def depth(engine: Engine, query: dict[str, str]) -> Any:
    bids, asks, version, _ = engine.shown(wanted(query))
    limit = min(int(query.get("limit", DEPTH)), MOST_DEPTH)
    return {"lastUpdateId": version, "bids": rows(bids[:limit]), "asks": rows(asks[:limit])}


def book_ticker(engine: Engine, query: dict[str, str]) -> Any:
    symbol = wanted(query)
    bids, asks, _, _ = engine.shown(symbol)
    (bid, bid_size), (ask, ask_size) = (rows(side[:1])[0] if side else NO_LEVEL for side in (bids, asks))
    return {"symbol": symbol, "bidPrice": bid, "bidQty": bid_size, "askPrice": ask, "askQty": ask_size}


def day_ticker(engine: Engine, query: dict[str, str]) -> Any:
    symbol = wanted(query)
    *_, at = engine.shown(symbol)
    return book_ticker(engine, query) | {
        "lastPrice": f"{engine.last[symbol]:.8f}",
        "openTime": at - DAY_MS,
        "closeTime": at,
        "volume": "1000",
        "quoteVolume": "1000000",
        "count": 10,
    }


def klines(engine: Engine, query: dict[str, str]) -> Any:
    """Bars at the closes that were given, the newest of which is closed; else flat ones at the last price,
    with a small wave by the bar's number."""
    symbol = wanted(query)
    if query.get("interval") not in STEPS_MS:
        raise Refusal(-1120, "Invalid interval.")
    step = STEPS_MS[query["interval"]]
    limit = min(int(query.get("limit", 500)), MOST_BARS)
    newest = engine.now() // step * step
    begin = int(query["startTime"]) if "startTime" in query else newest - (limit - 1) * step
    begin = -(-begin // step) * step
    end = min(newest, begin + (limit - 1) * step, int(query.get("endTime", newest)))
    return [_bar(engine, symbol, step, opens, newest) for opens in range(begin, end + 1, step)]


def _bar(engine: Engine, symbol: str, step: int, opens: int, newest: int) -> list[Any]:
    last = engine.last[symbol]
    first, close = last, last * (1 + Decimal(opens // step % 7 - 3) / 1000)
    if closes := engine.closes.get(symbol):
        back = min(max((newest - opens) // step, 1), len(closes) - 1)
        first, close = Decimal(str(closes[-back - 1])), Decimal(str(closes[-back]))
    high, low = max(first, close) * Decimal("1.001"), min(first, close) * Decimal("0.999")
    prices = [f"{each:.4f}" for each in (first, high, low, close)]
    return [opens, *prices, "12.5", opens + step - 1, "0", 1, "0", "0", "0"]
