"""A venue as a model: one account, prices that a test sets, and faults by plan or by seed. Its time is the
test's. It keeps count of all that reaches it, so that a doubled or an orphaned order shows."""

import itertools
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.market import Instrument, Quote, split_symbol
from cryptofunk_tui.domain.orders import (
    Fill,
    Liquidity,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Side,
    TimeInForce,
)
from cryptofunk_tui.execution.venue import Report, Unclear, VenueOrder, VenueTrade
from cryptofunk_tui.market.source import MarketError

FEE = Decimal("0.001")
LATE = timedelta(seconds=30)
BNB_PRICE = Decimal(500)


@dataclass
class Resting:
    """An order at the venue. `ended` is why it no longer rests."""

    number: int
    request: OrderRequest
    filled: Decimal = Decimal(0)
    ended: OrderStatus | None = None
    fills: list[Fill] = field(default_factory=list)

    @property
    def rest(self) -> Decimal:
        return self.request.quantity - self.filled

    @property
    def status(self) -> OrderStatus:
        if self.ended is not None:
            return self.ended
        return OrderStatus.PARTIAL if self.filled else OrderStatus.OPEN

    def report(self) -> Report:
        return Report(self.status, tuple(self.fills), "", str(self.number), self.filled)


Plan = Callable[[str], str]
"""Which fault meets a call: none where empty, else lost, reply lost, late, refused, died or part."""


class SimVenue:
    """`plan` is asked at each call by its name: submit, cancel, find, list, trades, balances."""

    is_live = True
    is_remote = True
    name = "sim"
    symbols = ("BTC/USDT", "ETH/USDT", "XRP/USDT")
    has_dead_man = False

    def __init__(self, clock: Clock, balances: Mapping[str, Decimal], *, fee_asset: str = "quote") -> None:
        self.clock = clock
        self.holds_stops = True
        self.fee_asset = fee_asset
        self.start = {asset: Decimal(amount) for asset, amount in balances.items()}
        self.owned = dict(self.start)
        self.prices: dict[str, tuple[Decimal, Decimal]] = {}
        self.orders: dict[int, Resting] = {}
        self.accepted: Counter[str] = Counter()
        self.submitted: list[tuple[datetime, str]] = []
        self.plan: Plan = lambda _: ""
        self.offset_s = 0.0
        self.part = Decimal("0.5")
        self._due: list[tuple[datetime, OrderRequest, Decimal | None]] = []
        self._numbers = itertools.count(1)
        self._trades = itertools.count(1)

    # What a test does to the market.

    def set_price(self, symbol: str, bid: str | Decimal, ask: str | Decimal | None = None) -> None:
        """Move the market: what rests and is crossed fills, stops that are reached sell at the bid."""
        self.prices[symbol] = (Decimal(bid), Decimal(ask if ask is not None else bid))
        for order in list(self.orders.values()):
            if order.ended is None and order.request.symbol == symbol:
                self._meet(order)

    def let_late_orders_in(self) -> None:
        """Accept what was due by now."""
        now = self.clock.now()
        due = [each for each in self._due if each[0] <= now]
        self._due = [each for each in self._due if each[0] > now]
        for _, request, worst in due:
            self._accept(request, worst)

    def open(self) -> list[Resting]:
        return [order for order in self.orders.values() if order.ended is None]

    def fills(self) -> list[Fill]:
        return [fill for order in self.orders.values() for fill in order.fills]

    def place_foreign(self, name: str, symbol: str, side: Side, quantity: str, price: str) -> Resting:
        """Somebody else's hand on the same account."""
        request = OrderRequest(
            client_order_id=name,
            symbol=symbol,
            side=side,
            type=OrderType.LIMIT,
            quantity=Decimal(quantity),
            limit_price=Decimal(price),
        )
        order = self._accept(request, None)
        assert order is not None
        return order

    # What the executor asks.

    async def instrument(self, symbol: str) -> Instrument:
        return Instrument(
            symbol=symbol,
            price_step=Decimal("0.01"),
            quantity_step=Decimal("0.001"),
            min_notional=Decimal(5),
        )

    async def quote(self, symbol: str, at: datetime) -> Quote:
        self._fault("quote")
        bid, ask = self.prices[symbol]
        return Quote(symbol=symbol, venue=self.name, bid=bid, ask=ask, last=bid, at=self.clock.now())

    async def submit(self, request: OrderRequest, at: datetime, worst: Decimal | None) -> Report:
        self.let_late_orders_in()
        self.submitted.append((self.clock.now(), request.client_order_id))
        fault = self.plan("submit")
        if fault == "died":
            raise ConnectionError("the line went dead")
        if fault == "lost":
            return Report(OrderStatus.UNKNOWN, reason="no answer")
        if fault == "late":
            self._due.append((self.clock.now() + LATE, request, worst))
            return Report(OrderStatus.UNKNOWN, reason="no answer")
        if fault == "refused":
            return Report(OrderStatus.REJECTED, reason="refused by the venue")
        order = self._accept(request, worst, part=fault == "part")
        if fault == "reply lost":
            return Report(OrderStatus.UNKNOWN, reason="no answer")
        return order.report() if order else Report(OrderStatus.REJECTED, reason="insufficient balance")

    async def cancel(self, order: Order) -> Report:
        self.let_late_orders_in()
        fault = self._unclear("cancel")
        known = self._known(order.client_order_id)
        if known is None:
            raise Unclear("the venue knows of no such order yet")
        if known.ended is None:
            known.ended = OrderStatus.CANCELED
        if fault == "reply lost":
            raise Unclear("the answer was lost")
        return known.report()

    async def find(self, order: Order) -> Report | None:
        self.let_late_orders_in()
        self._fault("find")
        known = self._known(order.client_order_id)
        return None if known is None else known.report()

    async def open_orders(self) -> tuple[VenueOrder, ...]:
        self.let_late_orders_in()
        self._fault("list")
        return tuple(
            VenueOrder(
                venue_order_id=str(order.number),
                client_order_id=order.request.client_order_id,
                symbol=order.request.symbol,
                side=order.request.side,
                quantity=order.request.quantity,
                filled=order.filled,
                price=order.request.limit_price,
                stop_price=order.request.stop_price,
            )
            for order in self.open()
        )

    async def trades(self, symbol: str, since: datetime) -> tuple[VenueTrade, ...]:
        self._fault("trades")
        found = [
            VenueTrade(str(order.number), fill.model_copy(update={"client_order_id": ""}))
            for order in self.orders.values()
            for fill in order.fills
            if fill.symbol == symbol and fill.at >= since
        ]
        return tuple(sorted(found, key=lambda trade: trade.fill.at))

    async def client_id_of(self, symbol: str, venue_order_id: str) -> str:
        self._fault("find")
        return self.orders[int(venue_order_id)].request.client_order_id

    async def cancel_listed(self, order: VenueOrder) -> None:
        self._unclear("cancel")
        known = self.orders[int(order.venue_order_id)]
        known.ended = known.ended or OrderStatus.CANCELED

    async def balances(self) -> Mapping[str, Decimal]:
        self._fault("balances")
        return dict(self.owned)

    async def clock_offset_s(self) -> float:
        return self.offset_s

    async def cancel_all_after(self, seconds: int) -> None:
        raise AssertionError("it has no such switch")

    # How it works within.

    def _fault(self, call: str) -> None:
        """A question that is not answered changes nothing, whichever way it is lost."""
        if self.plan(call):
            raise MarketError("sim did not answer")

    def _unclear(self, call: str) -> str:
        fault = self.plan(call)
        if fault and fault != "reply lost":
            raise Unclear("the request was lost")
        return fault

    def _known(self, name: str) -> Resting | None:
        found = [order for order in self.orders.values() if order.request.client_order_id == name]
        return found[-1] if found else None

    def _accept(self, request: OrderRequest, worst: Decimal | None, *, part: bool = False) -> Resting | None:
        if not self._affordable(request):
            return None
        self.accepted[request.client_order_id] += 1
        order = Resting(next(self._numbers), request)
        self.orders[order.number] = order
        if request.type is OrderType.MARKET:
            self._take(order, request.quantity * self.part if part else request.quantity, worst)
            if order.rest:
                order.ended = OrderStatus.EXPIRED
        else:
            self._meet(order)
            if request.time_in_force is TimeInForce.IOC and order.ended is None:
                order.ended = OrderStatus.EXPIRED
        return order

    def _affordable(self, request: OrderRequest) -> bool:
        base, quote = split_symbol(request.symbol)
        locked = sum(
            (
                order.rest
                for order in self.open()
                if order.request.side is Side.SELL and order.request.symbol == request.symbol
            ),
            Decimal(0),
        )
        if request.side is Side.SELL:
            return request.quantity <= self.owned.get(base, Decimal(0)) - locked
        price = request.limit_price or self.prices[request.symbol][1]
        return request.quantity * price * (1 + FEE) <= self.owned.get(quote, Decimal(0))

    def _meet(self, order: Resting) -> None:
        """Fill a resting order as far as the prices of now reach it."""
        bid, ask = self.prices[order.request.symbol]
        buys = order.request.side is Side.BUY
        price = ask if buys else bid
        limit, stop = order.request.limit_price, order.request.stop_price
        if stop is not None and (price < stop if buys else price > stop):
            return
        if limit is not None and (price > limit if buys else price < limit):
            return
        self._take(order, order.rest, None)

    def _take(self, order: Resting, quantity: Decimal, worst: Decimal | None) -> None:
        request = order.request
        bid, ask = self.prices[request.symbol]
        price = ask if request.side is Side.BUY else bid
        beyond = worst is not None and (price > worst if request.side is Side.BUY else price < worst)
        if quantity <= 0 or beyond:
            return
        fill = self._fill(request, price, quantity)
        order.fills.append(fill)
        order.filled += quantity
        base, quote = split_symbol(request.symbol)
        sign = 1 if request.side is Side.BUY else -1
        for asset, change in ((base, sign * quantity), (quote, -sign * quantity * price)):
            self.owned[asset] = self.owned.get(asset, Decimal(0)) + change
        self.owned[fill.fee_asset] = self.owned.get(fill.fee_asset, Decimal(0)) - fill.fee
        if not order.rest:
            order.ended = OrderStatus.FILLED

    def _fill(self, request: OrderRequest, price: Decimal, quantity: Decimal) -> Fill:
        base, quote = split_symbol(request.symbol)
        worth = price * quantity * FEE
        assets = {"quote": (worth, quote), "base": (quantity * FEE, base), "BNB": (worth / BNB_PRICE, "BNB")}
        pays_base = self.fee_asset == "base" and request.side is Side.SELL
        fee, asset = assets["quote" if pays_base else self.fee_asset]
        return Fill(
            fill_id=f"{request.symbol}:{next(self._trades)}",
            client_order_id=request.client_order_id,
            symbol=request.symbol,
            side=request.side,
            price=price,
            quantity=quantity,
            fee=fee,
            fee_asset=asset,
            fee_value=worth if asset == "BNB" else None,
            liquidity=Liquidity.TAKER,
            at=self.clock.now(),
        )


def seeded(rng: random.Random, share: float) -> Plan:
    """Faults that meet a share of the calls, whichever kind the call knows."""
    kinds = ("lost", "reply lost", "late", "refused", "died", "part")
    return lambda call: "" if rng.random() >= share else rng.choice(kinds if call == "submit" else kinds[:2])


def without_faults(venue: SimVenue) -> None:
    """From now on every call is answered."""
    venue.plan = lambda _: ""
