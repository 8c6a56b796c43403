"""A real venue over ccxt, with the account's key: orders out, answers in, and no guess where one is lost."""

import time
from collections.abc import AsyncIterator, Awaitable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

from cryptofunk_tui.domain.base import Clock, plain, to_ms
from cryptofunk_tui.domain.market import Instrument, Quote, split_symbol
from cryptofunk_tui.domain.orders import Fill, Order, OrderRequest, OrderStatus, OrderType, Side, TimeInForce
from cryptofunk_tui.domain.rules import CostRules
from cryptofunk_tui.execution import ccxt_permissions
from cryptofunk_tui.execution.ccxt_outcome import is_absent, is_no_such_question, outcome, venue_says
from cryptofunk_tui.execution.ccxt_reading import Unreadable, fill, listed, number, report
from cryptofunk_tui.execution.fees import FeeWorth
from cryptofunk_tui.execution.venue import Permissions, Report, Unclear, VenueOrder, VenueTrade
from cryptofunk_tui.market.exchange_venue import ExchangeVenue, NotTraded
from cryptofunk_tui.market.rate_budget import urgent
from cryptofunk_tui.market.source import MarketError

_PAGE = 1000
_STOP_LIMIT_ROOM = Decimal("0.03")
"""How far below its stop the limit of a stop-limit lies, where a venue has no stop at the market."""
_FEE_ASSETS = {"binance": ("BNB",), "kucoin": ("KCS",), "okx": ("OKB",)}
_DAY_MS = 86_400_000
_LOOK_BACK = timedelta(seconds=5)


class CcxtVenue:
    """One account at one venue. An order is sent once; nothing here tries twice."""

    is_live = True
    is_remote = True

    def __init__(self, client: Any, symbols: tuple[str, ...], costs: CostRules, clock: Clock) -> None:
        """`client` holds the key; `costs` stand in where a fee's worth is not to be had."""
        self._client = client
        self._symbols = symbols
        self._clock = clock
        self._public = ExchangeVenue(client, clock)
        self._fees = FeeWorth(self.quote, costs)
        client.amount_to_precision = _as_given
        client.price_to_precision = _as_given

    @property
    def name(self) -> str:
        return str(self._client.id)

    @property
    def symbols(self) -> tuple[str, ...]:
        return self._symbols

    @property
    def holds_stops(self) -> bool:
        spot = (self._client.features or {}).get("spot") or {}
        return bool((spot.get("createOrder") or {}).get("stopLossPrice"))

    @property
    def has_dead_man(self) -> bool:
        return bool(self._client.has.get("cancelAllOrdersAfter"))

    async def load(self) -> None:
        """Learn what is traded here, and the price of what fees may be paid in. Raises MarketError."""
        quote = split_symbol(self._symbols[0])[1]
        fees = tuple(f"{asset}/{quote}" for asset in _FEE_ASSETS.get(self.name, ()) if asset != quote)
        try:
            await self._public.load(tuple(dict.fromkeys((*self._symbols, *fees))))
        except NotTraded:
            await self._public.load(self._symbols)

    async def instrument(self, symbol: str) -> Instrument:
        return self._public.instrument(symbol)

    async def quote(self, symbol: str, at: datetime) -> Quote:
        return await self._public.quote(symbol)

    async def submit(self, request: OrderRequest, at: datetime, worst: Decimal | None) -> Report:
        kind, price, params = self._wording(request, worst)
        try:
            answer = await self._client.create_order(
                request.symbol, kind, request.side.lower(), plain(request.quantity), price, params
            )
        except Exception as error:
            status, reason = outcome(error)
            return Report(status, reason=reason)
        try:
            return await self._answered(answer, request)
        except (Unreadable, MarketError) as error:
            name = str(answer.get("id") or "") if isinstance(answer, dict) else ""
            return Report(
                OrderStatus.UNKNOWN, reason=f"its answer is none: {error}", venue_order_id=name or None
            )

    async def cancel(self, order: Order) -> Report:
        try:
            with urgent():
                answer = await self._client.cancel_order(*self._named(order))
        except Exception as error:
            if not is_absent(error):
                raise Unclear(f"the order may still be there: {venue_says(error)}") from None
            answer = None
        try:
            with urgent():
                if answer is not None and not (told := report(answer)).filled:
                    return told
                found = await self.find(order)
        except (Unreadable, MarketError) as error:
            raise Unclear(f"what became of the order is not known: {error}") from None
        if found is None:
            raise Unclear("the venue knows of no such order yet")
        return found

    async def find(self, order: Order) -> Report | None:
        try:
            known = await self._client.fetch_order(*self._named(order))
        except Exception as error:
            if not (is_absent(error) or is_no_such_question(error)):
                raise MarketError(
                    f"{self.name} cannot say what became of the order: {venue_says(error)}"
                ) from None
            known = await self._among_the_lists(order)
        return None if known is None else await self._whole(known, order)

    async def open_orders(self) -> tuple[VenueOrder, ...]:
        found: list[VenueOrder] = []
        with urgent():
            for symbol in self._symbols:
                orders = await self._ask(self._client.fetch_open_orders(symbol))
                with self._reading():
                    found += [listed(each) for each in orders]
        return tuple(found)

    async def trades(self, symbol: str, since: datetime) -> tuple[VenueTrade, ...]:
        rows = await self._pages(symbol, to_ms(since))
        with self._reading():
            told = [(str(row["order"]), fill(row, symbol, "")) for row in rows]
        return tuple([VenueTrade(name, await self._fees.with_worth(each)) for name, each in told])

    async def client_id_of(self, symbol: str, venue_order_id: str) -> str:
        order = await self._ask(self._client.fetch_order(venue_order_id, symbol))
        return str(order.get("clientOrderId") or "")

    async def cancel_listed(self, order: VenueOrder) -> None:
        try:
            with urgent():
                await self._client.cancel_order(order.venue_order_id, order.symbol)
        except Exception as error:
            if not is_absent(error):
                raise Unclear(f"the order may still be there: {venue_says(error)}") from None

    async def balances(self) -> Mapping[str, Decimal]:
        told = await self._ask(self._client.fetch_balance())
        with self._reading():
            return {asset: number(amount, asset) for asset, amount in told["total"].items()}

    async def permissions(self) -> Permissions:
        """What the key may do. Raises MarketError."""
        told: Permissions = await self._ask(ccxt_permissions.permissions(self._client))
        return told

    async def clock_offset_s(self) -> float:
        """The quickest of three answers counts; the client signs by it from then on."""
        best: tuple[float, float] | None = None
        for _ in range(3):
            started, asked_at = time.monotonic(), self._clock.now().timestamp()
            told_ms = int(await self._ask(self._client.fetch_time()))
            took_s = time.monotonic() - started
            if best is None or took_s < best[0]:
                best = took_s, told_ms / 1000 - (asked_at + took_s / 2)
                self._client.options["timeDifference"] = round((time.time() - took_s / 2) * 1000) - told_ms
        assert best is not None
        return best[1]

    async def cancel_all_after(self, seconds: int) -> None:
        await self._ask(self._client.cancel_all_orders_after(seconds * 1000))

    async def nudges(self) -> AsyncIterator[str]:
        """The client order id of each order that the venue's user stream speaks of, as it comes; ends where
        the venue has no stream. Raises MarketError when the stream breaks."""
        if not self._client.has.get("watchOrders"):
            return
        while True:
            for order in await self._ask(self._client.watch_orders()):
                yield str(order.get("clientOrderId") or "")

    async def close(self) -> None:
        await self._client.close()

    def _wording(
        self, request: OrderRequest, worst: Decimal | None
    ) -> tuple[str, str | None, dict[str, Any]]:
        """Type, price and parameters of an order as ccxt takes them. A market order that may not meet more
        than `worst` goes as a limit order that never rests; prices are rounded to keep their word."""
        params: dict[str, Any] = {"clientOrderId": request.client_order_id}
        limit = request.limit_price
        if request.stop_price is not None:
            params["stopLossPrice" if request.side is Side.SELL else "triggerPrice"] = plain(
                request.stop_price
            )
            if limit is None and not self._stops_at_the_market(request.symbol):
                limit = self._on_step(
                    request.symbol, request.side, request.stop_price * (1 - _STOP_LIMIT_ROOM)
                )
        elif request.type is OrderType.MARKET and worst is not None:
            limit = self._on_step(request.symbol, request.side, worst)
            params["timeInForce"] = "IOC"
        elif request.post_only:
            params["postOnly"] = True
        elif request.time_in_force is TimeInForce.IOC:
            params["timeInForce"] = "IOC"
        return ("market", None, params) if limit is None else ("limit", plain(limit), params)

    def _on_step(self, symbol: str, side: Side, price: Decimal) -> Decimal:
        """A limit on the venue's step, never worse than it was."""
        step = self._public.instrument(symbol).price_step
        rounding = ROUND_FLOOR if side is Side.BUY else ROUND_CEILING
        return (price / step).to_integral_value(rounding) * step

    def _stops_at_the_market(self, symbol: str) -> bool:
        info = self._client.markets[symbol].get("info") or {}
        return "orderTypes" not in info or "STOP_LOSS" in info["orderTypes"]

    def _named(self, order: Order) -> tuple[str | None, str, dict[str, str]]:
        """An order as ccxt asks for it: by the venue's name where it is known, else by ours."""
        if order.venue_order_id is not None:
            return order.venue_order_id, order.symbol, {}
        return None, order.symbol, {"clientOrderId": order.client_order_id}

    async def _answered(self, answer: Any, request: OrderRequest) -> Report:
        """The venue's answer to a new order; its executions are asked for where they did not come with it."""
        if not isinstance(answer, dict) or not answer.get("id"):
            raise Unreadable("it names no order")
        told = report(answer)
        trades = [
            trade
            | {"timestamp": trade.get("timestamp") or answer.get("timestamp")}
            | _missing(trade, request)
            for trade in answer.get("trades") or ()
        ]
        fills = tuple(
            [
                await self._fees.with_worth(fill(each, request.symbol, request.client_order_id))
                for each in trades
            ]
        )
        if sum((each.quantity for each in fills), Decimal(0)) < (told.filled or 0):
            fills = await self._executions(str(answer["id"]), request.symbol, request.client_order_id)
        return Report(told.status, fills, "", told.venue_order_id, told.filled)

    async def _whole(self, known: Any, order: Order) -> Report:
        """An order with all its executions."""
        with self._reading():
            told = report(known)
        if not told.filled:
            return told
        fills = await self._executions(told.venue_order_id or "", order.symbol, order.client_order_id)
        return Report(told.status, fills, "", told.venue_order_id, told.filled)

    async def _executions(self, venue_order_id: str, symbol: str, client_order_id: str) -> tuple[Fill, ...]:
        if self._client.has.get("fetchOrderTrades"):
            rows = await self._ask(self._client.fetch_order_trades(venue_order_id, symbol))
        else:
            rows = await self._ask(self._client.fetch_my_trades(symbol))
        with self._reading():
            mine = [row for row in rows if str(row["order"]) == venue_order_id]
            fills = [fill(row, symbol, client_order_id) for row in mine]
        return tuple([await self._fees.with_worth(each) for each in fills])

    async def _among_the_lists(self, order: Order) -> Any:
        """The order among the open and the closed ones, else by the executions since it was made; None where
        all of these answered without it."""
        since = to_ms(order.created_at - _LOOK_BACK)
        orders = await self._ask(self._client.fetch_open_orders(order.symbol))
        lists = "fetch_closed_orders" if self._client.has.get("fetchClosedOrders") else "fetch_orders"
        orders += await self._ask(getattr(self._client, lists)(order.symbol, since))
        for each in orders:
            if each.get("clientOrderId") == order.client_order_id:
                return each
        rows = await self._pages(order.symbol, since)
        with self._reading():
            names = dict.fromkeys(str(row["order"]) for row in rows)
        for name in names:
            each = await self._ask(self._client.fetch_order(name, order.symbol))
            if each.get("clientOrderId") == order.client_order_id:
                return each
        return None

    async def _pages(self, symbol: str, since_ms: int) -> list[Any]:
        """Executions from `since_ms` on, however many and however long ago: a full page is followed from its
        last moment on, one that is not full from the day after, since venues answer for a day at most."""
        rows: dict[str, Any] = {}
        until_ms = to_ms(self._clock.now()) + _DAY_MS
        while since_ms < until_ms:
            page = await self._ask(self._client.fetch_my_trades(symbol, since_ms, _PAGE))
            with self._reading():
                fresh = {str(row["id"]): row for row in page if str(row["id"]) not in rows}
                newest = max((int(row["timestamp"]) for row in page), default=since_ms)
            rows.update(fresh)
            since_ms = newest if len(page) >= _PAGE and fresh else since_ms + _DAY_MS
        return sorted(rows.values(), key=lambda row: (row["timestamp"], len(str(row["id"])), str(row["id"])))

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """What cannot be read is no answer. Raises MarketError."""
        try:
            yield
        except (Unreadable, LookupError, TypeError, AttributeError) as error:
            text = str(error) if isinstance(error, Unreadable) else type(error).__name__
            raise MarketError(f"{self.name}: its answer cannot be read: {text}") from None

    async def _ask(self, question: Awaitable[Any]) -> Any:
        """A question that changes nothing. Raises MarketError."""
        try:
            return await question
        except Exception as error:
            raise MarketError(f"{self.name} did not answer: {venue_says(error)}") from None


def _as_given(_symbol: str, amount: str) -> str:
    """In the place of ccxt's rounding, which goes through floats: what comes is on the step already."""
    return amount


def _missing(trade: Any, request: OrderRequest) -> dict[str, str]:
    """What an execution that came with the answer leaves out."""
    return {"side": request.side.lower()} if not trade.get("side") else {}
