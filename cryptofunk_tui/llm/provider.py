"""What the gateway asks of a provider, whoever it is."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from cryptofunk_tui.llm.breaker import Fault
from cryptofunk_tui.llm.question import Question


@dataclass(frozen=True, slots=True)
class Answer:
    """The raw text, and the tokens that were paid for."""

    text: str
    tokens_in: int
    tokens_out: int


class ProviderError(Exception):
    """No answer; `fault` says of which kind, the text is fit for a screen."""

    def __init__(self, fault: Fault, words: str, retry_after_s: float | None = None) -> None:
        super().__init__(words)
        self.fault: Fault = fault
        self.retry_after_s = retry_after_s


class Provider(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def scripted(self) -> bool:
        """Whether its answers are written beforehand by a person."""

    @property
    def unusable(self) -> str | None:
        """Why it cannot be asked; None where it can."""

    @property
    def warning(self) -> str | None:
        """What a person should know of its model: that it is retired soon, for instance."""

    def cost(self, tokens_in: int, tokens_out: int) -> Decimal:
        """US dollars for so many tokens."""

    async def ask(self, question: Question, complaint: str | None, timeout_s: float) -> Answer:
        """Its answer; `complaint` says what was wrong with an earlier one. Raises ProviderError."""
