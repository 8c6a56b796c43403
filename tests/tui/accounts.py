"""Accounts for scenes: orders, positions, breakers and approvals from fixed numbers."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal

from cryptofunk_tui.domain.events import (
    AccountChanged,
)
from cryptofunk_tui.domain.orders import (
    Approval,
    ApprovalStatus,
    Fill,
    Liquidity,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Protection,
    Purpose,
    Side,
)
from cryptofunk_tui.domain.portfolio import Mark, Portfolio, Position, Trade
from cryptofunk_tui.domain.risk import Breaker, BreakerEffect, TradingState
from tests.tui.props import MARKET, NOW, PRICES, SYMBOLS


def order(
    number: int,
    symbol: str = "BTC/USDT",
    side: Side = Side.BUY,
    status: OrderStatus = OrderStatus.FILLED,
    purpose: Purpose = Purpose.ENTRY,
    kind: OrderType = OrderType.MARKET,
) -> Order:
    price = Decimal(str(PRICES.get(symbol, 100.0)))
    quantity = (Decimal(900) / price).quantize(Decimal("0.000001"))
    filled = quantity if status is OrderStatus.FILLED else Decimal(0)
    identity = f"cf{number:030d}"
    at = MARKET - timedelta(hours=3 * number)
    fill = Fill(
        fill_id=f"f{number}",
        client_order_id=identity,
        symbol=symbol,
        side=side,
        price=price,
        quantity=quantity,
        fee=Decimal("0.9"),
        fee_asset="USDT",
        liquidity=Liquidity.TAKER,
        at=at,
    )
    return Order(
        client_order_id=identity,
        decision_id=f"c{number:015d}",
        symbol=symbol,
        side=side,
        type=kind,
        purpose=purpose,
        strategy="trend_following",
        quantity=quantity,
        limit_price=price * Decimal("0.99") if kind is OrderType.LIMIT else None,
        stop_price=price * Decimal("0.97") if kind is OrderType.STOP else None,
        status=status,
        filled=filled,
        price=price if filled else None,
        fees=Decimal("0.9") if filled else Decimal(0),
        reason="" if status is not OrderStatus.REJECTED else "the quote was 12 s old",
        created_at=at,
        updated_at=at,
        fills=(fill,) if filled else (),
    )


def position(symbol: str, gain: float, trailed: bool = False) -> Position:
    """A holding of about 900 that stands `gain` above its entry at the scene's price."""
    entry = (Decimal(str(PRICES[symbol])) / Decimal(str(1 + gain))).quantize(Decimal("0.00001"))
    stop = entry * Decimal("0.972")
    return Position(
        symbol=symbol,
        quantity=(Decimal(900) / entry).quantize(Decimal("0.000001")),
        entry_price=entry,
        fees=Decimal("0.9"),
        strategy="mean_reversion" if symbol == "XRP/USDT" else "trend_following",
        opened_at=MARKET - timedelta(hours=7),
        entry_order="cf1",
        initial_stop=stop,
        stop=entry * Decimal("1.004") if trailed else stop,
        target=entry * Decimal("1.056"),
        trail=entry * Decimal("0.021"),
        high=Decimal(str(PRICES[symbol])),
    )


def trade(number: int, pnl: str, purpose: str) -> Trade:
    return Trade(
        symbol=SYMBOLS[number % 5],
        strategy="trend_following",
        quantity=Decimal(1),
        entry_price=Decimal("142.1"),
        exit_price=Decimal("142.1") + Decimal(pnl),
        pnl=Decimal(pnl),
        fees=Decimal("1.8"),
        r_multiple=float(pnl) / 20,
        opened_at=MARKET - timedelta(hours=30 + number),
        closed_at=MARKET - timedelta(hours=9 + number),
        exit_purpose=purpose,
    )


def breakers(tripped: str = "") -> tuple[Breaker, ...]:
    def one(
        name: str, value: float | None, limit: float | None, effect: BreakerEffect, detail: str = ""
    ) -> Breaker:
        return Breaker(
            name=name,
            value=value,
            limit=limit,
            active=value is not None,
            tripped=name == tripped,
            effect=effect,
            detail=detail,
        )

    return (
        one("kill", 1.0 if tripped == "kill" else 0.0, 0.0, BreakerEffect.KILL),
        one("feed", None, 90.0, BreakerEffect.EXITS_ONLY, "a simulated market has no feed"),
        one("unknown_orders", 0.0, 0.0, BreakerEffect.NO_ENTRIES),
        one("drawdown", -0.112 if tripped == "drawdown" else -0.012, 0.10, BreakerEffect.HALT),
        one("daily_loss", -0.004, 0.02, BreakerEffect.NO_ENTRIES),
        one("volatility", 3.4 if tripped == "volatility" else 1.32, 3.0, BreakerEffect.NO_ENTRIES),
        one("jump", 0.0071, 0.03, BreakerEffect.NO_ENTRIES),
        one("order_rate", 2.0, 50.0, BreakerEffect.NO_ENTRIES),
        one("fees", 0.0009, 0.01, BreakerEffect.NO_ENTRIES),
    )


def portfolio(positions: Sequence[Position]) -> Portfolio:
    spent = sum((held.quantity * held.entry_price + held.fees for held in positions), Decimal(0))
    return Portfolio(
        account="paper:simulated:simulated",
        quote_asset="USDT",
        start=Decimal(10000),
        cash=Decimal("10184.20") - spent,
        positions=tuple(positions),
        marks=tuple(
            Mark(symbol=held.symbol, price=Decimal(str(PRICES[held.symbol])), at=MARKET) for held in positions
        ),
        peak_equity=Decimal(10360),
        day_start_equity=Decimal("10200.00"),
    )


def held() -> tuple[Position, ...]:
    return (
        position("BTC/USDT", 0.0312, trailed=True),
        position("SOL/USDT", -0.0114),
        position("XRP/USDT", 0.0067),
    )


def approval(symbol: str = "ETH/USDT", number: int = 1, left: float = 97.0) -> Approval:
    at = Decimal(str(PRICES.get(symbol, 100.0)))
    return Approval(
        approval_id=f"a{number}",
        account="paper:simulated:simulated",
        decision_id=f"c{sum(map(ord, symbol)):015d}",
        order=OrderRequest(
            client_order_id=f"cf{number:030d}",
            symbol=symbol,
            side=Side.BUY,
            type=OrderType.MARKET,
            quantity=(Decimal(1000) / at).quantize(Decimal("0.000001")),
            strategy="trend_following",
            protection=Protection(
                reference=at,
                stop=at * Decimal("0.972"),
                target=at * Decimal("1.056"),
                trail=at * Decimal("0.021"),
            ),
        ),
        collar=at * Decimal("1.01"),
        status=ApprovalStatus.PENDING,
        reason="waits for a person",
        decided_by=None,
        requested_at=NOW + timedelta(seconds=left - 120),
        expires_at=NOW + timedelta(seconds=left),
    )


def account(
    state: TradingState = TradingState.RUNNING,
    reason: str = "",
    *,
    positions: Sequence[Position] | None = None,
    approvals: Sequence[Approval] = (),
    orders: Sequence[Order] | None = None,
    tripped: str = "",
) -> AccountChanged:
    known = (
        order(1),
        order(2, "SOL/USDT"),
        order(3, "ADA/USDT", status=OrderStatus.OPEN, kind=OrderType.LIMIT),
        order(4, "ETH/USDT", Side.SELL, purpose=Purpose.TRAIL),
        order(5, "XRP/USDT", status=OrderStatus.REJECTED),
        order(6, "XRP/USDT"),
    )
    return AccountChanged(
        at=MARKET,
        state=state,
        state_reason=reason,
        portfolio=portfolio(held() if positions is None else positions),
        orders=tuple(known if orders is None else orders),
        trades=(trade(1, "41.20", "TARGET"), trade(2, "-18.75", "STOP"), trade(3, "12.02", "TRAIL")),
        approvals=tuple(approvals),
        breakers=breakers(tripped),
        feed_age_s=0.4,
    )
