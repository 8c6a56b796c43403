"""The three ways to CoinGecko: one `execute` of code over MCP, one MCP tool an endpoint, plain REST."""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from cryptofunk_tui.toolbox.coingecko_questions import Question
from cryptofunk_tui.toolbox.errors import (
    ServerDown,
    ToolboxError,
    ToolRefused,
    ToolTimeout,
    WrongAnswer,
    describe,
    one_line,
)
from cryptofunk_tui.toolbox.toolbox import Toolbox

if TYPE_CHECKING:
    import httpx

SERVER = "coingecko"
EXECUTE = "execute"
EXECUTE_DEADLINE_S = 30.0
"""A cold call of the code mode took 11 s."""
TOOL_DEADLINE_S = 15.0
REST_DEADLINE_S = 10.0
LONGEST_BODY = 4 * 1024 * 1024
TOO_MANY = re.compile(r"(?<!\d)429(?!\d)")


class TooManyCalls(ToolboxError):
    """CoinGecko answered 429. `retry_after_s` is what it asked for, 0 where it did not say."""

    def __init__(self, retry_after_s: float = 0.0) -> None:
        super().__init__("CoinGecko answered 429, too many calls")
        self.retry_after_s = retry_after_s


Answers = dict[str, Any | ToolboxError]
"""By a question's key: the raw JSON, or why there is none."""


def answered(answer: Any) -> bool:
    """Whether there is JSON, right or wrong."""
    return not isinstance(answer, ToolboxError)


class Way(Protocol):
    """Raises ToolboxError when the way as a whole is closed."""

    @property
    def name(self) -> str: ...

    async def ask(self, questions: Sequence[Question]) -> Answers: ...


TEMPLATE = """async function run(client) {
  const api: any = client;
  const keep = (row: any, keys: string[]): any => Object.fromEntries(keys.map((key) => [key, row[key]]));
  const methods: any = {
    'simple.price': (a: any) => api.simple.price.get(a[0]),
    'coins.markets': (a: any) => api.coins.markets.get(a[0]),
    'search.trending': () => api.search.trending.get(),
    'global': () => api.global.get(),
    'exchanges.tickers': async (a: any) => {
      const found: any = await api.exchanges.tickers.get(a[0], a[1]);
      const keys = ['base', 'target', 'last', 'bid_ask_spread_percentage', 'is_anomaly', 'is_stale'];
      return { name: found.name, tickers: found.tickers.map((row: any) => keep(row, keys)) };
    },
  };
  const questions: any[] = QUESTIONS;
  const answers: any = {};
  await Promise.all(questions.map(async (question: any) => {
    try {
      answers[question.key] = { value: await methods[question.method](question.arguments) };
    } catch (error: any) {
      const text = String((error && error.message) || error).slice(0, 200);
      answers[question.key] = { error: text, status: (error && error.status) || 0 };
    }
  }));
  return answers;
}
"""


class CodeMode:
    """All questions in one `execute`, asked side by side inside it."""

    name = "MCP execute"

    def __init__(self, toolbox: Toolbox) -> None:
        self._toolbox = toolbox

    async def ask(self, questions: Sequence[Question]) -> Answers:
        asked = [
            {"key": question.key, "method": question.method, "arguments": question.arguments}
            for question in questions
        ]
        raw = await self._toolbox.call(
            SERVER,
            EXECUTE,
            {
                "code": TEMPLATE.replace("QUESTIONS", json.dumps(asked)),
                "intent": "Prices and market overview for a trading console.",
            },
            deadline_s=EXECUTE_DEADLINE_S,
        )
        if not isinstance(raw, Mapping):
            raise WrongAnswer("execute answered something else than an object")
        return {question.key: _unwrapped(raw.get(question.key)) for question in questions}


class EndpointTools:
    """One tool call a question, side by side."""

    name = "MCP tools"

    def __init__(self, toolbox: Toolbox) -> None:
        self._toolbox = toolbox

    async def ask(self, questions: Sequence[Question]) -> Answers:
        answers = await asyncio.gather(*(self._one(question) for question in questions))
        if all(isinstance(answer, ServerDown | ToolTimeout) for answer in answers):
            raise answers[0]
        return {question.key: answer for question, answer in zip(questions, answers, strict=True)}

    async def _one(self, question: Question) -> Any:
        try:
            return await self._toolbox.call(
                SERVER, question.tool, question.tool_arguments, deadline_s=TOOL_DEADLINE_S
            )
        except ToolRefused as refused:
            return TooManyCalls() if TOO_MANY.search(str(refused)[:80]) else refused
        except ToolboxError as error:
            return error


class Rest:
    """The public REST API, for when MCP is down."""

    name = "REST"

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url.rstrip("/")
        self._http: httpx.AsyncClient | None = None

    async def ask(self, questions: Sequence[Question]) -> Answers:
        answers = await asyncio.gather(*(self._one(question) for question in questions))
        return {question.key: answer for question, answer in zip(questions, answers, strict=True)}

    async def close(self) -> None:
        if self._http is not None:
            await self._http.aclose()

    async def _one(self, question: Question) -> Any:
        import httpx

        self._http = self._http or httpx.AsyncClient(timeout=None)  # the deadline around it bounds all
        try:
            async with asyncio.timeout(REST_DEADLINE_S):
                return await self._get(self._http, question)
        except TimeoutError:
            return ToolTimeout(f"REST {question.path} did not answer within {REST_DEADLINE_S:g} s")
        except ToolboxError as error:
            return error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            return ServerDown(f"REST is out of reach: {describe(error)}")

    async def _get(self, http: "httpx.AsyncClient", question: Question) -> Any:
        async with http.stream("GET", f"{self._base_url}{question.path}", params=question.query) as response:
            if response.status_code == 429:
                raise TooManyCalls(_seconds(response.headers.get("retry-after")))
            if response.status_code != 200:
                raise ToolRefused(f"REST {question.path} answered status {response.status_code}")
            body = bytearray()
            async for chunk in response.aiter_bytes():
                body += chunk
                if len(body) > LONGEST_BODY:
                    raise WrongAnswer(f"REST {question.path} answered more than {LONGEST_BODY} bytes")
        try:
            return json.loads(body)
        except (ValueError, RecursionError):
            raise WrongAnswer(f"REST {question.path} answered something else than JSON") from None


def _unwrapped(answer: object) -> Any:
    if isinstance(answer, Mapping) and "value" in answer:
        return answer["value"]
    if isinstance(answer, Mapping) and "error" in answer:
        text = one_line(str(answer["error"]), 160)
        if answer.get("status") == 429 or TOO_MANY.match(text):
            return TooManyCalls()
        return ToolRefused(text)
    return WrongAnswer("execute left a question without an answer")


def _seconds(header: str | None) -> float:
    try:
        return max(0.0, float(header or 0))
    except ValueError:
        return 0.0
