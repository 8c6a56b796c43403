"""The exchange on a port: its requests, the faults that befall them, and what it remembers of them."""

import asyncio
import contextlib
import json
import time
from collections import Counter, deque
from collections.abc import AsyncIterator
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from tests.stand_ins.venue import signing
from tests.stand_ins.venue.answers import PUBLIC, SIGNED
from tests.stand_ins.venue.control import Control
from tests.stand_ins.venue.engine import Engine
from tests.stand_ins.venue.faults import CODES, Fault, Faults
from tests.stand_ins.venue.limits import Limits
from tests.stand_ins.venue.rules import Refusal
from tests.stand_ins.venue.stream import Streams

GATEWAY = {"500": 500, "502": 502, "504": 504}
BODIES = {"empty": "", "not_json": "<html>Service busy</html>", "wrong_shape": '{"foo": 1}'}
compact = partial(json.dumps, separators=(",", ":"))
"""As Binance writes; ccxt's errors hold the text as it came."""
TICK_S = 0.1
"""How often books are streamed, and orders that come late looked for."""


class Venue:
    """The exchange, its faults, and what was asked of it."""

    def __init__(self) -> None:
        self.engine = Engine()
        self.limits = Limits(self.engine.clock)
        self.streams = Streams(self.engine)
        self.faults = Faults()
        self.requests: deque[dict[str, Any]] = deque(maxlen=50_000)
        self.submitted: Counter[str] = Counter()
        self.control = Control(self)

    def app(self) -> web.Application:
        app = web.Application()
        app.cleanup_ctx.append(self._living)
        for path in ("/ws-api/v3", "/ws", "/ws/{names:.*}", "/stream"):
            app.router.add_get(path, self.streams.serve)
        app.router.add_route("*", "/control/{what}", self.control.serve)
        app.router.add_route("*", "/{path:.*}", self.rest)
        return app

    async def rest(self, request: web.Request) -> web.StreamResponse:
        raw = "&".join(part for part in (request.query_string, await request.text()) if part)
        query = dict(parse_qsl(raw, keep_blank_values=True))
        self._remember(request, query)
        self.engine.let_late_in()
        fault = self.faults.take(request.method, request.path)
        return await (self._broken(request, raw, query, fault) if fault else self._sound(request, raw, query))

    def _remember(self, request: web.Request, query: dict[str, str]) -> None:
        name = query.get("newClientOrderId") or query.get("origClientOrderId") or query.get("orderId", "")
        if request.method == "POST":
            self.submitted[name] += 1
        asked = {"method": request.method, "path": request.path, "name": name}
        self.requests.append(asked | {"at": time.monotonic(), "wall": time.time()})

    async def _sound(self, request: web.Request, raw: str, query: dict[str, str]) -> web.Response:
        try:
            self.limits.charge(request.method, request.path, query)
            answer = self._answer(request, raw, query)
        except Refusal as refusal:
            return self._refused(refusal)
        except ValueError:
            return self._refused(Refusal(-1100, "Illegal characters found in a parameter."))
        return web.json_response(answer, headers=self.limits.headers(), dumps=compact)

    def _refused(self, refusal: Refusal) -> web.Response:
        too_many = refusal.status in (418, 429)
        retry = {"Retry-After": f"{self.limits.retry_after_s()}"} if too_many else {}
        body = {"code": refusal.code, "msg": refusal.text} | refusal.more
        headers = self.limits.headers() | retry
        return web.json_response(body, status=refusal.status, headers=headers, dumps=compact)

    async def _broken(
        self, request: web.Request, raw: str, query: dict[str, str], fault: Fault
    ) -> web.StreamResponse:
        kind = fault.kind
        if kind == "fill_before_cancel":
            if (order := self.engine.find(query)) is not None and order.is_open:
                self.engine.fill_whole(order, Decimal(fault.share))
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
        return _garbled(fault)

    def _answer(self, request: web.Request, raw: str, query: dict[str, str]) -> Any:
        place = (request.method, request.path)
        if place in PUBLIC:
            return PUBLIC[place](self.engine, query)
        if place not in SIGNED:
            raise Refusal(-1000, "Not found.", 404)
        signing.check(raw, query, request.headers.get("X-MBX-APIKEY", ""), self.engine.now())
        return SIGNED[place](self.engine, query)

    async def _living(self, app: web.Application) -> AsyncIterator[None]:
        """Time goes on while nobody asks."""
        task = asyncio.create_task(self._tick())
        yield
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await self.control.close()
        await self.streams.drop()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self.engine.let_late_in()
            self.streams.tell_depth()


def _garbled(fault: Fault) -> web.Response:
    """An answer that is none, or an error that the exchange did not mean."""
    kind = fault.kind
    if kind in BODIES:
        return web.Response(text=BODIES[kind], content_type="application/json")
    if kind in ("429", "418"):
        body = {"code": -1003, "msg": "Too much request weight used."}
        retry = {"Retry-After": f"{int(fault.seconds) or 1}"}
        return web.json_response(body, status=int(kind), headers=retry, dumps=compact)
    if kind in GATEWAY:
        return web.Response(status=GATEWAY[kind], text="<html>Bad gateway</html>")
    status, text = CODES[kind]
    code = -2010 if kind == "duplicate" else int(kind)
    return web.json_response({"code": code, "msg": text}, status=status, dumps=compact)
