from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.market.source import (
    MarketError,
    bar_ms,
    checked_count,
    checked_since,
    exact,
    known_symbol,
    moment_ms,
)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(MarketError, match="has no zone"):
        moment_ms(datetime(2024, 1, 1))  # noqa: DTZ001
    assert moment_ms(datetime(2024, 1, 1, tzinfo=UTC)) == 1_704_067_200_000


def test_names_are_checked() -> None:
    with pytest.raises(MarketError, match="BASE/QUOTE"):
        known_symbol("btc-eur")
    with pytest.raises(MarketError, match="unknown timeframe '7q'"):
        bar_ms("7q")


@pytest.mark.parametrize("count", [0, -1, 11])
def test_counts_outside_their_range_name_the_argument(count: int) -> None:
    with pytest.raises(MarketError, match=f"depth is {count}; it must be from 1 to 10"):
        checked_count("depth", count, 10)


@pytest.mark.parametrize("since", [-1, 2**60])
def test_since_outside_of_time_is_refused(since: int) -> None:
    with pytest.raises(MarketError, match="since is"):
        checked_since(since)


@given(st.floats(min_value=1e-9, max_value=1e9))
def test_exact_loses_no_digit(price: float) -> None:
    assert float(exact(price)) == price
    assert str(price) in (str(exact(price)), repr(price))


def test_exact_is_what_the_float_shows() -> None:
    assert exact(0.1) == Decimal("0.1")
