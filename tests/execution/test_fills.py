"""Matching against a quote, a book and a bar."""

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.domain.candles import Candles
from cryptofunk_tui.domain.market import Level, OrderBook, Quote
from cryptofunk_tui.domain.orders import Liquidity, Side
from cryptofunk_tui.domain.rules import CostRules
from cryptofunk_tui.execution.fills import (
    Bar,
    against_book,
    against_quote,
    bars,
    derived,
    fee,
    limit_on_bar,
    stop_price_on_bar,
    total,
)

D = Decimal
NOW = datetime(2025, 1, 1, tzinfo=UTC)
QUOTE = Quote(symbol="A/B", venue="v", bid=D(99), ask=D(101), last=D(100), at=NOW)


def bar(open: str, high: str, low: str, close: str, volume: str = "1000") -> Bar:
    return Bar(0, 60_000, D(open), D(high), D(low), D(close), D(volume))


def book(bids: list[tuple[str, str]], asks: list[tuple[str, str]]) -> OrderBook:
    sides = [tuple(Level(price=D(price), quantity=D(size)) for price, size in side) for side in (bids, asks)]
    return OrderBook(symbol="A/B", venue="v", bids=sides[0], asks=sides[1], at=NOW)


def test_a_quote_is_met_at_the_ask_and_at_the_bid() -> None:
    (bought,) = against_quote(Side.BUY, D(2), QUOTE, None)
    (sold,) = against_quote(Side.SELL, D(2), QUOTE, None)
    assert (bought.price, sold.price, bought.quantity) == (D(101), D(99), D(2))


def test_a_quote_beyond_the_collar_is_not_met() -> None:
    assert against_quote(Side.BUY, D(2), QUOTE, D(100)) == ()
    assert against_quote(Side.SELL, D(2), QUOTE, D(100)) == ()
    assert against_quote(Side.BUY, D(2), QUOTE, D(101)) != ()


def test_a_book_is_walked_level_by_level() -> None:
    matches = against_book(Side.BUY, D("2.5"), book([], [("101", "1"), ("102", "1"), ("103", "1")]), None)
    assert [(match.price, match.quantity) for match in matches] == [
        (D(101), D(1)),
        (D(102), D(1)),
        (D(103), D("0.5")),
    ]


def test_a_book_is_walked_no_further_than_the_collar() -> None:
    bids = [("99", "1"), ("98", "1"), ("90", "5")]
    assert total(against_book(Side.SELL, D(4), book(bids, []), D(98))) == 2


def test_a_thin_book_leaves_a_rest() -> None:
    assert total(against_book(Side.BUY, D(4), book([], [("101", "1.5")]), None)) == D("1.5")


@given(
    sizes=st.lists(st.decimals("0.001", 10, places=3), max_size=6),
    wanted=st.decimals("0.001", 30, places=3),
    worst=st.none() | st.integers(95, 110),
)
def test_a_walk_never_takes_more_than_there_is_nor_worse_than_allowed(
    sizes: list[Decimal], wanted: Decimal, worst: int | None
) -> None:
    asks = tuple(Level(price=D(100 + step), quantity=size) for step, size in enumerate(sizes))
    limit = None if worst is None else D(worst)
    found = OrderBook(symbol="A/B", venue="v", bids=(), asks=asks, at=NOW)
    matches = against_book(Side.BUY, wanted, found, limit)
    within = [level for level in asks if limit is None or level.price <= limit]
    assert total(matches) == min(wanted, sum((level.quantity for level in within), D(0)))
    assert all(limit is None or match.price <= limit for match in matches)
    assert [match.price for match in matches] == sorted(match.price for match in matches)


@pytest.mark.parametrize(
    ("side", "limit", "shape", "price"),
    [
        (Side.BUY, "98", ("100", "101", "97", "99"), "98"),
        (Side.BUY, "98", ("97", "101", "96", "99"), "97"),
        (Side.BUY, "97", ("100", "101", "97", "99"), None),
        (Side.SELL, "102", ("100", "103", "99", "101"), "102"),
        (Side.SELL, "102", ("104", "105", "103", "104"), "104"),
        (Side.SELL, "103", ("100", "103", "99", "101"), None),
    ],
    ids=["through", "gap", "touch", "sell through", "sell gap", "sell touch"],
)
def test_a_limit_fills_where_the_market_trades_through_it(
    side: Side, limit: str, shape: tuple[str, str, str, str], price: str | None
) -> None:
    match = limit_on_bar(side, D(limit), D(1), bar(*shape))
    assert (match.price if match else None) == (None if price is None else D(price))
    assert match is None or match.liquidity is Liquidity.MAKER


def test_a_limit_fills_no_more_than_the_bar_traded() -> None:
    match = limit_on_bar(Side.BUY, D(98), D(5), bar("100", "101", "97", "99", "2"))
    assert match is not None and match.quantity == 2
    assert limit_on_bar(Side.BUY, D(98), D(5), bar("100", "101", "97", "99", "0")) is None


@pytest.mark.parametrize(
    ("side", "stop", "shape", "price"),
    [
        (Side.SELL, "95", ("100", "101", "95", "99"), "95"),
        (Side.SELL, "95", ("94", "96", "93", "95"), "94"),
        (Side.SELL, "95", ("100", "101", "95.1", "99"), None),
        (Side.BUY, "105", ("100", "105", "99", "101"), "105"),
        (Side.BUY, "105", ("107", "108", "106", "107"), "107"),
        (Side.BUY, "105", ("100", "104.9", "99", "101"), None),
    ],
)
def test_a_stop_is_triggered_at_its_price_or_at_the_open_beyond(
    side: Side, stop: str, shape: tuple[str, str, str, str], price: str | None
) -> None:
    assert stop_price_on_bar(side, D(stop), bar(*shape)) == (None if price is None else D(price))


def test_maker_and_taker_pay_their_own_fee_to_the_last_digit() -> None:
    costs = CostRules(taker_fee=D("0.002"), maker_fee=D("0.001"))
    price, quantity = D("43210.12345678901"), D("0.1234567891234")
    exact = Fraction(price) * Fraction(quantity) / 1000
    assert Fraction(fee(price, quantity, Liquidity.TAKER, costs)) == 2 * exact
    assert Fraction(fee(price, quantity, Liquidity.MAKER, costs)) == exact


def test_of_a_bar_that_a_moment_cuts_only_the_close_is_known() -> None:
    whole = bar("100", "110", "90", "105")
    assert whole.seen_from(0) is whole
    assert whole.seen_from(60_000) is None
    cut = whole.seen_from(1)
    assert cut is not None and (cut.open, cut.high, cut.low, cut.close) == (D(105),) * 4


def test_candles_become_the_decimals_that_they_show() -> None:
    columns = {name: np.array([0.1]) for name in ("open", "high", "low", "close")}
    candles = Candles.from_columns("A/B", "1m", {"timestamp_ms": [0], **columns, "volume": [1.5]})
    assert list(bars(candles)) == [Bar(0, 60_000, D("0.1"), D("0.1"), D("0.1"), D("0.1"), D("1.5"))]


def test_a_derived_price_has_at_most_twelve_digits() -> None:
    assert derived(D(2) / D(3)) == D("0.666666666667")
    assert derived(D("43210.12")) == D("43210.12")
