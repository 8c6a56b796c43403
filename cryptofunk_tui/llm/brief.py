"""The brief of an agent: what it saw, in numbers, with its rule's opinion; and its prompt."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from cryptofunk_tui.domain.signals import Action, Ballot, Context, Signal
from cryptofunk_tui.llm.question import Question

DIGITS = 6
"""Digits that matter of a number that is shown."""
STANCES = {"bull": Action.BUY, "bear": Action.SELL}


@cache
def prompt(agent: str) -> str:
    """An agent's prompt: the rules of the house, then its own."""
    folder = files("cryptofunk_tui.llm").joinpath("prompts")
    return "\n".join(
        folder.joinpath(f"{name}.md").read_text(encoding="utf-8").strip() + "\n" for name in ("common", agent)
    )


def question(
    agent: str, cycle: str, symbol: str, allowed: Iterable[Action], parts: Mapping[str, Any]
) -> Question:
    """What an agent is asked. `parts` go into the brief as they are; None and empty ones are left out."""
    actions = tuple(allowed)
    brief = {"symbol": symbol, "agent": agent, "allowed_actions": [action.value for action in actions]}
    brief |= {name: part for name, part in parts.items() if part not in (None, (), {}, [])}
    return Question(
        agent=agent,
        cycle=cycle,
        symbol=symbol,
        allowed=actions,
        system=prompt(agent),
        brief=as_text(brief),
    )


def as_text(brief: Mapping[str, Any]) -> str:
    """A brief as it is sent, and as its answer is looked up."""
    return json.dumps(brief, ensure_ascii=False, separators=(",", ":"))


def numbers(inputs: Mapping[str, float | None]) -> dict[str, float]:
    """What is known of a row, short enough to be cited as it stands."""
    return {name: _short(value) for name, value in inputs.items() if value is not None}


def opinion_of(said: Signal | Ballot) -> dict[str, Any]:
    """An opinion as a brief shows it."""
    return {
        "agent": said.agent,
        "action": said.action.value,
        "confidence": _short(said.confidence),
        "reasons": list(said.reasons),
    }


def rule(action: Action, confidence: float, reasons: Sequence[str]) -> dict[str, Any]:
    """A rule's own opinion."""
    return {"action": action.value, "confidence": _short(confidence), "reasons": list(reasons)}


def context_of(context: Context) -> dict[str, Any]:
    """The analysts together, −1 all sell, 1 all buy."""
    return {"score": _short(context.score), "present": list(context.present), "absent": list(context.absent)}


def listed(values: Iterable[float]) -> list[float]:
    """The same of a series."""
    return [_short(value) for value in values]


def _short(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")
