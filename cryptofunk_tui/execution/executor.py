"""Places orders that were approved and exits that only reduce; takes orders back."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.market import Quote
from cryptofunk_tui.domain.orders import Order, OrderRequest, OrderStatus, OrderType, Purpose, Side
from cryptofunk_tui.domain.portfolio import Position
from cryptofunk_tui.domain.rules import Rules
from cryptofunk_tui.execution.blotter import Blotter
from cryptofunk_tui.execution.follow import Follower, Progress
from cryptofunk_tui.execution.grants import (
    fresh,
    granted,
    large_enough,
    reduces,
    same_order,
    well_formed,
    within_collar,
)
from cryptofunk_tui.execution.kill import Gate, look
from cryptofunk_tui.execution.paper import PaperVenue
from cryptofunk_tui.execution.venue import OrderRefused, Report
from cryptofunk_tui.execution.walk import MarketWalk
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.risk.limits import violations
from cryptofunk_tui.risk.order_guard import check_room
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.journal import AccountRow, Journal

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Leave:
    """An order that may be sent, and what lets it."""

    request: OrderRequest
    decision_id: str | None = None
    approval_id: str | None = None
    collar: Decimal | None = None
    reason: str = ""


class Executor:
    """The only way to the venue, for one account. One order at a time, each carried to its end even where
    the caller goes away; taking orders back waits for no other order."""

    def __init__(
        self, journal: Journal, account: AccountRow, venue: PaperVenue, gate: Gate, rules: Rules, clock: Clock
    ) -> None:
        """`clock` is wall time: grants expire by it, and a live market is followed by it."""
        self._journal = journal
        self._account = account.account
        self._venue = venue
        self._gate = gate
        self._rules = rules
        self._clock = clock
        self._approvals = Approvals(journal)
        self._blotter = Blotter(journal, account)
        walk = MarketWalk(journal, self._blotter, venue, rules.limits.price_collar)
        self._follower = Follower(journal, self._blotter, venue, walk, gate, rules.limits.quote_age_s, clock)
        self._lock = asyncio.Lock()

    async def start(self) -> None:
        """Settle what a crash left, before anything else. Needs no market."""
        await self._alone(self._start())

    async def place(self, request: OrderRequest, approval_id: str | None) -> Order:
        """Send an order with its grant; without one, only what reduces a position. The same order again is
        answered with what became of it. Raises OrderRefused, MarketError, StorageError."""
        return await self._alone(self._place(request, approval_id))

    async def close_position(self, symbol: str, reason: str, client_order_id: str | None = None) -> Order:
        """Sell all that is held of a symbol. Raises OrderRefused where nothing is held, or when killed."""
        return await self._alone(self._close(symbol, reason, client_order_id))

    async def flatten(self, reason: str) -> tuple[Order, ...]:
        """Take all orders back and sell everything. Raises OrderRefused when killed, and where something
        could not be sold; the rest is sold all the same."""
        return await self._alone(self._flatten(reason))

    async def process_market(self) -> Progress:
        """Follow the market to now, value the account, and tell what changed since the last report."""
        return await self._alone(self._process())

    async def keep_watch(self) -> None:
        """What protection needs between two reports: follow the market while anything is open."""
        return await self._alone(self._keep_watch())

    async def cancel(self, client_order_id: str, reason: str) -> Order:
        """Take an order back; one that ended already is answered as it is. Raises OrderRefused."""
        order = await self._journal.order(client_order_id)
        if order is None:
            raise OrderRefused(f"no order {client_order_id!r}; list_orders names them")
        return await self._blotter.withdraw(order, self._venue, reason, await self._follower.now())

    async def watch_kill(self) -> None:
        """One look at the kill; open orders are taken back, entries alone where only they are stopped."""
        await look(self._gate, self._follower.withdraw)

    async def close(self) -> None:
        """Wait for the order that is under way."""
        async with self._lock:
            pass

    async def _start(self) -> None:
        account = await self._journal.account()
        if self._venue.is_live or (account and account.market_time):
            await self._follower.settle()

    async def _place(self, request: OrderRequest, approval_id: str | None) -> Order:
        known = await self._journal.order(request.client_order_id)
        if known is not None:
            same_order(known, request)
            return known
        now = await self._begin(entry=request.side is Side.BUY)
        leave = await self._leave(request, approval_id)
        await self._check(leave, now)
        return await self._send(leave, now)

    async def _close(self, symbol: str, reason: str, client_order_id: str | None) -> Order:
        if client_order_id is not None:
            known = await self._journal.order(client_order_id)
            if known is not None and (known.symbol, known.side) == (symbol, Side.SELL):
                return known
        now = await self._begin(entry=False)
        held = await self._blotter.position(symbol)
        if held is None:
            raise OrderRefused(f"no {symbol} is held; there is nothing to close")
        return await self._sell_all(held, Purpose.EXIT, reason, now, client_order_id)

    async def _flatten(self, reason: str) -> tuple[Order, ...]:
        now = await self._begin(entry=False)
        await self._follower.withdraw(reason)
        sold, failures = [], []
        for held in await self._journal.positions():
            try:
                sold.append(await self._sell_all(held, Purpose.FLATTEN, reason, now))
            except (OrderRefused, MarketError) as error:
                failures.append(f"{held.symbol} is still held: {error}")
        if failures:
            raise OrderRefused("; ".join(failures))
        return tuple(sold)

    async def _process(self) -> Progress:
        return await self._follower.report()

    async def _keep_watch(self) -> None:
        if not await self._follower.is_idle():
            await self._follower.follow()

    async def _begin(self, *, entry: bool) -> datetime:
        """Market time, with all that it brought booked before a new order is looked at."""
        await self._gate.check(entry=entry)
        return await self._follower.catch_up()

    async def _leave(self, request: OrderRequest, approval_id: str | None) -> _Leave:
        """What lets an order be sent: its grant, or that it only reduces. Raises OrderRefused."""
        if approval_id is None:
            if request.side is Side.BUY:
                raise OrderRefused("a buy needs an approval_id; without one, orders only reduce a position")
            return _Leave(request.model_copy(update={"purpose": Purpose.EXIT}))
        approval = await self._approvals.get(approval_id)
        if approval is None:
            raise OrderRefused(f"no approval {approval_id!r}; ask the risk officer with request_approval")
        approved = granted(approval, request, self._account, self._clock.now())
        return _Leave(approved, approval.decision_id, approval_id, approval.collar)

    async def _check(self, leave: _Leave, now: datetime) -> None:
        """Steps, limits, collar and the quote's age, by the executor's own market. Raises OrderRefused."""
        request = leave.request
        free: Decimal | None = None
        if request.side is Side.SELL:
            free = await self._blotter.free(request.symbol)
            reduces(request, free)
        instrument = await self._venue.instrument(request.symbol)
        well_formed(request, instrument, free)
        quote = await self._venue.quote(request.symbol, now)
        fresh(quote, now, self._rules.limits.quote_age_s)
        if leave.collar is None:
            return
        if request.type is OrderType.MARKET:
            within_collar(request.side, quote, leave.collar)
        if request.side is Side.BUY:
            large_enough(request, quote, instrument)
            await self._check_room(request, _price(request, quote, leave.collar))

    async def _check_room(self, request: OrderRequest, price: Decimal) -> None:
        checks = check_room(
            request,
            price,
            portfolio=await self._journal.portfolio(),
            reserved=await self._approvals.reserved(self._clock.now(), excluding=request.client_order_id),
            costs=self._rules.costs,
            rules=self._rules.limits,
        )
        if broken := violations(checks):
            raise OrderRefused(f"no room for it any more: {broken}")

    async def _send(self, leave: _Leave, now: datetime) -> Order:
        """Intent, the last look at the kill, the wire, and what came of it. An outcome that nobody knows is
        UNKNOWN: it is asked for, never sent again."""
        request = leave.request
        async with self._journal.transaction():
            if leave.approval_id and not await self._approvals.consume(leave.approval_id, self._clock.now()):
                raise OrderRefused(f"approval {leave.approval_id} was used, revoked or expired meanwhile")
            await self._blotter.intend(
                request,
                now,
                reason=leave.reason,
                decision_id=leave.decision_id,
                approval_id=leave.approval_id,
            )
        try:
            await self._gate.check(entry=request.side is Side.BUY)
            report = await self._venue.submit(request, now, leave.collar)
        except (OrderRefused, MarketError) as error:
            report = Report(OrderStatus.REJECTED, reason=str(error))
        except Exception as error:
            await self._blotter.book(request, Report(OrderStatus.UNKNOWN, reason=type(error).__name__), now)
            raise
        return await self._blotter.book(request, report, now)

    async def _sell_all(
        self, held: Position, purpose: Purpose, reason: str, now: datetime, client_order_id: str | None = None
    ) -> Order:
        """Self-granted: it can only reduce."""
        await self._blotter.withdraw_offers(held.symbol, self._venue, f"sold instead: {reason}", now)
        request = await self._blotter.exit_request(held, purpose)
        if client_order_id is not None:
            request = request.model_copy(update={"client_order_id": client_order_id})
        leave = _Leave(request, reason=reason)
        await self._check(leave, now)
        return await self._send(leave, now)

    async def _alone(self, work: Coroutine[Any, Any, T]) -> T:
        """Run one piece of work at a time, to its end even where the caller is cancelled."""

        async def locked() -> T:
            async with self._lock:
                return await work

        return await asyncio.shield(asyncio.create_task(locked()))


def _price(request: OrderRequest, quote: Quote, collar: Decimal) -> Decimal:
    """What a buy is reckoned at: its limit, the ask that a market order meets, or the collar."""
    if request.limit_price is not None:
        return request.limit_price
    return quote.ask if request.type is OrderType.MARKET else collar
