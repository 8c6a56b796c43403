"""Language models: who is asked, how long is waited, what may be spent, and what a model may decide."""

from decimal import Decimal
from typing import Literal

from pydantic import Field, field_validator, model_validator

from cryptofunk_tui.domain.base import Money, Record
from cryptofunk_tui.domain.sources import is_loopback

Shape = Literal["anthropic", "openai", "gemini", "scripted"]
"""The protocol that a provider speaks. `openai` is any compatible address as well: Ollama, a proxy."""
Authority = Literal["advise", "adjust", "decide"]
"""advise: words only; adjust: the confidence by at most ADJUST, or down to HOLD; decide: the action too."""

ADJUST = 0.2
KEY_VARIABLES = {"anthropic": "ANTHROPIC_API_KEY", "openai": "OPENAI_API_KEY", "gemini": "GEMINI_API_KEY"}
GATEWAY = "llm_gateway"


class Price(Record):
    """US dollars for a million tokens."""

    input: Money = Field(ge=0)
    output: Money = Field(ge=0)


class ProviderConfig(Record):
    """One provider. It is there for a run once its key is, or where its address is this machine."""

    shape: Shape
    model: str = ""
    """The provider's own name of the model."""
    base_url: str | None = None
    """Another address than the provider's own: a proxy, Ollama."""
    key_variable: str | None = None
    """The environment variable that holds the key; absent, the usual one of the shape."""
    price: Price | None = None
    """For a model that litellm's table does not know."""
    script: str | None = None
    """For the shape scripted: a YAML file of answers."""

    @model_validator(mode="after")
    def _whole(self) -> "ProviderConfig":
        if self.shape == "scripted":
            if not self.script:
                raise ValueError("a scripted provider needs `script`, a YAML file of answers")
        elif not self.model:
            raise ValueError(f"a provider of shape {self.shape} needs `model`")
        if self.base_url is not None and not self.base_url.startswith(("https://", "http://")):
            raise ValueError("base_url must begin with https:// or http://")
        return self

    @property
    def name(self) -> str:
        """How it is shown."""
        return "scripted" if self.shape == "scripted" else f"{self.shape}/{self.model}"

    @property
    def key_name(self) -> str | None:
        """The variable that holds its key; None where it needs none."""
        if self.shape == "scripted":
            return None
        return self.key_variable or KEY_VARIABLES[self.shape]

    @property
    def is_local(self) -> bool:
        """Whether it runs on this machine: then it needs neither a key nor a price."""
        if self.shape == "scripted":
            return True
        host = (self.base_url or "").partition("://")[2].partition("/")[0].rpartition("@")[2]
        return is_loopback(host.rsplit(":", 1)[0].strip("[]")) if self.base_url else False


class BudgetRules(Record):
    """Most that may be spent, in US dollars; a call is reserved at its worst before it is made."""

    cycle: Money = Field(Decimal("0.40"), ge=0)
    """One decision on one symbol."""
    agent_day: Money = Field(Decimal("3.00"), ge=0)
    """One agent within 24 hours."""
    hour: Money = Field(Decimal("2.00"), ge=0)
    day: Money = Field(Decimal("10.00"), ge=0)
    """All of them within one hour and within 24."""


class ModelsConfig(Record):
    """Language models. Without a key rules decide, and everything else works."""

    ask: Literal["auto", "always", "never"] = "auto"
    """auto asks on real prices alone, where a day has 24 hours; always on made-up and recorded ones too."""
    providers: tuple[ProviderConfig, ...] = (
        ProviderConfig(shape="anthropic", model="claude-sonnet-5-5"),
        ProviderConfig(shape="openai", model="gpt-5.6-terra"),
        ProviderConfig(shape="gemini", model="gemini-3.8-flash"),
    )
    """In the order in which they are asked; the next one where one fails."""
    authority: Authority | None = None
    """Absent: decide on a paper account, advise with real orders."""
    decision_s: float = Field(20.0, gt=0, le=120)
    """For all model calls of one decision together."""
    call_s: float = Field(10.0, gt=0, le=60)
    """For one answer of one provider."""
    cache_s: float = Field(3600.0, ge=0)
    """How long an answer to exactly the same question is used again."""
    answer_tokens: int = Field(1500, ge=100, le=16000)
    """Longest answer, thinking included."""
    debate_rounds: int = Field(0, ge=0, le=3)
    """A bull and a bear argue this often before the strategies vote; each round is two calls a symbol."""
    budgets: BudgetRules = BudgetRules()

    @field_validator("providers")
    @classmethod
    def _once(cls, providers: tuple[ProviderConfig, ...]) -> tuple[ProviderConfig, ...]:
        names = [each.name for each in providers]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise ValueError(f"{twice} is named twice")
        return providers

    def calls(self, agents: int) -> int:
        """Most questions that one decision on one symbol asks, of this many agents and the risk officer."""
        return agents + 1 + 2 * self.debate_rounds
