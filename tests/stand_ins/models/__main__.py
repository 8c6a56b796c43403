"""`python -m tests.stand_ins.models PORT`: serve until ended. POST /control sets how a provider behaves, GET
/seen tells what was asked, POST /forget forgets it."""

import asyncio
import json
import sys
from typing import Any

from aiohttp import web

from tests.stand_ins.models.shapes import (
    PROVIDERS,
    answer,
    briefs,
    failure,
    key_of,
    provider_of,
    refusal,
    sensible,
)

HANGS_S = 3600.0
TEXTS = {
    "cut": '{"symbol": "BTC/USDT", "action": "BU',
    "prose": "Looking at everything, we do not Buy here. HOLD is wiser.",
    "huge": "x" * 200_000,
    "empty": "",
}


class Models:
    """How each provider behaves, and what was asked of it."""

    def __init__(self) -> None:
        self.how: dict[str, dict[str, Any]] = {name: {} for name in PROVIDERS}
        self.agents: dict[str, dict[str, Any]] = {}
        """How those who are asked for an agent behave, where they do not fail."""
        self.seen: list[dict[str, Any]] = []

    async def control(self, request: web.Request) -> web.Response:
        asked = await request.json()
        if asked.get("agent"):
            self.agents[asked["agent"]] = asked
            return web.json_response({})
        for name in [asked["provider"]] if asked.get("provider") else PROVIDERS:
            self.how[name] = asked
        return web.json_response({})

    async def tell(self, request: web.Request) -> web.Response:
        return web.json_response(self.seen)

    async def forget(self, request: web.Request) -> web.Response:
        self.seen.clear()
        return web.json_response({})

    async def answer(self, request: web.Request) -> web.StreamResponse:
        provider, body = provider_of(request.path), await request.json()
        if provider is None:
            return web.json_response({"error": f"nobody lives at {request.path}"}, status=404)
        how, texts = self.how[provider], briefs(provider, body)
        key = key_of(provider, request.headers, request.query)
        model = str(body.get("model") or request.path.rpartition("/")[2].partition(":")[0])
        self.seen.append({"provider": provider, "path": request.path, "key": key, "texts": texts})
        if how.get("after_s"):
            await asyncio.sleep(how["after_s"])
        return await self._as_told(request, provider, how, texts, model)

    async def _as_told(
        self, request: web.Request, provider: str, how: dict[str, Any], texts: list[str], model: str
    ) -> web.StreamResponse:
        fault = how.get("fault", "")
        if fault == "hang":
            await asyncio.sleep(HANGS_S)
        if fault == "reset" and request.transport is not None:
            request.transport.abort()
        if fault.isdigit():
            headers = {"Retry-After": how["retry_after"]} if "retry_after" in how else {}
            return web.json_response(failure(provider, int(fault)), status=int(fault), headers=headers)
        if fault == "refusal":
            return web.json_response(refusal(provider, model))
        brief = next(text for text in texts if text.startswith("{"))
        action = self.agents.get(json.loads(brief)["agent"], how).get("action")
        text = how.get("text") or TEXTS.get(fault) or sensible(brief, action)
        if fault == "two":
            text += text
        elif fault:
            text = TEXTS.get(fault, text)
        whole = json.dumps(answer(provider, text, model)).encode()
        return (
            await _dribbled(request, whole)
            if fault == "slow"
            else web.Response(body=whole, content_type="application/json")
        )


async def _dribbled(request: web.Request, whole: bytes) -> web.StreamResponse:
    """A byte now and then."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for byte in whole:
        await response.write(bytes((byte,)))
        await asyncio.sleep(0.05)
    return response


def main() -> None:
    models = Models()
    app = web.Application(client_max_size=1 << 24)
    app.router.add_post("/control", models.control)
    app.router.add_get("/seen", models.tell)
    app.router.add_post("/forget", models.forget)
    app.router.add_post("/{path:.*}", models.answer)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, shutdown_timeout=0.1)


if __name__ == "__main__":
    main()
