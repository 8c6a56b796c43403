"""One account on one exchange: orders, fills, balances, filters. Times are the venue's, in milliseconds."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from tests.stand_ins.venue.book import Book, Offer

TICK, LOT, LEAST = Decimal("0.01"), Decimal("0.00001"), Decimal(5)
FEE = Decimal("0.001")
SYMBOLS = {"BTCUSDT": "60000", "ETHUSDT": "3000", "XRPUSDT": "0.5", "BNBUSDT": "500"}
LEVELS = 5


class Refusal(Exception):
    """An error as the exchange answers it."""

    def __init__(self, code: int, text: str, status: int = 400) -> None:
        super().__init__(text)
        self.code, self.text, self.status = code, text, status


@dataclass
class UserOrder:
    """An order of the account; `status` is the exchange's word."""

    number: int
    name: str
    symbol: str
    side: str
    type: str
    quantity: Decimal
    price: Decimal
    stop: Decimal
    time_in_force: str
    at: int
    status: str = "NEW"
    filled: Decimal = Decimal(0)
    value: Decimal = Decimal(0)
    fills: list[dict[str, Any]] = field(default_factory=list)
    triggered: bool = False

    @property
    def rest(self) -> Decimal:
        return self.quantity - self.filled

    @property
    def is_open(self) -> bool:
        return self.status in ("NEW", "PARTIALLY_FILLED")


class Engine:
    """`tell(event, order, fill)` hears of every change."""

    def __init__(self) -> None:
        self.tell: Callable[[str, UserOrder, dict[str, Any] | None], None] = lambda *_: None
        self.offset_ms = 0
        self.reset({})

    def reset(self, balances: dict[str, str], fee_asset: str = "quote", withdrawals: bool = False) -> None:
        self.owned = {asset: Decimal(amount) for asset, amount in ({"USDT": "100000"} | balances).items()}
        self.start = dict(self.owned)
        self.fee_asset = fee_asset
        self.withdrawals = withdrawals
        self.orders: dict[int, UserOrder] = {}
        self.open: dict[int, UserOrder] = {}
        self.names: dict[str, int] = {}
        self.trades: dict[str, list[dict[str, Any]]] = {symbol: [] for symbol in SYMBOLS}
        self.accepted: Counter[str] = Counter()
        self.books = {symbol: Book() for symbol in SYMBOLS}
        self.last: dict[str, Decimal] = {}
        self.crossed: set[str] = set()
        self.closes: dict[str, list[float]] = {}
        self.late: list[tuple[int, dict[str, str]]] = []
        for symbol, price in SYMBOLS.items():
            middle = Decimal(price)
            self.move(symbol, middle * Decimal("0.9999"), middle * Decimal("1.0001"), Decimal(1000))

    def now(self) -> int:
        return time.time_ns() // 1_000_000 + self.offset_ms

    def move(self, symbol: str, bid: Decimal, ask: Decimal, size: Decimal) -> None:
        """Move the house's prices: several levels a side, which meet what rests."""
        book = self.books[symbol]
        book.remove(None)
        for side, price, away in (("BUY", bid, -1), ("SELL", ask, 1)):
            for level in range(LEVELS):
                each = (price + away * level * TICK).quantize(TICK)
                left = size
                for offer, taken in book.match(side, size, each):
                    left -= taken
                    self._fill_resting(symbol, offer, taken)
                if left > 0:
                    book.rest(side, Offer(each, left))
        self._print(symbol, bid)
        self._print(symbol, ask)

    def place(self, query: dict[str, str], *, foreign: bool = False) -> UserOrder:
        """Accept an order and match it. Raises Refusal."""
        symbol, side, kind = query["symbol"], query["side"], query["type"]
        if symbol not in SYMBOLS:
            raise Refusal(-1121, "Invalid symbol.")
        quantity = Decimal(query["quantity"])
        price, stop = Decimal(query.get("price", "0")), Decimal(query.get("stopPrice", "0"))
        name = query["newClientOrderId"]
        self._check_filters(symbol, side, kind, quantity, price, stop)
        known = self.names.get(name)
        if known is not None and self.orders[known].is_open:
            raise Refusal(-2010, "Duplicate order sent.")
        if self._missing(symbol, side, quantity, price):
            raise Refusal(-2010, "Account has insufficient balance for requested action.")
        if stop and self._reached(symbol, side, kind, stop):
            raise Refusal(-2010, "Stop price would trigger immediately.")
        number = len(self.orders) + 1
        tif = "IOC" if kind == "MARKET" else query.get("timeInForce", "GTC")
        order = UserOrder(number, name, symbol, side, kind, quantity, price, stop, tif, self.now())
        if kind == "LIMIT_MAKER" and self._crosses(order):
            raise Refusal(-2010, "Order would immediately match and take.")
        self.orders[number] = self.open[number] = order
        self.names[name] = number
        if not foreign:
            self.accepted[name] += 1
        self.tell("NEW", order, None)
        if not stop:
            self._take(order)
        return order

    def cancel(self, order: UserOrder) -> None:
        if not order.is_open:
            raise Refusal(-2011, "Unknown order sent.")
        self.books[order.symbol].remove(order.number)
        self._end(order, "CANCELED")

    def find(self, query: dict[str, str]) -> UserOrder | None:
        if "orderId" in query:
            return self.orders.get(int(query["orderId"]))
        number = self.names.get(query.get("origClientOrderId", ""))
        return None if number is None else self.orders[number]

    def fill_whole(self, order: UserOrder, share: Decimal = Decimal(1)) -> None:
        """Fill what rests of an order at its own price, or at the market's."""
        self.books[order.symbol].remove(order.number)
        price = order.price or self.last[order.symbol]
        self._book(order, price, (order.rest * share).quantize(LOT), maker=True)
        if order.is_open and order.price:
            self.books[order.symbol].rest(order.side, Offer(order.price, order.rest, order.number))

    def let_late_in(self) -> None:
        """Accept what was due by now."""
        due = [query for at, query in self.late if at <= self.now()]
        self.late = [each for each in self.late if each[0] > self.now()]
        for query in due:
            try:
                self.place(query)
            except Refusal:
                continue

    def locked(self) -> dict[str, Decimal]:
        sums: dict[str, Decimal] = {}
        for order in self.open.values():
            base = order.symbol.removesuffix("USDT")
            price = order.price or order.stop or self.last[order.symbol]
            asset, amount = (base, order.rest) if order.side == "SELL" else ("USDT", order.rest * price)
            sums[asset] = sums.get(asset, Decimal(0)) + amount
        return sums

    def seed(self, open_orders: int, closed: int, prefix: str) -> None:
        """Many orders at once: bids far below the market, and buys and sells in turn that filled."""
        for number in range(closed):
            side = "BUY" if number % 2 == 0 else "SELL"
            order = {"symbol": "BTCUSDT", "side": side, "type": "MARKET", "quantity": "0.001"}
            self.place(order | {"newClientOrderId": f"{prefix}c{number:08d}"})
        for number in range(open_orders):
            order = {"symbol": "BTCUSDT", "side": "BUY", "type": "LIMIT", "quantity": "0.0005"}
            price = {"price": f"{30000 + number}", "timeInForce": "GTC"}
            self.place(order | price | {"newClientOrderId": f"{prefix}o{number:08d}"})

    def _check_filters(
        self, symbol: str, side: str, kind: str, quantity: Decimal, price: Decimal, stop: Decimal
    ) -> None:
        if quantity <= 0 or quantity % LOT:
            raise Refusal(-1013, "Filter failure: LOT_SIZE")
        if price % TICK or stop % TICK or ("LIMIT" in kind and price <= 0):
            raise Refusal(-1013, "Filter failure: PRICE_FILTER")
        if quantity * (price or stop or self.last[symbol]) < LEAST:
            raise Refusal(-1013, "Filter failure: NOTIONAL")

    def _missing(self, symbol: str, side: str, quantity: Decimal, price: Decimal) -> bool:
        asset = "USDT" if side == "BUY" else symbol.removesuffix("USDT")
        free = self.owned.get(asset, Decimal(0)) - self.locked().get(asset, Decimal(0))
        return (quantity * (price or self.books[symbol].asks[0].price) if side == "BUY" else quantity) > free

    def _reached(self, symbol: str, side: str, kind: str, stop: Decimal) -> bool:
        falls = (side == "SELL") is kind.startswith("STOP_LOSS")
        return self.last[symbol] <= stop if falls else self.last[symbol] >= stop

    def _crosses(self, order: UserOrder) -> bool:
        book = self.books[order.symbol]
        if order.side == "BUY":
            return bool(book.asks) and book.asks[0].price <= order.price
        return bool(book.bids) and book.bids[0].price >= order.price

    def _take(self, order: UserOrder) -> None:
        limit = order.price or None
        book = self.books[order.symbol]
        for offer, taken in book.match(order.side, order.rest, limit):
            if offer.owner is not None:
                self._fill_resting(order.symbol, offer, taken)
            self._book(order, offer.price, taken, maker=False)
        if not order.is_open:
            return
        if order.time_in_force == "IOC" or limit is None:
            self._end(order, "EXPIRED")
        else:
            book.rest(order.side, Offer(limit, order.rest, order.number))

    def _fill_resting(self, symbol: str, offer: Offer, taken: Decimal) -> None:
        if offer.owner is not None:
            self._book(self.orders[offer.owner], offer.price, taken, maker=True)

    def _print(self, symbol: str, price: Decimal) -> None:
        """A trade at a price, which sets stops off."""
        self.last[symbol] = price.quantize(TICK)
        for order in [each for each in self.open.values() if each.symbol == symbol and each.stop]:
            if not order.triggered and self._reached(symbol, order.side, order.type, order.stop):
                order.triggered = True
                self._take(order)

    def _book(self, order: UserOrder, price: Decimal, quantity: Decimal, *, maker: bool) -> None:
        base = order.symbol.removesuffix("USDT")
        worth = price * quantity
        fees = {
            "quote": (worth * FEE, "USDT"),
            "base": (quantity * FEE, base) if order.side == "BUY" else (worth * FEE, "USDT"),
            "BNB": ((worth * FEE / Decimal(500)).quantize(Decimal("1e-8")), "BNB"),
        }
        fee, asset = fees[self.fee_asset]
        sign = 1 if order.side == "BUY" else -1
        for name, change in ((base, sign * quantity), ("USDT", -sign * worth), (asset, -fee)):
            self.owned[name] = self.owned.get(name, Decimal(0)) + change
        trades = self.trades[order.symbol]
        fill = {
            "symbol": order.symbol,
            "id": len(trades) + 1,
            "orderId": order.number,
            "price": f"{price:f}",
            "qty": f"{quantity:f}",
            "quoteQty": f"{worth:f}",
            "commission": f"{fee:f}",
            "commissionAsset": asset,
            "time": self.now(),
            "isBuyer": order.side == "BUY",
            "isMaker": maker,
            "isBestMatch": True,
        }
        trades.append(fill)
        order.fills.append(fill)
        order.filled += quantity
        order.value += worth
        order.status = "PARTIALLY_FILLED" if order.rest else "FILLED"
        if not order.rest:
            self.open.pop(order.number, None)
        self.tell("TRADE", order, fill)

    def _end(self, order: UserOrder, status: str) -> None:
        order.status = status
        self.open.pop(order.number, None)
        self.tell(status, order, None)
