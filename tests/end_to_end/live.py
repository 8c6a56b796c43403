"""A live account on the stand-in exchange: its state directory, its executor's process, and its orders."""

import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from cryptofunk_tui.domain.base import WallClock
from cryptofunk_tui.domain.orders import (
    Approval,
    ApprovalStatus,
    OrderRequest,
    OrderStatus,
    OrderType,
    Side,
    order_id,
    run_prefix,
)
from cryptofunk_tui.execution.keys import variables
from cryptofunk_tui.settings import Settings, load_settings
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.toolbox.spec import ServerSpec
from cryptofunk_tui.toolbox.toolbox import Toolbox
from tests.execution.live_scene import live_account
from tests.execution.scene import protection
from tests.stand_ins.venue import KEY, SECRET
from tests.stand_ins.venue.process import StandIn

SYMBOL = "BTC/USDT"
ACCOUNT = "live:exchange:binance"
PREFIX = run_prefix(ACCOUNT, "run")
KEYS = dict(zip(variables("binance", sandbox=False), (KEY, SECRET), strict=False))
PLAN = protection("58000", "64000", reference="60000")


def settings_for(stand_in: StandIn, **venue: Any) -> Settings:
    """Real money on the stand-in, approved by nobody; `venue` changes how it is followed."""
    return load_settings(
        None,
        {
            "mode": "live",
            "market": "exchange",
            "venue": "binance",
            "symbols": [SYMBOL],
            "capital": "100000",
            "live": {"confirm": "I trade real money on binance", "approve": "auto"},
            "exchange": {
                "venues": ["binance"],
                "base_urls": {"binance": stand_in.url},
                "requests_per_second": {"binance": 10_000},
            },
            "coingecko": {"enabled": False},
            "news": {"fear_greed_url": "http://127.0.0.1:9/"},
            "rules": {"limits": {"position": 1, "exposure": 1}, "venue": venue},
        },
    )


async def open_journal(state_dir: Path) -> Journal:
    journal = await Journal.open(state_dir)
    await live_account(journal, "binance", Decimal(100_000), datetime.now(UTC))
    return journal


async def add_resting(journal: Journal, prefix: str, count: int) -> None:
    """Write the orders into the journal that the exchange makes of `seed(count, 0, prefix)`."""
    now = datetime.now(UTC)
    async with journal.transaction():
        for number in range(count):
            name = f"{prefix}o{number:08d}"
            asked = OrderRequest(
                client_order_id=name,
                symbol=SYMBOL,
                side=Side.BUY,
                type=OrderType.LIMIT,
                quantity=Decimal("0.0005"),
                limit_price=Decimal(30_000 + number),
            )
            await journal.add_order(asked, decision_id="d", at=now, approval_id=None)
            for status in (OrderStatus.SENT, OrderStatus.OPEN):
                await journal.set_status(name, status, "", now)


async def granted(journal: Journal, cycle: str, *, limit: str | None = None) -> dict[str, Any]:
    """A grant for a small buy, as the arguments of the tool that places it."""
    order = OrderRequest(
        client_order_id=order_id(ACCOUNT, "run", cycle, "entry"),
        symbol=SYMBOL,
        side=Side.BUY,
        type=OrderType.MARKET if limit is None else OrderType.LIMIT,
        quantity=Decimal("0.001"),
        limit_price=None if limit is None else Decimal(limit),
        protection=PLAN,
    )
    now = datetime.now(UTC)
    approval = Approval(
        approval_id=f"a-{cycle}",
        account=ACCOUNT,
        decision_id=cycle,
        order=order,
        collar=Decimal(61_000),
        status=ApprovalStatus.GRANTED,
        reason="",
        decided_by="risk",
        requested_at=now,
        expires_at=now + timedelta(seconds=60),
    )
    await Approvals(journal).add(approval)
    arguments = {
        "approval_id": approval.approval_id,
        "client_order_id": order.client_order_id,
        "symbol": SYMBOL,
        "side": "BUY",
        "quantity": "0.001",
    }
    return arguments if limit is None else arguments | {"price": limit}


@asynccontextmanager
async def executor(config: Path, state_dir: Path) -> AsyncIterator[Toolbox]:
    """order_executor as a process of its own, with the keys in its environment alone."""
    spec = ServerSpec(
        name="order_executor",
        command=(sys.executable, "-P", "-m", "servers.order_executor"),
        env={"CRYPTOFUNK_CONFIG": str(config), "CRYPTOFUNK_STATE_DIR": str(state_dir), **KEYS},
    )
    toolbox = Toolbox([spec], lambda _: None, WallClock(), state_dir=state_dir)
    await toolbox.start()
    try:
        await toolbox.ready("order_executor", 20)
        yield toolbox
    finally:
        await toolbox.close()


def person(home: Path) -> dict[str, str]:
    """The environment of somebody who types commands, with the keys in it."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, **KEYS, "HOME": str(home), "TERM": "xterm-256color"}
