"""The exchange's markets and the orders of the account on them. Times are the venue's, in milliseconds."""

from collections import Counter
from collections.abc import Callable
from decimal import ROUND_FLOOR, Decimal
from typing import Any

from tests.stand_ins.venue.accounts import Account
from tests.stand_ins.venue.book import Book, Levels, Offer
from tests.stand_ins.venue.clock import VenueClock
from tests.stand_ins.venue.orders import UserOrder, missing, read
from tests.stand_ins.venue.rules import PAIRS, Refusal, pair

LEVELS = 5
RIGHTS = {"withdrawals": False, "internal_transfers": False, "ip_bound": False, "trading": True}


class Engine:
    """`on_order(event, order, fill)`, `on_trade(trade)` and `on_book(symbol)` hear of every change."""

    def __init__(self) -> None:
        self.on_order: Callable[[str, UserOrder, dict[str, Any] | None], None] = lambda *_: None
        self.on_trade: Callable[[dict[str, Any]], None] = lambda _: None
        self.on_book: Callable[[str], None] = lambda _: None
        self.clock = VenueClock()
        self.printed = 0
        self.books = {symbol: Book() for symbol in PAIRS}
        self.reset({})

    def reset(
        self, balances: dict[str, str], fee_asset: str = "quote", unique_names: bool = False, **rights: bool
    ) -> None:
        """A clean account. `unique_names` refuses the name of an ended order, too; `rights` are those
        of the key, where they differ from RIGHTS."""
        self.account = Account(balances, fee_asset)
        self.unique_names = unique_names
        self.rights = RIGHTS | rights
        self.orders: dict[int, UserOrder] = {}
        self.open: dict[int, UserOrder] = {}
        self.stops: dict[int, UserOrder] = {}
        self.names: dict[str, int] = {}
        self.trades: dict[str, list[dict[str, Any]]] = {symbol: [] for symbol in PAIRS}
        self.accepted: Counter[str] = Counter()
        self.books = {symbol: Book(book.version) for symbol, book in self.books.items()}
        self.last: dict[str, Decimal] = {}
        self.crossed: set[str] = set()
        self.stale: dict[str, tuple[Levels, Levels, int, int]] = {}
        self.closes: dict[str, list[float]] = {}
        self.late: list[tuple[int, dict[str, str]]] = []
        for symbol, traded in PAIRS.items():
            bid, ask = traded.price * Decimal("0.9999"), traded.price * Decimal("1.0001")
            self.move(symbol, bid, ask, Decimal(1000), Decimal(1000))

    def now(self) -> int:
        return self.clock.now()

    def move(self, symbol: str, bid: Decimal, ask: Decimal, bid_size: Decimal, ask_size: Decimal) -> None:
        """Move the house's prices: several levels a side, which meet what rests."""
        traded = pair(symbol)
        if bid >= ask:
            raise Refusal(-1100, "The bid is not below the ask; to show a crossed book, use crossed.")
        book = self.books[symbol]
        book.remove(None)
        for side, price, away, size in (("BUY", bid, -1, bid_size), ("SELL", ask, 1, ask_size)):
            for level in range(LEVELS):
                each = (price + away * level * traded.tick).quantize(traded.tick)
                left = size
                for offer, taken in book.match(side, size, each):
                    left -= taken
                    self._fill_resting(symbol, offer, taken)
                if left > 0:
                    book.rest(side, Offer(each, left))
        self._print(symbol, bid, traded.lot, buyer_is_maker=True)
        self._print(symbol, ask, traded.lot, buyer_is_maker=False)
        self.on_book(symbol)

    def shown(self, symbol: str) -> tuple[Levels, Levels, int, int]:
        """Bids, asks, version and time of the book as the exchange tells of it."""
        if symbol in self.stale:
            return self.stale[symbol]
        book = self.books[symbol]
        bids, asks = book.levels()
        if symbol in self.crossed:
            bids, asks = asks, bids
        return bids, asks, book.version, self.now()

    def set_stale(self, symbols: list[str]) -> None:
        """Tell of these books as they are now until told otherwise."""
        self.stale = {}
        self.stale = {symbol: self.shown(symbol) for symbol in symbols}

    def place(self, query: dict[str, str], *, foreign: bool = False) -> UserOrder:
        """Accept an order and match it. Raises Refusal."""
        order = read(query)
        asset, amount = self._check(order)
        order.number = len(self.orders) + 1
        order.at = order.updated = self.now()
        self.orders[order.number] = self.open[order.number] = order
        self.names[order.name] = order.number
        if not foreign:
            self.accepted[order.name] += 1
        self.account.hold(order.number, asset, amount)
        self.on_order("NEW", order, None)
        if order.stop:
            self.stops[order.number] = order
        else:
            self._take(order)
        return order

    def cancel(self, order: UserOrder, name: str) -> None:
        """`name` is that of the request to cancel. Raises Refusal for an order that has ended."""
        if not order.is_open:
            raise Refusal(-2011, "Unknown order sent.")
        self.books[order.symbol].remove(order.number)
        order.cancel_name = name
        self._end(order, "CANCELED")
        self.on_book(order.symbol)

    def find(self, query: dict[str, str]) -> UserOrder | None:
        """The order by the exchange's number or by its name, the newest of that name. Raises Refusal."""
        if not query.get("symbol"):
            raise missing("symbol")
        symbol = pair(query["symbol"]).symbol
        if query.get("orderId"):
            number = int(query["orderId"])
        elif query.get("origClientOrderId"):
            number = self.names.get(query["origClientOrderId"], 0)
        else:
            raise missing("orderId")
        order = self.orders.get(number)
        return order if order is not None and order.symbol == symbol else None

    def fill_whole(self, order: UserOrder, share: Decimal = Decimal(1)) -> None:
        """Fill a share of what rests of an order at its own price, or at the market's."""
        self.books[order.symbol].remove(order.number)
        lot = PAIRS[order.symbol].lot
        quantity = (order.rest * share / lot).to_integral_value() * lot
        self._book(order, order.price or self.last[order.symbol], quantity, maker=True)
        if order.is_open and order.price and order.number not in self.stops:
            self.books[order.symbol].rest(order.side, Offer(order.price, order.rest, order.number))
        self.on_book(order.symbol)

    def let_late_in(self) -> None:
        """Accept what was due by now."""
        due = [query for at, query in self.late if at <= self.now()]
        self.late = [each for each in self.late if each[0] > self.now()]
        for query in due:
            try:
                self.place(query)
            except Refusal:
                continue

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

    def _check(self, order: UserOrder) -> tuple[str, Decimal]:
        """What an order will hold, once nothing speaks against it. Raises Refusal."""
        if not self.rights["trading"]:
            raise Refusal(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        if order.spend:
            order.quantity = self._affordable(order)
        traded, last = PAIRS[order.symbol], self.last[order.symbol]
        traded.check(order.type, order.quantity, order.price, order.stop, last)
        known = self.names.get(order.name)
        if known is not None and (self.unique_names or self.orders[known].is_open):
            raise Refusal(-2010, "Duplicate order sent.")
        asset, amount = self._needs(order)
        if amount > self.account.free(asset):
            raise Refusal(-2010, "Account has insufficient balance for requested action.")
        if order.stop and self._reached(order):
            raise Refusal(-2010, "Stop price would trigger immediately.")
        if order.type == "LIMIT_MAKER" and any(self.books[order.symbol].reach(order.side, order.limit)):
            raise Refusal(-2010, "Order would immediately match and take.")
        return asset, amount

    def _affordable(self, order: UserOrder) -> Decimal:
        """How much the money of a market order buys or brings, on the market's step."""
        lot, money, quantity = PAIRS[order.symbol].lot, order.spend, Decimal(0)
        for price, offered in self.books[order.symbol].reach(order.side, None):
            taken = min(offered, money / price)
            quantity, money = quantity + taken, money - taken * price
        return (quantity / lot).to_integral_value(ROUND_FLOOR) * lot

    def _needs(self, order: UserOrder) -> tuple[str, Decimal]:
        """What an order holds while it rests, or costs at once."""
        traded = PAIRS[order.symbol]
        if order.side == "SELL":
            return traded.base, order.rest
        if price := order.price or order.stop:
            return traded.quote, order.rest * price
        cost, left = Decimal(0), order.rest
        for price, offered in self.books[order.symbol].reach("BUY", None):
            cost += price * min(left, offered)
            left -= min(left, offered)
        return traded.quote, cost

    def _reached(self, order: UserOrder) -> bool:
        falls = (order.side == "SELL") is order.type.startswith("STOP_LOSS")
        last = self.last[order.symbol]
        return last <= order.stop if falls else last >= order.stop

    def _take(self, order: UserOrder) -> None:
        book, last, before = self.books[order.symbol], None, order.filled
        whole = sum((offered for _, offered in book.reach(order.side, order.limit)), Decimal(0))
        if order.time_in_force != "FOK" or whole >= order.rest:
            for offer, taken in book.match(order.side, order.rest, order.limit):
                last = offer.price
                self._fill_resting(order.symbol, offer, taken)
                self._book(order, last, taken, maker=False)
        if order.is_open and (order.time_in_force != "GTC" or order.limit is None):
            self._end(order, "EXPIRED")
        elif order.is_open and order.limit is not None:
            book.rest(order.side, Offer(order.limit, order.rest, order.number))
        self.on_book(order.symbol)
        if last is not None:
            traded = order.filled - before
            self._print(order.symbol, last, traded, buyer_is_maker=order.side == "SELL")

    def _fill_resting(self, symbol: str, offer: Offer, taken: Decimal) -> None:
        if offer.owner is not None:
            self._book(self.orders[offer.owner], offer.price, taken, maker=True)

    def _print(self, symbol: str, price: Decimal, quantity: Decimal, *, buyer_is_maker: bool) -> None:
        """A trade at a price, which sets stops off."""
        self.printed += 1
        self.last[symbol] = price.quantize(PAIRS[symbol].tick)
        told = {"s": symbol, "t": self.printed, "p": f"{self.last[symbol]:.8f}", "q": f"{quantity:.8f}"}
        self.on_trade(told | {"m": buyer_is_maker})
        for order in [each for each in self.stops.values() if each.symbol == symbol]:
            if order.number in self.stops and self._reached(order):
                del self.stops[order.number]
                order.triggered = True
                self._take(order)

    def _book(self, order: UserOrder, price: Decimal, quantity: Decimal, *, maker: bool) -> None:
        fee, asset = self.account.trade(PAIRS[order.symbol], order.side, price, quantity)
        trades = self.trades[order.symbol]
        fill = {
            "symbol": order.symbol,
            "id": len(trades) + 1,
            "orderId": order.number,
            "orderListId": -1,
            "price": f"{price:f}",
            "qty": f"{quantity:f}",
            "quoteQty": f"{price * quantity:f}",
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
        order.value += price * quantity
        order.updated = self.now()
        order.status = "PARTIALLY_FILLED" if order.rest else "FILLED"
        if not order.rest:
            self._let_go(order)
        elif order.price or order.stop:
            self.account.hold(order.number, *self._needs(order))
        self.on_order("TRADE", order, fill)

    def _end(self, order: UserOrder, status: str) -> None:
        order.status, order.updated = status, self.now()
        self._let_go(order)
        self.on_order(status, order, None)

    def _let_go(self, order: UserOrder) -> None:
        self.open.pop(order.number, None)
        self.stops.pop(order.number, None)
        self.account.let_go(order.number)
