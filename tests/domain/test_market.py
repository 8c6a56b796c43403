from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cryptofunk_tui.domain.market import Quote, checked_symbol, split_symbol, timeframe_ms

UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
PRICES = st.decimals(min_value="0.00000001", max_value="1000000", places=8)


def quote(bid: Decimal, ask: Decimal) -> Quote:
    return Quote(
        symbol="BTC/EUR", venue="here", bid=bid, ask=ask, last=bid, at=datetime(2025, 1, 1, tzinfo=UTC)
    )


@given(st.integers(1, 10_000), st.sampled_from(sorted(UNITS)))
def test_the_length_of_a_bar(count: int, unit: str) -> None:
    assert timeframe_ms(f"{count}{unit}") == count * UNITS[unit]


@pytest.mark.parametrize("text", ["", "h", "0h", "1", "1M", "1y", "-1h", "1.5h", "1 h", "١h", "²h", "h1"])
def test_what_is_no_timeframe(text: str) -> None:
    with pytest.raises(ValueError, match="unknown timeframe"):
        timeframe_ms(text)


def test_a_symbol_and_its_parts() -> None:
    assert checked_symbol("1INCH/USDT") == "1INCH/USDT"
    assert split_symbol("BTC/EUR") == ("BTC", "EUR")


@pytest.mark.parametrize(
    "text",
    ["", "BTC", "BTC/", "/EUR", "btc/eur", "BTC-EUR", "BTC/EUR/USD", "BTC/EUR\n", "BTC /EUR", "A" * 40],
)
def test_what_is_no_symbol(text: str) -> None:
    with pytest.raises(ValueError, match="write BASE/QUOTE in capitals"):
        checked_symbol(text)


@given(PRICES, PRICES)
def test_a_quote_is_never_crossed(bid: Decimal, ask: Decimal) -> None:
    if bid > ask:
        with pytest.raises(ValidationError, match="crossed"):
            quote(bid, ask)
    else:
        assert bid <= quote(bid, ask).mid <= ask


@pytest.mark.parametrize(("bid", "ask"), [("0", "1"), ("-1", "1"), ("-2", "-1")])
def test_a_quote_is_above_zero(bid: str, ask: str) -> None:
    with pytest.raises(ValidationError, match="not above zero"):
        quote(Decimal(bid), Decimal(ask))
