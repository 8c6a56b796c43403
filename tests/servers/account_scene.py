"""A state directory as an engine leaves it: a journal with an account, and records with closes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np

from cryptofunk_tui.domain.base import to_ms
from cryptofunk_tui.domain.candles import Candles, Floats
from cryptofunk_tui.domain.orders import Fill, Liquidity, OrderRequest, OrderStatus, OrderType, Side
from cryptofunk_tui.domain.portfolio import Mark
from cryptofunk_tui.settings import Settings
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.control import Control
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.records import Records
from tests.risk.scene import HOUR_MS, NOW, walk

SYMBOLS = ("BTC/EUR", "ETH/EUR", "XRP/EUR", "ADA/EUR", "SOL/EUR")


def candles(symbol: str, closes: Floats, until: datetime = NOW) -> Candles:
    """Hourly bars that end at `until`, each opening at the close before it."""
    opens = np.concatenate([closes[:1], closes[:-1]])
    stamps = to_ms(until) - HOUR_MS * np.arange(len(closes), 0, -1, dtype=np.int64)
    return Candles.from_columns(
        symbol,
        "1h",
        {
            "timestamp_ms": stamps,
            "open": opens,
            "high": np.maximum(opens, closes),
            "low": np.minimum(opens, closes),
            "close": closes,
            "volume": np.ones(len(closes)),
        },
    )


def settings(**changes: Any) -> Settings:
    return Settings(market="recorded", symbols=SYMBOLS, **changes)


@dataclass
class Scene:
    """The account as the engine and the executor write it."""

    state_dir: Path
    journal: Journal
    records: Records

    @property
    def approvals(self) -> Approvals:
        return Approvals(self.journal)

    @property
    def control(self) -> Control:
        return Control(self.journal, self.state_dir)

    async def add_closes(self, closes: Mapping[str, Floats], until: datetime = NOW) -> None:
        for symbol, prices in closes.items():
            self.records.add_candles(candles(symbol, prices, until))
        await self.records.flush()

    async def trade(
        self, symbol: str, side: Side, quantity: str, price: str, at: datetime, fee: str = "0"
    ) -> None:
        """An order that filled whole; the fee is in EUR."""
        key = f"cf{symbol[:3]}{side[0]}{to_ms(at)}"
        request = OrderRequest(
            client_order_id=key, symbol=symbol, side=side, type=OrderType.MARKET, quantity=Decimal(quantity)
        )
        await self.journal.add_order(request, decision_id=None, at=at, approval_id=None)
        fill = Fill(
            fill_id=f"f{key}",
            client_order_id=key,
            symbol=symbol,
            side=side,
            price=Decimal(price),
            quantity=Decimal(quantity),
            fee=Decimal(fee),
            fee_asset="EUR",
            liquidity=Liquidity.TAKER,
            at=at,
        )
        await self.journal.book_fill(fill, status=OrderStatus.FILLED)

    async def hold(self, symbol: str, quantity: str, price: str = "100") -> None:
        """Bought ten hours ago."""
        await self.trade(symbol, Side.BUY, quantity, price, NOW - timedelta(hours=10))

    async def mark(self, at: datetime = NOW, **prices: str) -> None:
        """Value BTC="90" and the like."""
        marks = tuple(
            Mark(symbol=f"{base}/EUR", price=Decimal(price), at=at) for base, price in prices.items()
        )
        await self.journal.mark(marks, at)


@asynccontextmanager
async def open_scene(state_dir: Path, *, bars: int = 745) -> AsyncIterator[Scene]:
    """10,000 EUR in cash and quiet markets that do not move together."""
    state_dir.mkdir(parents=True, exist_ok=True)
    journal = await Journal.open(state_dir)
    records = await Records.open(state_dir, source="recorded:recorded")
    try:
        await journal.open_account(
            mode="paper",
            market="recorded",
            venue="recorded",
            run_id="r1",
            quote_asset="EUR",
            capital=Decimal(10000),
            at=NOW - timedelta(days=40),
        )
        await journal.set_market_time(NOW)
        scene = Scene(state_dir, journal, records)
        await scene.add_closes({name: walk(i, 0.002, bars) for i, name in enumerate(SYMBOLS)})
        yield scene
    finally:
        await records.close()
        await journal.close()
