"""One symbol before the council: what it was shown, what each agent said, what the vote came to."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np

from cryptofunk_tui.agents.base import Scores
from cryptofunk_tui.agents.council import Proposal
from cryptofunk_tui.agents.features import arbitrage_edges, book_features, sentiment
from cryptofunk_tui.agents.frame import Frame
from cryptofunk_tui.agents.risk import RiskAgent
from cryptofunk_tui.decision.context import candle_speaks, signal_speaks, to_context
from cryptofunk_tui.decision.decide import Deliberation, Standing, deliberate
from cryptofunk_tui.decision.records import settle, to_ballot, to_signal
from cryptofunk_tui.domain.base import from_ms
from cryptofunk_tui.domain.market import Headline, OrderBook, timeframe_ms
from cryptofunk_tui.domain.rules import Rules
from cryptofunk_tui.domain.signals import Action, Ballot, Context, Signal, Tally
from cryptofunk_tui.llm.envelope import quoted
from cryptofunk_tui.orchestrator import briefing
from cryptofunk_tui.orchestrator.feed import Feed
from cryptofunk_tui.orchestrator.launch import MarketFacts
from cryptofunk_tui.orchestrator.opinions import READS_STRANGERS, Conference, Models, Said
from cryptofunk_tui.orchestrator.sitting import Sitting, Voice
from cryptofunk_tui.toolbox.errors import ToolboxError

Inputs = dict[str, float | None]
SIDES = (Action.BUY, Action.SELL, Action.HOLD)


@dataclass(frozen=True, slots=True)
class Moment:
    """What is known of now beside candles: columns of the last row, and headlines, newest first."""

    columns: Mapping[str, float] = field(default_factory=dict)
    headlines: tuple[Headline, ...] = ()


@dataclass(frozen=True, slots=True)
class Hearing:
    """The council's word on one symbol, before the account is asked. `inputs` are the last row's numbers."""

    symbol: str
    as_of: datetime
    inputs: Inputs
    signals: tuple[Signal, ...]
    context: Context
    ballots: tuple[Ballot, ...]
    made: Deliberation
    rules: Rules
    """Those that were in force."""
    timings_ms: dict[str, float]
    models: Conference | None = None
    """The model calls of this decision; None where rules decide alone."""

    def settle(self, standing: Standing, risk: RiskAgent) -> Tally:
        """The vote as it stands before the account."""
        return settle(self.made, len(self.made) - 1, standing, risk, self.rules)

    def ballot(self, strategy: str | None) -> Ballot | None:
        """A strategy's ballot."""
        return next((ballot for ballot in self.ballots if ballot.agent == strategy), None)


class Chamber:
    """Where the council hears: gathers what the agents need, in phases, the agents of a phase at once."""

    def __init__(
        self, feed: Feed, sitting: Sitting, facts: MarketFacts, models: Models | None = None
    ) -> None:
        """Without `models` rules decide alone."""
        self._feed = feed
        self._models = models
        self._sitting = sitting
        self._facts = facts
        self._rules = sitting.rules
        self._hearings = 0
        self._risk = RiskAgent(self._rules.limits, self._rules.costs)
        self._books: dict[str, OrderBook] = {}
        self._spoken: dict[tuple[str, str], tuple[Signal, datetime]] = {}

    async def hear(self, symbol: str, at: datetime, *, forming: bool = False) -> Hearing:
        """A symbol at a moment, on closed bars or, for a preview, on the bar in progress. Raises ToolboxError
        where candles or indicators cannot be had; what else is missing makes its agent abstain. Rules change
        only while nobody is heard, so that a decision rests on one set of them."""
        if not self._hearings:
            self._rules = self._sitting.turn()
        self._hearings += 1
        try:
            return await self._hear(symbol, at, forming)
        finally:
            self._hearings -= 1

    async def _hear(self, symbol: str, at: datetime, forming: bool) -> Hearing:
        started = time.perf_counter()
        models = None if self._models is None or forming else self._models.conference(symbol, at)
        frame, now = await asyncio.gather(
            self._feed.forming_frame(symbol, at) if forming else self._feed.frame(symbol),
            self._moment(symbol, at),
        )
        frame = frame.with_now(now.columns)
        inputs = _inputs(frame)
        gathered = time.perf_counter()
        signals, scores = await self._signals(frame, inputs, now, at, models)
        weights = {name: seat.weight for name, seat in self._rules.council.analysis.items()}
        context = to_context([signal for signal in signals if signal.agent in scores], weights)
        analysed = time.perf_counter()
        council = briefing.council(signals, context)
        if models is not None:
            council["debate"] = await models.debate(council | briefing.seen("debate", frame, inputs, at))
        proposals, words = await self._proposals(frame, inputs, at, models, council)
        made = deliberate(frame.candles, scores, proposals, self._risk, self._rules)
        ballots = tuple(
            to_ballot(
                made, name, proposals[name], len(frame) - 1, weight=round(seat.weight), reasons=words[name]
            )
            for name, seat in self._rules.council.strategies.items()
        )
        voted = time.perf_counter()
        return Hearing(
            symbol=symbol,
            as_of=at,
            inputs=inputs,
            signals=signals,
            context=context,
            ballots=ballots,
            made=made,
            rules=self._rules,
            models=models,
            timings_ms={
                "gather": _ms(started, gathered),
                "analysis": _ms(gathered, analysed),
                "vote": _ms(analysed, voted),
            },
        )

    async def _signals(
        self, frame: Frame, inputs: Inputs, now: Moment, at: datetime, models: Conference | None
    ) -> tuple[tuple[Signal, ...], Mapping[str, Scores]]:
        """The newest signal of every analyst: this moment's, or an earlier one that still speaks where the
        market did not answer now."""
        names = self._sitting.analysts

        async def heard(name: str) -> Voice[Scores]:
            voice = await self._sitting.signal(name, frame)
            if models is None or voice.opinion is None:
                return voice
            shown = briefing.seen(name, frame, inputs, at)
            if name in READS_STRANGERS:
                shown["headlines"] = quoted(now.headlines)
            said = await models.weigh(name, _said(voice.opinion, voice.reasons), SIDES, shown)
            return Voice(voice.opinion.ending(said.action, said.confidence), said.reasons)

        voices = await asyncio.gather(*map(heard, names))
        closed = from_ms(int(frame.candles.close_ms[-1]))
        signals, scores = [], {}
        for name, voice in zip(names, voices, strict=True):
            opinion = voice.opinion if voice.opinion is not None else Scores.abstain(len(frame))
            signal = to_signal(name, opinion, len(frame) - 1, voice.reasons, closed)
            if voice.opinion is not None:
                signal = self._newest(signal, frame, at)
            signals.append(signal)
            scores[name] = opinion.ending(signal.action, signal.confidence)
        return tuple(signals), scores

    def _newest(self, signal: Signal, frame: Frame, at: datetime) -> Signal:
        """The signal of an agent that was heard now, or its last one where it could not tell."""
        if self._sitting.reads_candles(signal.agent):
            if self._is_current(frame, at):
                return signal
            silent = {"action": Action.ABSTAIN, "confidence": 0.0, "reasons": _too_old(frame)}
            return signal.model_copy(update=silent)
        key = signal.agent, frame.symbol
        if signal.action is not Action.ABSTAIN:
            self._spoken[key] = signal, at
        kept, computed_at = self._spoken.get(key, (signal, at))
        return kept if signal_speaks(computed_at, at, self._rules.voting) else signal

    def _is_current(self, frame: Frame, at: datetime) -> bool:
        closed_at = from_ms(int(frame.candles.close_ms[-1]))
        bar_ms = timeframe_ms(frame.candles.timeframe)
        return candle_speaks(closed_at, at, self._rules.voting, bar_ms=bar_ms)

    async def _proposals(
        self,
        frame: Frame,
        inputs: Inputs,
        at: datetime,
        models: Conference | None,
        council: Mapping[str, Any],
    ) -> tuple[dict[str, Proposal], dict[str, tuple[str, ...]]]:
        """What every strategy proposes; on a last bar that is too old those that read candles abstain. A
        model is asked where its rule has a setup, which alone has a plan: to carry it, or to hold."""
        names = self._sitting.strategists

        async def heard(name: str) -> Voice[Proposal]:
            voice = await self._sitting.proposal(name, frame)
            if models is None or voice.opinion is None:
                return voice
            rule = _said(voice.opinion.scores, voice.reasons)
            if rule.action is Action.HOLD:
                return voice
            shown = {**briefing.seen(name, frame, inputs, at), **council}
            said = await models.weigh(name, rule, (rule.action, Action.HOLD), shown)
            scores = voice.opinion.scores.ending(said.action, said.confidence)
            return Voice(replace(voice.opinion, scores=scores), said.reasons)

        voices = await asyncio.gather(*map(heard, names))
        proposals, words = {}, {}
        for name, voice in zip(names, voices, strict=True):
            stale = self._sitting.reads_candles(name) and not self._is_current(frame, at)
            proposals[name] = Proposal.absent(len(frame)) if stale or not voice.opinion else voice.opinion
            words[name] = _too_old(frame) if stale else voice.reasons
        return proposals, words

    async def _moment(self, symbol: str, at: datetime) -> Moment:
        """The context of now; what the market does not offer or give is left out."""
        facts, council = self._facts, self._rules.council
        if not (facts.has_book or facts.has_venue_quotes or facts.has_news):
            return Moment()
        try:
            seen = await self._feed.snapshot(symbol, at)
        except ToolboxError:
            return Moment()
        columns: dict[str, float] = {}
        if seen.order_book is not None:
            previous, self._books[symbol] = self._books.get(symbol), seen.order_book
            columns |= book_features(seen.order_book, previous, council.order_book)
        if seen.quote is not None and seen.venue_quotes is not None:
            columns |= arbitrage_edges(
                seen.quote, seen.venue_quotes, at, self._rules.costs, council.arbitrage
            )
        if seen.headlines is not None:
            columns |= sentiment(seen.headlines, seen.fear_greed, symbol, at, council.sentiment)
        return Moment(columns, seen.headlines or ())


def _said(scores: Scores, reasons: tuple[str, ...]) -> Said:
    return Said(*scores.at(len(scores) - 1), reasons)


def _inputs(frame: Frame) -> Inputs:
    """The last row in numbers, None where it is not known."""
    candles = frame.candles
    row = {name: float(getattr(candles, name)[-1]) for name in ("open", "high", "low", "close", "volume")}
    row |= {key: float(values[-1]) for key, values in frame.columns.items()}
    return {key: value if np.isfinite(value) else None for key, value in row.items()}


def _too_old(frame: Frame) -> tuple[str, ...]:
    closed_at = from_ms(int(frame.candles.close_ms[-1]))
    return (f"the last bar closed at {closed_at:%Y-%m-%d %H:%M}Z: too old to speak",)


def _ms(start: float, end: float) -> float:
    return round((end - start) * 1000, 3)
