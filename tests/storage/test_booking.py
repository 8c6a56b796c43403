"""The arithmetic of fills: exact, and worked examples by hand."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.domain.orders import Side
from cryptofunk_tui.storage.booking import Holding, book, exact_sum, fee_in_quote, mean_price, merge
from cryptofunk_tui.storage.errors import Refused
from tests.storage.books import fill_of, request

D = Decimal
BUY = request("b", quantity="2")
SELL = request("s", Side.SELL, "2")


def holding(quantity: str, entry: str, fees: str = "0") -> Holding:
    return Holding(D(quantity), D(quantity) * D(entry), D(entry), D(fees), D(entry))


def test_a_first_buy_opens_at_its_price() -> None:
    booked = book(fill_of(BUY, "100", fee="0.2"), None, None)
    assert booked.moved == {"BTC": D(2), "USDT": D("-200.2")}
    assert booked.holding == Holding(D(2), D(200), D(100), D("0.2"), D(100))
    assert booked.reduction is None


def test_a_second_buy_moves_the_mean_and_the_high() -> None:
    booked = book(fill_of(BUY, "103", "1", fee="0.1"), holding("2", "100", "0.2"), None)
    assert booked.holding == Holding(D(3), D(303), D(101), D("0.3"), D(103))


def test_a_fee_in_base_is_missing_from_what_is_held() -> None:
    booked = book(fill_of(BUY, "100", fee="0.002", fee_asset="BTC"), None, None)
    assert booked.moved == {"BTC": D("1.998"), "USDT": D(-200)}
    assert booked.holding is not None
    assert (booked.holding.quantity, booked.holding.entry_price) == (D("1.998"), D(100))
    assert booked.holding.fees == D("0.2")


def test_a_sale_realises_its_share_of_cost_and_fees() -> None:
    held = holding("2", "100", "0.2")
    booked = book(fill_of(SELL, "110", "0.5", fee="0.055"), held, D(95))
    sold = booked.reduction
    assert sold is not None
    assert sold.pnl == D("0.5") * (110 - 100) - D("0.05") - D("0.055")
    assert sold.fees == D("0.105")
    assert sold.risk == D("2.5")
    assert booked.holding == Holding(D("1.5"), D(150), D(100), D("0.15"), D(100))


def test_the_last_part_leaves_nothing() -> None:
    booked = book(fill_of(SELL, "90"), holding("2", "100"), None)
    assert booked.holding is None
    assert booked.reduction is not None
    assert booked.reduction.pnl == -20
    assert booked.reduction.risk is None


def test_a_mean_that_never_ends_costs_nothing() -> None:
    """1 at 100 and 2 at 100.01 are 300.02 for 3, though the mean is 100.00666…"""
    opened = book(fill_of(BUY, "100", "1"), None, None).holding
    opened = book(fill_of(BUY, "100.01"), opened, None).holding
    assert opened is not None
    assert str(opened.entry_price) == "100.006666666666666667"
    first = book(fill_of(SELL, "100", "1"), opened, None)
    rest = book(fill_of(SELL, "100", "2"), first.holding, None)
    assert first.reduction is not None
    assert rest.reduction is not None
    assert first.reduction.pnl + rest.reduction.pnl == D("-0.02")


def test_a_stop_above_the_entry_is_no_risk() -> None:
    booked = book(fill_of(SELL, "90"), holding("2", "100"), D(100))
    assert booked.reduction is not None
    assert booked.reduction.risk is None


@pytest.mark.parametrize(
    ("fill", "held", "reason"),
    [
        (fill_of(SELL, "90"), None, "short position"),
        (fill_of(SELL, "90"), holding("1.999", "100"), "short position"),
        (fill_of(SELL, "90", "1", fee="0.001", fee_asset="BTC"), holding("1", "90"), "short position"),
        (fill_of(BUY, "0"), None, "above zero"),
        (fill_of(BUY, "1", "0"), None, "above zero"),
        (fill_of(BUY, "1", fee="2", fee_asset="BTC"), holding("5", "1"), "leaves nothing"),
        (fill_of(BUY, "1", fee="1", fee_asset="BNB"), None, "BNB"),
    ],
)
def test_what_the_books_cannot_hold_is_refused(fill, held, reason) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refused, match=reason):
        book(fill, held, None)


def test_fees_in_either_currency_of_the_pair_count_in_quote() -> None:
    assert fee_in_quote("BTC/USDT", D(50000), D("0.0001"), "BTC") == 5
    assert fee_in_quote("BTC/USDT", D(50000), D("0.3"), "USDT") == D("0.3")


def test_a_fee_in_a_third_asset_leaves_its_own_balance_and_counts_at_its_worth() -> None:
    fill = fill_of(BUY, "100", fee="0.001", fee_asset="BNB").model_copy(update={"fee_value": D("0.6")})
    booked = book(fill, None, None)
    assert booked.moved == {"BTC": D(2), "USDT": D(-200), "BNB": D("-0.001")}
    assert booked.holding is not None
    assert (booked.holding.quantity, booked.holding.fees) == (D(2), D("0.6"))


def test_sums_lose_no_digit() -> None:
    assert D("1e25") + D("1e-25") == D("1e25")
    assert str(exact_sum(D("10000000000000000000000000"), D("1e-25"))) == (
        "10000000000000000000000000.0000000000000000000000001"
    )


def test_a_mean_is_plain_and_exact_where_it_can_be() -> None:
    assert str(mean_price(D(300), D(3))) == "100"
    assert str(mean_price(D(1), D(3))) == "0.333333333333333333"


amounts = st.decimals("0.00000001", "1000000", places=8)


@given(
    buy=amounts, sell=amounts, fees=st.tuples(amounts, amounts), quantity=amounts, cut=st.floats(0.01, 0.99)
)
def test_parts_of_a_sale_add_up_to_the_whole(
    buy: Decimal, sell: Decimal, fees: tuple[Decimal, Decimal], quantity: Decimal, cut: float
) -> None:
    whole = request("x", quantity=str(quantity))
    opened = book(fill_of(whole, str(buy), fee=str(fees[0])), None, None).holding
    part = max(D("0.00000001"), (quantity * D(cut)).quantize(D("0.00000001")))
    if opened is None or part >= quantity:
        return
    out = request("y", Side.SELL, str(quantity))
    first = book(fill_of(out, str(sell), str(part), fee=str(fees[1])), opened, None)
    rest = book(fill_of(out, str(sell), str(quantity - part)), first.holding, None)
    assert rest.holding is None
    assert first.reduction is not None
    assert rest.reduction is not None
    merged = merge(first.reduction, rest.reduction)
    assert merged.pnl == exact_sum(quantity * sell, -quantity * buy, -fees[0], -fees[1])
    assert (merged.quantity, merged.exit_price, merged.fees) == (quantity, sell, fees[0] + fees[1])
