"""What a model is asked: one brief, and the one shape that an answer may have."""

import hashlib
import json
from functools import cached_property
from typing import Any

from pydantic import Field

from cryptofunk_tui.domain.base import Record
from cryptofunk_tui.domain.signals import Action

MOST_REASONS, LONGEST_REASON = 5, 300
LONGEST_BRIEF = 60_000


class Question(Record):
    """A question of one agent in one decision: its prompt, and as a JSON object what it saw."""

    agent: str = Field(min_length=1, max_length=40)
    cycle: str = Field(min_length=1, max_length=80)
    symbol: str = Field(min_length=1, max_length=40)
    allowed: tuple[Action, ...] = Field(min_length=1)
    system: str = Field(min_length=1, max_length=20_000)
    brief: str = Field(min_length=2, max_length=LONGEST_BRIEF)

    @cached_property
    def digest(self) -> str:
        """The exact question: the same one has the same answer, and no other has."""
        parts = (self.agent, self.symbol, self.system, self.brief, *sorted(self.allowed))
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    @property
    def bytes_sent(self) -> int:
        """Length of what is sent, repair included; no tokenizer makes more tokens of it than bytes."""
        return len(self.system.encode()) + len(self.brief.encode()) + 2_000

    def answer_schema(self) -> dict[str, Any]:
        """The answer as JSON schema, for providers that hold their models to one; all is checked again."""
        reasons = {"type": "array", "items": {"type": "string"}}
        return {
            "type": "object",
            "properties": {
                "symbol": {"type": "string", "enum": [self.symbol]},
                "action": {"type": "string", "enum": [action.value for action in self.allowed]},
                "confidence": {"type": "number"},
                "reasons": reasons,
            },
            "required": ["symbol", "action", "confidence", "reasons"],
            "additionalProperties": False,
        }


class Opinion(Record):
    """A checked answer: an allowed action, a confidence in [0, 1], reasons whose numbers the brief has."""

    action: Action
    confidence: float
    reasons: tuple[str, ...]


class Attempt(Record):
    """One call of one provider."""

    provider: str
    outcome: str
    """answered, or why not."""
    took_ms: float


class Reply(Record):
    """What became of a question. `opinion` is None where nobody answered as asked; `reason` says why, and
    `failed` whether models are to blame, rather than a budget or their absence."""

    opinion: Opinion | None
    reason: str
    failed: bool
    provider: str | None = None
    scripted: bool = False
    cached: bool = False
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    took_ms: float = 0.0
    call: int | None = None
    """The number under which prompt and raw answer are kept."""
    tried: tuple[Attempt, ...] = ()
