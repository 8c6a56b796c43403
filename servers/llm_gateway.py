"""Language models over MCP: the only process that holds their keys."""

import asyncio
import os
import random
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from mcp.server import MCPServer
from pydantic import ValidationError, WithJsonSchema

from cryptofunk_tui.domain.base import Record, WallClock
from cryptofunk_tui.domain.models import GATEWAY, ModelsConfig, ProviderConfig
from cryptofunk_tui.llm.brief import as_text
from cryptofunk_tui.llm.gateway import Gateway
from cryptofunk_tui.llm.litellm_provider import LiteLlmProvider, load
from cryptofunk_tui.llm.provider import Provider
from cryptofunk_tui.llm.question import Question, Reply
from cryptofunk_tui.llm.scripted import ScriptedProvider
from cryptofunk_tui.storage.model_calls import DAY, ModelCalls
from servers.arguments import Number, Text, Texts, number, text, texts
from servers.support import READ, READ_WORLD, run, settings, state_directory, tool

LONGEST_DEADLINE_S = 120.0
Brief = Annotated[Any, WithJsonSchema({"type": "object"})]

server = MCPServer(
    GATEWAY,
    instructions="Asks language models in a fixed order, checks what they say, and holds the "
    "budgets. An answer is one checked opinion or the reason why there is none.",
)


class ProviderState(Record):
    """`state` is ready, resting (its breaker is open) or unusable."""

    name: str
    state: str
    detail: str
    warning: str | None
    scripted: bool


class Providers(Record):
    providers: list[ProviderState]


class Spending(Record):
    agent: str
    provider: str
    calls: int
    answered: int
    tokens_in: int
    tokens_out: int
    cost_usd: float


class UsageReport(Record):
    """Of the last 24 hours; `hour_usd` and `day_usd` count calls under way at their worst."""

    hour_usd: float
    day_usd: float
    budget_hour_usd: float
    budget_day_usd: float
    by_agent: list[Spending]


class _Desk:
    """The gateway, opened at the first call or soon after the start, whichever comes first."""

    def __init__(self) -> None:
        self._opening: asyncio.Task[tuple[Gateway, ModelCalls]] | None = None
        self.config: ModelsConfig = settings().models

    async def open(self) -> tuple[Gateway, ModelCalls]:
        """Raises StorageError."""
        if self._opening is None:
            self._opening = asyncio.create_task(self._open())
        return await asyncio.shield(self._opening)

    async def _open(self) -> tuple[Gateway, ModelCalls]:
        calls = await ModelCalls.open(state_directory())
        wants_litellm = any(each.shape != "scripted" for each in self.config.providers)
        litellm = await load() if wants_litellm else None
        providers = [self._provider(each, litellm) for each in self.config.providers]
        return Gateway(self.config, providers, calls, WallClock(), random.Random()), calls

    def _provider(self, config: ProviderConfig, litellm: Any) -> Provider:
        if config.script is not None:
            return ScriptedProvider(Path(config.script))
        key = os.environ.get(config.key_name or "") or None
        return LiteLlmProvider(config, key, litellm, self.config.answer_tokens, WallClock().now())


desk = _Desk()


@tool(server, READ_WORLD)
async def complete(
    agent: Text, cycle: Text, symbol: Text, allowed: Texts, system: Text, brief: Brief, deadline_s: Number
) -> Reply:
    """Ask the models, in their order, for one opinion on a brief (a JSON object). Returns the checked
    opinion, or the reason why there is none, before the deadline."""
    try:
        question = Question.model_validate(
            {
                "agent": text("agent", agent),
                "cycle": text("cycle", cycle),
                "symbol": text("symbol", symbol),
                "allowed": texts("allowed", allowed),
                "system": text("system", system),
                "brief": as_text(brief) if isinstance(brief, dict) else "",
            }
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    gateway, _ = await desk.open()
    return await gateway.complete(question, min(number("deadline_s", deadline_s), LONGEST_DEADLINE_S))


@tool(server, READ)
async def usage() -> UsageReport:
    """What models have cost in the last hour and day, by agent and provider, beside the budgets."""
    _, calls = await desk.open()
    now, budgets = WallClock().now(), desk.config.budgets
    spent = await calls.spent("", "", now)
    by_agent = [
        Spending(
            agent=each.agent,
            provider=each.provider,
            calls=each.calls,
            answered=each.answered,
            tokens_in=each.tokens_in,
            tokens_out=each.tokens_out,
            cost_usd=float(each.cost_usd),
        )
        for each in await calls.usage(now - DAY)
    ]
    return UsageReport(
        hour_usd=float(spent.hour),
        day_usd=float(spent.day),
        budget_hour_usd=float(budgets.hour),
        budget_day_usd=float(budgets.day),
        by_agent=by_agent,
    )


@tool(server, READ)
async def providers() -> Providers:
    """Every provider in the order in which it is asked: whether it is ready, why not, and what to know."""
    gateway, _ = await desk.open()
    states = []
    for provider, breaker in gateway.providers():
        state, detail = "ready", ""
        if provider.unusable is not None:
            state, detail = "unusable", provider.unusable
        elif breaker.fault:
            wait = timedelta(seconds=round(breaker.waits_s))
            state, detail = "resting", f"{breaker.fault}; asked again in {wait}"
        states.append(
            ProviderState(
                name=provider.name,
                state=state,
                detail=detail,
                warning=provider.warning,
                scripted=provider.scripted,
            )
        )
    return Providers(providers=states)


if __name__ == "__main__":
    run(server)
