"""Many seeded lives of an account: orders, prices, faults and crashes at random. Nothing is doubled, nothing
orphaned, and when the faults stop nothing stays unclear."""

import contextlib
import random
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest

from cryptofunk_tui.domain.orders import OPEN_STATUSES, OrderStatus, Side, run_prefix
from cryptofunk_tui.execution.venue import OrderRefused
from cryptofunk_tui.market.source import MarketError
from tests.execution.live_scene import SYMBOL, LiveScene, new_venue, opened_live
from tests.execution.scene import SetClock
from tests.execution.sim_venue import SimVenue, seeded, without_faults
from tests.nightly import memory_folder, scaled

pytestmark = pytest.mark.anyio
CHUNKS = 10
RUNS = scaled(1_000, 10_000)
LEAST = Decimal("0.06")
"""Less than the venue sells, at any of the prices here."""
ACTS = ("buy", "buy", "rest", "close", "cancel", "price", "price", "again", "kill")
SYMBOLS = (SYMBOL, "ETH/USDT", "XRP/USDT")


@dataclass
class Player:
    """Somebody who trades without sense, from a seed."""

    rng: random.Random
    venue: SimVenue
    clock: SetClock
    decisions: list[str] = field(default_factory=list)

    async def act(self, scene: LiveScene) -> None:
        """One thing, whatever comes of it."""
        symbol = self.rng.choice(SYMBOLS)
        with contextlib.suppress(OrderRefused, MarketError, ConnectionError):
            match self.rng.choice(
                ("buy", "buy", "rest", "close", "cancel", "price", "price", "again", "kill")
            ):
                case "buy":
                    await self._buy(scene, symbol, None)
                case "rest":
                    await self._buy(scene, symbol, "97")
                case "close":
                    await scene.executor.close_position(symbol, "a person")
                case "cancel":
                    for order in (await scene.journal.orders(OPEN_STATUSES))[:1]:
                        await scene.executor.cancel(order.client_order_id, "a person")
                case "price":
                    bid = Decimal(self.rng.randrange(9_300, 10_700)) / 100
                    self.venue.set_price(symbol, bid, bid + Decimal("0.02"))
                case "again" if self.decisions:
                    asked = scene.entry(self.rng.choice(self.decisions), symbol=symbol)
                    await scene.executor.place(asked, f"grant-{asked.client_order_id}")
                case "kill" if self.rng.random() < 0.1:
                    await scene.control.kill("a person", "test", self.clock.now(), flatten=True)
                    await scene.step()
                    await scene.control.resume("RESUME", "test", self.clock.now())

    async def _buy(self, scene: LiveScene, symbol: str, limit: str | None) -> None:
        cycle = f"c{len(self.decisions)}"
        self.decisions.append(cycle)
        await scene.buy(cycle, self.rng.choice(("1", "2.5", "3.003")), symbol=symbol, limit=limit)


async def live(state_dir: Path, seed: int) -> None:
    rng = random.Random(seed)
    clock = SetClock()
    venue = new_venue(clock, fee_asset=rng.choice(("quote", "base", "BNB")))
    player = Player(rng, venue, clock)
    venue.plan = seeded(rng, rng.choice((0.03, 0.1, 0.2)))
    for _ in range(rng.randrange(2, 4)):
        with contextlib.suppress(ConnectionError):
            async with opened_live(state_dir, venue, clock, step=False) as scene:
                for _ in range(rng.randrange(5, 11)):
                    await player.act(scene)
                    await scene.step(rng.choice((0.1, 1, 5)))
    without_faults(venue)
    async with opened_live(state_dir, venue, clock, step=False) as scene:
        await scene.control.resume("RESUME", "test", clock.now())
        for _ in range(3):
            await scene.step(10)
        await nothing_unclear_that_nobody_was_told(scene, seed)
        for _ in range(4):
            await scene.step(31)
        await check(scene, venue, seed)


async def nothing_unclear_that_nobody_was_told(scene: LiveScene, seed: int) -> None:
    told = " ".join((await scene.state()).attention)
    for order in await scene.journal.orders((OrderStatus.INTENT, OrderStatus.SENT, OrderStatus.UNKNOWN)):
        assert order.client_order_id in told, f"seed {seed}"


async def check(scene: LiveScene, venue: SimVenue, seed: int) -> None:
    where = f"seed {seed}"
    assert max(venue.accepted.values(), default=0) <= 1, where
    sent = [name for _, name in venue.submitted]
    assert len(sent) == len(set(sent)), where
    known = {order.client_order_id: order for order in await scene.journal.orders()}
    mine = run_prefix(scene.account, "run")
    assert {order.request.client_order_id for order in venue.orders.values()} <= set(known), where
    assert all(name.startswith(mine) for name in known), where
    resting = {order.request.client_order_id for order in venue.open()}
    assert resting == {name for name, order in known.items() if order.status in OPEN_STATUSES}, where
    fills = {fill.fill_id for fill in venue.fills()}
    assert fills == {fill.fill_id for order in known.values() for fill in order.fills}, where
    journal = await scene.journal.balances()
    for asset, amount in venue.owned.items():
        start = venue.start.get(asset, Decimal(0))
        expected = amount - start + (start if asset == "USDT" else 0)
        assert journal.get(asset, Decimal(0)) == expected, f"{where}: {asset}"
    buying = {order.symbol for order in known.values() if order.side is Side.BUY and order.rest}
    for held in await scene.journal.positions():
        guarded = any(stop.symbol == held.symbol for stop in await scene.stops())
        assert guarded or (held.symbol in buying and held.quantity < LEAST), where
    assert (await scene.state()).problem == "", where


@pytest.mark.timeout(scaled(120, 3600))
@pytest.mark.parametrize("chunk", range(CHUNKS))
async def test_no_life_doubles_orphans_or_loses_an_order(chunk: int) -> None:
    with memory_folder() as folder:
        for seed in range(chunk, RUNS, CHUNKS):
            await live(folder / str(seed), seed)
