"""A question to ask, and providers that do as they are told."""

import asyncio
import json
from decimal import Decimal
from typing import Any

from cryptofunk_tui.domain.signals import Action
from cryptofunk_tui.llm.brief import question
from cryptofunk_tui.llm.provider import Answer, ProviderError
from cryptofunk_tui.llm.question import Question

SYMBOL = "BTC/USDT"
NUMBERS = {"rsi_14": 28.4, "close": 64107.42, "book.imbalance": -0.123}


def asked(agent: str = "technical", cycle: str = "c1", **parts: Any) -> Question:
    """What the technical analyst is asked about BTC/USDT."""
    return question(
        agent, cycle, SYMBOL, (Action.BUY, Action.SELL, Action.HOLD), {"numbers": NUMBERS, **parts}
    )


def answer(**over: Any) -> str:
    """A good answer, but for what is given."""
    said = {"symbol": SYMBOL, "action": "BUY", "confidence": 0.6, "reasons": ["RSI at 28.4 is low"]}
    return json.dumps(said | over)


class Told:
    """Gives its outcomes in turn, the last one again and again: a text, an error, or seconds to sleep."""

    scripted = False
    unusable: str | None = None
    warning: str | None = None

    def __init__(self, name: str, *outcomes: str | ProviderError | float, usd: str = "0.001") -> None:
        self.name = name
        self.asked: list[str | None] = []
        self._outcomes = list(outcomes)
        self._usd = Decimal(usd)

    def cost(self, tokens_in: int, tokens_out: int) -> Decimal:
        """The same for every call that is made."""
        return self._usd if tokens_in or tokens_out else Decimal(0)

    async def ask(self, question: Question, complaint: str | None, timeout_s: float) -> Answer:
        self.asked.append(complaint)
        outcome = self._outcomes.pop(0) if len(self._outcomes) > 1 else self._outcomes[0]
        if isinstance(outcome, float):
            await asyncio.sleep(outcome)
            outcome = answer()
        if isinstance(outcome, ProviderError):
            raise outcome
        return Answer(outcome, 100, 50)
