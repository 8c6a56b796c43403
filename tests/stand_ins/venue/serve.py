"""The exchange on a port: signatures, clock, rate limit, faults, and the control that a test holds."""

import asyncio
import contextlib
import hashlib
import hmac
import json
import time
from collections import deque
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import WSMsgType, web

from tests.stand_ins.venue import KEY, SECRET
from tests.stand_ins.venue.answers import PUBLIC, SIGNED, shown
from tests.stand_ins.venue.engine import Engine, Refusal, UserOrder
from tests.stand_ins.venue.faults import CODES, Fault, Faults
from tests.stand_ins.venue.replay import replay

GATEWAY = {"500": 500, "502": 502, "504": 504}
BODIES = {"empty": "", "not_json": "<html>Service busy</html>", "wrong_shape": '{"foo": 1}'}


class Venue:
    """The exchange, its faults, and what was asked of it."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.engine.tell = self._tell
        self.faults = Faults()
        self.requests: deque[dict[str, Any]] = deque(maxlen=50_000)
        self.limit_per_minute = 10**9
        self._minute: deque[float] = deque()
        self._listeners: set[web.WebSocketResponse] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/ws-api/v3", self.stream)
        app.router.add_route("*", "/control/{what}", self.control)
        app.router.add_route("*", "/{path:.*}", self.rest)
        return app

    async def rest(self, request: web.Request) -> web.StreamResponse:
        raw = request.query_string or (await request.text())
        query = dict(parse_qsl(raw, keep_blank_values=True))
        name = query.get("newClientOrderId") or query.get("origClientOrderId") or query.get("orderId", "")
        self.requests.append(
            {"method": request.method, "path": request.path, "name": name, "at": time.monotonic()}
        )
        self.engine.let_late_in()
        fault = self.faults.take(request.method, request.path)
        return await (self._broken(request, raw, query, fault) if fault else self._sound(request, raw, query))

    async def _sound(self, request: web.Request, raw: str, query: dict[str, str]) -> web.Response:
        try:
            self._check_rate()
            answer = self._answer(request, raw, query)
        except Refusal as refusal:
            headers = {"Retry-After": "1"} if refusal.status in (418, 429) else {}
            body = {"code": refusal.code, "msg": refusal.text}
            return web.json_response(body, status=refusal.status, headers=headers)
        return web.json_response(answer)

    async def _broken(
        self, request: web.Request, raw: str, query: dict[str, str], fault: Fault
    ) -> web.StreamResponse:
        kind = fault.kind
        if kind == "fill_before_cancel" and (order := self.engine.find(query)) is not None:
            self.engine.fill_whole(order, Decimal(str(fault.p or 1)))
            return await self._sound(request, raw, query)
        if kind == "late":
            self.engine.late.append((self.engine.now() + int(fault.seconds * 1000), query))
            return web.Response(status=504, text="Gateway Timeout")
        if kind == "reply_lost" or fault.done or kind in BODIES or kind == "slow":
            answer = await self._sound(request, raw, query)
            if kind == "slow":
                await asyncio.sleep(fault.seconds)
                return answer
        if kind in ("request_lost", "reply_lost", "reset"):
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        if kind == "timeout":
            await asyncio.sleep(3600)
        if kind in BODIES:
            return web.Response(text=BODIES[kind], content_type="application/json")
        if kind in ("429", "418"):
            body = {"code": -1003, "msg": "Too much request weight used."}
            return web.json_response(body, status=int(kind), headers={"Retry-After": "1"})
        if kind in GATEWAY:
            return web.Response(status=GATEWAY[kind], text="<html>Bad gateway</html>")
        status, text = CODES[kind]
        code = -2010 if kind == "duplicate" else int(kind)
        return web.json_response({"code": code, "msg": text}, status=status)

    def _answer(self, request: web.Request, raw: str, query: dict[str, str]) -> Any:
        place = (request.method, request.path)
        if place in PUBLIC:
            return PUBLIC[place](self.engine, query)
        if place not in SIGNED:
            raise Refusal(-1000, "Not found.", 404)
        self._check_signature(raw, query, request.headers.get("X-MBX-APIKEY", ""))
        return SIGNED[place](self.engine, query)

    def _check_signature(self, raw: str, query: dict[str, str], key: str) -> None:
        signed, _, given = raw.rpartition("&signature=")
        wanted = hmac.new(SECRET.encode(), signed.encode(), hashlib.sha256).hexdigest()
        if key != KEY:
            raise Refusal(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        if given != wanted:
            raise Refusal(-1022, "Signature for this request is not valid.")
        age = self.engine.now() - int(query["timestamp"])
        if not -1000 <= age <= int(query.get("recvWindow", 5000)):
            raise Refusal(-1021, "Timestamp for this request is outside of the recvWindow.")

    def _check_rate(self) -> None:
        now = time.monotonic()
        while self._minute and now - self._minute[0] > 60:
            self._minute.popleft()
        if len(self._minute) >= self.limit_per_minute:
            raise Refusal(-1003, "Too much request weight used.", 429)
        self._minute.append(now)

    async def stream(self, request: web.Request) -> web.WebSocketResponse:
        """The WebSocket API: a subscription to the account's events, by signature."""
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                asked = json.loads(message.data)
                if asked["method"] == "userDataStream.subscribe.signature":
                    self._listeners.add(socket)
                    result = {"subscriptionId": 0}
                    await socket.send_json({"id": asked["id"], "status": 200, "result": result})
        finally:
            self._listeners.discard(socket)
        return socket

    def _tell(self, event: str, order: UserOrder, fill: dict[str, Any] | None) -> None:
        message = {"subscriptionId": 0, "event": _report(event, order, fill, self.engine.now())}
        for socket in self._listeners:
            task = asyncio.get_running_loop().create_task(_send(socket, message))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def control(self, request: web.Request) -> web.Response:
        what = request.match_info["what"]
        asked = await request.json() if request.method == "POST" else {}
        return web.json_response(getattr(self, f"_control_{what}")(asked))

    def _control_market(self, asked: dict[str, str]) -> Any:
        bid, ask = Decimal(asked["bid"]), Decimal(asked["ask"])
        self.engine.move(asked["symbol"], bid, ask, Decimal(asked.get("size", "1000")))

    def _control_faults(self, asked: dict[str, Any]) -> Any:
        self.faults.set(asked.get("rules", []), asked.get("seed", 0))

    def _control_clock(self, asked: dict[str, int]) -> Any:
        self.engine.offset_ms += asked["advance_ms"]
        self.engine.let_late_in()

    def _control_crossed(self, asked: dict[str, Any]) -> Any:
        self.engine.crossed = set(asked["symbols"])

    def _control_limit(self, asked: dict[str, int]) -> Any:
        self.limit_per_minute = asked["per_minute"]
        self._minute.clear()

    def _control_reset(self, asked: dict[str, Any]) -> Any:
        self.engine.offset_ms = 0
        self.engine.reset(**asked)
        self.faults.set([])
        self.requests.clear()

    def _control_foreign(self, asked: dict[str, str]) -> Any:
        return shown(self.engine.place(asked, foreign=True))

    def _control_seed(self, asked: dict[str, Any]) -> Any:
        self.engine.seed(asked["open"], asked["closed"], asked["prefix"])

    def _control_closes(self, asked: dict[str, Any]) -> Any:
        self.engine.closes[asked["symbol"]] = asked["closes"]

    def _control_replay(self, asked: dict[str, Any]) -> Any:
        task = asyncio.get_running_loop().create_task(
            replay(self.engine, Path(asked["path"]), asked["speed"])
        )
        self._tasks.add(task)

    def _control_requests(self, asked: object) -> Any:
        return list(self.requests)

    def _control_state(self, asked: object) -> Any:
        self.engine.let_late_in()
        return {
            "orders": [shown(order) for order in self.engine.orders.values()],
            "accepted": dict(self.engine.accepted),
            "owned": {asset: f"{amount:f}" for asset, amount in self.engine.owned.items()},
            "start": {asset: f"{amount:f}" for asset, amount in self.engine.start.items()},
            "fills": sum(len(trades) for trades in self.engine.trades.values()),
        }


async def _send(socket: web.WebSocketResponse, message: dict[str, Any]) -> None:
    with contextlib.suppress(ConnectionError):
        await socket.send_json(message)


def _report(event: str, order: UserOrder, fill: dict[str, Any] | None, now: int) -> dict[str, Any]:
    """An executionReport."""
    done = fill or {"qty": "0", "price": "0", "commission": "0", "commissionAsset": None, "id": -1}
    return {
        "e": "executionReport",
        "E": now,
        "s": order.symbol,
        "c": order.name,
        "S": order.side,
        "o": order.type,
        "f": order.time_in_force,
        "q": f"{order.quantity:f}",
        "p": f"{order.price:f}",
        "P": f"{order.stop:f}",
        "x": event,
        "X": order.status,
        "i": order.number,
        "l": done["qty"],
        "z": f"{order.filled:f}",
        "L": done["price"],
        "n": done["commission"],
        "N": done["commissionAsset"],
        "T": now,
        "t": done["id"],
        "w": order.is_open,
        "m": bool(fill and fill["isMaker"]),
        "O": order.at,
        "Z": f"{order.value:f}",
        "C": "",
    }
