import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.quant.order_book import (
    BookArrays,
    BookSide,
    depth_balance,
    imbalance,
    large_balance,
    spoof_balance,
)

Levels = list[tuple[float, float]]


def side(levels: Levels) -> BookSide:
    values = np.array(levels, dtype=np.float64)
    return BookSide(values[:, 0], values[:, 1])


def book(bids: Levels, asks: Levels) -> BookArrays:
    return BookArrays(side(bids), side(asks))


def mirrored(snapshot: BookArrays, around: float = 100.0) -> BookArrays:
    def turned(each: BookSide) -> BookSide:
        return BookSide(2 * around - each.prices, each.quantities)

    return BookArrays(turned(snapshot.asks), turned(snapshot.bids))


EVEN = book([(99.0, 1.0), (98.0, 1.0), (90.0, 6.0)], [(101.0, 1.0), (102.0, 1.0), (110.0, 6.0)])


def test_imbalance_reads_the_best_levels_only() -> None:
    snapshot = book([(99.0, 3.0), (98.0, 100.0)], [(101.0, 1.0), (102.0, 1.0)])
    assert imbalance(snapshot, 1) == pytest.approx(0.5)
    assert imbalance(snapshot, 2) == pytest.approx((103 - 2) / 105)


def test_depth_is_the_value_within_the_share_of_the_middle_price() -> None:
    snapshot = book([(99.5, 2.0), (99.0, 1.0), (98.9, 50.0)], [(100.5, 1.0), (101.0, 1.0), (101.1, 50.0)])
    bids, asks = 99.5 * 2 + 99.0, 100.5 + 101.0
    assert depth_balance(snapshot, 0.01) == pytest.approx((bids - asks) / (bids + asks))


def test_no_depth_is_no_balance() -> None:
    assert depth_balance(book([(90.0, 1.0)], [(110.0, 1.0)]), 0.01) == 0.0


def test_large_orders_hold_more_than_the_share() -> None:
    snapshot = book([(99.0, 6.0), (98.0, 44.0)], [(101.0, 5.0), (102.0, 45.0)])
    assert large_balance(snapshot, 0.05) == pytest.approx((6 + 44 - 45) / (6 + 44 + 45))
    assert large_balance(snapshot, 0.5) == 0.0


def test_a_large_bid_that_vanished_behind_the_touch_is_suspected() -> None:
    after = book([(99.0, 1.0), (98.0, 1.0), (89.0, 1.0)], [(101.0, 1.0), (102.0, 1.0), (110.0, 6.0)])
    suspicion = spoof_balance(EVEN, after, 0.3, 0.8)
    assert suspicion == pytest.approx(-0.5)
    assert spoof_balance(mirrored(EVEN), mirrored(after), 0.3, 0.8) == pytest.approx(0.5)


@pytest.mark.parametrize(("left", "suspected"), [(1.21, False), (1.19, True), (0.0, True)])
def test_most_of_it_must_be_gone(left: float, suspected: bool) -> None:
    after = book([(99.0, 1.0), (98.0, 1.0), (90.0, left), (80.0, 1.0)], [(101.0, 1.0), (110.0, 6.0)])
    assert (spoof_balance(EVEN, after, 0.3, 0.8) < 0) == suspected


def test_what_may_have_traded_is_not_suspected() -> None:
    before = book([(99.0, 9.0), (98.0, 1.0)], [(101.0, 1.0)])
    assert spoof_balance(before, book([(98.0, 1.0), (97.0, 1.0)], [(101.0, 1.0)]), 0.3, 0.8) == 0.0
    assert spoof_balance(before, book([(99.0, 0.1), (98.0, 1.0)], [(101.0, 1.0)]), 0.3, 0.8) == 0.0
    fallen = book([(89.0, 1.0), (88.0, 1.0)], [(91.0, 1.0), (110.0, 6.0)])
    assert spoof_balance(EVEN, fallen, 0.3, 0.8) == 0.0


def test_what_the_new_book_does_not_show_is_not_suspected() -> None:
    shallow = book([(99.0, 1.0), (98.0, 1.0)], [(101.0, 1.0), (110.0, 6.0)])
    assert spoof_balance(EVEN, shallow, 0.3, 0.8) == 0.0


def test_without_large_orders_nothing_is_suspected() -> None:
    assert spoof_balance(EVEN, EVEN, 0.9, 0.8) == 0.0


prices = st.lists(st.integers(1, 9_999), min_size=1, max_size=20, unique=True)
quantities = st.floats(0.0, 1e6)


@st.composite
def books(draw: st.DrawFn) -> BookArrays:
    def one(sign: int) -> BookSide:
        steps = sorted(draw(prices))
        values = [draw(quantities) for _ in steps]
        return BookSide(10_000.0 + sign * np.array(steps, dtype=np.float64), np.array(values))

    return BookArrays(one(-1), one(1))


@given(books(), books())
def test_every_feature_lies_between_sellers_and_buyers(before: BookArrays, after: BookArrays) -> None:
    features = (
        imbalance(after, 10),
        depth_balance(after, 0.01),
        large_balance(after, 0.05),
        spoof_balance(before, after, 0.05, 0.8),
    )
    assert all(-1 <= value <= 1 for value in features)


@given(books(), books())
def test_a_mirrored_book_says_the_opposite(before: BookArrays, after: BookArrays) -> None:
    turned_before, turned = mirrored(before, 10_000.0), mirrored(after, 10_000.0)
    assert imbalance(turned, 10) == pytest.approx(-imbalance(after, 10))
    assert large_balance(turned, 0.05) == pytest.approx(-large_balance(after, 0.05), abs=1e-9)
    assert spoof_balance(turned_before, turned, 0.05, 0.8) == pytest.approx(
        -spoof_balance(before, after, 0.05, 0.8), abs=1e-9
    )


@given(books())
def test_a_book_that_stands_still_is_not_suspected(snapshot: BookArrays) -> None:
    assert spoof_balance(snapshot, snapshot, 0.05, 0.8) == 0.0
