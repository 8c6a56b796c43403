"""A question's way: an answer that is kept, else the providers in their order, each behind its breaker, until
one answers as asked, the money is spent or the time is up."""

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.models import ModelsConfig
from cryptofunk_tui.llm.breaker import Breaker, Fault
from cryptofunk_tui.llm.budget import OverBudget, check_budget
from cryptofunk_tui.llm.provider import Answer, Provider, ProviderError
from cryptofunk_tui.llm.question import Attempt, Opinion, Question, Reply
from cryptofunk_tui.llm.reply import BadReply, checked
from cryptofunk_tui.storage.model_calls import ModelCalls

LEAST_LEFT_S = 0.05
"""With less time than this nobody is asked any more."""
RETRY_S = (0.2, 0.6)
"""Where all were down: a wait between these, then the first of them once more."""
ENOUGH_FOR_RETRY_S = 2.0


@dataclass(slots=True)
class _Round:
    """One question under way."""

    question: Question
    deadline: float
    complaint: str | None = None
    """What was wrong with the first useless answer; there is one repair, then none."""
    repaired: bool = False
    tried: list[Attempt] = field(default_factory=list)
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: Decimal = Decimal(0)


class Gateway:
    """`providers` in the order in which they are asked. `rng` spreads the retries."""

    def __init__(
        self,
        config: ModelsConfig,
        providers: Sequence[Provider],
        calls: ModelCalls,
        clock: Clock,
        rng: random.Random,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._calls = calls
        self._clock = clock
        self._rng = rng
        self._monotonic = monotonic
        self._seats = {each.name: (each, Breaker(monotonic)) for each in providers}
        self._purse = asyncio.Lock()

    def providers(self) -> tuple[tuple[Provider, Breaker], ...]:
        """Everyone with its breaker, in their order."""
        return tuple(self._seats.values())

    async def complete(self, question: Question, deadline_s: float) -> Reply:
        """The checked answer to a question, or why there is none, before the deadline."""
        started = self._monotonic()
        kept = await self._kept(question)
        if kept is not None:
            return kept.model_copy(update={"took_ms": self._ms(started)})
        state = _Round(question, started + deadline_s)
        try:
            reply = await self._ask_all(state)
        except OverBudget as error:
            reply = Reply(opinion=None, reason=str(error), failed=False)
        return reply.model_copy(
            update={
                "took_ms": self._ms(started),
                "tried": tuple(state.tried),
                "tokens_in": state.tokens_in,
                "tokens_out": state.tokens_out,
                "cost_usd": float(state.cost_usd),
            }
        )

    async def _kept(self, question: Question) -> Reply | None:
        """The answer that exactly this question had before."""
        since = self._clock.now() - timedelta(seconds=self._config.cache_s)
        found = await self._calls.answer_to(question.digest, since) if self._config.cache_s else None
        if found is None:
            return None
        call, provider, text = found
        seat = self._seats.get(provider)
        return Reply(
            opinion=checked(text, question),
            reason="answered before",
            failed=False,
            provider=provider,
            scripted=seat is not None and seat[0].scripted,
            cached=True,
            call=call,
        )

    async def _ask_all(self, state: _Round) -> Reply:
        """Each provider in turn, one that is alone again for a repair, and once more where all were down."""
        fresh = [name for name, (provider, _) in self._seats.items() if provider.unusable is None]
        if not fresh:
            return Reply(opinion=None, reason="no provider is usable", failed=False)
        down: list[str] = []
        for name in fresh:
            fault, reply = await self._ask(name, state)
            if fault == "bad" and (name == fresh[-1] or not self._is_open(fresh[fresh.index(name) + 1 :])):
                fault, reply = await self._ask(name, state)
            if reply is not None:
                return reply
            if state.repaired:
                return Reply(opinion=None, reason=f"twice no usable answer: {state.complaint}", failed=True)
            if fault == "down":
                down.append(name)
        if down and state.deadline - self._monotonic() > ENOUGH_FOR_RETRY_S:
            await asyncio.sleep(self._rng.uniform(*RETRY_S))
            _, reply = await self._ask(down[0], state, again=True)
            if reply is not None:
                return reply
        return Reply(opinion=None, reason=self._why(state), failed=True)

    def _is_open(self, names: Sequence[str]) -> bool:
        """Whether any of them may be asked now."""
        breakers = [self._seats[name][1] for name in names]
        return any(not breaker.fault or not breaker.waits_s for breaker in breakers)

    def _why(self, state: _Round) -> str:
        if state.tried:
            return "; ".join(f"{each.provider}: {each.outcome}" for each in state.tried)
        waiting = [f"{name}: {breaker.fault}" for name, (_, breaker) in self._seats.items() if breaker.fault]
        return "; ".join(waiting) or "the time is up"

    async def _ask(
        self, name: str, state: _Round, *, again: bool = False
    ) -> tuple[Fault | None, Reply | None]:
        """Ask one provider: its fault, or the reply; neither where its breaker or the time forbids it. Raises
        OverBudget."""
        provider, breaker = self._seats[name]
        left = state.deadline - self._monotonic()
        if left < LEAST_LEFT_S or not (again or breaker.allows()):
            return None, None
        try:
            call = await self._reserve(provider, state)
        except OverBudget:
            breaker.left()
            raise
        started, answer = self._monotonic(), None
        outcome, opinion = "broken off", None
        fault: Fault | None = None
        try:
            async with asyncio.timeout(min(left, self._config.call_s)):
                answer = await provider.ask(state.question, state.complaint, min(left, self._config.call_s))
            opinion = checked(answer.text, state.question)
            outcome = "answered"
            breaker.answered()
        except TimeoutError:
            outcome, fault = f"no answer within {min(left, self._config.call_s):.1f} s", "late"
            breaker.failed("late", outcome)
        except ProviderError as error:
            outcome, fault = str(error), error.fault
            breaker.failed(error.fault, outcome, error.retry_after_s)
        except BadReply as error:
            outcome, fault = f"no usable answer: {error}", "bad"
            state.repaired = state.complaint is not None
            state.complaint = str(error)
            breaker.failed("bad", outcome)
        finally:
            if outcome == "broken off":
                breaker.left()
            await asyncio.shield(self._settle(call, provider, state, answer, outcome, opinion, started))
        return fault, self._reply(call, provider, opinion) if opinion is not None else None

    async def _reserve(self, provider: Provider, state: _Round) -> int:
        """Enter a call at its worst cost, before it is made. Raises OverBudget."""
        question = state.question
        worst = provider.cost(question.bytes_sent, self._config.answer_tokens)
        async with self._purse:
            now = self._clock.now()
            await check_budget(self._calls, question, worst, self._config.budgets, now)
            asked = question.model_dump(include={"cycle", "agent", "symbol", "system", "brief"})
            more = {
                "digest": question.digest,
                "provider": provider.name,
                "complaint": state.complaint,
            }
            return await self._calls.begin(now, worst, asked | more)

    async def _settle(
        self,
        call: int,
        provider: Provider,
        state: _Round,
        answer: Answer | None,
        outcome: str,
        opinion: Opinion | None,
        started: float,
    ) -> None:
        """Write down what a call came to. One that was broken off may have been paid for all the same: its
        prompt counts."""
        tokens = (answer.tokens_in, answer.tokens_out) if answer else (0, 0)
        cost = provider.cost(*tokens)
        if answer is None and outcome.startswith(("no answer", "broken off")):
            cost = provider.cost(state.question.bytes_sent // 3, 0)
        took_ms = self._ms(started)
        state.tokens_in += tokens[0]
        state.tokens_out += tokens[1]
        state.cost_usd += cost
        state.tried.append(Attempt(provider=provider.name, outcome=outcome, took_ms=took_ms))
        await self._calls.end(
            call,
            reply=answer.text[:200_000] if answer else None,
            outcome=outcome,
            answered=opinion is not None,
            tokens=tokens,
            cost_usd=cost,
            took_ms=took_ms,
        )

    def _reply(self, call: int, provider: Provider, opinion: Opinion) -> Reply:
        return Reply(
            opinion=opinion,
            reason="answered",
            failed=False,
            provider=provider.name,
            scripted=provider.scripted,
            call=call,
        )

    def _ms(self, started: float) -> float:
        return round((self._monotonic() - started) * 1000, 3)
