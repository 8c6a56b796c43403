"""Answers that a person wrote beforehand, for demonstrations and tests; never a model's, and said so."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from cryptofunk_tui.domain.base import Record
from cryptofunk_tui.domain.signals import Action
from cryptofunk_tui.llm.provider import Answer, ProviderError
from cryptofunk_tui.llm.question import Question


class ScriptedAnswer(Record):
    """The answer to questions of an agent about a symbol; of all where they are not named."""

    agent: str | None = None
    symbol: str | None = None
    action: Action
    confidence: float
    reasons: tuple[str, ...]


class ScriptedProvider:
    """Gives the first answer that fits a question; one whose action is not allowed becomes HOLD."""

    name = "scripted"
    scripted = True
    warning = "scripted answers, no model: for demonstrations and tests alone"

    def __init__(self, path: Path) -> None:
        self._answers: tuple[ScriptedAnswer, ...] = ()
        self.unusable: str | None = None
        try:
            rows: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
            self._answers = tuple(ScriptedAnswer.model_validate(row) for row in rows)
        except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
            self.unusable = f"{path}: {str(error).splitlines()[0]}"

    def cost(self, tokens_in: int, tokens_out: int) -> Decimal:
        """Nothing."""
        return Decimal(0)

    async def ask(self, question: Question, complaint: str | None, timeout_s: float) -> Answer:
        """Raises ProviderError where nothing was written for the question."""
        for each in self._answers:
            if each.agent in (None, question.agent) and each.symbol in (None, question.symbol):
                action = each.action if each.action in question.allowed else Action.HOLD
                said = each.model_dump(mode="json", include={"confidence", "reasons"})
                return Answer(json.dumps(said | {"symbol": question.symbol, "action": action}), 0, 0)
        raise ProviderError("bad", f"the script has no answer for {question.agent} about {question.symbol}")
