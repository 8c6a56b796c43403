"""Each way by itself: what REST makes of bad answers, and that code carries parameters as JSON only."""

import json
import socket
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from cryptofunk_tui.toolbox import coingecko_ways
from cryptofunk_tui.toolbox.coingecko_questions import Question, questions
from cryptofunk_tui.toolbox.coingecko_ways import CodeMode, Rest, TooManyCalls, answered
from cryptofunk_tui.toolbox.errors import ServerDown, ToolRefused, ToolTimeout, WrongAnswer
from tests.stand_ins.coingecko import Rest as StandIn

pytestmark = pytest.mark.anyio

ASKED = questions(["bitcoin", "ethereum"], "usd")
PRICES = ASKED[:1]


@pytest.fixture
async def way(rest: StandIn) -> AsyncIterator[Rest]:
    made = Rest(rest.url)
    yield made
    await made.close()


async def test_rest_answers_every_question(way: Rest) -> None:
    answers: dict[str, Any] = await way.ask(ASKED)
    assert [key for key, answer in answers.items() if not answered(answer)] == []
    assert answers["prices"]["bitcoin"]["usd"] == 61234.5
    assert len(answers) == 8


async def test_rest_says_what_is_wrong(way: Rest, rest: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
    async def asked() -> Any:
        return (await way.ask(PRICES))["prices"]

    rest.fault("/simple/price", "429")
    assert isinstance(await asked(), TooManyCalls)
    rest.fault("/simple/price", "500")
    assert isinstance(refused := await asked(), ToolRefused)
    assert str(refused) == "REST /simple/price answered status 500"
    for body in ("<html>", "", "[" * 100_000):
        rest.answer("/simple/price", body)
        assert isinstance(await asked(), WrongAnswer)
    rest.answer("/simple/price", json.dumps("x" * coingecko_ways.LONGEST_BODY))
    assert isinstance(await asked(), WrongAnswer)
    rest.fault("/simple/price", "hang")
    monkeypatch.setattr(coingecko_ways, "REST_DEADLINE_S", 0.3)
    began = time.monotonic()
    assert isinstance(await asked(), ToolTimeout)
    assert time.monotonic() - began < 2


async def test_rest_out_of_reach_is_an_answer_too() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        way = Rest(f"http://127.0.0.1:{held.getsockname()[1]}")
        answers = await way.ask(PRICES)
        await way.close()
    assert isinstance(answers["prices"], ServerDown)


class Listening:
    """A toolbox that keeps what it is asked."""

    def __init__(self, answer: Any) -> None:
        self.answer = answer
        self.code = ""

    async def call(self, _server: str, _tool: str, arguments: dict[str, Any], *, deadline_s: float) -> Any:
        self.code = arguments["code"]
        return self.answer


async def test_code_carries_its_parameters_as_json_only() -> None:
    toolbox = Listening({})
    evil = "x'); Deno.exit(); //`${1}\u2028</script>"
    question = Question("prices", "prices", "/", {}, "simple.price", ({"ids": evil},), "t", {})
    answers = await CodeMode(toolbox).ask([question])  # type: ignore[arg-type]
    line = next(line for line in toolbox.code.splitlines() if "const questions" in line)
    encoded = line.removeprefix("  const questions: any[] = ").removesuffix(";")
    assert json.loads(encoded)[0]["arguments"] == [{"ids": evil}]
    assert encoded.isascii()
    assert isinstance(answers["prices"], WrongAnswer), "a question left without an answer is a wrong answer"


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ({"error": "429 {...}", "status": 0}, TooManyCalls),
        ({"error": "Too Many", "status": 429}, TooManyCalls),
        ({"error": "500 status code", "status": 500}, ToolRefused),
        ({"error": "price 4290 unknown", "status": 0}, ToolRefused),
        ("text", WrongAnswer),
        (None, WrongAnswer),
    ],
)
async def test_code_mode_tells_failures_apart(answer: Any, kind: type[Exception]) -> None:
    answers = await CodeMode(Listening({"prices": answer})).ask(PRICES)  # type: ignore[arg-type]
    assert type(answers["prices"]) is kind


async def test_code_mode_refuses_an_answer_that_is_no_object() -> None:
    with pytest.raises(WrongAnswer, match="something else than an object"):
        await CodeMode(Listening([1])).ask(PRICES)  # type: ignore[arg-type]
