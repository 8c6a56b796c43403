"""CoinGecko's REST API under /api/v3 with fixed figures, and faults on demand.

`POST /faults {"path": "/simple/price", "fault": "429"}` breaks one path, or all with `*`; `{}` mends all.
Faults: 429, 500, hang, or `body`, which is answered as it is. `GET /seen` lists the paths asked for."""

import argparse
import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PREFIX = "/api/v3"
COINS: dict[str, tuple[str, str, float, float, float]] = {
    "bitcoin": ("btc", "Bitcoin", 61234.5, 1.25, 1.2e12),
    "ethereum": ("eth", "Ethereum", 3210.75, -0.5, 3.8e11),
    "ripple": ("xrp", "XRP", 0.52, 0.1, 2.9e10),
}
TRENDING = {
    "item": {
        "id": "fun-coin",
        "coin_id": 1,
        "name": "Fun\u001b[31m Coin",
        "symbol": "FUN",
        "market_cap_rank": 900,
        "data": {"price": 0.0042, "price_change_percentage_24h": {"usd": 33.3, "eur": 32.1}},
    }
}

faults: dict[str, dict[str, Any]] = {}
seen: list[str] = []


def answer(path: str, query: dict[str, str]) -> Any:
    """The right answer, None for an unknown path."""
    if path == "/simple/price":
        currency = query["vs_currencies"]
        return {
            coin: {
                currency: COINS[coin][2],
                f"{currency}_market_cap": COINS[coin][4],
                f"{currency}_24h_change": COINS[coin][3],
            }
            for coin in query["ids"].split(",")
            if coin in COINS
        }
    if path == "/coins/markets":
        return [
            {
                "id": coin,
                "symbol": symbol,
                "name": name,
                "current_price": price,
                "market_cap": cap,
                "price_change_percentage_24h": change,
            }
            for coin, (symbol, name, price, change, cap) in COINS.items()
        ]
    if path == "/search/trending":
        return {"coins": [TRENDING], "nfts": [], "categories": []}
    if path == "/global":
        return {
            "data": {
                "total_market_cap": {"usd": 2.3e12, "eur": 2.1e12},
                "market_cap_percentage": {"btc": 54.2},
            }
        }
    if path.startswith("/exchanges/") and path.endswith("/tickers"):
        return {"name": path.split("/")[2].title(), "tickers": [ticker("BTC", "USDT"), ticker("BTC", "ETH")]}
    return None


def ticker(base: str, target: str) -> dict[str, Any]:
    return {
        "base": base,
        "target": target,
        "market": {"name": "Somewhere", "identifier": "somewhere", "has_trading_incentive": False},
        "last": 61230.0,
        "volume": 1234.5,
        "bid_ask_spread_percentage": 0.02,
        "trust_score": "green",
        "is_anomaly": False,
        "is_stale": False,
        "coin_id": "bitcoin",
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        address = urlsplit(self.path)
        if address.path == "/seen":
            return self.reply(200, json.dumps(seen))
        path = address.path.removeprefix(PREFIX)
        seen.append(path)
        fault = faults.get(path, faults.get("*", {}))
        if fault.get("fault") == "hang":
            time.sleep(3600)
        if fault.get("fault") in ("429", "500"):
            status = int(fault["fault"])
            body = json.dumps({"status": {"error_code": status, "error_message": "as asked"}})
            return self.reply(status, body, {"x-should-retry": "false"})
        if "body" in fault:
            return self.reply(200, fault["body"])
        found = answer(path, {key: values[-1] for key, values in parse_qs(address.query).items()})
        if found is None:
            return self.reply(404, '{"error":"coin not found"}')
        return self.reply(200, json.dumps(found))

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if asked:
            faults[asked["path"]] = asked
        else:
            faults.clear()
        self.reply(200, "{}")

    def reply(self, status: int, body: str, headers: dict[str, str] | None = None) -> None:
        data = body.encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "content-type": "application/json"}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
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
