"""Leave for one order each: asked for, answered, used once, or gone with time."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from pydantic import TypeAdapter

from cryptofunk_tui.domain.orders import Approval, ApprovalStatus
from cryptofunk_tui.domain.risk import Check
from cryptofunk_tui.storage.booking import exact_product, exact_sum
from cryptofunk_tui.storage.errors import NotFound, Refused
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.rows import stamp, text, to_approval

_CHECKS = TypeAdapter(tuple[Check, ...])


class Approvals:
    """The approvals in the journal. Every change of state compares before it sets, so of many who try at the
    same moment one succeeds. Times are wall time."""

    def __init__(self, journal: Journal) -> None:
        self._database = journal.database

    async def add(self, approval: Approval, checks: Sequence[Check] = ()) -> None:
        """Keep an approval with the limits that it was held against. Raises Refused for a known id."""
        order = approval.order
        added = await self._database.write(
            "add_approval",
            approval_id=approval.approval_id,
            account=approval.account,
            decision_id=approval.decision_id,
            client_order_id=order.client_order_id,
            symbol=order.symbol,
            purpose=order.purpose.value,
            quantity=text(order.quantity),
            price=text(approval.collar if order.limit_price is None else order.limit_price),
            request=order.model_dump_json(),
            collar=text(approval.collar),
            checks=_CHECKS.dump_json(tuple(checks)).decode(),
            status=approval.status.value,
            reason=approval.reason,
            decided_by=approval.decided_by,
            requested_at=stamp(approval.requested_at),
            expires_at=stamp(approval.expires_at),
        )
        if not added:
            raise Refused(f"approval {approval.approval_id} exists already")

    async def get(self, approval_id: str) -> Approval | None:
        row = await self._database.row("approval", approval_id=approval_id)
        return None if row is None else to_approval(row)

    async def checks(self, approval_id: str) -> tuple[Check, ...]:
        """The limits that an approval was held against; none for an unknown id."""
        row = await self._database.row("approval_checks", approval_id=approval_id)
        return () if row is None else _CHECKS.validate_json(row["checks"])

    async def for_decision(self, decision_id: str) -> tuple[Approval, ...]:
        """All approvals that a decision asked for, oldest first."""
        rows = await self._database.rows("approvals_of_decision", decision_id=decision_id)
        return tuple(to_approval(row) for row in rows)

    async def pending(self) -> tuple[Approval, ...]:
        """Those that wait for a person, oldest first."""
        return tuple(to_approval(row) for row in await self._database.rows("pending_approvals"))

    async def reserved(
        self, now: datetime | None = None, *, excluding: str | None = None
    ) -> dict[str, Decimal]:
        """What entries may still spend, in quote currency by symbol: grants not yet used (and, given `now`,
        not expired) and the unfilled rest of open entry orders, each at its limit price or collar.
        `excluding` leaves out the order with this client order id."""
        rows = await self._database.rows(
            "reservations", now=stamp(now) if now else 0, except_order=excluding or ""
        )
        reserved: dict[str, Decimal] = {}
        for row in rows:
            rest = exact_sum(Decimal(row["quantity"]), -Decimal(row["filled"]))
            notional = exact_product(rest, Decimal(row["price"]))
            reserved[row["symbol"]] = exact_sum(reserved.get(row["symbol"], Decimal(0)), notional)
        return reserved

    async def decide(
        self,
        approval_id: str,
        status: ApprovalStatus,
        by: str,
        reason: str,
        at: datetime,
        *,
        expires_at: datetime | None = None,
    ) -> Approval:
        """A person's answer to a PENDING approval: GRANTED or REJECTED; `expires_at` is until when a grant
        may be used, as it was where absent. Raises NotFound for an unknown id and Refused for one that is
        decided already or has run out."""
        if status not in (ApprovalStatus.GRANTED, ApprovalStatus.REJECTED):
            raise ValueError(f"status {status}: an answer is GRANTED or REJECTED")
        async with self._database.transaction():
            known = await self._known(approval_id)
            row = await self._database.row(
                "decide_approval",
                approval_id=approval_id,
                status=status.value,
                reason=reason,
                decided_by=by,
                at=stamp(at),
                expires_at=stamp(expires_at or known.expires_at),
            )
        if row is not None:
            return to_approval(row)
        state = "EXPIRED" if known.status is ApprovalStatus.PENDING else known.status.value
        raise Refused(f"approval {approval_id} is {state}; only a pending one can be answered")

    async def revoke(self, approval_id: str, reason: str, at: datetime) -> bool:
        """Withdraw an approval that is not used yet; whether there was one to withdraw."""
        changed = await self._database.write(
            "revoke_approval", approval_id=approval_id, reason=reason, at=stamp(at)
        )
        return changed == 1

    async def consume(self, approval_id: str, at: datetime) -> bool:
        """Use a grant of the active account: True exactly once, and never after it has expired."""
        return await self._database.write("consume_approval", approval_id=approval_id, at=stamp(at)) == 1

    async def expire(self, now: datetime) -> tuple[Approval, ...]:
        """Close what was not answered or used in time; those that this call closed."""
        rows = await self._database.rows("expire_approvals", now=stamp(now))
        return tuple(to_approval(row) for row in rows)

    async def _known(self, approval_id: str) -> Approval:
        approval = await self.get(approval_id)
        if approval is None:
            raise NotFound(
                f"approval {approval_id} is not in the journal; list the pending ones for their ids"
            )
        return approval
