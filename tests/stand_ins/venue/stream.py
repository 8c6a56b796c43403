"""The exchange's WebSockets: the account's events by signature, and the market's by name."""

import asyncio
import contextlib
import json
from typing import Any

from aiohttp import WSMsgType, web

from tests.stand_ins.venue import signing
from tests.stand_ins.venue.answers import balance
from tests.stand_ins.venue.book import Levels
from tests.stand_ins.venue.engine import Engine
from tests.stand_ins.venue.market_data import book_ticker
from tests.stand_ins.venue.orders import UserOrder
from tests.stand_ins.venue.reports import execution_report
from tests.stand_ins.venue.rules import PAIRS, Refusal


class Feed:
    """One connection: what it wants to hear, and what waits to be sent, in order."""

    def __init__(self, socket: web.WebSocketResponse, names: set[str], *, wrapped: bool) -> None:
        self.socket, self.names, self.wrapped = socket, names, wrapped
        self.hears_account = False
        self.waiting: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    def tell(self, name: str, event: dict[str, Any]) -> None:
        if name in self.names:
            self.waiting.put_nowait({"stream": name, "data": event} if self.wrapped else event)

    async def pump(self) -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                await self.socket.send_json(await self.waiting.get())


class Streams:
    """Every connection, and what the engine tells them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._feeds: set[Feed] = set()
        self._depth: dict[str, tuple[Levels, Levels, int]] = {}
        self._tops: dict[str, dict[str, str]] = {}
        engine.on_order, engine.on_trade, engine.on_book = self._tell_order, self._tell_trade, self._tell_top

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        asked = request.query.get("streams") or request.match_info.get("names", "")
        names = {name for name in asked.split("/") if "@" in name}
        feed = Feed(socket, names, wrapped=request.path == "/stream")
        answer = self._account_answer if request.path.startswith("/ws-api") else self._market_answer
        self._feeds.add(feed)
        self._follow_books()
        pump = asyncio.create_task(feed.pump())
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT:
                    feed.waiting.put_nowait(answer(feed, json.loads(message.data)))
        finally:
            self._feeds.discard(feed)
            pump.cancel()
        return socket

    async def drop(self) -> None:
        """Close every connection."""
        for feed in list(self._feeds):
            await feed.socket.close()

    def tell_depth(self) -> None:
        """What changed in the books that somebody listens to since the last time."""
        self._follow_books()
        for symbol, (bids, asks, version) in list(self._depth.items()):
            new_bids, new_asks, newest, at = self._engine.shown(symbol)
            if newest == version:
                continue
            self._depth[symbol] = new_bids, new_asks, newest
            event = {"e": "depthUpdate", "E": at, "s": symbol, "U": version + 1, "u": newest}
            event |= {"b": _changes(bids, new_bids), "a": _changes(asks, new_asks)}
            for feed in self._feeds:
                for name in _depth_names(symbol):
                    feed.tell(name, event)

    def _follow_books(self) -> None:
        """Know each book that is listened to as it is when that begins, and no other."""
        for symbol in PAIRS:
            if not any(name in feed.names for feed in self._feeds for name in _depth_names(symbol)):
                self._depth.pop(symbol, None)
            elif symbol not in self._depth:
                self._depth[symbol] = self._engine.shown(symbol)[:3]

    def _account_answer(self, feed: Feed, asked: dict[str, Any]) -> dict[str, Any]:
        if asked["method"] == "userDataStream.unsubscribe":
            feed.hears_account = False
            return {"id": asked["id"], "status": 200, "result": {}}
        query = {name: str(value) for name, value in asked.get("params", {}).items()}
        raw = "&".join(f"{name}={query[name]}" for name in sorted(query))
        try:
            if asked["method"] != "userDataStream.subscribe.signature":
                raise Refusal(-1000, "Unknown method.")
            signing.check(raw, query, query.get("apiKey", ""), self._engine.now())
        except Refusal as refusal:
            error = {"code": refusal.code, "msg": refusal.text}
            return {"id": asked["id"], "status": refusal.status, "error": error}
        feed.hears_account = True
        return {"id": asked["id"], "status": 200, "result": {"subscriptionId": 0}}

    def _market_answer(self, feed: Feed, asked: dict[str, Any]) -> dict[str, Any]:
        names = set(asked.get("params", ()))
        if asked["method"] == "SUBSCRIBE":
            feed.names |= names
        elif asked["method"] == "UNSUBSCRIBE":
            feed.names -= names
        else:
            return {"id": asked["id"], "error": {"code": 2, "msg": "Invalid request: unknown method"}}
        self._follow_books()
        return {"id": asked["id"], "result": None}

    def _tell_order(self, event: str, order: UserOrder, fill: dict[str, Any] | None) -> None:
        now = self._engine.now()
        listeners = [feed for feed in self._feeds if feed.hears_account]
        if not listeners:
            return
        traded = PAIRS[order.symbol]
        assets = {traded.base, traded.quote} | ({fill["commissionAsset"]} if fill else set())
        balances = [balance(self._engine, asset, ("a", "f", "l")) for asset in sorted(assets)]
        position = {"e": "outboundAccountPosition", "E": now, "u": now, "B": balances}
        for each in (execution_report(event, order, fill, now), position):
            for feed in listeners:
                feed.waiting.put_nowait({"subscriptionId": 0, "event": each})

    def _tell_trade(self, trade: dict[str, Any]) -> None:
        now = self._engine.now()
        for feed in self._feeds:
            event = {"e": "trade", "E": now, "T": now, "M": True}
            feed.tell(f"{trade['s'].lower()}@trade", event | trade)

    def _tell_top(self, symbol: str) -> None:
        name = f"{symbol.lower()}@bookTicker"
        if not any(name in feed.names for feed in self._feeds):
            return
        told = book_ticker(self._engine, {"symbol": symbol})
        if self._tops.get(symbol) == told:
            return
        self._tops[symbol] = told
        event = {"u": self._engine.shown(symbol)[2], "s": symbol, "b": told["bidPrice"], "B": told["bidQty"]}
        for feed in self._feeds:
            feed.tell(name, event | {"a": told["askPrice"], "A": told["askQty"]})


def _depth_names(symbol: str) -> tuple[str, str]:
    return f"{symbol.lower()}@depth", f"{symbol.lower()}@depth@100ms"


def _changes(before: Levels, now: Levels) -> list[list[str]]:
    """Levels that are new, changed, or gone, which have a quantity of zero."""
    known, current = dict(before), dict(now)
    gone = [[f"{price:.8f}", "0.00000000"] for price in known if price not in current]
    return gone + [
        [f"{price:.8f}", f"{quantity:.8f}"]
        for price, quantity in current.items()
        if known.get(price) != quantity
    ]
