"""What the real litellm makes of what the three providers may do; the gateway rests on this table."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from cryptofunk_tui.domain.models import Price, ProviderConfig
from cryptofunk_tui.llm.litellm_provider import LiteLlmProvider, load
from cryptofunk_tui.llm.provider import ProviderError
from cryptofunk_tui.llm.reply import BadReply, checked
from tests.llm.questions import asked
from tests.stand_ins.models.process import KEYS, ModelsStandIn, models_started

pytestmark = [pytest.mark.anyio, pytest.mark.xdist_group("litellm")]
TODAY = datetime(2026, 11, 27, tzinfo=UTC)
SHAPES = ("anthropic", "openai", "gemini")


@pytest.fixture(scope="module")
def stand_in() -> Iterator[ModelsStandIn]:
    with models_started() as started:
        yield started


@pytest.fixture(scope="module")
async def litellm() -> Any:
    return await load()


@pytest.fixture(params=SHAPES)
async def provider(
    request: pytest.FixtureRequest, stand_in: ModelsStandIn, litellm: Any
) -> AsyncIterator[LiteLlmProvider]:
    config = ProviderConfig.model_validate(stand_in.providers()[SHAPES.index(request.param)])
    key = KEYS[config.key_name or ""]
    yield LiteLlmProvider(config, key, litellm, 500, TODAY)
    stand_in.behave()


async def test_a_good_answer_comes_with_its_tokens_and_the_key_went_to_its_owner_alone(
    provider: LiteLlmProvider, stand_in: ModelsStandIn
) -> None:
    stand_in.forget()
    answer = await provider.ask(asked(), None, 5.0)
    assert checked(answer.text, asked()).confidence == 0.7
    assert (answer.tokens_in, answer.tokens_out) == (120, 40)
    assert provider.cost(1_000_000, 0) > 0
    seen = stand_in.seen()
    assert [(each["provider"], each["key"]) for each in seen] == [
        (provider.name.partition("/")[0], KEYS[f"{provider.name.partition('/')[0].upper()}_API_KEY"])
    ]
    assert seen[0]["texts"] == [asked().brief]


async def test_a_complaint_is_sent_along(provider: LiteLlmProvider, stand_in: ModelsStandIn) -> None:
    stand_in.forget()
    await provider.ask(asked(), "confidence 7 is not within 0 and 1", 5.0)
    assert any("confidence 7 is not" in text for text in stand_in.seen()[0]["texts"])


@pytest.mark.parametrize(
    ("how", "fault"),
    [
        ({"fault": "401"}, "refused"),
        ({"fault": "403"}, "refused"),
        ({"fault": "404"}, "refused"),
        ({"fault": "429", "retry_after": "7"}, "limited"),
        ({"fault": "500"}, "down"),
        ({"fault": "503"}, "down"),
        ({"fault": "529"}, "down"),
        ({"fault": "reset"}, "down"),
        ({"fault": "refusal"}, "bad"),
        ({"fault": "empty"}, "bad"),
        ({"after_s": 5.0}, "late"),
    ],
    ids=str,
)
async def test_faults(
    provider: LiteLlmProvider, stand_in: ModelsStandIn, how: dict[str, Any], fault: str
) -> None:
    stand_in.behave(**how)
    stand_in.forget()
    started = time.perf_counter()
    with pytest.raises(ProviderError) as failed:
        await provider.ask(asked(), None, 0.5)
    assert failed.value.fault == fault
    assert time.perf_counter() - started < 1.5
    assert len(stand_in.seen()) == 1, "nothing is retried behind our back"
    assert not any(key in str(failed.value) for key in KEYS.values())
    if fault == "limited":
        assert failed.value.retry_after_s == 7.0


@pytest.mark.parametrize("fault", ["hang", "slow"])
async def test_what_never_ends_is_ended_by_the_caller(
    provider: LiteLlmProvider, stand_in: ModelsStandIn, fault: str
) -> None:
    stand_in.behave(fault=fault)
    with pytest.raises((TimeoutError, ProviderError)):
        async with asyncio.timeout(0.6):
            await provider.ask(asked(), None, 0.5)


@pytest.mark.parametrize(
    "how",
    [
        {"fault": "cut"},
        {"fault": "two"},
        {"fault": "prose"},
        {"fault": "huge"},
        {"text": '{"symbol": "DOGE/USDT", "action": "BUY", "confidence": 0.7, "reasons": ["x"]}'},
        {"text": '{"symbol": "BTC/USDT", "action": "BUY", "confidence": 7, "reasons": ["x"]}'},
        {"text": '{"symbol": "BTC/USDT", "action": "BUY", "confidence": 0.7, "reasons": ["up 91.7 %"]}'},
    ],
    ids=str,
)
async def test_useless_answers_come_through_and_are_refused_by_us(
    provider: LiteLlmProvider, stand_in: ModelsStandIn, how: dict[str, Any]
) -> None:
    stand_in.behave(**how)
    answer = await provider.ask(asked(), None, 5.0)
    with pytest.raises(BadReply):
        checked(answer.text, asked())


def _config(**over: Any) -> ProviderConfig:
    return ProviderConfig.model_validate({"shape": "openai", "model": "gpt-5.6-terra"} | over)


async def test_what_cannot_be_asked_says_why(litellm: Any) -> None:
    assert LiteLlmProvider(_config(), None, litellm, 500, TODAY).unusable == "no key: set OPENAI_API_KEY"
    unknown = LiteLlmProvider(_config(model="made-up-9"), "k" * 9, litellm, 500, TODAY)
    assert "the price of made-up-9 is not known" in str(unknown.unusable)
    local = _config(model="llama", base_url="http://127.0.0.1:11434/v1")
    assert LiteLlmProvider(local, None, litellm, 500, TODAY).unusable is None
    priced = _config(model="made-up-9", price=Price.model_validate({"input": "1", "output": "2"}))
    assert LiteLlmProvider(priced, "k" * 9, litellm, 500, TODAY).unusable is None


async def test_a_model_that_is_or_will_be_retired_is_warned_of(litellm: Any) -> None:
    old = LiteLlmProvider(
        ProviderConfig(shape="anthropic", model="claude-sonnet-4-5"), "k" * 9, litellm, 500, TODAY
    )
    assert "will be retired on 2026-11-30" in str(old.warning)
    gone = LiteLlmProvider(_config(model="gpt-5-chat-latest"), "k" * 9, litellm, 500, TODAY)
    assert "is retired since 2026-07-23" in str(gone.warning)
    assert LiteLlmProvider(_config(), "k" * 9, litellm, 500, TODAY).warning is None


def test_nothing_is_fetched_while_it_is_imported() -> None:
    assert os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] == "True"
    assert os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"] == "True"
