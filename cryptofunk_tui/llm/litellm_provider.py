"""A provider through litellm: its protocols and its prices, without its retries, its router or its cache.
Importing litellm takes seconds and 170 MB, so it is done in a thread of the gateway's own process."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cryptofunk_tui.domain.models import Price, ProviderConfig
from cryptofunk_tui.domain.plain_text import keep_secret, safe_text
from cryptofunk_tui.llm.breaker import Fault
from cryptofunk_tui.llm.provider import Answer, ProviderError
from cryptofunk_tui.llm.question import Question

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"] = "True"
"""Or it fetches tables from the network."""
_MILLION = Decimal(1_000_000)
RETIRES_SOON_DAYS = 60


async def load() -> Any:
    """litellm, imported in a thread and made quiet."""

    def imported() -> Any:
        import litellm

        litellm.suppress_debug_info = True
        litellm.drop_params = True
        litellm.telemetry = False
        return litellm

    return await asyncio.to_thread(imported)


class LiteLlmProvider:
    """One configured provider; `key` is None where it needs none."""

    scripted = False

    def __init__(
        self, config: ProviderConfig, key: str | None, litellm: Any, answer_tokens: int, today: datetime
    ) -> None:
        self._config = config
        self._key = key
        self._litellm = litellm
        self._answer_tokens = answer_tokens
        keep_secret(key)
        self.name = config.name
        known = litellm.model_cost.get(config.model) or litellm.model_cost.get(f"gemini/{config.model}") or {}
        self._price = config.price or _price(known) or (_FREE if config.is_local else None)
        self.unusable = self._why_not()
        self.warning = _retirement(config.model, known.get("deprecation_date"), today)

    def cost(self, tokens_in: int, tokens_out: int) -> Decimal:
        """US dollars by the configured price, else by litellm's table."""
        price = self._price or _FREE
        return (price.input * tokens_in + price.output * tokens_out) / _MILLION

    async def ask(self, question: Question, complaint: str | None, timeout_s: float) -> Answer:
        """One call, no retry. Raises ProviderError."""
        messages = [
            {"role": "system", "content": question.system},
            {"role": "user", "content": question.brief},
        ]
        if complaint is not None:
            words = (
                f"An earlier answer could not be used: {complaint}. Answer again, with the JSON object alone."
            )
            messages.append({"role": "user", "content": words})
        schema = {"name": "opinion", "strict": True, "schema": question.answer_schema()}
        try:
            answer = await self._litellm.acompletion(
                model=f"{self._config.shape}/{self._config.model}",
                messages=messages,
                max_tokens=self._answer_tokens,
                response_format={"type": "json_schema", "json_schema": schema},
                api_key=self._key or "none",
                api_base=self._config.base_url,
                timeout=timeout_s,
                num_retries=0,
                max_retries=0,
            )
            return _answer(answer)
        except ProviderError:
            raise
        except Exception as error:
            raise _translated(error) from None

    def _why_not(self) -> str | None:
        if self._key is None and not self._config.is_local:
            return f"no key: set {self._config.key_name}"
        if self._price is None:
            return f"the price of {self._config.model} is not known; set `price` beside it"
        return None


_FREE = Price(input=Decimal(0), output=Decimal(0))


def _price(known: dict[str, Any]) -> Price | None:
    sides = known.get("input_cost_per_token"), known.get("output_cost_per_token")
    if None in sides:
        return None
    dear_in, dear_out = (Decimal(str(side)) * _MILLION for side in sides)
    return Price(input=dear_in, output=dear_out)


def _retirement(model: str, date: str | None, today: datetime) -> str | None:
    """What to say where a model is or will soon be retired."""
    if not date:
        return None
    try:
        ends = datetime.fromisoformat(date).replace(tzinfo=UTC)
    except ValueError:
        return None
    left = (ends - today).days
    if left > RETIRES_SOON_DAYS:
        return None
    when = f"is retired since {date}" if left < 0 else f"will be retired on {date}"
    return f"{model} {when}; name another one under models.providers"


def _answer(answer: Any) -> Answer:
    """The text and the tokens. Raises ProviderError for a refusal or an answer without text."""
    choice, usage = answer.choices[0], answer.usage
    text = choice.message.content
    if not text:
        refusal = getattr(choice.message, "refusal", None) or choice.finish_reason
        raise ProviderError("bad", f"it refused to answer: {safe_text(refusal, 80)}")
    return Answer(text, int(usage.prompt_tokens or 0), int(usage.completion_tokens or 0))


def _translated(error: Exception) -> ProviderError:
    """An exception of litellm as a fault: by its status where it has one."""
    status = getattr(error, "status_code", None)
    name = type(error).__name__
    fault: Fault = "down"
    if name == "Timeout" or status == 408:
        fault = "late"
    elif status in (401, 403) or name in ("AuthenticationError", "PermissionDeniedError"):
        fault = "refused"
    elif status == 429:
        fault = "limited"
    elif isinstance(status, int) and 400 <= status < 500:
        fault = "refused"
    said = {"late": "no answer in time", "refused": "the request or its key is not taken"}.get(fault, "")
    shown = f"{said or name} ({status})" if status else said or name
    return ProviderError(fault, shown, _retry_after(error))


def _retry_after(error: Exception) -> float | None:
    headers = getattr(error, "litellm_response_headers", None) or {}
    try:
        return float(headers.get("retry-after", ""))
    except (TypeError, ValueError):
        return None
