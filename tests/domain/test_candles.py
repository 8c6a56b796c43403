from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.domain.candles import COLUMNS, CandleError, Candles

HOUR_MS = 3_600_000
NAN, INF = float("nan"), float("inf")


def columns(bars: int = 5) -> dict[str, list[Any]]:
    return {
        "timestamp_ms": [index * HOUR_MS for index in range(bars)],
        "open": [100.0] * bars,
        "high": [102.0] * bars,
        "low": [99.0] * bars,
        "close": [101.0] * bars,
        "volume": [1.0] * bars,
    }


def hourly(bars: int = 5, **changed: Any) -> Candles:
    return Candles.from_columns("BTC/EUR", "1h", {**columns(bars), **changed})


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        *((name, value, f"{name} is not a finite number") for name in COLUMNS[1:] for value in (NAN, INF)),
        *((name, value, f"{name} is not above zero") for name in COLUMNS[1:5] for value in (0.0, -1.0)),
        ("volume", -0.5, "volume is negative"),
        ("high", 98.0, "high is below low"),
        ("high", 100.5, "high is below open or close"),
        ("low", 100.5, "low is above open or close"),
        ("timestamp_ms", 3 * HOUR_MS + 1, "time is not on the timeframe's grid"),
        ("timestamp_ms", 2 * HOUR_MS, "duplicate time"),
        ("timestamp_ms", 1 * HOUR_MS, "time runs backwards"),
    ],
)
def test_a_bad_row_is_refused_with_its_number(column: str, value: float, reason: str) -> None:
    bad = columns()
    bad[column][3] = value
    with pytest.raises(CandleError, match="row 3: ") as refusal:
        Candles.from_columns("BTC/EUR", "1h", bad)
    assert refusal.value.index == 3
    assert refusal.value.reason == reason


def test_of_several_bad_rows_the_first_is_named() -> None:
    bad = columns()
    bad["volume"][4], bad["close"][1] = -1.0, NAN
    with pytest.raises(CandleError, match="row 1: close is not a finite number"):
        Candles.from_columns("BTC/EUR", "1h", bad)


def test_the_first_row_is_checked_too() -> None:
    bad = columns()
    bad["high"][0] = 50.0
    with pytest.raises(CandleError, match="row 0: high is below low"):
        Candles.from_columns("BTC/EUR", "1h", bad)


@pytest.mark.parametrize("name", COLUMNS)
def test_a_missing_column_is_named(name: str) -> None:
    short = columns()
    del short[name]
    with pytest.raises(ValueError, match=f"lack the column '{name}'"):
        Candles.from_columns("BTC/EUR", "1h", short)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"close": [101.0] * 4}, "close has 4 values, timestamp_ms has 5"),
        ({"close": [[101.0] * 5]}, "close has 5 values"),
        ({"close": ["dear"] * 5}, "close must hold numbers only"),
        ({"close": [None, *[101.0] * 4]}, "row 0: close is not a finite number"),
        ({"timestamp_ms": [index * 3.6e6 for index in range(5)]}, "whole milliseconds"),
        ({"timestamp_ms": ["now"] * 5}, "whole milliseconds"),
        ({"timestamp_ms": [None] * 5}, "whole milliseconds"),
        ({"timestamp_ms": [[index * HOUR_MS for index in range(5)]]}, "values, timestamp_ms has"),
        ({"timestamp_ms": [2**63 * HOUR_MS + index for index in range(5)]}, "whole milliseconds"),
    ],
)
def test_columns_that_do_not_fit_are_refused(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        hourly(**changed)


def test_gaps_are_allowed_and_stay_gaps() -> None:
    stamps = [0, 1, 5, 6, 100]
    assert hourly(timestamp_ms=[hour * HOUR_MS for hour in stamps]).timestamp_ms.tolist() == [
        hour * HOUR_MS for hour in stamps
    ]


def test_no_bars_are_bars() -> None:
    empty = hourly(0)
    assert len(empty) == 0
    assert len(empty.closed_by(10**15)) == 0


def test_an_unknown_timeframe_is_refused_and_none_means_no_grid() -> None:
    with pytest.raises(ValueError, match="unknown timeframe 'soon'"):
        Candles.from_columns("BTC/EUR", "soon", columns())
    odd = {**columns(), "timestamp_ms": [1, 2, 30, 31, 500]}
    assert len(Candles.from_columns("BTC/EUR", "", odd)) == 5


@given(st.integers(0, 12), st.integers(-15, 15) | st.none(), st.integers(-15, 15) | st.none())
def test_slices_are_slices_and_share_memory(bars: int, start: int | None, stop: int | None) -> None:
    candles = hourly(bars)
    part = candles.rows(start, stop)
    assert part.timestamp_ms.tolist() == candles.timestamp_ms.tolist()[start:stop]
    assert (part.symbol, part.timeframe) == ("BTC/EUR", "1h")
    assert not len(part) or np.shares_memory(part.close, candles.close)


@given(st.integers(0, 8), st.integers(-2, 10 * HOUR_MS))
def test_closed_by_keeps_bars_whose_close_has_come(bars: int, moment_ms: int) -> None:
    candles = hourly(bars)
    closed = [stamp for stamp in candles.timestamp_ms.tolist() if stamp + HOUR_MS <= moment_ms]
    assert candles.closed_by(moment_ms).timestamp_ms.tolist() == closed


@given(st.integers(0, 6), st.integers(0, 6))
def test_what_was_cut_is_joined_again(bars: int, cut: int) -> None:
    whole = hourly(bars)
    joined = whole.rows(None, cut).followed_by(whole.rows(cut))
    assert joined.columns() == whole.columns()


def test_columns_read_back_as_the_same_candles() -> None:
    candles = hourly()
    assert Candles.from_columns("BTC/EUR", "1h", candles.columns()).columns() == candles.columns()
    assert candles.close_ms.tolist() == [(index + 1) * HOUR_MS for index in range(5)]
