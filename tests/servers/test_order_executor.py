"""The order_executor server as its callers see it: a real process over stdio, on recorded candles."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from mcp import Client, StdioServerParameters
from mcp.shared.exceptions import MCPError
from mcp_types import TextContent

from cryptofunk_tui.domain.orders import (
    Approval,
    ApprovalStatus,
    OrderRequest,
    OrderStatus,
    OrderType,
    Protection,
    Purpose,
    Side,
)
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.control import touch_kill
from cryptofunk_tui.storage.journal import Journal
from servers import trading as trading_module
from servers.order_executor import server

pytestmark = pytest.mark.anyio

D = Decimal
START = datetime(2024, 1, 1, tzinfo=UTC)
SYMBOL = "BTC/EUR"
ACCOUNT = "paper:recorded:recorded"
CANDLES = [
    (100, 101, 99, 100),
    (100, 102, 99, 101),
    (101, 103, 94, 96),
    (96, 98, 95, 97),
    (97, 98, 96, 97),
]
"""Bought at the open of the second bar, the stop at 95 is hit in the third."""
TOOLS = {
    "place_market_order",
    "place_limit_order",
    "place_stop_order",
    "cancel_order",
    "get_order_status",
    "list_orders",
    "get_positions",
    "get_balance",
    "process_market",
    "close_position",
    "flatten",
    "check_keys",
}
HANGS = """
import asyncio, pathlib, sys
from cryptofunk_tui.execution.paper import PaperVenue
from servers import order_executor
from servers.order_executor import server
from servers.support import run
async def hang(*_):
    pathlib.Path(sys.argv[1]).write_text("reached")
    await asyncio.sleep(60)
PaperVenue.submit = hang
run(server)
"""
"""The server, with a venue that takes an order and never answers."""


@dataclass
class Desk:
    """A state directory with a recorded account, and how to reach its executor."""

    folder: Path
    journal: Journal

    @property
    def state_dir(self) -> Path:
        return self.folder / "state"

    @asynccontextmanager
    async def server(self, *arguments: str) -> AsyncIterator["Caller"]:
        parameters = StdioServerParameters(
            command=sys.executable,
            args=list(arguments) or ["-m", "servers.order_executor"],
            env={
                "CRYPTOFUNK_CONFIG": str(self.folder / "config.yaml"),
                "CRYPTOFUNK_STATE_DIR": str(self.state_dir),
            },
        )
        async with Client(parameters, read_timeout_seconds=20) as client:
            yield Caller(client)

    async def at(self, bars: float) -> None:
        await self.journal.set_market_time(START + bars * timedelta(hours=1))

    async def grant(self, order: OrderRequest, **changes: Any) -> str:
        now = datetime.now(UTC)
        approval = Approval.model_validate(
            {
                "approval_id": f"grant-{order.client_order_id}",
                "account": ACCOUNT,
                "decision_id": "decision",
                "order": order,
                "collar": D(103),
                "status": ApprovalStatus.GRANTED,
                "reason": "",
                "decided_by": "risk",
                "requested_at": now,
                "expires_at": now + timedelta(seconds=30),
                **changes,
            }
        )
        await Approvals(self.journal).add(approval)
        return approval.approval_id


class Caller:
    """Calls tools, and takes a refusal for what it is."""

    def __init__(self, client: Client) -> None:
        self.client = client

    async def __call__(self, tool: str, **arguments: Any) -> Any:
        result = await self.client.call_tool(tool, arguments)
        text = result.content[0].text if isinstance(result.content[0], TextContent) else ""
        assert not result.is_error, text
        return result.structured_content or json.loads(text)

    async def refused(self, tool: str, **arguments: Any) -> str:
        result = await self.client.call_tool(tool, arguments)
        assert result.is_error and isinstance(result.content[0], TextContent)
        return result.content[0].text


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    rows = [
        f"{int((START + timedelta(hours=row)).timestamp() * 1000)},{','.join(map(str, prices))},1000"
        for row, prices in enumerate(CANDLES)
    ]
    recording = tmp_path / "TEST_BTC-EUR_1h_20240101.csv"
    recording.write_text("\n".join(["timestamp_ms,open,high,low,close,volume", *rows]) + "\n")
    config = {
        "market": "recorded",
        "symbols": [SYMBOL],
        "recorded": {"candles": [str(recording)]},
        "rules": {"costs": {"taker_fee": "0.002", "spread": "0.001"}, "limits": {"position": 0.5}},
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))
    journal = await Journal.open(tmp_path / "state")
    await journal.open_account(
        mode="paper",
        market="recorded",
        venue="recorded",
        run_id="run",
        quote_asset="EUR",
        capital=D(10000),
        at=START,
    )
    yield Desk(tmp_path, journal)
    await journal.close()


def entry(name: str = "one", quantity: str = "2", **changes: Any) -> OrderRequest:
    order = OrderRequest(
        client_order_id=name,
        symbol=SYMBOL,
        side=Side.BUY,
        type=OrderType.MARKET,
        quantity=D(quantity),
        purpose=Purpose.ENTRY,
        strategy="trend_following",
        protection=Protection(reference=D(100), stop=D(95), target=D(110)),
    )
    return order.model_copy(update=changes)


def arguments(order: OrderRequest) -> dict[str, Any]:
    return {
        "client_order_id": order.client_order_id,
        "symbol": order.symbol,
        "side": order.side.value,
        "quantity": str(order.quantity),
    }


async def until(found: Callable[[], Awaitable[bool]], within_s: float = 10) -> None:
    deadline = time.monotonic() + within_s
    while not await found():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.01)


async def test_it_shows_its_tools_and_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRYPTOFUNK_STATE_DIR", str(tmp_path / "new"))
    async with Client(server) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == TOOLS
        reads = {name for name, tool in tools.items() if tool.annotations and tool.annotations.read_only_hint}
        assert reads == {"get_order_status", "list_orders", "get_positions", "get_balance", "check_keys"}
        assert all(tool.description for tool in tools.values())
        for name in ("get_positions", "process_market", "list_orders"):
            assert "no account is open in this state directory" in await Caller(client).refused(name)
    torn = tmp_path / "torn"
    torn.mkdir()
    (torn / "journal.sqlite3").write_bytes(b"torn" * 100)
    monkeypatch.setenv("CRYPTOFUNK_STATE_DIR", str(torn))
    async with Client(server) as client:
        assert "damaged" in await Caller(client).refused("get_balance")
    assert (torn / "journal.sqlite3").read_bytes() == b"torn" * 100


async def test_a_round_trip_is_right_to_the_cent(desk: Desk) -> None:
    await desk.at(1)
    grant = await desk.grant(entry())
    async with desk.server() as call:
        await call("process_market")
        order = await call("place_market_order", approval_id=grant, **arguments(entry()))
        assert (order["status"], order["price"], order["fees"]) == ("FILLED", "100.05", "0.4002")
        (held,) = (await call("get_positions"))["positions"]
        assert (held["quantity"], held["stop"], held["target"]) == ("2", "95.05", "110.05")
        again = await call("place_market_order", approval_id=grant, **arguments(entry()))
        assert again == order == await call("get_order_status", client_order_id="one")

        await desk.at(2)
        assert (await call("process_market"))["fills"] == []
        await desk.at(3)
        progress = await call("process_market")
        (stop,) = progress["orders"]
        assert (stop["purpose"], stop["price"], stop["status"]) == ("STOP", "95.05", "FILLED")
        pnl = 2 * (D("95.05") - D("100.05")) - D("0.4002") - D("0.3802")
        (trade,) = await desk.journal.trades()
        assert trade.pnl == pnl == D("-10.7804")
        balance = await call("get_balance")
        assert D(balance["balances"]["EUR"]) == 10000 + pnl == D(progress["portfolio"]["cash"])
        assert D(balance["balances"]["BTC"]) == 0
        listed = await call("list_orders", status="FILLED")
        assert [each["client_order_id"] for each in listed["orders"]] == [stop["client_order_id"], "one"]


async def test_what_was_not_approved_is_refused_in_words(desk: Desk) -> None:
    await desk.at(1)
    used = await desk.grant(entry())
    other = await desk.grant(entry("two"))
    expired = await desk.grant(entry("three"), expires_at=datetime.now(UTC))
    pending = await desk.grant(entry("four"), status=ApprovalStatus.PENDING)
    async with desk.server() as call:
        await call("place_market_order", approval_id=used, **arguments(entry()))
        place = "place_market_order"
        for approval_id, order, reason in (
            ("forged", entry("two"), "no approval 'forged'"),
            (used, entry("two"), "is for client_order_id one, not two"),
            (other, entry("two", "2.1"), "is for quantity 2, not 2.1"),
            (other, entry("two", side=Side.SELL), "is for side BUY, not SELL"),
            (other, entry("two", symbol="ETH/EUR"), "is for symbol BTC/EUR, not ETH/EUR"),
            (expired, entry("three"), "has expired"),
            (pending, entry("four"), "still waits for an answer"),
            (None, entry("five"), "a buy needs an approval_id"),
            (None, entry("five", "3", side=Side.SELL), "SELL never opens a short"),
            (None, entry("one", "1"), "is taken by an order with quantity 2, not 1"),
        ):
            assert reason in await call.refused(place, approval_id=approval_id, **arguments(order))
        limit = await call.refused(
            "place_limit_order", approval_id=other, price="99", **arguments(entry("two"))
        )
        assert "is for type MARKET, not LIMIT" in limit
        for bad, reason in (
            ({"quantity": "NaN"}, "above zero"),
            ({"quantity": "two"}, "decimal string"),
            ({"symbol": "btc"}, "BASE/QUOTE"),
            ({"client_order_id": "a b"}, "letters"),
        ):
            assert reason in await call.refused(place, **{**arguments(entry("six")), **bad})
        assert len((await call("list_orders"))["orders"]) == 1


async def test_limit_and_stop_orders_rest_and_are_canceled(desk: Desk) -> None:
    await desk.at(1)
    limit = entry("limit", "1", type=OrderType.LIMIT, limit_price=D(95), protection=None)
    stop = entry("stop", "1", type=OrderType.STOP, stop_price=D("102.5"), protection=None)
    grants = {order.client_order_id: await desk.grant(order, collar=D(104)) for order in (limit, stop)}
    async with desk.server() as call:
        placed = await call("place_limit_order", approval_id=grants["limit"], price="95", **arguments(limit))
        assert placed["status"] == "OPEN"
        placed = await call(
            "place_stop_order", approval_id=grants["stop"], stop_price="102.5", **arguments(stop)
        )
        assert placed["status"] == "OPEN"
        assert (await call("cancel_order", order_id="stop"))["status"] == "CANCELED"
        await desk.at(3)
        (fill,) = (await call("process_market"))["fills"]
        assert (fill["price"], fill["liquidity"]) == ("95", "MAKER")
        sold = await call("close_position", symbol=SYMBOL, reason="a person", client_order_id="mine")
        assert (sold["status"], sold["reason"]) == ("FILLED", "a person")


async def test_killed_between_intent_and_fill_nothing_is_doubled_and_all_is_settled(desk: Desk) -> None:
    await desk.at(1)
    grant = await desk.grant(entry())
    sent = desk.folder / "sent"
    async with desk.server("-c", HANGS, str(sent)) as call:
        place = asyncio.create_task(call("place_market_order", approval_id=grant, **arguments(entry())))
        await until(lambda: asyncio.to_thread(sent.exists))
        intent = await desk.journal.order("one")
        assert intent is not None and intent.status is OrderStatus.INTENT
        os.kill(_child(), signal.SIGKILL)
        with pytest.raises(MCPError):
            await place
    async with desk.server() as call:
        order = await call("place_market_order", approval_id=grant, **arguments(entry()))
        assert (order["status"], order["reason"]) == ("REJECTED", "never reached the venue")
        assert (await call("get_positions"))["positions"] == []
        fresh = await desk.grant(entry("two"))
        order = await call("place_market_order", approval_id=fresh, **arguments(entry("two")))
        assert order["status"] == "FILLED"
    assert len(await desk.journal.fills()) == 1


async def test_after_a_restart_missed_bars_trigger_the_stop_without_being_asked(desk: Desk) -> None:
    await desk.at(1)
    grant = await desk.grant(entry())
    async with desk.server() as call:
        await call("place_market_order", approval_id=grant, **arguments(entry()))
    await desk.at(5)
    async with desk.server() as call:

        async def is_flat() -> bool:
            return not await desk.journal.positions()

        await until(is_flat)
        (fill,) = (await call("process_market"))["fills"]
        assert fill["price"] == "95.05"


async def test_the_kill_file_cancels_what_rests_and_blocks_what_comes(desk: Desk) -> None:
    await desk.at(1)
    resting = entry("resting", "1", type=OrderType.LIMIT, limit_price=D(90), protection=None)
    grants = [await desk.grant(order) for order in (entry(), resting, entry("late"))]
    async with desk.server() as call:
        await call("place_market_order", approval_id=grants[0], **arguments(entry()))
        await call("place_limit_order", approval_id=grants[1], price="90", **arguments(resting))
        touch_kill(desk.state_dir, "enough")
        killed_at = time.monotonic()

        async def is_canceled() -> bool:
            order = await desk.journal.order("resting")
            return order is not None and order.status is OrderStatus.CANCELED

        await until(is_canceled)
        assert time.monotonic() - killed_at < 1
        assert "killed: enough" in await call.refused(
            "place_market_order", approval_id=grants[2], **arguments(entry("late"))
        )
        assert "killed" in await call.refused("close_position", symbol=SYMBOL, reason="a person")
        assert "killed" in await call.refused("flatten", reason="a person")
        assert len((await call("get_positions"))["positions"]) == 1


async def test_a_dead_engines_orders_are_canceled_by_the_first_question(desk: Desk) -> None:
    await desk.at(1)
    resting = entry("resting", "1", type=OrderType.LIMIT, limit_price=D(90), protection=None)
    grant = await desk.grant(resting)
    async with desk.server() as call:
        await call("place_limit_order", approval_id=grant, price="90", **arguments(resting))
    touch_kill(desk.state_dir, "enough")
    (desk.folder / "TEST_BTC-EUR_1h_20240101.csv").unlink()
    async with desk.server() as call:
        (order,) = (await call("list_orders"))["orders"]
        assert (order["status"], order["reason"]) == ("CANCELED", "killed: enough")


def _child() -> int:
    """The one server that this process started."""
    (child,) = [
        process for process in psutil.Process().children() if process.cmdline()[:2] == [sys.executable, "-c"]
    ]
    return int(child.pid)


async def test_the_loops_outlive_what_nobody_foresaw(monkeypatch: pytest.MonkeyPatch) -> None:
    async def executor() -> None:
        return None

    looks = asyncio.Event()
    errors = [ArithmeticError("not a number"), AssertionError()]

    async def step(_: object) -> None:
        if errors:
            raise errors.pop()
        looks.set()

    monkeypatch.setattr(trading_module.trading, "executor", executor)
    loop = asyncio.create_task(trading_module._repeat("protection", step, 0.001))
    try:
        await asyncio.wait_for(looks.wait(), 5)
    finally:
        loop.cancel()
