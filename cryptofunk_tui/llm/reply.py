"""A model's answer, held against its schema and then against reality. Nothing is ever read out of prose."""

import json
import math
import re
from collections.abc import Iterator
from typing import Any

from cryptofunk_tui.domain.plain_text import safe_text
from cryptofunk_tui.domain.signals import Action
from cryptofunk_tui.llm.question import LONGEST_REASON, MOST_REASONS, Opinion, Question

LONGEST_REPLY = 16_000
TOLERANCE = 0.005
"""A cited number may differ by this share from one that the brief has, or by what rounding loses."""
_PLAIN = re.compile(r"\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_APART = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|" + _PLAIN.pattern)
"""Numbers, and those with thousands set apart; a sign is left to the words around it."""
_FENCE = re.compile(r"\A```(?:json)?\s*\n(.*)\n```\Z", re.DOTALL)
_FIELDS = ("symbol", "action", "confidence", "reasons")


class BadReply(ValueError):
    """An answer that cannot be used; the text says what is wrong with it, fit to be sent back."""


def checked(text: str, question: Question) -> Opinion:
    """The opinion that an answer holds. Raises BadReply for anything but one JSON object of exactly the asked
    fields, about the asked symbol, with an allowed action, a confidence in [0, 1], and reasons that cite no
    number which the brief does not have."""
    if len(text) > LONGEST_REPLY:
        raise BadReply(f"the answer has {len(text):,} characters; at most {LONGEST_REPLY:,} are read")
    answer = _object(text.strip())
    unknown = sorted(answer.keys() - set(_FIELDS))
    missing = [name for name in _FIELDS if name not in answer]
    if unknown or missing:
        said = f"not {', '.join(map(repr, unknown))}" if unknown else f"with {', '.join(missing)}"
        raise BadReply(f"the object must have exactly {', '.join(_FIELDS)}, {safe_text(said, 120)}")
    if answer["symbol"] != question.symbol:
        raise BadReply(f"it speaks of {safe_text(answer['symbol'], 40)!r}, not of {question.symbol!r}")
    return Opinion(
        action=_action(answer["action"], question),
        confidence=_confidence(answer["confidence"]),
        reasons=_reasons(answer["reasons"], question),
    )


def numbers_in(text: str) -> list[float]:
    """Every number that a text can be read to hold, those in names among them."""
    return [value for pattern in (_PLAIN, _APART) for _, value in _cited(text, pattern)]


def _object(text: str) -> dict[str, Any]:
    fenced = _FENCE.match(text)
    try:
        answer = json.loads(
            fenced.group(1) if fenced else text, object_pairs_hook=_once, parse_constant=_no_constant
        )
    except RecursionError:
        raise BadReply("the answer is nested too deep; answer with one flat JSON object") from None
    except BadReply:
        raise
    except ValueError:
        raise BadReply("the answer is not one JSON object and nothing else") from None
    if not isinstance(answer, dict):
        raise BadReply("the answer is not a JSON object")
    return answer


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) < len(pairs):
        raise BadReply("a field stands twice in the object")
    return dict(pairs)


def _no_constant(name: str) -> float:
    raise BadReply(f"{name} is no number")


def _action(value: object, question: Question) -> Action:
    if not isinstance(value, str) or value not in {action.value for action in question.allowed}:
        allowed = ", ".join(question.allowed)
        raise BadReply(f"action {safe_text(value, 40)!r} is not among those allowed: {allowed}")
    return Action(value)


def _confidence(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadReply("confidence must be a number")
    if not 0 <= value <= 1:
        raise BadReply(f"confidence {value:g} is not within 0 and 1")
    return float(value)


def _reasons(value: object, question: Question) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_REASONS:
        raise BadReply(f"reasons must be a list of 1 to {MOST_REASONS} texts")
    known = numbers_in(question.brief)
    reasons = []
    for each in value:
        if not isinstance(each, str) or not each.strip() or len(each) > LONGEST_REASON:
            raise BadReply(f"a reason must be a text of 1 to {LONGEST_REASON} characters")
        stray = next((shown for shown, number in _cited(each) if not _is_known(shown, number, known)), None)
        if stray is not None:
            raise BadReply(f"the number {stray} does not stand in the brief")
        reasons.append(safe_text(each, LONGEST_REASON))
    return tuple(reasons)


def _cited(text: str, pattern: re.Pattern[str] = _APART) -> Iterator[tuple[str, float]]:
    """Numbers as they stand, with a percent sign where one follows, and their values."""
    for match in pattern.finditer(text):
        shown = match.group()
        yield shown + ("%" if text[match.end() :].lstrip()[:1] == "%" else ""), float(shown.replace(",", ""))


def _is_known(shown: str, value: float, known: list[float]) -> bool:
    """Whether the brief has the number, as it stands or as the fraction that a percentage is."""
    digits = len(shown.rstrip("%").partition(".")[2])
    rounding = 0.5 * 10.0**-digits
    scales = (1.0, 100.0) if shown.endswith("%") else (1.0,)
    return any(
        abs(value - number * scale) <= max(rounding, TOLERANCE * number * scale) + 1e-12
        for number in known
        for scale in scales
    )
