"""Orders over MCP: a thin face over `cryptofunk_tui.execution`, with the loops that never wait for a call."""

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal, cast

from mcp.server import MCPServer
from pydantic import Field

from cryptofunk_tui.domain.base import Money, Record, Utc, WallClock
from cryptofunk_tui.domain.market import checked_symbol
from cryptofunk_tui.domain.orders import (
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Purpose,
    Side,
    TimeInForce,
)
from cryptofunk_tui.domain.portfolio import Position
from cryptofunk_tui.execution.executor import Executor
from cryptofunk_tui.execution.kill import Gate
from cryptofunk_tui.execution.kill_watch import WATCH_S
from cryptofunk_tui.execution.paper import PaperVenue
from cryptofunk_tui.execution.venue import OrderRefused
from cryptofunk_tui.market.open import Kind
from cryptofunk_tui.market.source import MarketSource
from cryptofunk_tui.storage.control import Control
from cryptofunk_tui.storage.journal import AccountRow, Journal
from servers.support import READ, WRITE, open_market, run, settings, state_directory, tool

FOLLOW_S = 1.0
_ORDER_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")
_LOG = logging.getLogger(__name__)


class Trading:
    """The executor of the journal's active account, made on first use, and its market, opened when an order
    needs it. Another account in the journal gets another executor."""

    def __init__(self) -> None:
        self._journal: Journal | None = None
        self._account: AccountRow | None = None
        self._executor: Executor | None = None
        self._source: MarketSource | None = None
        self._making = asyncio.Lock()
        self._opening = asyncio.Lock()

    async def journal(self) -> Journal:
        """The journal, made where the state directory has none."""
        async with self._making:
            if self._journal is None:
                self._journal = await Journal.open(state_directory())
            return self._journal

    async def account(self) -> AccountRow:
        """The active account. Raises OrderRefused before the first."""
        account = await (await self.journal()).account()
        if account is None:
            raise OrderRefused("no account is open in this state directory; start the engine first")
        return account

    async def executor(self) -> Executor:
        """The account's executor, with what a crash left settled."""
        journal, account = await self.journal(), await self.account()
        async with self._making:
            if self._executor is not None and self._account and self._account.account == account.account:
                return self._executor
            await self._leave_account()
            chosen = settings().rules
            venue = PaperVenue(self._market, chosen.costs, is_live=account.market == "exchange")
            gate = Gate(Control(journal, state_directory()))
            executor = Executor(journal, account, venue, gate, chosen, WallClock(), state_directory())
            await executor.start()
            self._account, self._executor = account, executor
            return executor

    async def close(self) -> None:
        async with self._making:
            await self._leave_account()
            if self._journal is not None:
                await self._journal.close()
                self._journal = None

    async def _market(self) -> MarketSource:
        async with self._opening:
            if self._source is None:
                account = await self.account()
                opened = await open_market(settings(), cast(Kind, account.market), account.venue)
                self._source = opened.source
            return self._source

    async def _leave_account(self) -> None:
        if self._executor is not None:
            await self._executor.close()
        if self._source is not None:
            await self._source.close()
        self._executor = self._source = None


trading = Trading()


async def _repeat(name: str, step: Callable[[Executor], Awaitable[None]], every_s: float) -> None:
    """Do `step` again and again. A failure of whatever kind is logged when it first appears, and tried again:
    neither the watch nor protection may end while the process lives."""
    failure = ""
    while True:
        try:
            await step(await trading.executor())
            failure = ""
        except OrderRefused:
            failure = ""
        except Exception as error:
            if failure != (failure := str(error) or type(error).__name__):
                _LOG.error("%s: %s", name, failure)
        await asyncio.sleep(every_s)


@asynccontextmanager
async def _loops(_: MCPServer) -> AsyncIterator[None]:
    """The watch on the kill, and protection that waits for no other process."""
    loops = [
        asyncio.create_task(_repeat("kill watch", Executor.watch_kill, WATCH_S)),
        asyncio.create_task(_repeat("protection", Executor.keep_watch, FOLLOW_S)),
    ]
    try:
        yield
    finally:
        for loop in loops:
            loop.cancel()
        for loop in loops:
            with contextlib.suppress(asyncio.CancelledError):
                await loop
        await trading.close()


server = MCPServer(
    "order_executor",
    instructions="Places orders that were approved, keeps positions protected, and tells what is held. Every "
    "order needs a grant from risk_analyzer's request_approval, except those that only reduce a position. "
    "Amounts and prices are decimal strings, prices in quote currency. An order whose answer was lost is "
    "asked for with get_order_status: the same client_order_id never makes a second order.",
    lifespan=_loops,
)

Amount = str | int | float
ClientOrderId = Annotated[
    str,
    Field(
        description="your name for the order, 1 to 36 letters, digits, _ or -; the same id is the same order"
    ),
]
ApprovalId = Annotated[
    str | None, Field(description="the grant for exactly this order; null only for what reduces a position")
]
Symbol = Annotated[str, Field(description="BASE/QUOTE, such as BTC/USDT")]
Quantity = Annotated[Amount, Field(description="base currency, a decimal string on the venue's step")]
Price = Annotated[Amount, Field(description="quote currency, a decimal string on the venue's step")]
SideName = Literal["BUY", "SELL"]


class Holdings(Record):
    """What an account holds and how it is protected."""

    account: str
    positions: tuple[Position, ...]


class Balance(Record):
    """What an account owns, by asset: start + fills − fees, exact."""

    account: str
    quote_asset: str
    start: Money
    balances: dict[str, Money]
    market_time: Utc | None


@tool(server, WRITE)
async def place_market_order(
    client_order_id: ClientOrderId,
    symbol: Symbol,
    side: SideName,
    quantity: Quantity,
    approval_id: ApprovalId = None,
) -> Order:
    """Buy or sell at once, no further than the grant's collar; what finds no price is canceled."""
    request = _request(client_order_id, symbol, side, OrderType.MARKET, quantity)
    return await (await trading.executor()).place(request, approval_id)


@tool(server, WRITE)
async def place_limit_order(
    client_order_id: ClientOrderId,
    symbol: Symbol,
    side: SideName,
    quantity: Quantity,
    price: Price,
    time_in_force: Annotated[
        Literal["GTC", "IOC"], Field(description="GTC rests until it is filled or canceled; IOC never rests")
    ] = "GTC",
    post_only: Annotated[bool, Field(description="refuse it where it would be filled at once")] = False,
    approval_id: ApprovalId = None,
) -> Order:
    """Buy or sell at `price` or better. What rests is filled when the market trades through its price."""
    request = _request(client_order_id, symbol, side, OrderType.LIMIT, quantity).model_copy(
        update={
            "limit_price": _amount("price", price),
            "time_in_force": TimeInForce(time_in_force),
            "post_only": post_only,
        }
    )
    return await (await trading.executor()).place(request, approval_id)


@tool(server, WRITE)
async def place_stop_order(
    client_order_id: ClientOrderId,
    symbol: Symbol,
    side: SideName,
    quantity: Quantity,
    stop_price: Price,
    limit_price: Annotated[
        Amount | None, Field(description="once triggered, no worse than this; at the market if left out")
    ] = None,
    approval_id: ApprovalId = None,
) -> Order:
    """Buy once the market is at or above `stop_price`, or sell once it is at or below it."""
    request = _request(client_order_id, symbol, side, OrderType.STOP, quantity).model_copy(
        update={
            "stop_price": _amount("stop_price", stop_price),
            "limit_price": None if limit_price is None else _amount("limit_price", limit_price),
        }
    )
    return await (await trading.executor()).place(request, approval_id)


@tool(server, WRITE)
async def cancel_order(client_order_id: str | None = None, order_id: str | None = None) -> Order:
    """Take a resting order back; one that ended already is answered as it is. Both ids are the same here."""
    return await (await trading.executor()).cancel(_named(client_order_id, order_id), "canceled on request")


@tool(server, READ)
async def get_order_status(client_order_id: str | None = None, order_id: str | None = None) -> Order:
    """An order with its fills. Both ids are the same here."""
    await trading.executor()
    name = _named(client_order_id, order_id)
    order = await (await trading.journal()).order(name)
    if order is None:
        raise OrderRefused(f"no order {name!r}; list_orders names them")
    return order


@tool(server, READ, bulk=True)
async def list_orders(
    status: Annotated[
        str | None, Field(description="one or more of INTENT … UNKNOWN, comma-separated; all if left out")
    ] = None,
    symbol: str | None = None,
    limit: Annotated[int, Field(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """Orders with their fills, newest first: `{orders, count}`."""
    await trading.executor()
    orders = await (await trading.journal()).orders(_statuses(status), symbol, limit)
    return {"orders": [order.model_dump(mode="json") for order in orders], "count": len(orders)}


@tool(server, READ)
async def get_positions() -> Holdings:
    """What is held, with stops and targets as absolute prices."""
    account = await trading.account()
    return Holdings(account=account.account, positions=await (await trading.journal()).positions())


@tool(server, READ)
async def get_balance() -> Balance:
    """Balances by asset."""
    account = await trading.account()
    return Balance(
        account=account.account,
        quote_asset=account.quote_asset,
        start=account.start,
        balances=await (await trading.journal()).balances(),
        market_time=account.market_time,
    )


@tool(server, WRITE, bulk=True)
async def process_market() -> dict[str, Any]:
    """Follow the market to its time of now (resting orders, stops, targets, trails), value the account, and
    tell what changed since the last such report: `{market_time, fills, orders, portfolio, problems}`."""
    progress = await (await trading.executor()).process_market()
    return {
        "market_time": progress.market_time.isoformat().replace("+00:00", "Z"),
        "fills": [fill.model_dump(mode="json") for fill in progress.fills],
        "orders": [order.model_dump(mode="json") for order in progress.orders],
        "portfolio": progress.portfolio.model_dump(mode="json"),
        "problems": list(progress.problems),
    }


@tool(server, WRITE)
async def close_position(symbol: Symbol, reason: str, client_order_id: str | None = None) -> Order:
    """Sell all that is held of a symbol; needs no grant, since it only reduces."""
    name = None if client_order_id is None else _order_id(client_order_id)
    return await (await trading.executor()).close_position(checked_symbol(symbol), reason, name)


@tool(server, WRITE, bulk=True)
async def flatten(reason: str) -> dict[str, Any]:
    """Take all open orders back and sell all that is held: `{orders, count}`. Refused when killed."""
    orders = await (await trading.executor()).flatten(reason)
    return {"orders": [order.model_dump(mode="json") for order in orders], "count": len(orders)}


def _request(
    client_order_id: str, symbol: str, side: SideName, type: OrderType, quantity: Amount
) -> OrderRequest:
    return OrderRequest(
        client_order_id=_order_id(client_order_id),
        symbol=checked_symbol(symbol),
        side=Side(side),
        type=type,
        quantity=_amount("quantity", quantity),
        purpose=Purpose.ENTRY if side == Side.BUY else Purpose.EXIT,
    )


def _amount(name: str, given: Amount) -> Decimal:
    try:
        amount = Decimal(str(given))
    except InvalidOperation:
        raise OrderRefused(f"{name} is {given!r}; write a decimal string such as 0.25") from None
    if not amount.is_finite() or amount <= 0:
        raise OrderRefused(f"{name} is {given}; it must be above zero")
    return amount


def _order_id(text: str) -> str:
    if not _ORDER_ID.fullmatch(text):
        raise OrderRefused(f"client_order_id {text!r}: use 1 to 36 letters, digits, _ or -")
    return text


def _named(client_order_id: str | None, order_id: str | None) -> str:
    name = client_order_id or order_id
    if not name:
        raise OrderRefused("name the order with client_order_id or order_id")
    return name


def _statuses(text: str | None) -> tuple[OrderStatus, ...] | None:
    if text is None:
        return None
    try:
        return tuple(OrderStatus(part.strip().upper()) for part in text.split(","))
    except ValueError:
        known = ", ".join(OrderStatus)
        raise OrderRefused(f"status {text!r} is unknown; there are {known}") from None


if __name__ == "__main__":
    run(server)
