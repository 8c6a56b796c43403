"""Keeps positions at a real venue protected: a stop that rests there, or a sale at once."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from cryptofunk_tui.domain.market import Quote
from cryptofunk_tui.domain.orders import Order, OrderStatus, Purpose
from cryptofunk_tui.domain.portfolio import Position
from cryptofunk_tui.domain.rules import VenueRules
from cryptofunk_tui.execution.blotter import RESTING, STOPS, Blotter
from cryptofunk_tui.execution.protect import exit_on_quote, stop_purpose, trailed
from cryptofunk_tui.execution.sender import Sender
from cryptofunk_tui.execution.venue import LiveVenue, OrderRefused, Unclear
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.risk.order_guard import exact
from cryptofunk_tui.storage.journal import Journal


class Guardian:
    """Sees to one position at a time. What it cannot do is kept in `attention`, by symbol, for a person."""

    def __init__(
        self, journal: Journal, blotter: Blotter, venue: LiveVenue, sender: Sender, rules: VenueRules
    ) -> None:
        self._journal = journal
        self._blotter = blotter
        self._venue = venue
        self._sender = sender
        self._trail_step = exact(rules.trail_step)
        self._slip = exact(rules.stop_slip)
        self.attention: dict[str, str] = {}

    async def guard(self, symbol: str, now: datetime) -> None:
        """Let a stop rest at the venue for what is held of a symbol; where none can be confirmed, sell it at
        once. Waits for sales whose outcome is unclear."""
        self.attention.pop(symbol, None)
        held = await self._blotter.position(symbol)
        if held is None:
            return
        offers = await self._blotter.offers(symbol)
        unclear = [order for order in offers if order.status not in RESTING]
        try:
            if any(order.purpose not in STOPS for order in unclear):
                self.attention[symbol] = f"{symbol}: an order that sells it is unclear; it is being asked for"
            elif unclear:
                await self._sender.sell_all(held, Purpose.EXIT, "its stop could not be confirmed", now)
            else:
                await self._protect(held, offers, now)
        except (OrderRefused, MarketError, Unclear) as error:
            self.attention[symbol] = f"{symbol} is not protected: {error}"

    def forget_all_but(self, held: Iterable[str]) -> None:
        """What is no longer held needs no attention."""
        kept = set(held)
        self.attention = {symbol: text for symbol, text in self.attention.items() if symbol in kept}

    async def release(self, symbol: str, now: datetime) -> None:
        """Take the stops of a symbol back, so that its coins can be sold. Raises OrderRefused where one may
        still rest."""
        await self._blotter.withdraw_offers(symbol, self._venue, "makes way for a sale", now, STOPS)

    async def meet(self, quote: Quote, now: datetime) -> None:
        """Hold a live quote against a position: its target, a stop that the venue passed by, its trail."""
        held = await self._blotter.position(quote.symbol)
        if held is None:
            return
        if (found := exit_on_quote(held, quote)) and not await self._venue_sees_to_it(held, quote):
            await self._sender.sell_all(
                held, found.purpose, f"{found.purpose.lower()} reached at {quote.bid}", now
            )
            return
        raised = trailed(held, quote.bid)
        if raised is not held:
            await self._journal.move_stop(held.symbol, raised.stop, raised.high)

    async def _venue_sees_to_it(self, held: Position, quote: Quote) -> bool:
        """Whether a stop rests there that the market has not passed by yet."""
        if held.stop is None or quote.bid > held.stop:
            return False
        resting = _stops(await self._blotter.offers(held.symbol))
        return bool(resting) and quote.bid > held.stop * (1 - self._slip)

    async def _protect(self, held: Position, offers: list[Order], now: datetime) -> None:
        if held.stop is None:
            await self._without_a_plan(held, now)
            return
        if not self._venue.holds_stops:
            return
        others = sum((order.rest for order in offers if order.purpose not in STOPS), Decimal())
        instrument = await self._venue.instrument(held.symbol)
        quantity = instrument.quantity_down(held.quantity - others)
        stop = instrument.price_up(held.stop)
        stops = _stops(offers)
        if len(stops) == 1 and self._is_enough(stops[0], quantity, stop):
            return
        await self.release(held.symbol, now)
        left = await self._blotter.position(held.symbol)
        if left is None:
            return
        if not await self._sender.sellable(left, now):
            await self._sender.park_dust(held.symbol, now)
        elif quantity:
            await self._rest(left, min(quantity, instrument.quantity_down(left.quantity)), stop, now)

    async def _rest(self, held: Position, quantity: Decimal, stop: Decimal, now: datetime) -> None:
        """A stop at the venue, or the position is sold: nothing is held without one."""
        try:
            order = await self._sender.rest_stop(held, stop_purpose(held), quantity, stop, now)
            if order.status is OrderStatus.UNKNOWN:
                order = await self._asked(order, now)
            failure = "" if order.status in (*RESTING, OrderStatus.FILLED) else order.reason or order.status
        except (OrderRefused, MarketError) as error:
            failure = str(error)
        if failure:
            left = await self._blotter.position(held.symbol)
            if left is not None:
                await self._sender.sell_all(
                    left, Purpose.EXIT, f"its stop could not be confirmed: {failure}", now
                )

    async def _asked(self, order: Order, now: datetime) -> Order:
        """A stop whose answer was lost, as the venue knows it."""
        request = await self._journal.request(order.client_order_id)
        report = await self._venue.find(order)
        if request is None or report is None:
            return order
        return (await self._blotter.book(request, report, now)).order

    async def _without_a_plan(self, held: Position, now: datetime) -> None:
        """A position that no stop came with: one of an order that the journal had lost is sold."""
        entry = await self._journal.order(held.entry_order)
        if entry is not None and entry.decision_id is None:
            await self._sender.sell_all(held, Purpose.EXIT, "found at the venue without a plan", now)
        else:
            self.attention[held.symbol] = f"{held.symbol} is held without a stop; close it or watch it"

    def _is_enough(self, order: Order, quantity: Decimal, stop: Decimal) -> bool:
        """Whether a resting stop covers the position, near enough to where the trail has come."""
        if order.rest != quantity or order.stop_price is None:
            return False
        return abs(stop - order.stop_price) <= order.stop_price * self._trail_step


def _stops(offers: list[Order]) -> list[Order]:
    return [order for order in offers if order.purpose in STOPS and order.status in RESTING]
