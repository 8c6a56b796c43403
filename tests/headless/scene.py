"""Records as the engine tells them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from cryptofunk_tui.domain.cycle import ApprovalNote, CycleRecord
from cryptofunk_tui.domain.orders import Order, OrderStatus, OrderType, Purpose, Side
from cryptofunk_tui.domain.risk import Decision, Verdict
from cryptofunk_tui.domain.signals import Action, Tally

AT = datetime(2025, 3, 1, 9, tzinfo=UTC)


def order(**changed: Any) -> Order:
    whole: dict[str, Any] = {
        "client_order_id": "cf1",
        "decision_id": "c1",
        "symbol": "BTC/USDT",
        "side": Side.BUY,
        "type": OrderType.MARKET,
        "purpose": Purpose.ENTRY,
        "strategy": "trend_following",
        "quantity": Decimal("0.0100"),
        "limit_price": None,
        "stop_price": None,
        "status": OrderStatus.FILLED,
        "filled": Decimal("0.01"),
        "price": Decimal("94000.50"),
        "fees": Decimal("0.9400"),
        "reason": "",
        "created_at": AT,
        "updated_at": AT,
    }
    return Order(**{**whole, **changed})


def record(
    *,
    cycle: str = "c1",
    symbol: str = "BTC/USDT",
    action: Action = Action.HOLD,
    consensus: float = 0.83,
    verdict: Verdict | None = None,
    approval: ApprovalNote | None = None,
    orders: tuple[Order, ...] = (),
) -> CycleRecord:
    return CycleRecord(
        cycle_id=cycle,
        symbol=symbol,
        as_of=AT,
        mode="paper",
        market="simulated",
        inputs={"close": 94000.5, "news.score": None},
        signals=(),
        context=None,
        ballots=(),
        tally=Tally(
            action=action,
            consensus=consensus,
            confidence=0.7,
            quorum=0.4,
            reason="quorum 0.40 is below 0.60",
        ),
        verdict=verdict or Verdict(decision=Decision.NONE, checks=(), reason=""),
        approval=approval,
        orders=orders,
        timings_ms={"gather": 1.5},
    )
