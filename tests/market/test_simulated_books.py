from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptofunk_tui.domain.market import OrderBook
from cryptofunk_tui.market.noise import stream
from cryptofunk_tui.market.simulated_books import HOME, VENUES, order_book, venue_quote
from cryptofunk_tui.market.simulated_prices import DAY_MS, START_DAY, profile

BTC = profile("BTC/USDT")
KEY = stream("books")
MOMENTS = st.integers(START_DAY * DAY_MS, (START_DAY + 400) * DAY_MS)


def book_at(moment: int, depth: int = 50) -> OrderBook:
    return order_book("BTC/USDT", KEY, BTC, 94_000.0, depth, moment)


@settings(max_examples=30, deadline=None)
@given(
    MOMENTS, st.sampled_from(["BTC/USDT", "ADA/USDT", "DOGE/USDT"]), st.floats(0.05, 20), st.integers(1, 200)
)
def test_books_are_sorted_and_never_crossed(moment: int, symbol: str, factor: float, depth: int) -> None:
    made = profile(symbol)
    middle = made.start * factor
    book = order_book(symbol, KEY, made, middle, depth, moment)
    bids, asks = [level.price for level in book.bids], [level.price for level in book.asks]
    assert len(asks) == depth
    assert bids == sorted(set(bids), reverse=True)
    assert asks == sorted(set(asks))
    assert bids[0] < asks[0]
    assert min(level.quantity for level in (*book.bids, *book.asks)) > 0
    quote = venue_quote(symbol, HOME, KEY, made, middle, moment)
    assert (quote.bid, quote.ask) == (bids[0], asks[0])
    assert quote.bid <= quote.last <= quote.ask


def test_books_lean_to_either_side_and_sometimes_hold_walls() -> None:
    leans, walls = [], 0
    for hour in range(300):
        book = book_at(START_DAY * DAY_MS + hour * 3_600_000, 20)
        bids, asks = ([float(level.quantity) for level in side] for side in (book.bids, book.asks))
        leans.append((sum(bids) - sum(asks)) / (sum(bids) + sum(asks)))
        walls += max(*bids, *asks) > 0.4 * (sum(bids) + sum(asks))
    assert min(leans) < -0.4
    assert max(leans) > 0.4
    assert 0.02 < walls / 300 < 0.4


def test_venues_stay_close_but_for_rare_edges() -> None:
    edges = 0
    for moment in range(START_DAY * DAY_MS, (START_DAY + 60) * DAY_MS, 3_600_000):
        quotes = [venue_quote("BTC/USDT", venue, KEY, BTC, 94_000.0, moment) for venue in VENUES]
        assert [quote.venue for quote in quotes] == list(VENUES)
        for quote in quotes[1:]:
            age = moment - int(quote.at.timestamp() * 1000)
            assert 0 < age < 2_000
            apart = max(quote.bid / quotes[0].ask, quotes[0].bid / quote.ask) - 1
            assert apart < Decimal("0.02")
            edges += apart > Decimal("0.008")
    assert 2 < edges < 100


@pytest.mark.parametrize("later", [0, 999])
def test_a_book_lasts_a_second(later: int) -> None:
    first, second = book_at(START_DAY * DAY_MS), book_at(START_DAY * DAY_MS + 1000)
    assert first.bids != second.bids
    assert book_at(START_DAY * DAY_MS + later).bids[10].quantity == pytest.approx(
        first.bids[10].quantity, rel=Decimal("0.1")
    )
