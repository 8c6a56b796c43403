"""All 61 candlestick patterns: against an independent oracle, by hand, and where nothing happens."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas_ta_classic as oracle
import pyarrow.parquet as pq
import pytest

from cryptofunk_tui.domain.candles import Candles
from cryptofunk_tui.quant.patterns import (
    INDECISION,
    LOOKBACK,
    PATTERNS,
    REVERSALS,
    Sighting,
    detect,
    reversal,
    reversal_lookback,
)

HOUR_MS = 3_600_000
Bar = tuple[float, float, float, float]


def from_bars(bars: list[Bar]) -> Candles:
    opened, high, low, close = (list(column) for column in zip(*bars, strict=True))
    return Candles.from_columns(
        "BTC/EUR",
        "1h",
        {
            "timestamp_ms": [row * HOUR_MS for row in range(len(bars))],
            "open": opened,
            "high": high,
            "low": low,
            "close": close,
            "volume": [1.0] * len(bars),
        },
    )


def falling(rows: int) -> list[Bar]:
    """Black candles of one size, each opening where the last one closed."""
    return [(200 - 2 * row, 200.5 - 2 * row, 197.5 - 2 * row, 198 - 2 * row) for row in range(rows)]


@pytest.fixture(scope="module")
def recording(market_data_dir: Path) -> Any:
    """Hourly candles as the oracle wants them: a data frame."""
    path = market_data_dir / "ohlcv" / "BITVAVO_BTC-EUR_1h_20211222_20231231.parquet"
    return pq.read_table(path).to_pandas().head(6_000)


@pytest.fixture(scope="module")
def bitcoin(recording: Any) -> Candles:
    return Candles.from_columns("BTC/EUR", "1h", {name: recording[name].to_numpy() for name in recording})


def test_there_are_61_and_the_groups_are_among_them() -> None:
    assert len(PATTERNS) == len(set(PATTERNS.values())) == 61
    assert len(REVERSALS) == 12
    assert set(REVERSALS) | INDECISION <= set(PATTERNS)
    assert not set(REVERSALS) & INDECISION


def test_every_pattern_matches_the_oracle_on_real_candles(bitcoin: Candles, recording: Any) -> None:
    columns = [recording[name] for name in ("open", "high", "low", "close")]
    theirs = oracle.cdl_pattern(*columns, name="all")
    ours = {name: np.zeros(len(bitcoin)) for name in PATTERNS}
    for seen in detect(bitcoin):
        ours[seen.name][seen.index] = seen.direction or 2
    for name, function in PATTERNS.items():
        suffix = function.removeprefix("CDL")
        column = next(theirs[key] for key in theirs if key.split("_")[1] == suffix).to_numpy()
        expected = np.abs(np.sign(column)) * 2 if name in INDECISION else np.sign(column)
        first = LOOKBACK[name]
        np.testing.assert_array_equal(ours[name][first:], expected[first:], err_msg=name)
        assert not ours[name][:first].any()


def test_the_usual_reversals_do_appear_on_real_candles(bitcoin: Candles) -> None:
    seen = {sighting.name for sighting in detect(bitcoin, REVERSALS)}
    assert seen >= {"hammer", "hanging_man", "engulfing", "harami", "morning_star", "evening_star"}


def test_a_hammer_drawn_by_hand() -> None:
    hammered = from_bars([*falling(20), (160, 160.3, 156, 160.25)])
    assert Sighting("hammer", 20, 1) in detect(hammered)
    assert detect(hammered, ["hammer"]) == [Sighting("hammer", 20, 1)]


def test_a_bullish_engulfing_drawn_by_hand() -> None:
    engulfed = from_bars([*falling(20), (159.9, 163, 159, 162.6)])
    assert detect(engulfed, ["engulfing"]) == [Sighting("engulfing", 20, 1)]
    column = reversal(engulfed.open, engulfed.high, engulfed.low, engulfed.close)
    assert column[-1] == 1


def test_a_doji_has_no_direction() -> None:
    quiet = from_bars([*falling(20), (160, 161, 159, 160)])
    assert detect(quiet, ["doji"]) == [Sighting("doji", 20, 0)]


def test_the_reversal_column_is_the_sign_of_the_twelve(bitcoin: Candles) -> None:
    column = reversal(bitcoin.open, bitcoin.high, bitcoin.low, bitcoin.close)
    total = np.zeros(len(bitcoin))
    for seen in detect(bitcoin, REVERSALS):
        total[seen.index] += seen.direction
    start = reversal_lookback()
    assert np.isnan(column[:start]).all()
    np.testing.assert_array_equal(column[start:], np.sign(total[start:]))
    assert {-1.0, 0.0, 1.0} == set(column[start:])


def test_a_flat_market_shows_no_reversal() -> None:
    still = from_bars([(100, 100, 100, 100)] * 60)
    assert detect(still, REVERSALS) == []
    assert set(reversal(still.open, still.high, still.low, still.close)[reversal_lookback() :]) == {0.0}


@pytest.mark.parametrize("rows", [300, 301, 450])
def test_no_pattern_looks_ahead(bitcoin: Candles, rows: int) -> None:
    whole = [seen for seen in detect(bitcoin.rows(0, 600)) if seen.index < rows]
    assert detect(bitcoin.rows(0, rows)) == whole


def test_unknown_names_and_short_windows_are_refused() -> None:
    with pytest.raises(ValueError, match="patterns: unknown pattern 'hamer'; did you mean 'hammer'"):
        detect(from_bars(falling(40)), ["hamer"])
    with pytest.raises(ValueError, match="candles: hammer needs at least 12 bars, 11 are given"):
        detect(from_bars(falling(11)), ["hammer"])
    assert detect(from_bars(falling(12)), ["hammer"]) == []
