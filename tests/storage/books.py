"""A journal with an account, and short ways to order and fill."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from cryptofunk_tui.domain.orders import (
    Approval,
    ApprovalStatus,
    Fill,
    Liquidity,
    OrderRequest,
    OrderStatus,
    OrderType,
    Purpose,
    Side,
)
from cryptofunk_tui.storage.journal import Journal

START = datetime(2025, 1, 1, tzinfo=UTC)
ACCOUNT = "paper:simulated:simulated"
SYMBOL = "BTC/USDT"


def after(**parts: float) -> datetime:
    return START + timedelta(**parts)


async def open_books(state_dir: Path, *, capital: str = "10000", readonly: bool = False) -> Journal:
    journal = await Journal.open(state_dir, readonly=readonly)
    if not readonly:
        await journal.open_account(
            mode="paper",
            market="simulated",
            venue="simulated",
            run_id="run",
            quote_asset="USDT",
            capital=Decimal(capital),
            at=START,
        )
    return journal


def request(
    name: str,
    side: Side = Side.BUY,
    quantity: str = "1",
    *,
    symbol: str = SYMBOL,
    purpose: Purpose | None = None,
    strategy: str | None = "trend_following",
    limit_price: str | None = None,
) -> OrderRequest:
    return OrderRequest(
        client_order_id=name,
        symbol=symbol,
        side=side,
        type=OrderType.MARKET if limit_price is None else OrderType.LIMIT,
        quantity=Decimal(quantity),
        limit_price=None if limit_price is None else Decimal(limit_price),
        purpose=purpose or (Purpose.ENTRY if side is Side.BUY else Purpose.EXIT),
        strategy=strategy,
    )


def fill_of(
    order: OrderRequest,
    price: str,
    quantity: str | None = None,
    *,
    fee: str = "0",
    fee_asset: str = "USDT",
    fill_id: str | None = None,
    at: datetime = START,
) -> Fill:
    return Fill(
        fill_id=fill_id or f"{order.client_order_id}-1",
        client_order_id=order.client_order_id,
        symbol=order.symbol,
        side=order.side,
        price=Decimal(price),
        quantity=order.quantity if quantity is None else Decimal(quantity),
        fee=Decimal(fee),
        fee_asset=fee_asset,
        liquidity=Liquidity.TAKER,
        at=at,
    )


async def trade(
    journal: Journal, order: OrderRequest, price: str, *, fee: str = "0", at: datetime = START
) -> None:
    """Place an order and fill it whole."""
    await journal.add_order(order, decision_id="decision", at=at, approval_id=None)
    await journal.book_fill(fill_of(order, price, fee=fee, at=at), status=OrderStatus.FILLED)


def approval(
    name: str,
    order: OrderRequest,
    status: ApprovalStatus = ApprovalStatus.GRANTED,
    *,
    collar: str = "101",
    expires_at: datetime | None = None,
) -> Approval:
    return Approval(
        approval_id=name,
        account=ACCOUNT,
        decision_id="decision",
        order=order,
        collar=Decimal(collar),
        status=status,
        reason="within all limits",
        decided_by=None,
        requested_at=START,
        expires_at=expires_at or after(seconds=30),
    )
