"""Carries one order to the venue: its leave, the checks, the intent, the last look at the kill, the wire."""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.market import Instrument, Quote
from cryptofunk_tui.domain.orders import (
    OPEN_STATUSES,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Purpose,
    Side,
)
from cryptofunk_tui.domain.portfolio import Position
from cryptofunk_tui.domain.rules import Rules
from cryptofunk_tui.execution.blotter import Blotter
from cryptofunk_tui.execution.grants import fresh, large_enough, reduces, well_formed, within_collar
from cryptofunk_tui.execution.kill import Gate
from cryptofunk_tui.execution.venue import OrderRefused, Report, Venue
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.risk.limits import violations
from cryptofunk_tui.risk.order_guard import check_room
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.journal import Journal


@dataclass(frozen=True, slots=True)
class Leave:
    """An order that may be sent, and what lets it."""

    request: OrderRequest
    decision_id: str | None = None
    approval_id: str | None = None
    collar: Decimal | None = None
    reason: str = ""


class Sender:
    """Sends what has leave. What only reduces a position has it always. One order at a time."""

    def __init__(
        self, journal: Journal, blotter: Blotter, venue: Venue, gate: Gate, rules: Rules, clock: Clock
    ) -> None:
        """`clock` is wall time: grants expire by it."""
        self._journal = journal
        self._blotter = blotter
        self._venue = venue
        self._gate = gate
        self._rules = rules
        self._clock = clock
        self._approvals = Approvals(journal)

    async def send(self, leave: Leave, now: datetime) -> Order:
        """Check an order against the venue of now, and send it. Raises OrderRefused, MarketError."""
        leave = await self._checked(leave, now)
        return await self._send(leave, now)

    async def sell_all(
        self,
        held: Position,
        purpose: Purpose,
        reason: str,
        now: datetime,
        client_order_id: str | None = None,
    ) -> Order:
        """Sell a position at the market, its other offers taken back first. Where it is too small for the
        venue it is parked. Raises OrderRefused, MarketError."""
        await self._blotter.withdraw_offers(held.symbol, self._venue, f"sold instead: {reason}", now)
        left = await self._blotter.position(held.symbol)
        if left is None:
            raise OrderRefused(f"{held.symbol} was sold meanwhile")
        request = await self._blotter.exit_request(left, purpose, quantity=await self._sellable(left, now))
        if client_order_id is not None:
            request = request.model_copy(update={"client_order_id": client_order_id})
        order = await self.send(Leave(request, reason=reason), now)
        await self.park_dust(held.symbol, now)
        return order

    async def rest_stop(
        self, held: Position, purpose: Purpose, quantity: Decimal, stop: Decimal, now: datetime
    ) -> Order:
        """Let a stop rest at the venue. Raises OrderRefused, MarketError."""
        request = await self._blotter.exit_request(
            held, purpose, type=OrderType.STOP, quantity=quantity, stop_price=stop
        )
        return await self._send(Leave(request, reason="protects the position"), now)

    async def sellable(self, held: Position, now: datetime) -> Decimal:
        """How much of a position the venue would buy, in base currency: all of it on paper; else rounded
        down to its step, and 0 where that is worth less than its least order."""
        if not self._venue.is_remote:
            return held.quantity
        instrument = await self._venue.instrument(held.symbol)
        quantity = instrument.quantity_down(held.quantity)
        bid = (await self._venue.quote(held.symbol, now)).bid
        return quantity if quantity * bid >= instrument.min_notional else Decimal(0)

    async def _sellable(self, held: Position, now: datetime) -> Decimal:
        if quantity := await self.sellable(held, now):
            return quantity
        await self._journal.park(held.symbol, _too_small(held.quantity), now)
        raise OrderRefused(f"{held.symbol}: {_too_small(held.quantity)}; it is parked")

    async def park_dust(self, symbol: str, now: datetime) -> None:
        """Set apart what is held, where it is too small to be sold and no order of the symbol is open."""
        rest = await self._blotter.position(symbol)
        if rest is None or await self._journal.orders(OPEN_STATUSES, symbol):
            return
        try:
            sellable = await self.sellable(rest, now)
        except MarketError:
            return
        if not sellable:
            await self._journal.park(symbol, _too_small(rest.quantity), now)

    async def _checked(self, leave: Leave, now: datetime) -> Leave:
        """Steps, limits, collar and the quote's age, by the executor's own market. Raises OrderRefused."""
        request = leave.request
        instrument = await self._venue.instrument(request.symbol)
        quote = await self._venue.quote(request.symbol, now)
        fresh(quote, now, self._rules.limits.quote_age_s)
        free: Decimal | None = None
        if request.side is Side.SELL:
            free = await self._blotter.free(request.symbol)
            reduces(request, free)
            if self._venue.is_remote:
                request = _on_step(request, free, instrument, quote)
        well_formed(request, instrument, free)
        if leave.collar is not None:
            if request.type is OrderType.MARKET:
                within_collar(request.side, quote, leave.collar)
            if request.side is Side.BUY:
                large_enough(request, quote, instrument)
                await self._check_room(request, _price(request, quote, leave.collar))
        return replace(leave, request=request)

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

    async def _send(self, leave: Leave, now: datetime) -> Order:
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
        if self._venue.is_remote:
            await self._journal.set_status(request.client_order_id, OrderStatus.SENT, leave.reason, now)
        try:
            await self._gate.check(request.purpose)
            report = await self._venue.submit(request, now, leave.collar)
        except (OrderRefused, MarketError) as error:
            report = Report(OrderStatus.REJECTED, reason=str(error))
        except Exception as error:
            await self._blotter.book(request, Report(OrderStatus.UNKNOWN, reason=type(error).__name__), now)
            raise
        return (await self._blotter.book(request, report, now)).order


def _on_step(request: OrderRequest, free: Decimal, instrument: Instrument, quote: Quote) -> OrderRequest:
    """A sale as a real venue takes it: all that is free is rounded down to its step; a part may not leave
    less than can be sold. Raises OrderRefused."""
    whole = instrument.quantity_down(free)
    if request.quantity in (free, whole):
        return request.model_copy(update={"quantity": whole})
    rest = instrument.quantity_down(free - request.quantity)
    if rest * quote.bid < instrument.min_notional:
        raise OrderRefused(
            f"{request.symbol}: it would leave dust of {free - request.quantity}; sell all of it"
        )
    return request


def _price(request: OrderRequest, quote: Quote, collar: Decimal) -> Decimal:
    """What a buy is reckoned at: its limit, the ask that a market order meets, or the collar."""
    if request.limit_price is not None:
        return request.limit_price
    return quote.ask if request.type is OrderType.MARKET else collar


def _too_small(quantity: Decimal) -> str:
    return f"{quantity} is less than the venue sells"
