from decimal import Decimal
from typing import Any

import pytest

from cryptofunk_tui.domain.cycle import CycleRecord
from cryptofunk_tui.domain.orders import OrderStatus
from cryptofunk_tui.domain.risk import Decision, Verdict
from cryptofunk_tui.domain.signals import Action
from cryptofunk_tui.headless.lines import decision_line
from tests.headless.scene import order, record


def verdict(decision: Decision, reason: str = "") -> Verdict:
    return Verdict(decision=decision, checks=(), reason=reason)


@pytest.mark.parametrize(
    ("told", "line"),
    [
        (record(), "2025-03-01 09:00Z  BTC/USDT   HOLD  83%  quorum 0.40 is below 0.60"),
        (
            record(symbol="1000SATS/USDT", consensus=1.0),
            "2025-03-01 09:00Z  1000SATS/USDT HOLD 100%  quorum 0.40 is below 0.60",
        ),
        (
            record(action=Action.BUY, verdict=verdict(Decision.REJECTED, "var 3% is above 2%")),
            "2025-03-01 09:00Z  BTC/USDT   BUY   83%  risk REJECTED: var 3% is above 2%",
        ),
        (
            record(action=Action.BUY, verdict=verdict(Decision.APPROVED), orders=(order(),)),
            "2025-03-01 09:00Z  BTC/USDT   BUY   83%  risk APPROVED; "
            "ENTRY BUY 0.01 at 94000.5 FILLED, fees 0.94",
        ),
        (
            record(orders=(order(status=OrderStatus.CANCELED, price=None, reason="beyond the collar"),)),
            "2025-03-01 09:00Z  BTC/USDT   HOLD  83%  quorum 0.40 is below 0.60; "
            "ENTRY BUY 0.01 CANCELED (beyond the collar)",
        ),
        (
            record(orders=(order(status=OrderStatus.UNKNOWN, price=None),)),
            "2025-03-01 09:00Z  BTC/USDT   HOLD  83%  quorum 0.40 is below 0.60; ENTRY BUY 0.01 UNKNOWN",
        ),
    ],
)
def test_a_decision_is_one_line(told: CycleRecord, line: str) -> None:
    assert decision_line(told) == line


@pytest.mark.parametrize("changed", [{"quantity": Decimal("1E-7")}, {"price": Decimal("1E+5")}])
def test_money_has_no_exponent(changed: dict[str, Any]) -> None:
    assert "E-" not in decision_line(record(orders=(order(**changed),)))
    assert "E+" not in decision_line(record(orders=(order(**changed),)))
