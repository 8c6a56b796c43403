from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from cryptofunk_tui.domain.base import Money, Record, Utc, WallClock, finite, from_ms, plain, to_ms

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False)
MOMENTS_MS = st.integers(min_value=-62_135_596_800_000, max_value=253_402_300_799_999)


class Amount(Record):
    value: Money
    at: Utc = datetime(2025, 1, 1, tzinfo=UTC)


@given(NUMBERS)
def test_a_plain_number_reads_back_as_the_same_and_has_no_exponent(value: Decimal) -> None:
    text = plain(value)
    assert Decimal(text) == value
    assert "e" not in text.lower()
    assert not ("." in text and text[-1] in "0.")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1E+2", "100"),
        ("100", "100"),
        ("0.1000", "0.1"),
        ("5.0", "5"),
        ("1E-8", "0.00000001"),
        ("-0.00", "0"),
    ],
)
def test_how_plain_numbers_look(value: str, text: str) -> None:
    assert plain(Decimal(value)) == text


@given(NUMBERS)
def test_money_crosses_the_wire_exactly(value: Decimal) -> None:
    sent = Amount(value=value).model_dump_json()
    assert Amount.model_validate_json(sent).value == value


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity"])
def test_what_is_not_finite_is_no_amount(value: str) -> None:
    with pytest.raises(ValueError, match="finite"):
        finite(Decimal(value))
    with pytest.raises(ValidationError, match="value"):
        Amount(value=Decimal(value))


@given(MOMENTS_MS)
def test_milliseconds_survive_the_round_trip(timestamp_ms: int) -> None:
    moment = from_ms(timestamp_ms)
    assert moment.tzinfo is UTC
    assert to_ms(moment) == timestamp_ms


@given(st.integers(-(10**13), 10**13), st.integers(-14, 14))
def test_a_moment_has_the_same_milliseconds_in_every_zone(timestamp_ms: int, hours: int) -> None:
    elsewhere = from_ms(timestamp_ms).astimezone(timezone(timedelta(hours=hours)))
    assert to_ms(elsewhere) == timestamp_ms


def test_parts_of_a_millisecond_are_dropped() -> None:
    assert to_ms(datetime(1970, 1, 1, 0, 0, 0, 1999, tzinfo=UTC)) == 1


def test_a_record_refuses_typos_naive_times_and_changes() -> None:
    with pytest.raises(ValidationError, match="valeu"):
        Amount.model_validate({"value": "1", "valeu": "2"})
    with pytest.raises(ValidationError, match="timezone"):
        Amount.model_validate({"value": "1", "at": "2025-01-01T00:00:00"})
    with pytest.raises(ValidationError, match="frozen"):
        Amount(value=Decimal(1)).value = Decimal(2)  # type: ignore[misc]


def test_moments_print_with_a_z() -> None:
    assert '"at":"2025-01-01T00:00:00Z"' in Amount(value=Decimal(1)).model_dump_json()


def test_the_wall_clock_is_aware() -> None:
    assert abs(WallClock().now() - datetime.now(UTC)) < timedelta(seconds=5)
