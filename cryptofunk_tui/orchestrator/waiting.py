"""Orders that wait for a person: answered, asked for smaller, left behind by the market, or rejected by
silence."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from cryptofunk_tui.domain.base import Clock, plain
from cryptofunk_tui.domain.cycle import ApprovalNote
from cryptofunk_tui.domain.errors import Refused
from cryptofunk_tui.domain.market import Instrument, Quote
from cryptofunk_tui.domain.orders import Approval, ApprovalStatus, OrderRequest, Side
from cryptofunk_tui.storage.approvals import Approvals

POLL_S = 0.2


@dataclass(frozen=True, slots=True)
class Smaller:
    """A person wants less; the order is asked for anew."""

    quantity: Decimal


@dataclass(frozen=True, slots=True)
class _Case:
    order: OrderRequest
    instrument: Instrument | None


class WaitingRoom:
    """Holds what waits. Of many who answer at the same moment the journal lets one succeed."""

    def __init__(
        self,
        approvals: Approvals,
        newest: Callable[[str], Quote | None],
        clock: Clock,
        is_ending: Callable[[], bool],
    ) -> None:
        """`newest` is the newest price of a symbol; the run's end counts as silence."""
        self._approvals = approvals
        self._newest = newest
        self._clock = clock
        self._is_ending = is_ending
        self._waiting: dict[str, _Case] = {}
        self._smaller: dict[str, Smaller] = {}

    async def wait(
        self, approval_id: str, order: OrderRequest, instrument: Instrument | None
    ) -> ApprovalNote | Smaller:
        """What became of an approval. Silence rejects, and so does a price that has left the order behind."""
        self._waiting[approval_id] = _Case(order, instrument)
        try:
            approval = await self._closed(approval_id)
            smaller = self._smaller.pop(approval_id, None)
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
        self._smaller[approval_id] = Smaller(wanted)
        reason = f"{actor} asks for {plain(wanted)} instead of {plain(case.order.quantity)}"
        try:
            await self._approvals.decide(
                approval_id, ApprovalStatus.REJECTED, actor, reason, self._clock.now()
            )
        except BaseException:
            self._smaller.pop(approval_id, None)
            raise
        return wanted

    def _checked(self, case: _Case, quantity: Decimal) -> Decimal:
        asked = case.order.quantity
        if not quantity.is_finite() or quantity <= 0:
            raise Refused("write an amount above 0, or reject the order")
        wanted = case.instrument.quantity_down(quantity) if case.instrument else quantity
        if wanted >= asked:
            raise Refused(f"only less than {plain(asked)} can be asked for; {plain(wanted)} is not")
        quote = self._newest(case.order.symbol)
        if case.instrument and quote and wanted * quote.bid < case.instrument.min_notional:
            least = plain(case.instrument.min_notional)
            raise Refused(f"{plain(wanted)} is worth less than the venue takes: {least} at least")
        return wanted

    async def _closed(self, approval_id: str) -> Approval | None:
        """The approval once it waits no longer; None where it is gone."""
        while True:
            await self._approvals.expire(self._clock.now())
            approval = await self._approvals.get(approval_id)
            if approval is None or approval.status is not ApprovalStatus.PENDING:
                return approval
            reason = "the run ended before a person answered" if self._is_ending() else self._drift(approval)
            if reason:
                await self._approvals.revoke(approval_id, reason, self._clock.now())
            else:
                await asyncio.sleep(POLL_S)

    def _drift(self, approval: Approval) -> str:
        """Why the market has left an entry behind while it waited; empty where it has not."""
        order, quote = approval.order, self._newest(approval.order.symbol)
        if quote is None or order.side is not Side.BUY:
            return ""
        if quote.ask > approval.collar:
            return f"the ask rose to {plain(quote.ask)} while it waited, beyond {plain(approval.collar)}"
        stop = order.protection.stop if order.protection is not None else None
        if stop is not None and quote.bid <= stop:
            return f"the bid fell to {plain(quote.bid)} while it waited, to its stop at {plain(stop)}"
        return ""
