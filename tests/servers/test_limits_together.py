"""A hundred at once ask for leave and place, over two processes' worth of connections: no limit is passed."""

import asyncio
import random
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cryptofunk_tui.domain.market import Quote
from cryptofunk_tui.domain.orders import ApprovalStatus, OrderRequest, OrderType, Protection, Side
from cryptofunk_tui.domain.rules import LimitRules, Rules
from cryptofunk_tui.storage.errors import StorageError
from servers.risk_office import Question, RiskOffice
from tests.nightly import scaled
from tests.risk.scene import NOW
from tests.servers.account_scene import SYMBOLS, Scene, open_scene, settings
from tests.servers.test_risk_office import SetClock

pytestmark = pytest.mark.anyio
TRIALS = scaled(100, 1_000)
TASKS = 100
LIMITS = LimitRules(
    position=0.1, exposure=0.5, correlated_exposure=1, var=1, cooldown_bars=0, net_reward_risk=0
)


def question(rng: random.Random, trial: int, number: int) -> Question:
    symbol = rng.choice(SYMBOLS)
    quote = Quote(
        symbol=symbol, venue="recorded", bid=Decimal("99.9"), ask=Decimal(100), last=Decimal(100), at=NOW
    )
    order = OrderRequest(
        client_order_id=f"cf{trial}x{number}",
        symbol=symbol,
        side=Side.BUY,
        type=OrderType.MARKET,
        quantity=Decimal(rng.randrange(1, 12)),
        strategy="trend_following",
        protection=Protection(reference=Decimal(100), stop=Decimal(97), target=Decimal(110)),
    )
    return Question(f"d{trial}x{number}", order, quote)


async def ask_all(offices: list[RiskOffice], rng: random.Random, trial: int) -> dict[str, Decimal]:
    """What was granted, by symbol, in quote currency at the price that the limits reckon with."""
    granted: dict[str, Decimal] = {}

    async def ask(number: int) -> None:
        asked = question(rng, trial, number)
        try:
            answer = await offices[number % len(offices)].request(asked)
        except StorageError:
            return
        if answer.decision is ApprovalStatus.GRANTED:
            worth = asked.order.quantity * asked.quote.ask
            granted[asked.order.symbol] = granted.get(asked.order.symbol, Decimal(0)) + worth

    await asyncio.gather(*(ask(number) for number in range(TASKS)))
    return granted


async def check(scene: Scene, granted: dict[str, Decimal]) -> None:
    equity = Decimal(10_000)
    assert granted, "nothing was granted"
    assert all(worth <= equity * Decimal("0.1") for worth in granted.values()), granted
    assert sum(granted.values()) <= equity * Decimal("0.5"), granted
    assert len(granted) <= LIMITS.positions
    reserved = await scene.approvals.reserved()
    assert set(reserved) == set(granted)


@pytest.mark.timeout(scaled(120, 1800))
@pytest.mark.parametrize("seed", [3, 4])
async def test_a_hundred_at_once_never_pass_a_limit_together(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    chosen = settings(rules=Rules(limits=LIMITS))
    async with open_scene(tmp_path) as scene:
        clock = SetClock(NOW)
        offices = [RiskOffice(chosen, tmp_path, clock) for _ in range(2)]
        try:
            for trial in range(TRIALS):
                await check(scene, await ask_all(offices, rng, trial))
                clock.time += timedelta(seconds=60)
                await scene.approvals.expire(clock.time)
        finally:
            for office in offices:
                await office.close()
