"""Bad lists are refused with the argument, the row and the reason; good ones pass unchanged."""

import math
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.quant.price_checks import checked_candles, checked_numbers, checked_prices, checked_ranges

HOUR_MS = 3_600_000


def columns(rows: int = 5) -> dict[str, list[Any]]:
    return {
        "timestamp_ms": [1_700_000_000_000 + row * HOUR_MS for row in range(rows)],
        "open": [10.0] * rows,
        "high": [12.0] * rows,
        "low": [9.0] * rows,
        "close": [11.0] * rows,
        "volume": [0.0] * rows,
    }


@given(
    st.lists(st.floats(allow_nan=True, allow_infinity=True) | st.integers(-(10**400), 10**400), max_size=20)
)
def test_numbers_pass_exactly_when_all_are_finite(values: list[float]) -> None:
    def fits(value: float) -> bool:
        try:
            return math.isfinite(float(value))
        except OverflowError:
            return False

    if values and all(map(fits, values)):
        assert checked_numbers("x", values).tolist() == [float(value) for value in values]
    else:
        with pytest.raises(ValueError, match=r"^x "):
            checked_numbers("x", values)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ("12", "prices must be a list of numbers"),
        (None, "prices must be a list of numbers"),
        ({"a": 1}, "prices must be a list of numbers"),
        ([1.0, None], "prices row 1: null is not a number"),
        ([1.0, "2"], "prices row 1: text is not a number"),
        ([True, 1.0], "prices row 0: true or false is not a number"),
        ([1.0, [2.0]], "prices row 1: a list is not a number"),
        ([1.0, math.nan], "prices row 1"),
        ([1.0, 2.0, -math.inf], "prices row 2"),
        ([3.0, 0], "prices row 1: 0 is no price"),
        ([-3.0], "prices row 0: -3 is no price"),
        ([], "prices has 0 values"),
    ],
)
def test_a_bad_price_is_named(values: Any, reason: str) -> None:
    with pytest.raises(ValueError, match=r".") as refusal:
        checked_prices("prices", values)
    assert str(refusal.value).startswith(reason)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"low": [9.0, 9.0]}, "low has 2 values, high has 3"),
        ({"high": [12.0, 8.0, 12.0]}, "row 1: high is below low"),
        ({"close": [11.0, 11.0, 13.0]}, "row 2: high is below close"),
        ({"close": [8.0, 11.0, 11.0]}, "row 0: low is above close"),
        ({"close": [11.0, None, 11.0]}, "close row 1: null is not a number"),
    ],
)
def test_a_bad_range_is_named(change: dict[str, list[Any]], reason: str) -> None:
    good: dict[str, Any] = {"high": [12.0] * 3, "low": [9.0] * 3, "close": [11.0] * 3}
    checked_ranges(**good)
    with pytest.raises(ValueError, match=reason):
        checked_ranges(**{**good, **change})


@pytest.mark.parametrize(
    ("name", "row", "value", "reason"),
    [
        ("close", 3, math.nan, "candles: close row 3"),
        ("close", 3, None, "candles: close row 3: null is not a number"),
        ("open", 0, "10", "candles: open row 0: text is not a number"),
        ("high", 2, 8.0, "candles: row 2: high is below low"),
        ("high", 2, 10.5, "candles: row 2: high is below open or close"),
        ("low", 4, 10.5, "candles: row 4: low is above open or close"),
        ("low", 1, 0.0, "candles: row 1: low is not above zero"),
        ("volume", 1, -1.0, "candles: row 1: volume is negative"),
        ("timestamp_ms", 2, 1_700_000_000_000 + HOUR_MS, "candles: row 2: duplicate time"),
        ("timestamp_ms", 2, 1_600_000_000_000, "candles: row 2: time runs backwards"),
        ("timestamp_ms", 2, 1.7e12, "candles: timestamp_ms row 2: must be whole milliseconds"),
        ("timestamp_ms", 2, 2**64, "candles: timestamp_ms row 2: must be whole milliseconds"),
        ("timestamp_ms", 2, -1, "candles: timestamp_ms row 2: must be whole milliseconds"),
    ],
)
def test_a_bad_candle_is_named(name: str, row: int, value: Any, reason: str) -> None:
    bad = columns()
    checked_candles(bad)
    bad[name][row] = value
    with pytest.raises(ValueError, match=r".") as refusal:
        checked_candles(bad)
    assert str(refusal.value).startswith(reason)


@given(
    name=st.sampled_from(["open", "high", "low", "close", "volume"]),
    row=st.integers(0, 4),
    value=st.sampled_from([math.nan, math.inf, -math.inf, -1e-9, -5.0, 1e308, None, "11", True, [], {}]),
)
def test_one_spoiled_cell_is_always_found(name: str, row: int, value: Any) -> None:
    bad = columns()
    bad[name][row] = value
    if (name, value) in (("high", 1e308), ("volume", 1e308)):
        checked_candles(bad)
    else:
        with pytest.raises(ValueError, match=rf"^candles: .*row {row}: "):
            checked_candles(bad)


def test_wrong_shapes_are_named() -> None:
    with pytest.raises(ValueError, match="candles must hold the columns timestamp_ms, open"):
        checked_candles([1, 2, 3])
    with pytest.raises(ValueError, match="candles: candles lack the column 'volume'"):
        checked_candles({name: values for name, values in columns().items() if name != "volume"})
    with pytest.raises(ValueError, match="candles: close has 4 values, timestamp_ms has 5"):
        checked_candles({**columns(), "close": [11.0] * 4})
    with pytest.raises(ValueError, match="candles: timestamp_ms must be a list"):
        checked_candles({**columns(), "timestamp_ms": 7})


def test_the_defective_recording_is_refused_with_its_row(market_data_dir: Path) -> None:
    table = pq.read_table(market_data_dir / "ohlcv" / "DEFECTIVE_BINANCE_BTC-USDT_1d_2019_high-wrong.parquet")
    with pytest.raises(ValueError, match=r"^candles: row \d+: high is below open or close$"):
        checked_candles({name: table[name].to_pylist() for name in table.column_names})
