"""The risk officer at work: reads the account from the journal, judges, and writes the leave it gives."""

import asyncio
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from cryptofunk_tui.domain.base import Clock, from_ms, to_ms
from cryptofunk_tui.domain.market import Instrument, Quote, timeframe_ms
from cryptofunk_tui.domain.orders import Approval, ApprovalStatus, OrderRequest, Side
from cryptofunk_tui.domain.risk import Breaker, BreakerEffect, Check, TradingState
from cryptofunk_tui.domain.rules import RISK_AGENT
from cryptofunk_tui.risk.breakers import blocks, evaluate, strictest, wildest, wildness
from cryptofunk_tui.risk.history import History
from cryptofunk_tui.risk.limits import Situation, check_entry, check_exit, violations
from cryptofunk_tui.risk.order_guard import price_collar
from cryptofunk_tui.risk.sizing import Sizing, entry_size
from cryptofunk_tui.settings import Settings
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.control import Control
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.pulse import read_pulse
from servers.account_view import AccountView, breaker_inputs, read_account
from servers.closes import ClosesCache

STANDING = (ApprovalStatus.GRANTED, ApprovalStatus.PENDING)


@dataclass(frozen=True, slots=True)
class Question:
    """An order that a decision asks leave for; `instrument` where the venue's steps are known."""

    decision_id: str
    order: OrderRequest
    quote: Quote
    instrument: Instrument | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a request. `decision` is GRANTED, PENDING or REJECTED."""

    approval_id: str
    decision: ApprovalStatus
    expires_at: datetime
    reason: str
    checks: tuple[Check, ...]


@dataclass(frozen=True, slots=True)
class Alarm:
    """The state that trading is in and every breaker, of all symbols the worst."""

    state: TradingState
    state_reason: str
    breakers: tuple[Breaker, ...]
    effect: BreakerEffect


class RiskOffice:
    """One officer a state directory and process. Read and write of a request are one transaction, so requests
    made at the same moment, in whatever process, never pass a limit together."""

    def __init__(self, settings: Settings, state_dir: Path, clock: Clock) -> None:
        self._settings = settings
        self._rules = settings.rules
        self._state_dir = state_dir
        self._clock = clock
        self._journal: Journal | None = None
        self._opening = asyncio.Lock()
        breakers = settings.rules.breakers
        bars = max(
            settings.rules.limits.history_bars, breakers.volatility_median_bars[1] + breakers.volatility_bars
        )
        self._closes = ClosesCache(state_dir, settings.timeframe, bars + 1)

    async def request(self, question: Question) -> Answer:
        """Judge an order and write its approval. Asked again for the same order, a decision gets the same
        answer; for another size, the approval before is revoked."""
        journal = await self._open()
        async with journal.transaction():
            now, client_order_id = self._now(), question.order.client_order_id
            pulse = await read_pulse(
                journal, now, symbol=question.order.symbol, decision_id=question.decision_id
            )
            approvals = Approvals(journal)
            if pulse.overdue:
                await approvals.expire(now)
            earlier = [
                one
                for one in (await approvals.for_decision(question.decision_id) if pulse.asked else ())
                if one.order.client_order_id == client_order_id
            ]
            mine = [one for one in earlier if one.account == pulse.row.account]
            for one in mine:
                if (settled := _settled(one, question.order)) is not None:
                    decision, reason = settled
                    kept = await approvals.checks(one.approval_id)
                    return Answer(one.approval_id, decision, one.expires_at, reason, kept)
            for one in mine:
                if one.status in STANDING:
                    await approvals.revoke(one.approval_id, "another order was asked for instead", now)
            approval_id = _approval_id(question.decision_id, client_order_id, len(earlier))
            view = await read_account(journal, pulse, self._state_dir, now)
            return await self._judge(journal, view, question, approval_id)

    async def size(
        self,
        strategy: str | None,
        reference: Decimal,
        stop: Decimal,
        quote: Quote,
        instrument: Instrument | None,
    ) -> Sizing:
        """How much a strategy may buy now."""
        journal = await self._open()
        view = await self._view(journal)
        view.check_quote(quote)
        trades = await journal.trades(strategy, limit=self._rules.sizing.history)
        return entry_size(
            quote.symbol,
            quote=quote,
            reference=reference,
            stop=stop,
            results=[trade.r_multiple for trade in trades if trade.r_multiple is not None],
            portfolio=view.portfolio,
            reserved=view.reserved,
            history=await self._history(view, dict.fromkeys((quote.symbol, *view.symbols))),
            costs=self._rules.costs,
            limits=self._rules.limits,
            sizing=self._rules.sizing,
            instrument=instrument,
        )

    async def alarm(self) -> Alarm:
        """Evaluate every breaker now; halts trading where the drawdown says so."""
        journal = await self._open()
        async with journal.transaction():
            view = await self._view(journal)
            symbols = tuple(dict.fromkeys((*self._settings.symbols, *view.symbols)))
            history = await self._history(view, symbols)
            market = wildest(wildness(symbol, history, self._rules.breakers) for symbol in symbols)
            breakers = evaluate(await breaker_inputs(journal, view, market), self._rules.breakers)
            await self._halt(journal, view, breakers)
            state, reason = await Control(journal, self._state_dir).state()
        return Alarm(state, reason, breakers, strictest(breakers))

    async def close(self) -> None:
        await self._closes.close()
        if self._journal is not None:
            await self._journal.close()

    async def _judge(
        self, journal: Journal, view: AccountView, question: Question, approval_id: str
    ) -> Answer:
        order, quote = question.order, question.quote
        view.check_quote(quote)
        history = await self._history(view, dict.fromkeys((order.symbol, *view.symbols)))
        market = wildness(order.symbol, history, self._rules.breakers, float(quote.mid))
        breakers = evaluate(await breaker_inputs(journal, view, market, quote), self._rules.breakers)
        await self._halt(journal, view, breakers)
        entry = order.side is Side.BUY
        limits = (
            check_entry(order, self._situation(view, question, history))
            if entry
            else check_exit(order, view.portfolio)
        )
        checks = (*limits, _state_check(view, entry=entry), *_breaker_checks(breakers, entry=entry))
        status, reason = self._verdict(checks, entry=entry)
        expires_at = view.now + self._life(status)
        approval = Approval(
            approval_id=approval_id,
            account=view.row.account,
            decision_id=question.decision_id,
            order=order,
            collar=price_collar(order, quote, self._rules.limits),
            status=status,
            reason=reason,
            decided_by=None if status is ApprovalStatus.PENDING else RISK_AGENT,
            requested_at=view.now,
            expires_at=expires_at,
        )
        await Approvals(journal).add(approval, checks)
        return Answer(approval_id, status, expires_at, reason, checks)

    def _situation(self, view: AccountView, question: Question, history: History) -> Situation:
        quote, left = question.quote, view.pulse.last_exit
        bar_s = timeframe_ms(self._settings.timeframe) / 1000
        return Situation(
            quote=quote,
            quote_age_s=view.quote_age_s(quote),
            portfolio=view.portfolio,
            reserved=view.reserved,
            history=history,
            costs=self._rules.costs,
            rules=self._rules.limits,
            instrument=question.instrument,
            bars_since_exit=None if left is None else (view.at - left).total_seconds() / bar_s,
        )

    def _verdict(self, checks: tuple[Check, ...], *, entry: bool) -> tuple[ApprovalStatus, str]:
        if broken := violations(checks):
            return ApprovalStatus.REJECTED, broken
        if not entry:
            return ApprovalStatus.GRANTED, "only reduces what is held"
        if self._settings.approval == "manual":
            return ApprovalStatus.PENDING, "all limits hold; waits for a person"
        return ApprovalStatus.GRANTED, "all limits hold"

    def _life(self, status: ApprovalStatus) -> timedelta:
        """Wall time until the answer, or the use, comes too late."""
        rules = self._rules.approvals
        seconds = {ApprovalStatus.PENDING: rules.answer_s, ApprovalStatus.GRANTED: rules.use_s}
        return timedelta(seconds=seconds.get(status, 0.0))

    async def _halt(self, journal: Journal, view: AccountView, breakers: Iterable[Breaker]) -> None:
        """Halt trading where the drawdown asks for it, once."""
        fallen = next((one for one in breakers if one.effect is BreakerEffect.HALT and one.tripped), None)
        if fallen is None or fallen.value is None or view.state is TradingState.HALTED:
            return
        reason = (
            f"drawdown of {fallen.value:.2%} from the equity's peak, {fallen.limit or 0.0:.2%} is the limit"
        )
        await Control(journal, self._state_dir).set(TradingState.HALTED, reason, RISK_AGENT, view.now)

    async def _view(self, journal: Journal) -> AccountView:
        now = self._now()
        return await read_account(journal, await read_pulse(journal, now), self._state_dir, now)

    def _now(self) -> datetime:
        """Wall time as the journal keeps it, in whole milliseconds."""
        return from_ms(to_ms(self._clock.now()))

    async def _history(self, view: AccountView, symbols: Iterable[str]) -> History:
        return await self._closes.history(view.row.account, symbols, to_ms(view.at))

    async def _open(self) -> Journal:
        async with self._opening:
            if self._journal is None:
                self._journal = await Journal.open(self._state_dir)
            return self._journal


def _settled(earlier: Approval, order: OrderRequest) -> tuple[ApprovalStatus, str] | None:
    """The answer that an approval of the same decision already gives; None where it gives none. Limits are
    looked at anew each time, a person is not asked twice for one order."""
    if earlier.status is ApprovalStatus.CONSUMED:
        return (
            ApprovalStatus.REJECTED,
            f"the order of this decision was approved and used ({earlier.approval_id})",
        )
    if earlier.order != order:
        return None
    if earlier.status in STANDING:
        return earlier.status, earlier.reason
    by_person = earlier.decided_by not in (None, RISK_AGENT)
    unanswered = earlier.status is ApprovalStatus.EXPIRED and earlier.decided_by is None
    if unanswered or (by_person and earlier.status is ApprovalStatus.REJECTED):
        return ApprovalStatus.REJECTED, earlier.reason
    return None


def _approval_id(decision_id: str, client_order_id: str, attempt: int) -> str:
    """The same question of the same decision always has the same id."""
    asked = "\x1f".join((decision_id, client_order_id, str(attempt)))
    return "a" + hashlib.sha256(asked.encode()).hexdigest()[:15]


def _state_check(view: AccountView, *, entry: bool) -> Check:
    """Entries need RUNNING; exits pass all but a kill. A state has no number: it passes as 0, or not."""
    stopped = view.killed or (entry and view.state is not TradingState.RUNNING)
    said = f"{view.state}: {view.state_reason}" if view.state_reason else str(view.state)
    return Check(
        name="trading_state",
        value=None if stopped else 0,
        limit=None if stopped else 0,
        ok=not stopped,
        detail=said,
    )


def _breaker_checks(breakers: Iterable[Breaker], *, entry: bool) -> tuple[Check, ...]:
    """The active breakers as checks of this order."""
    return tuple(
        Check(
            name=one.name,
            value=one.value,
            limit=one.limit,
            ok=not (one.tripped and blocks(one.effect, entry=entry)),
            detail=one.detail,
        )
        for one in breakers
        if one.active
    )
