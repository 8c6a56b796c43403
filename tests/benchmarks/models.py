"""Asking models through the gateway's tool, beside bare httpx and litellm's Router at the same providers."""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from cryptofunk_tui.domain.base import WallClock
from cryptofunk_tui.domain.models import GATEWAY
from cryptofunk_tui.llm.litellm_provider import load
from cryptofunk_tui.llm.question import Question
from cryptofunk_tui.toolbox.spec import ServerSpec
from cryptofunk_tui.toolbox.toolbox import Toolbox
from tests.benchmarks.figures import BASELINE, line, percentile, spread
from tests.llm.questions import asked
from tests.stand_ins.models.process import KEYS, ModelsStandIn, models_started

CALLS = 40
ANSWER_S = 0.2
"""How long a model thinks while many are asked."""
AGENTS, SYMBOLS = 7, 5
LAG_S = 0.005
UNSPENT = dict.fromkeys(("cycle", "agent_day", "hour", "day"), "1000")


@asynccontextmanager
async def gateway(folder: Path, stand_in: ModelsStandIn) -> AsyncIterator[Toolbox]:
    """The gateway's own process, two providers behind it."""
    config = folder / "run.yaml"
    models = {"providers": stand_in.providers()[1:], "budgets": UNSPENT, "ask": "always"}
    config.write_text(yaml.safe_dump({"models": models}))
    spec = ServerSpec(
        name=GATEWAY,
        command=(sys.executable, "-m", f"servers.{GATEWAY}"),
        env={"CRYPTOFUNK_CONFIG": str(config), "CRYPTOFUNK_STATE_DIR": str(folder), **KEYS},
    )
    toolbox = Toolbox([spec], lambda _: None, WallClock(), state_dir=folder)
    await toolbox.start()
    try:
        await toolbox.ready(GATEWAY, 30)
        yield toolbox
    finally:
        await toolbox.close()


async def ask(toolbox: Toolbox, question: Question) -> dict[str, Any]:
    arguments = question.model_dump(mode="json") | {"brief": json.loads(question.brief), "deadline_s": 20.0}
    answer: dict[str, Any] = await toolbox.call(GATEWAY, "complete", arguments, deadline_s=21.0)
    assert answer["opinion"] is not None, answer["reason"]
    return answer


async def timed(call: Callable[[int], Awaitable[object]], count: int = CALLS) -> list[float]:
    took = []
    for number in range(count):
        started = time.perf_counter()
        await call(number)
        took.append((time.perf_counter() - started) * 1000)
    return took


async def router_calls(stand_in: ModelsStandIn) -> list[float]:
    """litellm's Router, its first deployment down, with its defaults but for the fallback."""
    litellm = await load()
    _, openai, gemini = stand_in.providers()
    deployments = [
        {
            "model_name": name,
            "litellm_params": {
                "model": f"{each['shape']}/{each['model']}",
                "api_base": each["base_url"],
                "api_key": "k",
            },
        }
        for name, each in (("first", openai), ("second", gemini))
    ]
    router = litellm.Router(model_list=deployments, fallbacks=[{"first": ["second"]}])
    messages = [{"role": "user", "content": asked().brief}]
    return await timed(lambda _: router.acompletion(model="first", messages=messages), 3)


async def lag_while(work: Awaitable[object]) -> list[float]:
    """How late a loop's callbacks are while something is awaited on it, in ms."""
    task, late = asyncio.ensure_future(work), []
    while not task.done():
        due = time.perf_counter() + LAG_S
        await asyncio.sleep(LAG_S)
        late.append((time.perf_counter() - due) * 1000)
    await task
    return late


async def run() -> list[str]:
    with tempfile.TemporaryDirectory() as name, models_started() as stand_in:
        async with gateway(Path(name), stand_in) as toolbox:
            return await _run(stand_in, toolbox)


async def _run(stand_in: ModelsStandIn, toolbox: Toolbox) -> list[str]:
    body = {"model": "m", "messages": [{"role": "user", "content": asked().brief}]}
    async with httpx.AsyncClient() as client:
        bare = await timed(lambda _: client.post(f"{stand_in.url}/v1/chat/completions", json=body))
    await ask(toolbox, asked(cycle="warm"))
    direct = await timed(lambda n: ask(toolbox, asked(n=n)))
    kept = await timed(lambda _: ask(toolbox, asked(n=0)))
    stand_in.behave("openai", fault="500")
    moved = await ask(toolbox, asked(n="moves on"))
    stand_in.forget()
    rested = await timed(lambda n: ask(toolbox, asked(n=f"rests {n}")))
    probes = sum(each["provider"] == "openai" for each in stand_in.seen())
    router = await router_calls(stand_in)
    stand_in.behave(after_s=ANSWER_S)
    many = [asked(n=f"many {number}") for number in range(AGENTS * SYMBOLS)]
    started = time.perf_counter()
    late = await lag_while(asyncio.gather(*(ask(toolbox, each) for each in many)))
    together_ms = (time.perf_counter() - started) * 1000
    quiet = await lag_while(asyncio.sleep(1.0))
    beyond = moved["took_ms"] - moved["tried"][-1]["took_ms"]
    return [
        line("bare httpx to the provider", spread(bare), BASELINE),
        line("a question through the tool", spread(direct), ""),
        line("  the same one again, from the cache", spread(kept), "5 ms"),
        line("500, then the next one answers: beyond its answer", f"{beyond:.1f} ms", "25 ms"),
        line("  litellm's Router, first deployment down", spread(router), BASELINE),
        line("  while the first one rests", f"{spread(rested)}, {probes} probes", "its probe only"),
        line(f"{len(many)} questions at once, {ANSWER_S * 1000:.0f} ms each", f"{together_ms:.0f} ms", ""),
        line("  the asking loop's lag", f"p99 {percentile(late, 0.99):.1f} ms", "unchanged"),
        line("  the same loop asking nothing", f"p99 {percentile(quiet, 0.99):.1f} ms", BASELINE),
    ]
