"""Room in the account: what an entry may never break, here and at the wire."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.domain.orders import OrderRequest, OrderType, Side
from cryptofunk_tui.domain.rules import CostRules, LimitRules
from cryptofunk_tui.risk.order_guard import (
    check_room,
    holdings,
    price_collar,
)
from tests.risk.scene import entry, portfolio, position, quote

RULES = LimitRules()


def order(**changes: object) -> OrderRequest:
    return entry().model_copy(update=changes)


def broken(given: OrderRequest, price: str = "100", **changes: object) -> set[str]:
    seen: dict[str, object] = {"portfolio": portfolio(), "reserved": {}} | changes
    checks = check_room(given, Decimal(price), costs=CostRules(), rules=RULES, **seen)  # type: ignore[arg-type]
    return {check.name for check in checks if not check.ok}


def test_an_order_at_its_limits_passes_and_a_hair_more_does_not() -> None:
    assert broken(entry("10")) == set()
    assert broken(entry("10.00000001")) == {"position"}


def test_what_is_reserved_counts_as_held() -> None:
    assert broken(entry("5"), reserved={"BTC/EUR": Decimal(501)}) == {"position"}
    assert broken(entry("5"), reserved={"ETH/EUR": Decimal(4501)}) == {"exposure"}


def test_all_positions_together_are_limited() -> None:
    held = [position(f"{name}/EUR", "9.1") for name in ("ADA", "ETH", "SOL", "XRP", "DOT")]
    assert broken(entry("5"), portfolio=portfolio("5450", held)) == {"exposure", "positions"}


def test_cash_is_less_what_is_reserved_and_pays_the_fee() -> None:
    held = [position("ETH/EUR", "90")]
    rich = portfolio("1000.999", held)
    assert "cash" in broken(entry("10"), portfolio=rich)
    assert "cash" not in broken(entry("10"), portfolio=portfolio("1001", held))
    assert "cash" in broken(entry("9.9"), portfolio=rich, reserved={"ADA/EUR": Decimal(11)})


def test_an_account_with_nothing_left_buys_nothing() -> None:
    assert broken(entry("1"), portfolio=portfolio("0")) == {"equity"}


def test_holdings_join_positions_and_reservations() -> None:
    held = portfolio("9000", [position("ETH/EUR", "10"), position("XRP/EUR", "0")])
    found = holdings(held, {"ETH/EUR": Decimal(50), "ADA/EUR": Decimal(7)})
    assert found == {"ETH/EUR": Decimal(1050), "ADA/EUR": Decimal(7)}


@pytest.mark.parametrize(
    ("changes", "collar"),
    [
        ({}, "101.02525"),
        ({"side": Side.SELL}, "98.97525"),
        ({"type": OrderType.LIMIT, "limit_price": Decimal(99)}, "99"),
        ({"type": OrderType.STOP, "stop_price": Decimal(110)}, "111.10"),
        ({"type": OrderType.STOP, "stop_price": Decimal(110), "limit_price": Decimal(112)}, "112"),
        ({"type": OrderType.STOP, "stop_price": Decimal(90), "side": Side.SELL}, "89.10"),
    ],
)
def test_the_collar_is_the_worst_price(changes: dict[str, object], collar: str) -> None:
    assert price_collar(order(**changes), quote(), RULES) == Decimal(collar)


@given(
    st.decimals("0.01", "200", places=4),
    st.decimals("0", "5000", places=2),
    st.decimals("50", "20000", places=2),
)
def test_what_passes_stays_within_every_limit(quantity: Decimal, reserved: Decimal, cash: Decimal) -> None:
    account = portfolio(str(cash), [position("ETH/EUR", "10")])
    order = entry(str(quantity))
    if broken(order, portfolio=account, reserved={"ADA/EUR": reserved}):
        return
    value = quantity * 100
    assert value <= account.equity * Decimal("0.1")
    assert value + reserved + 1000 <= account.equity * Decimal("0.5")
    assert (value + reserved) * Decimal("1.001") <= cash
