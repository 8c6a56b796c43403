from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.domain.portfolio import Mark, Portfolio, Position

NOW = datetime(2025, 1, 1, tzinfo=UTC)
AMOUNTS = st.decimals(min_value="0.0001", max_value="100000", places=4)


def position(symbol: str, quantity: Decimal, price: Decimal) -> Position:
    return Position(
        symbol=symbol,
        quantity=quantity,
        entry_price=price,
        fees=Decimal(0),
        strategy=None,
        opened_at=NOW,
        entry_order="cf1",
        high=price,
    )


def portfolio(
    cash: Decimal,
    *positions: Position,
    marks: dict[str, Decimal] | None = None,
    peak: Decimal = Decimal(10000),
) -> Portfolio:
    return Portfolio(
        account="paper:simulated:simulated",
        quote_asset="EUR",
        start=Decimal(10000),
        cash=cash,
        positions=positions,
        marks=tuple(Mark(symbol=name, price=price, at=NOW) for name, price in (marks or {}).items()),
        peak_equity=peak,
        day_start_equity=Decimal(10000),
    )


@given(AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS, AMOUNTS)
def test_equity_is_cash_and_what_is_held_at_its_mark(
    cash: Decimal, quantity: Decimal, paid: Decimal, mark: Decimal, other: Decimal
) -> None:
    held = position("BTC/EUR", quantity, paid)
    unmarked = position("ETH/EUR", other, paid)
    account = portfolio(cash, held, unmarked, marks={"BTC/EUR": mark, "XRP/EUR": other})
    assert account.value(held) == quantity * mark
    assert account.value(unmarked) == other * paid
    assert account.exposure == quantity * mark + other * paid
    assert account.equity - account.exposure == cash


@given(AMOUNTS, AMOUNTS)
def test_drawdown_is_a_share_below_the_peak_and_never_above_zero(cash: Decimal, peak: Decimal) -> None:
    drawdown = portfolio(cash, peak=peak).drawdown
    assert -1 <= drawdown <= 0
    if cash >= peak:
        assert drawdown == 0
    else:
        assert drawdown == pytest.approx(float(cash / peak) - 1)


def test_an_account_without_a_peak_is_not_down() -> None:
    assert portfolio(Decimal(5), peak=Decimal(0)).drawdown == 0
    assert portfolio(Decimal(5)).exposure == 0


def test_positions_and_marks_are_found_by_symbol() -> None:
    held = position("BTC/EUR", Decimal(1), Decimal(100))
    account = portfolio(Decimal(1), held, marks={"BTC/EUR": Decimal(90)})
    assert account.position("BTC/EUR") == held
    assert account.position("ETH/EUR") is None
    assert account.mark("BTC/EUR") == 90
    assert account.mark("ETH/EUR") is None
