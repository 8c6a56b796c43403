"""CoinGecko: breadth and context beside the traded markets, never the price of a fill."""

import asyncio
import math
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.events import MarketContext
from cryptofunk_tui.domain.market import split_symbol
from cryptofunk_tui.domain.sources import CoinGeckoConfig
from cryptofunk_tui.toolbox.cache import Cache, Cached
from cryptofunk_tui.toolbox.coingecko_answers import (
    Checked,
    check_global,
    check_markets,
    check_prices,
    check_tickers,
    check_trending,
)
from cryptofunk_tui.toolbox.coingecko_questions import CURRENCIES, IDS, Question, questions
from cryptofunk_tui.toolbox.coingecko_ways import (
    EXECUTE,
    SERVER,
    Answers,
    CodeMode,
    EndpointTools,
    Rest,
    TooManyCalls,
    Way,
    answered,
)
from cryptofunk_tui.toolbox.errors import RateLimited, ToolboxError
from cryptofunk_tui.toolbox.limiter import Limiter
from cryptofunk_tui.toolbox.spec import REMOTE, ServerSpec
from cryptofunk_tui.toolbox.toolbox import Toolbox

ATTRIBUTION = "Data provided by CoinGecko (https://www.coingecko.com)"

REFRESH_S = 60.0
"""Upstream caches at least 30 s; asking more often buys nothing."""
FRESH_S = {"prices": 55.0, "markets": 55.0, "tickers": 55.0, "global": 600.0, "trending": 600.0}
"""The parts of the context, with the age from which they are asked for again."""
CONNECT_S = 10.0
TURN_S = 20.0
"""Seconds that a round waits for its calls to be allowed."""
BACK_OFF_S = 60.0
LONGEST_BACK_OFF_S = 600.0


def coingecko_server(config: CoinGeckoConfig) -> ServerSpec:
    """Its MCP server for the Toolbox: remote, not ours, so its tools are pinned."""
    return ServerSpec(name=SERVER, url=config.url, pinned=True, start_timeout_s=CONNECT_S, patience=REMOTE)


class CoinGecko:
    """Refreshes the context every minute, over MCP in whichever scheme the server lists, over REST while MCP
    is down. What fails keeps its last values and says so; `context` answers from memory."""

    def __init__(
        self,
        config: CoinGeckoConfig,
        toolbox: Toolbox,
        *,
        symbols: Iterable[str],
        on_context: Callable[[MarketContext], None],
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`toolbox` carries `coingecko_server(config)`. `symbols` are traded pairs (`BTC/USDT`): their bases
        are priced in the currency of their quote."""
        pairs = [split_symbol(symbol) for symbol in symbols]
        self._ids = {base: IDS[base] for base, _ in pairs if base in IDS}
        self._currency = CURRENCIES.get(pairs[0][1], "usd") if pairs else "usd"
        self._questions = questions(self._ids.values(), self._currency)
        self._toolbox = toolbox
        self._on_context = on_context
        self._clock = clock
        self._budget = config.calls_per_minute
        self._limiter = Limiter(config.calls_per_minute, clock=monotonic)
        self._code, self._tools, self._rest = CodeMode(toolbox), EndpointTools(toolbox), Rest(config.rest_url)
        self._cache: dict[str, Cache[Checked[Any]]] = {
            part: Cache(fresh_s=fresh_s, clock=monotonic) for part, fresh_s in FRESH_S.items()
        }
        self._failures: dict[str, str] = {}
        self._source = ""
        self._limited = 0
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to refresh in the background; returns at once."""
        self._loop = asyncio.create_task(self._run(), name="coingecko")

    async def close(self) -> None:
        """Stop refreshing."""
        if self._loop is not None:
            self._loop.cancel()
            await asyncio.gather(self._loop, return_exceptions=True)
        await self._rest.close()

    def context(self) -> MarketContext:
        """What is known now, from memory."""
        parts = {part: cache.peek(part) for part, cache in self._cache.items()}
        rows = {part: cached.value.rows if cached else () for part, cached in parts.items()}
        figures = rows["global"][0] if rows["global"] else None
        return MarketContext(
            at=self._clock.now(),
            prices=rows["prices"],
            markets=rows["markets"],
            trending=rows["trending"],
            tickers=rows["tickers"],
            total_market_cap=figures.total_market_cap if figures else None,
            btc_dominance=figures.btc_dominance if figures else None,
            source=self._source,
            attribution=ATTRIBUTION,
            error=self._error(parts),
        )

    async def refresh(self) -> MarketContext:
        """Ask for what is due, publish and return what is known then. Never raises for what the other side
        does."""
        due = [question for question in self._questions if self._cache[question.part].due(question.part)]
        due.sort(key=lambda question: self._age_s(question.part), reverse=True)
        if due:
            way = await self._way()
            unanswered = await self._ask(way, due[: self._budget])
            if unanswered and way is not self._rest:
                await self._ask(self._rest, unanswered)
        context = self.context()
        self._on_context(context)
        return context

    async def _run(self) -> None:
        while True:
            await self.refresh()
            await asyncio.sleep(max(REFRESH_S, self._limiter.wait_s()))

    async def _way(self) -> Way:
        """By what the server lists; REST where there is no server."""
        await self._toolbox.settled(SERVER, CONNECT_S)
        usable = {tool.name for tool in self._toolbox.tools(SERVER)} - set(self._toolbox.refused(SERVER))
        if EXECUTE in usable:
            return self._code
        return self._tools if "get_simple_price" in usable else self._rest

    async def _ask(self, way: Way, asked: Sequence[Question]) -> Sequence[Question]:
        """Ask one way and keep what came. Returns the questions of empty-handed parts, which another way may
        still answer: none where CoinGecko itself said no."""
        answers: Answers
        try:
            await self._limiter.acquire(len(asked), deadline_s=TURN_S)
            answers = await way.ask(asked)
        except ToolboxError as error:
            answers = {question.key: error for question in asked}
        if self._keep(asked, answers):
            self._source = way.name
        told = [answer.retry_after_s for answer in answers.values() if isinstance(answer, TooManyCalls)]
        refused = [answer for answer in answers.values() if isinstance(answer, RateLimited)]
        if told:
            self._back_off(max(told))
        elif not refused:
            self._limited = 0
        if told or refused:
            return ()
        unanswered = {question.part for question in asked}
        unanswered -= {question.part for question in asked if answered(answers[question.key])}
        return [question for question in asked if question.part in unanswered]

    def _keep(self, asked: Sequence[Question], answers: Answers) -> bool:
        """Check the answers part by part and store what passes. Returns whether anything did."""
        kept = False
        for part in dict.fromkeys(question.part for question in asked):
            found = [answers[question.key] for question in asked if question.part == part]
            errors = [answer for answer in found if not answered(answer)]
            values = [answer for answer in found if answered(answer)]
            try:
                if not values:
                    raise errors[0]
                checked = self._checked(part, values)
            except ToolboxError as error:
                self._cache[part].fail(part, str(error))
                self._failures[part] = str(error)
                continue
            partial = f"{len(errors)} of {len(found)} sources failed, {errors[0]}" if errors else None
            self._cache[part].put(part, Checked(checked.rows, checked.error or partial))
            self._failures.pop(part, None)
            kept = True
        return kept

    def _checked(self, part: str, values: Sequence[Any]) -> Checked[Any]:
        if part == "tickers":
            return check_tickers(values, self._ids, self._currency)
        if part == "prices":
            return check_prices(values[0], self._ids, self._currency)
        if part == "markets":
            return check_markets(values[0])
        if part == "trending":
            return check_trending(values[0], self._currency)
        return check_global(values[0], self._currency)

    def _age_s(self, part: str) -> float:
        cached = self._cache[part].peek(part)
        return math.inf if cached is None else cached.age_s

    def _back_off(self, asked_s: float) -> None:
        self._limited += 1
        own_s = BACK_OFF_S * 2 ** (self._limited - 1)
        self._limiter.back_off(min(max(asked_s, own_s), LONGEST_BACK_OFF_S))

    def _error(self, parts: dict[str, Cached[Checked[Any]] | None]) -> str | None:
        """Why something is missing or old, parts with the same reason together."""
        reasons: dict[str, list[str]] = {}
        for part, cached in parts.items():
            if part in self._failures:
                age = f"{cached.age_s:.0f} s old" if cached else "nothing yet"
                reasons.setdefault(self._failures[part], []).append(f"{part} {age}")
            elif cached and cached.value.error:
                reasons.setdefault(cached.value.error, []).append(part)
        if not reasons:
            return None
        if len(reasons) == 1 and not any(parts.values()):
            reasons = {reason: ["nothing yet"] for reason in reasons}
        pause_s = self._limiter.wait_s() if self._limited else 0.0
        told = f"; asking again in {pause_s:.0f} s" if pause_s > 0 else ""
        return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in reasons.items()) + told
