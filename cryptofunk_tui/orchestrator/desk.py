"""From a vote to an order: size, approval, placement, and what became of it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from cryptofunk_tui.domain.base import Clock, plain
from cryptofunk_tui.domain.cycle import ApprovalNote
from cryptofunk_tui.domain.market import Instrument, Quote
from cryptofunk_tui.domain.orders import (
    ApprovalStatus,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Protection,
    Purpose,
    Side,
    order_id,
)
from cryptofunk_tui.domain.portfolio import Position
from cryptofunk_tui.domain.risk import Check, Decision, Verdict
from cryptofunk_tui.domain.rules import ApprovalRules
from cryptofunk_tui.domain.signals import Plan
from cryptofunk_tui.orchestrator.waiting import POLL_S, Smaller, WaitingRoom
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.toolbox.errors import ToolboxError, ToolRefused
from cryptofunk_tui.toolbox.toolbox import Toolbox

EXECUTOR = "order_executor"
ON_THE_WAY = (OrderStatus.INTENT, OrderStatus.SENT, OrderStatus.UNKNOWN)
PLACE_S = 10.0
RETURN_S = 10.0
"""How long a server that died is waited for."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the risk officer said, what leave was given, and the orders that came of it."""

    verdict: Verdict
    approval: ApprovalNote | None = None
    orders: tuple[Order, ...] = ()


NOTHING = Outcome(Verdict(decision=Decision.NONE, checks=(), reason=""))


class Desk:
    """Carries decisions to the risk officer and to the executor. It trusts neither to be alive: a question
    that is lost is asked again, an order that is lost is looked up and never sent again."""

    def __init__(
        self,
        toolbox: Toolbox,
        approvals: Approvals,
        rules: ApprovalRules,
        account: str,
        run: str,
        clock: Clock,
        newest: Callable[[str], Quote | None],
        is_ending: Callable[[], bool],
    ) -> None:
        """`newest` is the newest price of a symbol. A person is waited for until `is_ending`; the run's end
        counts as silence."""
        self._toolbox = toolbox
        self._approvals = approvals
        self._account = account
        self._run = run
        self._clock = clock
        self._newest = newest
        self.room = WaitingRoom(approvals, rules, newest, clock, is_ending)

    async def enter(
        self,
        cycle: str,
        strategy: str,
        plan: Plan,
        quote: Quote,
        instrument: Instrument,
        waiting: Callable[[Outcome], None],
    ) -> Outcome:
        """Open a position as planned. `waiting` hears of it when a person is asked."""
        sizing = await self._ask(
            "size_entry",
            {
                "symbol": quote.symbol,
                "strategy": strategy,
                "reference": plain(plan.reference),
                "stop": plain(plan.stop),
                "quote": quote.model_dump(mode="json"),
                "instrument": instrument.model_dump(mode="json"),
            },
        )
        quantity = Decimal(sizing["quantity"])
        if quantity <= 0:
            return Outcome(Verdict(decision=Decision.REJECTED, checks=(), reason=str(sizing["basis"])))
        order = OrderRequest(
            client_order_id=order_id(self._account, self._run, cycle, "entry"),
            symbol=quote.symbol,
            side=Side.BUY,
            type=OrderType.MARKET,
            quantity=quantity,
            purpose=Purpose.ENTRY,
            strategy=strategy,
            protection=_on_steps(plan, instrument),
        )
        return await self._carry(cycle, order, quote, waiting, instrument)

    async def leave(
        self, cycle: str, position: Position, quote: Quote, waiting: Callable[[Outcome], None]
    ) -> Outcome:
        """Close a position by vote."""
        order = OrderRequest(
            client_order_id=order_id(self._account, self._run, cycle, "exit"),
            symbol=position.symbol,
            side=Side.SELL,
            type=OrderType.MARKET,
            quantity=position.quantity,
            purpose=Purpose.EXIT,
            strategy=position.strategy,
        )
        return await self._carry(cycle, order, quote, waiting)

    async def _carry(
        self,
        cycle: str,
        order: OrderRequest,
        quote: Quote,
        waiting: Callable[[Outcome], None],
        instrument: Instrument | None = None,
    ) -> Outcome:
        """Ask for leave, wait for a person where that is asked for, and place. An order that a person wants
        smaller is asked for anew under its own name, so that one decision stays one order."""
        while True:
            answer = await self._ask(
                "request_approval",
                {
                    "decision_id": cycle,
                    "order": order.model_dump(mode="json"),
                    "quote": quote.model_dump(mode="json"),
                },
            )
            checks = tuple(Check.model_validate(check) for check in answer["checks"])
            reason, decision = str(answer["reason"]), answer["decision"]
            note = ApprovalNote(
                approval_id=answer["approval_id"], decision=decision, decided_by="risk", reason=reason
            )
            if decision != ApprovalStatus.PENDING:
                break
            waiting(Outcome(Verdict(decision=Decision.PENDING, checks=checks, reason=reason), note))
            answered = await self.room.wait(note.approval_id, order, quote, instrument)
            if not isinstance(answered, Smaller):
                note = answered
                break
            order = order.model_copy(update={"quantity": answered.quantity})
            quote = self._newest(order.symbol) or quote
        if note.decision != ApprovalStatus.GRANTED:
            return Outcome(Verdict(decision=Decision.REJECTED, checks=checks, reason=note.reason), note)
        verdict = Verdict(decision=Decision.APPROVED, checks=checks, reason=reason)
        return Outcome(verdict, note, await self._place(note.approval_id, order))

    async def _place(self, approval_id: str, order: OrderRequest) -> tuple[Order, ...]:
        arguments = {
            "approval_id": approval_id,
            "client_order_id": order.client_order_id,
            "symbol": order.symbol,
            "side": order.side,
            "quantity": plain(order.quantity),
        }
        try:
            placed = await self._toolbox.call(EXECUTOR, "place_market_order", arguments, deadline_s=PLACE_S)
        except ToolboxError as error:
            if not error.outcome_unknown and await self._is_unused(approval_id, f"not placed: {error}"):
                raise
            return (await self._look_up(approval_id, order.client_order_id),)
        return (Order.model_validate(placed),)

    async def _look_up(self, approval_id: str, client_order_id: str) -> Order:
        """An order whose answer was lost: what became of it. It is never sent again; one that never reached
        the journal has lost its leave. Raises ToolboxError, with `outcome_unknown` while nobody can tell."""
        deadline = time.monotonic() + RETURN_S
        try:
            await self._toolbox.ready(EXECUTOR, RETURN_S)
            while True:
                order = await self._known(client_order_id)
                late = time.monotonic() >= deadline
                if order is not None and (late or order.status not in ON_THE_WAY):
                    return order
                reason = "the executor went away before it took the order"
                if order is None and await self._is_unused(approval_id, reason):
                    break
                if late:
                    raise ToolboxError(f"order {client_order_id} was taken and cannot be found")
                await asyncio.sleep(POLL_S)
        except ToolboxError as error:
            raise ToolboxError(str(error), outcome_unknown=True) from None
        raise ToolboxError(f"{reason}: no order {client_order_id!r}")

    async def _known(self, client_order_id: str) -> Order | None:
        """An order as the executor knows it; None where it tells of none."""
        arguments = {"client_order_id": client_order_id}
        try:
            found = await self._toolbox.call(EXECUTOR, "get_order_status", arguments)
        except ToolRefused:
            return None
        return Order.model_validate(found)

    async def _is_unused(self, approval_id: str, reason: str) -> bool:
        """Withdraw a leave, and whether no order left by it: one that was used cannot be withdrawn."""
        if await self._approvals.revoke(approval_id, reason, self._clock.now()):
            return True
        approval = await self._approvals.get(approval_id)
        return approval is None or approval.status is not ApprovalStatus.CONSUMED

    async def _ask(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """A question to the risk officer; the same question has one answer, so a crash may repeat it."""
        return await patiently(
            self._toolbox, "risk_analyzer", lambda: self._toolbox.call("risk_analyzer", tool, arguments)
        )


async def patiently(
    toolbox: Toolbox, server: str, ask: Callable[[], Awaitable[dict[str, Any]]]
) -> dict[str, Any]:
    """Ask, and where the server died or hung, again when it is back, for RETURN_S from the first failure.
    Only for what may be done twice."""
    deadline: float | None = None
    while True:
        try:
            return await ask()
        except ToolboxError as error:
            deadline = deadline or time.monotonic() + RETURN_S
            if not error.outcome_unknown or time.monotonic() >= deadline:
                raise
        await toolbox.ready(server, RETURN_S)


def _on_steps(plan: Plan, instrument: Instrument) -> Protection:
    """A plan on the venue's price steps, each rounded up: the risk shrinks, and the reward does not."""
    return Protection(
        reference=plan.reference,
        stop=instrument.price_up(plan.stop),
        target=instrument.price_up(plan.target),
        trail=None if plan.trail is None else instrument.price_up(plan.trail),
        trail_after=None if plan.trail_after is None else instrument.price_up(plan.trail_after),
    )
