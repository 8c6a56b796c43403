"""Orders over MCP: a thin face over `cryptofunk_tui.execution`."""

import re
import signal
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Literal

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
from cryptofunk_tui.execution.keys import find_keys
from cryptofunk_tui.execution.venue import OrderRefused
from cryptofunk_tui.storage.control import touch_kill
from servers.live_venue import connect, refused
from servers.support import READ, READ_WORLD, WRITE, run, settings, state_directory, tool
from servers.trading import loops, trading

_ORDER_ID = re.compile(r"[A-Za-z0-9_-]{1,36}")

server = MCPServer(
    "order_executor",
    instructions="Places orders that were approved, keeps positions protected, and tells what is held. Every "
    "order needs a grant from risk_analyzer's request_approval, except those that only reduce a position. "
    "Amounts and prices are decimal strings, prices in quote currency. An order whose answer was lost is "
    "asked for with get_order_status: the same client_order_id never makes a second order.",
    lifespan=loops,
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


class KeyCheck(Record):
    """What a key may do; null where the venue does not say."""

    venue: str
    place: str
    """Where the key is kept."""
    trade: bool | None
    withdraw: bool | None
    """Withdrawals, or transfers to other accounts."""
    ip_bound: bool | None
    refused: str | None
    """Why real money is not traded with it."""


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


@tool(server, READ_WORLD)
async def check_keys(venue: str, sandbox: bool = False) -> KeyCheck:
    """What the key of a venue may do; `refused` says why real money is not traded with it."""
    opened = await connect(settings(), venue, settings().symbols, WallClock(), sandbox=sandbox)
    try:
        may = await opened.permissions()
    finally:
        await opened.close()
    found = find_keys(venue, sandbox=sandbox)
    return KeyCheck(
        venue=venue,
        place=found.place if found else "",
        trade=may.trade,
        withdraw=may.withdraw,
        ip_bound=may.ip_bound,
        refused=None if sandbox else refused(venue, may),
    )


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
    signal.signal(signal.SIGUSR1, lambda *_: touch_kill(state_directory(), "killed by SIGUSR1"))
    run(server)
