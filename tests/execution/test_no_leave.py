"""No order without an approval: a thousand attempts with something wrong in each, and none leaves."""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cryptofunk_tui.domain.orders import ApprovalStatus, OrderRequest, OrderType, Side, TimeInForce
from cryptofunk_tui.execution.venue import OrderRefused
from tests.execution.scene import START, SYMBOL, D, GivenMarket, Scene, opened, request
from tests.nightly import scaled

pytestmark = pytest.mark.anyio
OWN = ("paper", "recorded", "recorded")
ATTEMPTS = scaled(1_000, 10_000)
FIELDS: dict[str, Any] = {
    "client_order_id": lambda rng: f"other{rng.random()}",
    "symbol": lambda rng: rng.choice(("ETH/EUR", "BTC/USDT", "XRP/EUR")),
    "side": lambda rng: Side.SELL,
    "type": lambda rng: rng.choice((OrderType.LIMIT, OrderType.STOP)),
    "quantity": lambda rng: Decimal(rng.choice((1, 999, 1001, 2000, 10**9))) / 1000,
    "limit_price": lambda rng: D(rng.randrange(1, 200)),
    "stop_price": lambda rng: D(rng.randrange(1, 200)),
    "time_in_force": lambda rng: TimeInForce.IOC,
    "post_only": lambda rng: True,
}
GRANTS: dict[str, Any] = {
    "account": lambda rng: rng.choice(("paper:recorded:binance", "live:exchange:binance")),
    "status": lambda rng: rng.choice([each for each in ApprovalStatus if each is not ApprovalStatus.GRANTED]),
}


@dataclass
class Forger:
    """Asks for orders that nobody approved like this."""

    scene: Scene
    rng: random.Random
    numbers: Iterator[int]
    spent: list[tuple[OrderRequest, str]]
    """Grants of this life and those before it that were used, or ran out."""

    async def attempt(self) -> None:
        kind = self.rng.choice(("field", "grant", "late", "reused", "replayed", "none", "invented"))
        approved = request(f"o{next(self.numbers)}")
        match kind:
            case "field":
                name = self.rng.choice(list(FIELDS))
                asked = approved.model_copy(update={name: self._other(approved, name)})
                await self._refused(asked, await self.scene.grant(approved))
            case "grant":
                name = self.rng.choice(list(GRANTS))
                grant = await self.scene.grant(approved, **{name: GRANTS[name](self.rng)})
                await self._refused(approved, grant)
            case "late":
                late = self.scene.clock.now() - timedelta(milliseconds=self.rng.randrange(100_000))
                grant = await self.scene.grant(approved, expires_at=late)
                await self._refused(approved, grant)
                self.spent.append((approved, grant))
            case "reused":
                grant = await self.scene.grant(approved)
                assert await self.scene.approvals.consume(grant, self.scene.clock.now())
                await self._refused(approved, grant)
                self.spent.append((approved, grant))
            case "replayed":
                await self._refused(*self.rng.choice(self.spent or [(approved, "grant-of-nobody")]))
            case "none":
                await self._refused(approved, None)
            case "invented":
                await self._refused(approved, f"grant-of-nobody-{self.rng.random()}")

    def _other(self, order: OrderRequest, field: str) -> Any:
        while (value := FIELDS[field](self.rng)) == getattr(order, field):
            pass
        return value

    async def _refused(self, order: OrderRequest, approval_id: str | None) -> None:
        """For want of leave, and for no other reason: every such refusal speaks of the approval."""
        with pytest.raises(OrderRefused, match="approval"):
            await self.scene.executor.place(order, approval_id)


async def know_others(scene: Scene) -> None:
    """Accounts of other venues in the same journal, none of which is active."""
    for mode, market, venue in (("paper", "recorded", "binance"), ("live", "exchange", "binance"), OWN):
        await scene.journal.open_account(
            mode=mode,
            market=market,
            venue=venue,
            run_id="run",
            quote_asset="EUR",
            capital=D(10_000),
            at=START,
        )


async def test_a_thousand_attempts_without_leave_place_nothing(tmp_path: Path) -> None:
    market = GivenMarket({SYMBOL: [(100.0, 101.0, 99.0, 100.0)] * 3})
    rng, numbers = random.Random(1), itertools.count()
    spent: list[tuple[OrderRequest, str]] = []
    for _ in range(4):
        async with opened(tmp_path, market) as scene:
            await know_others(scene)
            forger = Forger(scene, rng, numbers, spent)
            for _ in range(ATTEMPTS // 4):
                await forger.attempt()
            assert await scene.journal.orders() == ()
            assert await scene.journal.positions() == ()
            assert await scene.journal.balances() == {"EUR": 10_000}


async def test_a_used_grant_is_worth_nothing_after_a_restart(tmp_path: Path) -> None:
    market = GivenMarket({SYMBOL: [(100.0, 101.0, 99.0, 100.0)] * 3})
    async with opened(tmp_path, market) as scene:
        bought = await scene.buy("one")
    async with opened(tmp_path, market) as scene:
        assert await scene.executor.place(request("one"), "grant-one") == bought
        with pytest.raises(OrderRefused, match="is for client_order_id one"):
            await scene.executor.place(request("two"), "grant-one")
        assert len(await scene.journal.fills()) == 1
