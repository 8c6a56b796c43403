"""Every boundary of the order path × before or after × what the venue makes of the order: a crash there, and
a restart. The real ccxt client talks to the stand-in exchange."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cryptofunk_tui.domain.orders import OPEN_STATUSES, OrderStatus
from cryptofunk_tui.execution.ccxt_venue import CcxtVenue
from cryptofunk_tui.execution.executor import Executor
from cryptofunk_tui.execution.kill import Gate
from cryptofunk_tui.execution.venue import OrderRefused
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.control import Control
from cryptofunk_tui.storage.journal import Journal
from tests.execution.ccxt_scene import SYMBOL, connected
from tests.execution.crash_points import POINTS, Crash, Trap
from tests.execution.live_scene import ROOMY, LiveScene, live_account
from tests.execution.scene import D, protection
from tests.stand_ins.venue.process import StandIn, started

pytestmark = pytest.mark.anyio
ORDER = {"method": "POST", "path": "/api/v3/order"}
OUTCOMES: dict[str, dict[str, Any] | None] = {
    "accepted": None,
    "filled": None,
    "rejected": ORDER | {"kind": "-2010"},
    "request lost": ORDER | {"kind": "request_lost"},
    "reply lost": ORDER | {"kind": "reply_lost"},
    "accepted 30 s late": ORDER | {"kind": "late", "seconds": 30},
}
PLAN = protection("58000", "64000", reference="60000")


@dataclass
class ShiftedClock:
    """Wall time, moved together with the exchange's."""

    shift: timedelta = timedelta()

    def advance(self, seconds: float) -> None:
        self.shift += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.shift


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with started() as process:
        yield process


@contextlib.asynccontextmanager
async def life(state_dir: Path, venue: CcxtVenue, clock: ShiftedClock) -> AsyncIterator[LiveScene]:
    """One process's life over the state directory; a crash leaves without goodbye."""
    journal = await Journal.open(state_dir)
    try:
        account = await live_account(journal, "binance", Decimal(100_000), clock.now())
        control = Control(journal, state_dir)
        executor = Executor(journal, account, venue, Gate(control), ROOMY, clock, state_dir)
        await executor.start()
        yield LiveScene(journal, Approvals(journal), control, clock, clock.advance, executor, account.account)
    finally:
        await journal.close()


async def crash(scene: LiveScene, trap: Trap, order: Any, approval_id: str) -> None:
    """Place the order and follow what comes of it until the trap springs, or a while has passed."""
    trap.set(scene.executor)
    try:
        with contextlib.suppress(Crash, OrderRefused):
            await scene.executor.place(order, approval_id)
        with contextlib.suppress(Crash):
            for _ in range(2):
                if not trap.sprung:
                    scene.executor.nudge(reconnected=True)
                    await scene.executor.keep_watch()
    finally:
        trap.clear(scene.executor)


async def settle(scene: LiveScene, stand_in: StandIn, clock: ShiftedClock) -> None:
    """A restart's next minutes: the loops work, time passes at the venue and here."""
    for seconds in (0, 31, 31, 61):
        if seconds:
            stand_in.advance(seconds)
            clock.advance(seconds)
        for _ in range(2):
            await scene.executor.watch_kill()
            await scene.executor.keep_watch()


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("point", POINTS)
async def test_a_crash_anywhere_doubles_nothing_and_orphans_nothing(
    stand_in: StandIn, tmp_path: Path, point: str, after: bool
) -> None:
    clock = ShiftedClock()
    async with connected(stand_in, clock) as venue:
        for outcome in OUTCOMES:
            state_dir = tmp_path / outcome
            stand_in.reset({"USDT": "100000", "BTC": "1"})
            clock.shift = timedelta()
            async with life(state_dir, venue, clock) as scene:
                await scene.executor.keep_watch()
                limit = "59000" if outcome == "accepted" else None
                order = scene.entry("c", "0.01", symbol=SYMBOL, limit=limit, protection=PLAN)
                approval_id = await scene.grant(order, collar=D(61_000))
                if (fault := OUTCOMES[outcome]) is not None:
                    stand_in.faults(fault | {"skip": int("stop" in point)})
                await crash(scene, Trap(point, after), order, approval_id)
            stand_in.faults()
            async with life(state_dir, venue, clock) as scene:
                await settle(scene, stand_in, clock)
                await check(scene, stand_in, f"{point}, {outcome}")


async def check(scene: LiveScene, stand_in: StandIn, where: str) -> None:
    state = stand_in.state()
    assert all(count == 1 for count in state["accepted"].values()), where
    names = {order["clientOrderId"] for order in state["orders"]}
    known = {order.client_order_id: order for order in await scene.journal.orders()}
    assert names <= set(known), where
    resting = {order["clientOrderId"] for order in state["orders"] if order["status"] == "NEW"}
    journal_open = {name for name, order in known.items() if order.status in OPEN_STATUSES}
    assert resting == journal_open, where
    assert not [order for order in known.values() if order.status is OrderStatus.UNKNOWN], where
    held = await scene.position(SYMBOL)
    parked = (await scene.journal.parked()).get(SYMBOL, Decimal(0))
    bought = Decimal(state["owned"]["BTC"]) - 1
    assert (held.quantity if held else Decimal(0)) + parked == bought, where
    assert (await scene.journal.balances())["USDT"] == Decimal(state["owned"]["USDT"]), where
    stops = [order for order in known.values() if order.status in OPEN_STATUSES and order.stop_price]
    assert len(stops) == (1 if held else 0), where
    assert (await scene.state()).problem == "", where
