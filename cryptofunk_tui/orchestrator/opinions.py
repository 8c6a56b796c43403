"""What models make of a decision: asked beside the rules, weighed by their authority, recorded."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.events import AnyEvent, Level, LogLine, ModelsStatus
from cryptofunk_tui.domain.models import ADJUST, GATEWAY, Authority, ModelsConfig
from cryptofunk_tui.domain.signals import Action
from cryptofunk_tui.llm import brief
from cryptofunk_tui.llm.question import Opinion, Question, Reply
from cryptofunk_tui.toolbox.errors import ToolboxError
from cryptofunk_tui.toolbox.toolbox import Toolbox

MOST_FAILURES = 3
READS_STRANGERS = frozenset({"sentiment"})
"""Agents whose brief quotes texts from outside: their models may at most adjust."""
RULES_ONLY = timedelta(minutes=5)
"""After three failures in a row models are left alone for this long."""
ON_THE_WAY_S = 0.5
"""What a tool call may take beyond the gateway's own deadline."""
LEAST_LEFT_S = 0.2


@dataclass(frozen=True, slots=True)
class Said:
    """An agent's opinion on the row that is decided on."""

    action: Action
    confidence: float
    reasons: tuple[str, ...]


class Models:
    """Whether models are asked now, and what they may decide. Three failures in a row, and rules decide alone
    for a while, on every screen."""

    def __init__(
        self,
        toolbox: Toolbox,
        config: ModelsConfig,
        authority: Authority,
        publish: Callable[[AnyEvent], None],
        clock: Clock,
    ) -> None:
        self._toolbox = toolbox
        self.config = config
        self.authority: Authority = authority
        self._publish = publish
        self._clock = clock
        self._failures = 0
        self._resting_until: datetime | None = None

    def conference(self, symbol: str, at: datetime) -> "Conference | None":
        """The model calls of one decision; None while rules decide alone."""
        if self._resting_until is not None and self._clock.now() < self._resting_until:
            return None
        return Conference(self, symbol, f"{symbol} {at:%Y-%m-%dT%H:%M:%S}")

    def announce(self, detail: str) -> None:
        """Tell how it stands."""
        failing = self._resting_until is not None
        self._publish(
            ModelsStatus(
                at=self._clock.now(),
                asked=not failing,
                failing=failing,
                scripted=any(each.shape == "scripted" for each in self.config.providers),
                authority=self.authority,
                detail=detail,
            )
        )
        level: Level = "warning" if failing else "info"
        self._publish(LogLine(at=self._clock.now(), level=level, source="models", text=detail))

    async def ask(self, question: Question, deadline_s: float) -> Reply:
        """One question through the gateway; a gateway that fails is an answer that failed."""
        arguments = question.model_dump(mode="json") | {
            "brief": json.loads(question.brief),
            "deadline_s": deadline_s,
        }
        try:
            answer = await self._toolbox.call(
                GATEWAY, "complete", arguments, deadline_s=deadline_s + ON_THE_WAY_S
            )
            reply = Reply.model_validate(answer)
        except ToolboxError as error:
            reply = Reply(opinion=None, reason=str(error), failed=True)
        self._count(reply)
        return reply

    def _count(self, reply: Reply) -> None:
        if reply.opinion is not None:
            was_resting, self._failures, self._resting_until = self._resting_until, 0, None
            if was_resting:
                self.announce("models answer again")
        elif reply.failed:
            self._failures += 1
            if self._failures >= MOST_FAILURES:
                self._rest(reply.reason)

    def _rest(self, reason: str) -> None:
        known = self._resting_until
        self._resting_until = self._clock.now() + RULES_ONLY
        if known is None or known <= self._clock.now():
            minutes = RULES_ONLY.seconds // 60
            self.announce(f"three failures in a row, rules only for {minutes} minutes: {reason}")


@dataclass(slots=True)
class Conference:
    """The model calls of one decision, within its deadline. `calls` is the record of them."""

    models: Models
    symbol: str
    cycle: str
    started: float = field(default_factory=time.monotonic)
    calls: list[dict[str, object]] = field(default_factory=list)

    async def weigh(
        self, agent: str, rule: Said, allowed: Sequence[Action], parts: Mapping[str, Any]
    ) -> Said:
        """An agent's opinion once its model was heard. An agent whose rule abstains has seen nothing, and no
        model is asked. A model that fails leaves its agent without an opinion where it would have decided."""
        if rule.action is Action.ABSTAIN:
            return rule
        authority = self.models.authority
        if authority == "decide" and agent in READS_STRANGERS:
            authority = "adjust"
        shown = {"rule": brief.rule(rule.action, rule.confidence, rule.reasons), **parts}
        reply = await self._ask(agent, allowed, shown, rule)
        if reply.opinion is not None:
            return weighed(rule, reply.opinion, authority, _name(reply))
        words = f"{'no model answered' if reply.failed else 'rules only'}: {reply.reason}"
        if reply.failed and authority == "decide":
            return Said(Action.ABSTAIN, 0.0, (words,))
        return Said(rule.action, rule.confidence, (*rule.reasons, words))

    async def debate(self, parts: Mapping[str, Any]) -> list[dict[str, Any]]:
        """A bull and a bear in turn, each answering the last; what they said, for the strategies' briefs."""
        transcript: list[dict[str, Any]] = []
        for _ in range(self.models.config.debate_rounds):
            for speaker, stance in brief.STANCES.items():
                reply = await self._ask(speaker, (stance, Action.HOLD), {**parts, "said": transcript}, None)
                if reply.opinion is not None:
                    said = reply.opinion
                    transcript = [
                        *transcript,
                        {"speaker": speaker, **brief.rule(said.action, said.confidence, said.reasons)},
                    ]
        return transcript

    async def veto(self, parts: Mapping[str, Any]) -> str | None:
        """The risk officer's model on an entry: its reason to veto it, None where the rules go on alone. It
        loosens nothing, and its silence allows nothing that they forbid."""
        reply = await self._ask("risk", (Action.SELL, Action.HOLD), parts, None)
        opinion = reply.opinion
        if opinion is None or opinion.action is Action.HOLD or self.models.authority == "advise":
            return None
        return f"vetoed by {_name(reply)}: {'; '.join(opinion.reasons)}"

    async def _ask(
        self, agent: str, allowed: Sequence[Action], parts: Mapping[str, Any], rule: Said | None
    ) -> Reply:
        left = self.models.config.decision_s - (time.monotonic() - self.started)
        if left < LEAST_LEFT_S:
            reply = Reply(opinion=None, reason="the decision's time is up", failed=False)
        else:
            question = brief.question(agent, self.cycle, self.symbol, allowed, parts)
            reply = await self.models.ask(question, left)
        self.calls.append(_record(agent, reply, rule))
        return reply


def weighed(rule: Said, opinion: Opinion, authority: Authority, name: str) -> Said:
    """A rule's opinion and a model's as one. advise: the rule's, with the model's words. adjust: the rule's
    action with a confidence at most ADJUST away, or HOLD. decide: the model's."""
    words = tuple(f"{name}: {reason}" for reason in opinion.reasons)
    if authority == "decide":
        return Said(opinion.action, opinion.confidence, words)
    action, confidence = rule.action, rule.confidence
    if authority == "adjust" and opinion.action is Action.HOLD and rule.action is not Action.HOLD:
        action, confidence = Action.HOLD, opinion.confidence
    elif authority == "adjust":
        wanted = opinion.confidence if opinion.action is rule.action else 0.0
        confidence = min(max(wanted, rule.confidence - ADJUST, 0.0), rule.confidence + ADJUST, 1.0)
    said = f"{name} says {opinion.action} with {opinion.confidence:.2f}"
    return Said(action, confidence, (*rule.reasons, said, *words))


def _name(reply: Reply) -> str:
    return "scripted answer, no model" if reply.scripted else str(reply.provider)


def _record(agent: str, reply: Reply, rule: Said | None) -> dict[str, object]:
    """A call as the decision's record keeps it."""
    said = reply.opinion
    return {
        "agent": agent,
        "provider": reply.provider,
        "scripted": reply.scripted,
        "cached": reply.cached,
        "outcome": reply.reason,
        "action": said.action.value if said else None,
        "confidence": said.confidence if said else None,
        "rule_action": rule.action.value if rule else None,
        "rule_confidence": rule.confidence if rule else None,
        "tokens_in": reply.tokens_in,
        "tokens_out": reply.tokens_out,
        "cost_usd": reply.cost_usd,
        "took_ms": reply.took_ms,
        "call": reply.call,
        "tried": [each.model_dump(mode="json") for each in reply.tried],
    }
