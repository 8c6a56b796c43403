"""Orders that wait for a person: answered, asked for smaller, left behind by the market, or rejected by
silence."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from cryptofunk_tui.domain.base import Clock, plain
from cryptofunk_tui.domain.corridor import Corridor
from cryptofunk_tui.domain.cycle import ApprovalNote
from cryptofunk_tui.domain.errors import Refused
from cryptofunk_tui.domain.market import Instrument, Quote
from cryptofunk_tui.domain.orders import Approval, ApprovalStatus, OrderRequest, Side
from cryptofunk_tui.domain.rules import ApprovalRules
from cryptofunk_tui.risk.drift import corridor, left_behind
from cryptofunk_tui.storage.approvals import Approvals

POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Smaller:
    """A person wants less; the order is asked for anew."""

    quantity: Decimal


@dataclass(slots=True)
class _Case:
    order: OrderRequest
    quote: Quote
    """At which it was asked for."""
    instrument: Instrument | None
    bounds: Corridor | None = None
    smaller: Smaller | None = None
    """Set once the journal has taken the smaller size for the answer."""
    answering: asyncio.Lock = field(default_factory=asyncio.Lock)


class WaitingRoom:
    """Holds what waits. Of many who answer at the same moment the journal lets one succeed."""

    def __init__(
        self,
        approvals: Approvals,
        rules: ApprovalRules,
        newest: Callable[[str], Quote | None],
        clock: Clock,
        is_ending: Callable[[], bool],
    ) -> None:
        """`newest` is the newest price of a symbol; the run's end counts as silence."""
        self._approvals = approvals
        self._rules = rules
        self._newest = newest
        self._clock = clock
        self._is_ending = is_ending
        self._waiting: dict[str, _Case] = {}

    def corridors(self) -> tuple[Corridor, ...]:
        """How far the market may go with each order that waits."""
        return tuple(case.bounds for case in self._waiting.values() if case.bounds is not None)

    async def wait(
        self, approval_id: str, order: OrderRequest, quote: Quote, instrument: Instrument | None
    ) -> ApprovalNote | Smaller:
        """What became of an approval that was asked for at `quote`. Silence rejects, and so does a price that
        has left the order behind."""
        case = self._waiting[approval_id] = _Case(order, quote, instrument)
        try:
            approval = await self._closed(approval_id, case)
            async with case.answering:
                smaller = case.smaller
        finally:
            del self._waiting[approval_id]
        if smaller is not None:
            return smaller
        if approval is None:
            return ApprovalNote(
                approval_id=approval_id, decision="REJECTED", decided_by=None, reason="the approval is gone"
            )
        return ApprovalNote(
            approval_id=approval_id,
            decision=approval.status,
            decided_by=approval.decided_by,
            reason=approval.reason,
        )

    async def shrink(self, approval_id: str, quantity: Decimal, actor: str) -> Decimal:
        """A person wants less than is asked for: this approval is rejected, and the smaller order is asked
        for anew. Returns the quantity on the venue's step. Raises Refused, NotFound."""
        case = self._waiting.get(approval_id)
        if case is None:
            raise Refused(f"approval {approval_id} does not wait any more")
        wanted = self._checked(case, quantity)
        reason = f"{actor} asks for {plain(wanted)} instead of {plain(case.order.quantity)}"
        async with case.answering:
            await self._approvals.decide(
                approval_id, ApprovalStatus.REJECTED, actor, reason, self._clock.now()
            )
            case.smaller = Smaller(wanted)
        return wanted

    def _checked(self, case: _Case, quantity: Decimal) -> Decimal:
        asked = case.order.quantity
        if not quantity.is_finite() or quantity <= 0:
            raise Refused("write an amount above 0, or reject the order")
        wanted = case.instrument.quantity_down(quantity) if case.instrument else quantity
        if wanted >= asked:
            raise Refused(f"only less than {plain(asked)} can be asked for; {plain(wanted)} is not")
        quote = self._newest(case.order.symbol) or case.quote
        if case.instrument and wanted * quote.bid < case.instrument.min_notional:
            least = plain(case.instrument.min_notional)
            raise Refused(f"{plain(wanted)} is worth less than the venue takes: {least} at least")
        return wanted

    async def _closed(self, approval_id: str, case: _Case) -> Approval | None:
        """The approval once it waits no longer; None where it is gone."""
        while True:
            await self._approvals.expire(self._clock.now())
            approval = await self._approvals.get(approval_id)
            if approval is None or approval.status is not ApprovalStatus.PENDING:
                return approval
            if case.bounds is None and case.order.side is Side.BUY:
                case.bounds = corridor(approval, case.quote, self._rules)
            reason = "the run ended before a person answered" if self._is_ending() else self._drift(case)
            if reason:
                await self._approvals.revoke(approval_id, reason, self._clock.now())
            else:
                await asyncio.sleep(POLL_S)

    def _drift(self, case: _Case) -> str:
        """Why the market has left an entry behind while it waited; empty where it has not."""
        quote = self._newest(case.order.symbol)
        return left_behind(case.bounds, quote) if case.bounds and quote else ""
