"""Binance's public spot REST API under /api/v3: prices that depend on the time alone, and faults on demand.

`POST /faults {"path": "/klines", "fault": "429"}` breaks one path, or all with `*`; `{}` mends all. Faults:
429, 500, hang, `high` (the third bar's high is below its low), or `body`, which is answered as it is.
`GET /seen` lists the paths asked for, with their queries."""

import argparse
import json
import math
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PREFIX = "/api/v3"
PRICES = {"BTCUSDT": 60_000.0, "ETHUSDT": 3_000.0, "XRPUSDT": 0.5}
STEPS = {"1m": 60_000, "15m": 900_000, "1h": 3_600_000, "4h": 14_400_000, "1d": 86_400_000}
MOST_BARS = 1000

faults: dict[str, dict[str, Any]] = {}
seen: list[str] = []


def price(symbol: str, moment_ms: float) -> float:
    """One slow wave and one fast one, each 1 % high."""
    hours = moment_ms / 3_600_000
    return PRICES[symbol] * (1 + 0.01 * math.sin(hours / 40) + 0.01 * math.sin(hours / 3))


def bar(symbol: str, step: int, opens_ms: int) -> list[Any]:
    first, last = price(symbol, opens_ms), price(symbol, opens_ms + step)
    shown = [first, max(first, last) * 1.001, min(first, last) * 0.999, last]
    return [opens_ms, *(f"{each:.4f}" for each in shown), "12.5", opens_ms + step - 1, "0", 1, "0", "0", "0"]


def klines(query: dict[str, str]) -> list[list[Any]]:
    step, now = STEPS[query["interval"]], int(time.time() * 1000)
    limit = min(int(query.get("limit", 500)), MOST_BARS)
    newest = now - now % step
    begin = int(query["startTime"]) if "startTime" in query else newest - (limit - 1) * step
    begin = -(-begin // step) * step
    end = min(newest, begin + (limit - 1) * step, int(query.get("endTime", newest)))
    return [bar(query["symbol"], step, opens) for opens in range(begin, end + 1, step)]


def depth(query: dict[str, str]) -> dict[str, Any]:
    middle = price(query["symbol"], time.time() * 1000)
    levels = range(1, min(int(query.get("limit", 100)), 100) + 1)
    return {
        "lastUpdateId": 1,
        "bids": [[f"{middle * (1 - 0.0001 * level):.4f}", f"{0.1 * level:.5f}"] for level in levels],
        "asks": [[f"{middle * (1 + 0.0001 * level):.4f}", f"{0.2 * level:.5f}"] for level in levels],
    }


def ticker(query: dict[str, str]) -> dict[str, Any]:
    now = int(time.time() * 1000)
    middle = price(query["symbol"], now)
    return {
        "symbol": query["symbol"],
        "lastPrice": f"{middle:.4f}",
        "bidPrice": f"{middle * 0.9999:.4f}",
        "bidQty": "0.10000",
        "askPrice": f"{middle * 1.0001:.4f}",
        "askQty": "0.20000",
        "openTime": now - 86_400_000,
        "closeTime": now,
        "volume": "1000",
        "quoteVolume": "1000000",
        "count": 10,
    }


def listed(symbol: str) -> dict[str, Any]:
    return {
        "symbol": symbol,
        "status": "TRADING",
        "baseAsset": symbol.removesuffix("USDT"),
        "quoteAsset": "USDT",
        "baseAssetPrecision": 8,
        "quoteAssetPrecision": 8,
        "orderTypes": ["LIMIT", "MARKET"],
        "isSpotTradingAllowed": True,
        "isMarginTradingAllowed": False,
        "filters": [
            {"filterType": "PRICE_FILTER", "minPrice": "0.0001", "tickSize": "0.00010000"},
            {"filterType": "LOT_SIZE", "minQty": "0.00001", "stepSize": "0.00001000"},
            {"filterType": "NOTIONAL", "minNotional": "5.00000000"},
        ],
        "permissions": ["SPOT"],
    }


def answer(path: str, query: dict[str, str]) -> Any:
    """The right answer, None where the symbol or the path is not known."""
    if path == "/ping":
        return {}
    if path == "/time":
        return {"serverTime": int(time.time() * 1000)}
    if path == "/exchangeInfo":
        asked = json.loads(query["symbols"]) if "symbols" in query else list(PRICES)
        return {"symbols": [listed(each) for each in asked]} if set(asked) <= set(PRICES) else None
    known = {"/klines": klines, "/depth": depth, "/ticker/24hr": ticker}
    return known[path](query) if path in known and query.get("symbol") in PRICES else None


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path == "/seen":
            return self.reply(200, json.dumps(seen))
        path = address.path.removeprefix(PREFIX)
        seen.append(f"{path}?{address.query}")
        fault = faults.get(path, faults.get("*", {}))
        if fault.get("fault") == "hang":
            time.sleep(3600)
        if fault.get("fault") == "429":
            return self.reply(
                429, '{"code":-1003,"msg":"Too much request weight used."}', ("retry-after", "0")
            )
        if fault.get("fault") == "500":
            return self.reply(500, "Internal Server Error")
        if "body" in fault:
            return self.reply(200, fault["body"])
        found = answer(path, {key: values[-1] for key, values in parse_qs(address.query).items()})
        if found is None:
            return self.reply(400, '{"code":-1121,"msg":"Invalid symbol."}')
        if fault.get("fault") == "high":
            found[2][2] = f"{float(found[2][3]) / 2:.4f}"
        return self.reply(200, json.dumps(found))

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if asked:
            faults[asked["path"]] = asked
        else:
            faults.clear()
        self.reply(200, "{}")

    def reply(self, status: int, body: str, *headers: tuple[str, str]) -> None:
        data = body.encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    server = ThreadingHTTPServer(("127.0.0.1", parser.parse_args().port), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
