"""The order path before the stand-in exchange: to the wire, back from a crash, and how fast a kill blocks."""

import asyncio
import os
import random
import tempfile
import time
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from cryptofunk_tui.domain.base import WallClock
from cryptofunk_tui.domain.orders import Fill, Liquidity, OrderRequest, OrderStatus, OrderType, Side
from cryptofunk_tui.execution.account_check import AccountCheck
from cryptofunk_tui.execution.blotter import Blotter
from cryptofunk_tui.orchestrator.launch import write_run_config
from cryptofunk_tui.storage.control import Control, touch_kill
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.kill_report import read_report
from cryptofunk_tui.toolbox.errors import ToolboxError
from tests.benchmarks.figures import BASELINE, line, percentile, spread
from tests.end_to_end.live import PREFIX, executor, granted, open_journal, settings_for
from tests.execution.ccxt_scene import SYMBOL, connected
from tests.execution.scene import D
from tests.execution.test_fault_matrix import PLAN, ShiftedClock, life
from tests.stand_ins.venue.process import StandIn, started

ORDERS = 300
WARM = 20
MANY = 10_000
KILLS = 60
SPEED = 10.0
RECORDING = (
    Path(os.environ.get("CRYPTOFUNK_TEST_DATA") or Path(__file__).parents[3] / "shared" / "data")
    / "ticks"
    / "hftbacktest_spot_btcusdt_20240809.gz"
)


async def run() -> list[str]:
    with started() as stand_in, tempfile.TemporaryDirectory() as folder:
        to_the_wire = await _to_the_wire(stand_in, Path(folder) / "wire")
        reconciled = await _reconciled(stand_in, Path(folder) / "many")
        kills = await _kills(stand_in, Path(folder) / "kill")
    return [*to_the_wire, *reconciled, *kills]


def _arrivals(stand_in: StandIn) -> dict[str, float]:
    """When each new order reached the exchange, by the monotonic clock."""
    return {asked["name"]: asked["at"] for asked in stand_in.requests() if asked["method"] == "POST"}


async def _to_the_wire(stand_in: StandIn, state_dir: Path) -> list[str]:
    stand_in.reset({"USDT": "1000000"})
    clock = ShiftedClock()
    sent: dict[str, float] = {}
    async with connected(stand_in, clock, timeout_s=10) as venue, life(state_dir, venue, clock) as scene:
        await scene.executor.keep_watch()
        for number in range(ORDERS):
            order = scene.entry(f"b{number}", "0.001", symbol=SYMBOL, limit="50000", protection=PLAN)
            approval_id = await scene.grant(order, collar=D(61_000))
            sent[order.client_order_id] = time.monotonic()
            await scene.executor.place(order, approval_id)
        bare: dict[str, float] = {}
        for number in range(ORDERS):
            name = f"bare{number}"
            bare[name] = time.monotonic()
            await venue._client.create_order(
                SYMBOL, "limit", "buy", "0.001", "50000", {"clientOrderId": name}
            )
    arrived = _arrivals(stand_in)
    ours, theirs = (
        [(arrived[name] - at) * 1000 for name, at in list(each.items())[WARM:]] for each in (sent, bare)
    )
    ratio = percentile(ours, 0.5) / percentile(theirs, 0.5)
    return [
        line("bare ccxt call to the wire", spread(theirs), BASELINE),
        line(
            "from approval to the wire, full sync", f"{spread(ours)}, {ratio:.1f} bare", "p50 8 ms, p99 25 ms"
        ),
    ]


async def _reconciled(stand_in: StandIn, state_dir: Path) -> list[str]:
    stand_in.reset({"USDT": "1000000"})
    stand_in.seed(0, MANY, PREFIX)
    journal = await open_journal(state_dir)
    await _book_seeded(journal, stand_in)
    account = await journal.account()
    assert account is not None
    async with connected(stand_in, timeout_s=30) as venue:
        check = AccountCheck(journal, Blotter(journal, account), venue, account, 45)
        started_at = time.perf_counter()
        await check.run((SYMBOL,), WallClock().now())
        took_s = time.perf_counter() - started_at
        assert check.problem is None, check.problem
    await journal.close()
    return [line(f"reconciliation of {MANY:,} orders", f"{took_s:.2f} s", "5 s")]


async def _book_seeded(journal: Journal, stand_in: StandIn) -> None:
    """Write the exchange's orders into the journal, each with its fill."""
    orders = stand_in.state()["orders"]
    async with journal.transaction():
        for number, order in enumerate(orders, start=1):
            side = Side(order["side"])
            name, quantity = order["clientOrderId"], Decimal(order["origQty"])
            price = Decimal(order["cummulativeQuoteQty"]) / quantity
            at = datetime.fromtimestamp(order["time"] / 1000, UTC)
            asked = OrderRequest(
                client_order_id=name, symbol=SYMBOL, side=side, type=OrderType.MARKET, quantity=quantity
            )
            await journal.add_order(asked, decision_id="d", at=at, approval_id=None)
            await journal.name_at_venue(name, str(order["orderId"]))
            fill = Fill(
                fill_id=f"{SYMBOL}:{number}",
                client_order_id=name,
                symbol=SYMBOL,
                side=side,
                price=price,
                quantity=quantity,
                fee=price * quantity / 1000,
                fee_asset="USDT",
                liquidity=Liquidity.TAKER,
                at=at,
            )
            await journal.book_fill(fill, status=OrderStatus.FILLED)


async def _kills(stand_in: StandIn, state_dir: Path) -> list[str]:
    if not RECORDING.exists():
        return [line("kill", f"no recording at {RECORDING.name}", "blocked p99 100 ms")]
    state_dir.mkdir(mode=0o700)
    stand_in.reset({"USDT": "1000000"})
    stand_in.replay(RECORDING, SPEED)
    config = write_run_config(settings_for(stand_in), state_dir)
    journal = await open_journal(state_dir)
    rng = random.Random(1)
    blocked, cleaned = [], []
    async with executor(config, state_dir) as toolbox:
        await toolbox.call("order_executor", "process_market", {}, deadline_s=10.0)
        for number in range(KILLS):
            placing = asyncio.create_task(_place(toolbox, journal, number))
            await asyncio.sleep(rng.uniform(0.2, 0.4))
            at, since = time.monotonic(), datetime.now(UTC)
            touch_kill(state_dir, "killed by a benchmark")
            await _clean(state_dir, since)
            cleaned.append((time.monotonic() - at) * 1000)
            placing.cancel()
            with suppress(asyncio.CancelledError):
                await placing
            last = max(_arrivals(stand_in).values(), default=0.0)
            blocked.append(max(0.0, last - at) * 1000)
            await Control(journal, state_dir).resume("RESUME", "benchmark", datetime.now(UTC))
    await journal.close()
    return [
        line(f"kill to the last order on the wire, market ×{SPEED:g}", spread(blocked), "p99 100 ms"),
        line("kill to clean and verified", spread(cleaned), "5 s"),
    ]


async def _clean(state_dir: Path, since: datetime) -> None:
    while True:
        report = read_report(state_dir)
        if report is not None and report.at >= since and report.is_clean:
            return
        await asyncio.sleep(0.002)


async def _place(toolbox: Any, journal: Journal, kill: int) -> None:
    """Orders without end, one after the other."""
    for number in range(10_000):
        order = await granted(journal, f"k{kill}-{number}", limit="50000")
        with suppress(ToolboxError):
            await toolbox.call("order_executor", "place_limit_order", order, deadline_s=10.0)
