"""An account at the model venue with its executor; opened again, it is what a restart finds."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.orders import (
    Approval,
    ApprovalStatus,
    Order,
    OrderRequest,
    OrderStatus,
    Protection,
    order_id,
)
from cryptofunk_tui.domain.portfolio import Position
from cryptofunk_tui.domain.rules import LimitRules, Rules
from cryptofunk_tui.domain.venue_state import VenueState
from cryptofunk_tui.execution.executor import Executor
from cryptofunk_tui.execution.kill import Gate
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.control import Control
from cryptofunk_tui.storage.journal import AccountRow, Journal
from cryptofunk_tui.storage.venue_state import venue_state
from tests.execution.scene import SetClock, request
from tests.execution.sim_venue import SimVenue

SYMBOL = "BTC/USDT"
ROOMY = Rules(limits=LimitRules(position=1, exposure=1))
CAPITAL = Decimal(10_000)
PROTECTION = Protection(
    reference=Decimal(100), stop=Decimal(95), target=Decimal(115), trail=Decimal(3), trail_after=Decimal(5)
)


def new_venue(clock: SetClock, **options: str) -> SimVenue:
    venue = SimVenue(clock, {"USDT": CAPITAL, "BNB": Decimal(10)}, **options)
    for symbol in (SYMBOL, "ETH/USDT", "XRP/USDT"):
        venue.set_price(symbol, "99.99", "100")
    return venue


@dataclass
class LiveScene:
    journal: Journal
    approvals: Approvals
    control: Control
    clock: Clock
    advance: Callable[[float], None]
    """Let so many seconds pass by that clock."""
    executor: Executor
    account: str

    async def step(self, seconds: float = 1.0) -> None:
        """Time passes, and the loops that never wait for a call do their work."""
        self.advance(seconds)
        await self.executor.watch_kill()
        await self.executor.keep_watch()

    async def buy(
        self, cycle: str, quantity: str = "1", *, symbol: str = SYMBOL, limit: str | None = None
    ) -> Order:
        """A granted buy of a decision."""
        asked = self.entry(cycle, quantity, symbol=symbol, limit=limit)
        return await self.executor.place(asked, await self.grant(asked))

    def entry(
        self,
        cycle: str,
        quantity: str = "1",
        *,
        symbol: str = SYMBOL,
        limit: str | None = None,
        protection: Protection = PROTECTION,
    ) -> OrderRequest:
        name = order_id(self.account, "run", cycle, "entry")
        return request(name, quantity=quantity, symbol=symbol, limit=limit, protection=protection)

    async def grant(self, order: OrderRequest, collar: Decimal = Decimal(101)) -> str:
        now = self.clock.now()
        approval = Approval(
            approval_id=f"grant-{order.client_order_id}",
            account=self.account,
            decision_id="decision",
            order=order,
            collar=collar,
            status=ApprovalStatus.GRANTED,
            reason="",
            decided_by="risk",
            requested_at=now,
            expires_at=now + timedelta(seconds=30),
        )
        await self.approvals.add(approval)
        return approval.approval_id

    async def order(self, name: str) -> Order:
        order = await self.journal.order(name)
        assert order is not None
        return order

    async def position(self, symbol: str = SYMBOL) -> Position | None:
        return next((held for held in await self.journal.positions() if held.symbol == symbol), None)

    async def stops(self) -> list[Order]:
        """Stops that the journal holds for resting."""
        orders = await self.journal.orders((OrderStatus.OPEN, OrderStatus.PARTIAL))
        return [order for order in orders if order.stop_price is not None]

    async def state(self) -> VenueState:
        state = await venue_state(self.journal)
        assert state is not None
        return state


async def live_account(journal: Journal, venue: str, capital: Decimal, at: datetime) -> AccountRow:
    """A live account in USDT, made the active one; one that exists keeps its capital."""
    await journal.open_account(
        mode="live",
        market="exchange",
        venue=venue,
        run_id="run",
        quote_asset="USDT",
        capital=capital,
        at=at,
    )
    account = await journal.account()
    assert account is not None
    return account


@asynccontextmanager
async def opened_live(
    state_dir: Path, venue: SimVenue, clock: SetClock, rules: Rules = ROOMY, *, step: bool = True
) -> AsyncIterator[LiveScene]:
    journal = await Journal.open(state_dir)
    try:
        account = await live_account(journal, "sim", CAPITAL, datetime(2026, 6, 1, tzinfo=UTC))
        control = Control(journal, state_dir)
        executor = Executor(journal, account, venue, Gate(control), rules, clock, state_dir)
        await executor.start()
        scene = LiveScene(
            journal, Approvals(journal), control, clock, clock.advance, executor, account.account
        )
        if step:
            await scene.step()
        yield scene
        await executor.close()
    finally:
        await journal.close()
