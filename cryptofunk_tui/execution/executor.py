"""Places orders that were approved and exits that only reduce; takes orders back."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.orders import Order, OrderRequest, Purpose, Side
from cryptofunk_tui.domain.rules import Rules
from cryptofunk_tui.execution.blotter import Blotter
from cryptofunk_tui.execution.follow import Follower, Progress
from cryptofunk_tui.execution.grants import granted, same_order
from cryptofunk_tui.execution.kill import Gate
from cryptofunk_tui.execution.kill_watch import KillWatch
from cryptofunk_tui.execution.live_follow import LiveFollower
from cryptofunk_tui.execution.paper import PaperVenue
from cryptofunk_tui.execution.paper_follow import PaperFollower
from cryptofunk_tui.execution.reconcile import give_up
from cryptofunk_tui.execution.sender import Leave, Sender
from cryptofunk_tui.execution.venue import LiveVenue, OrderRefused, Unclear
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.journal import AccountRow, Journal

T = TypeVar("T")


class Executor:
    """The only way to the venue, for one account. One order at a time, each carried to its end even where
    the caller goes away; taking orders back waits for no other order."""

    def __init__(
        self,
        journal: Journal,
        account: AccountRow,
        venue: PaperVenue | LiveVenue,
        gate: Gate,
        rules: Rules,
        clock: Clock,
        state_dir: Path,
    ) -> None:
        """`clock` is wall time: grants expire by it, and a live market is followed by it."""
        self._journal = journal
        self._account = account.account
        self._venue = venue
        self._gate = gate
        self._clock = clock
        self._grace_s = rules.venue.absence_grace_s
        self._approvals = Approvals(journal)
        self._blotter = Blotter(journal, account)
        self._sender = Sender(journal, self._blotter, venue, gate, rules, clock)
        self._follower: Follower = (
            PaperFollower(journal, self._blotter, venue, gate, rules, clock)
            if isinstance(venue, PaperVenue)
            else LiveFollower(journal, self._blotter, venue, gate, rules, clock, account, self._sender)
        )
        live = None if isinstance(venue, PaperVenue) else venue
        self._watch = KillWatch(gate, self._follower.withdraw, self.sell_out, live, state_dir, clock)
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

    async def sell_out(self, reason: str) -> tuple[list[Order], list[str]]:
        """Sell everything, as a kill that flattens asks; the orders, and what could not be sold and why."""
        return await self._alone(self._sell_out(reason))

    async def process_market(self) -> Progress:
        """Follow the market to now, value the account, and tell what changed since the last report."""
        return await self._alone(self._process())

    async def keep_watch(self) -> None:
        """What protection needs between two reports: follow the market while anything is open."""
        return await self._alone(self._keep_watch())

    async def cancel(self, client_order_id: str, reason: str) -> Order:
        """Take an order back; one that ended already is answered as it is. One that stays unclear is given
        up, by this word of a person, where the venue knows of none. Raises OrderRefused."""
        order = await self._journal.order(client_order_id)
        if order is None:
            raise OrderRefused(f"no order {client_order_id!r}; list_orders names them")
        if order.status.is_terminal:
            return order
        now = await self._follower.now()
        try:
            return (await self._blotter.withdraw(order, self._venue, reason, now)).order
        except Unclear as error:
            given_up = await give_up(self._journal, self._blotter, self._venue, order, now, self._grace_s)
            if given_up is None:
                raise OrderRefused(
                    f"order {client_order_id} may still be there: {error}; look again"
                ) from None
            return given_up

    async def watch_kill(self) -> None:
        """One look at the kill; open orders are taken back, entries alone where only they are stopped."""
        await self._watch.look()

    def nudge(self, *, reconnected: bool = False) -> None:
        """The venue's user stream spoke, or came back."""
        self._follower.nudge(reconnected=reconnected)

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
        now = await self._begin(Purpose.ENTRY if request.side is Side.BUY else Purpose.EXIT)
        leave = await self._leave(request, approval_id)
        if request.side is Side.SELL:
            await self._follower.release(request.symbol, now)
        try:
            return await self._sender.send(leave, now)
        finally:
            await self._follower.guard(request.symbol, now)

    async def _close(self, symbol: str, reason: str, client_order_id: str | None) -> Order:
        if client_order_id is not None:
            known = await self._journal.order(client_order_id)
            if known is not None and (known.symbol, known.side) == (symbol, Side.SELL):
                return known
        now = await self._begin(Purpose.EXIT)
        held = await self._blotter.position(symbol)
        if held is None:
            raise OrderRefused(f"no {symbol} is held; there is nothing to close")
        return await self._sender.sell_all(held, Purpose.EXIT, reason, now, client_order_id)

    async def _flatten(self, reason: str) -> tuple[Order, ...]:
        await self._begin(Purpose.FLATTEN)
        sold, kept = await self._sell_out(reason)
        if kept:
            raise OrderRefused("; ".join(kept))
        return tuple(sold)

    async def _sell_out(self, reason: str) -> tuple[list[Order], list[str]]:
        now = await self._follower.now()
        await self._follower.withdraw(reason)
        sold, kept = [], []
        for held in await self._journal.positions():
            try:
                sold.append(await self._sender.sell_all(held, Purpose.FLATTEN, reason, now))
            except (OrderRefused, MarketError) as error:
                kept.append(f"{held.symbol} is still held: {error}")
        return sold, kept

    async def _process(self) -> Progress:
        return await self._follower.report()

    async def _keep_watch(self) -> None:
        if not await self._follower.is_idle():
            await self._follower.follow()

    async def _begin(self, purpose: Purpose) -> datetime:
        """Market time, with all that it brought booked before a new order is looked at."""
        await self._gate.check(purpose)
        now = await self._follower.catch_up()
        if purpose is Purpose.ENTRY and (closed := self._follower.no_entries()) is not None:
            raise OrderRefused(closed)
        return now

    async def _leave(self, request: OrderRequest, approval_id: str | None) -> Leave:
        """What lets an order be sent: its grant, or that it only reduces. Raises OrderRefused."""
        if approval_id is None:
            if request.side is Side.BUY:
                raise OrderRefused("a buy needs an approval_id; without one, orders only reduce a position")
            return Leave(request.model_copy(update={"purpose": Purpose.EXIT}))
        approval = await self._approvals.get(approval_id)
        if approval is None:
            raise OrderRefused(f"no approval {approval_id!r}; ask the risk officer with request_approval")
        approved = granted(approval, request, self._account, self._clock.now())
        return Leave(approved, approval.decision_id, approval_id, approval.collar)

    async def _alone(self, work: Coroutine[Any, Any, T]) -> T:
        """Run one piece of work at a time, to its end even where the caller is cancelled."""

        async def locked() -> T:
            async with self._lock:
                return await work

        return await asyncio.shield(asyncio.create_task(locked()))
