"""A hundred at once ask for leave and place, half of them over another connection: no limit is passed."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cryptofunk_tui.domain.market import Quote
from cryptofunk_tui.domain.orders import (
    ApprovalStatus,
    OrderRequest,
    OrderStatus,
    OrderType,
    Protection,
    Side,
)
from cryptofunk_tui.domain.rules import BreakerRules, CostRules, LimitRules, Rules
from cryptofunk_tui.execution.executor import Executor
from cryptofunk_tui.execution.kill import Gate
from cryptofunk_tui.execution.paper import PaperVenue
from cryptofunk_tui.execution.venue import OrderRefused
from cryptofunk_tui.storage.control import Control
from cryptofunk_tui.storage.errors import StorageError
from cryptofunk_tui.storage.journal import Journal
from servers.risk_office import Question, RiskOffice
from tests.execution.scene import GivenMarket
from tests.nightly import scaled
from tests.risk.scene import NOW
from tests.servers.account_scene import SYMBOLS, Scene, open_scene, settings
from tests.servers.test_risk_office import SetClock

pytestmark = pytest.mark.anyio
TRIALS = scaled(100, 1_000)
TASKS = 100
RULES = Rules(
    costs=CostRules(taker_fee=Decimal(0), maker_fee=Decimal(0)),
    limits=LimitRules(correlated_exposure=1, var=1, cooldown_bars=0, net_reward_risk=0),
    breakers=BreakerRules(drawdown=1, daily_loss=1, orders_per_minute=10**9),
)
"""The room in the account is what is tried; nothing else stands in the way."""


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


@asynccontextmanager
async def trading(
    state_dir: Path, rules: Rules, clock: SetClock
) -> AsyncIterator[tuple[RiskOffice, Executor]]:
    """An officer and an executor with connections of their own, as another process would have."""
    market = GivenMarket({symbol: [(100.0, 100.0, 100.0, 100.0)] for symbol in SYMBOLS})
    journal = await Journal.open(state_dir)
    office = RiskOffice(settings(rules=rules), state_dir, clock)
    try:
        account = await journal.account()
        assert account is not None

        async def source() -> GivenMarket:
            return market

        venue = PaperVenue(source, rules.costs, is_live=False)
        gate = Gate(Control(journal, state_dir))
        yield office, Executor(journal, account, venue, gate, rules, clock, state_dir)
    finally:
        await office.close()
        await journal.close()


async def trade_all(places: list[tuple[RiskOffice, Executor]], rng: random.Random, trial: int) -> int:
    """All ask at once, and whoever is granted leave places at once; how many bought."""

    async def trade(number: int) -> bool:
        asked = question(rng, trial, number)
        office, executor = places[number % len(places)]
        try:
            answer = await office.request(asked)
            if answer.decision is not ApprovalStatus.GRANTED:
                return False
            order = await executor.place(asked.order, answer.approval_id)
        except (StorageError, OrderRefused):
            return False
        return order.status is OrderStatus.FILLED

    return sum(await asyncio.gather(*(trade(number) for number in range(TASKS))))


async def check(scene: Scene, equity: Decimal) -> None:
    """What is held after all of them, at the price that they paid, against the equity before."""
    portfolio = await scene.journal.portfolio()
    worth = [held.quantity * held.entry_price for held in portfolio.positions]
    assert all(each <= equity * Decimal("0.1") for each in worth), worth
    assert sum(worth) <= equity * Decimal("0.5"), worth
    assert len(worth) <= RULES.limits.positions
    assert portfolio.cash >= 0
    assert portfolio.cash == equity - sum(worth)


@pytest.mark.timeout(scaled(120, 1800))
@pytest.mark.parametrize("seed", [3, 4])
async def test_a_hundred_at_once_never_pass_a_limit_together(tmp_path: Path, seed: int) -> None:
    rng, clock = random.Random(seed), SetClock(NOW)
    async with (
        open_scene(tmp_path) as scene,
        trading(tmp_path, RULES, clock) as first,
        trading(tmp_path, RULES, clock) as second,
    ):
        for trial in range(TRIALS):
            equity = (await scene.journal.portfolio()).cash
            assert await trade_all([first, second], rng, trial) > 0
            await check(scene, equity)
            await first[1].flatten("the next trial")
            clock.time += timedelta(seconds=60)
            await scene.approvals.expire(clock.time)
