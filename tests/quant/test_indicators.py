"""Indicator columns: against an independent oracle, without look-ahead, and without TA-Lib's traps."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas_ta_classic as oracle
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptofunk_tui.domain.candles import Candles, Floats
from cryptofunk_tui.quant.catalog import CATALOG, Memory
from cryptofunk_tui.quant.indicators import IndicatorSpec, compute, compute_columns
from cryptofunk_tui.quant.readings import macd_crossover

HOUR_MS = 3_600_000
MACD_SEED_GONE = 200
COUNCIL = [
    IndicatorSpec.of("rsi", {"period": 14}),
    IndicatorSpec.of("macd", {"fast_period": 12, "slow_period": 26, "signal_period": 9}),
    IndicatorSpec.of("bollinger", {"period": 20, "std_dev": 2}),
    *(IndicatorSpec.of("ema", {"period": period}) for period in (9, 21, 50, 200)),
    IndicatorSpec.of("adx", {"period": 14}),
    IndicatorSpec.of("atr", {"period": 14}),
    IndicatorSpec("reversal"),
]
EVERYTHING = [IndicatorSpec(name) for name in CATALOG]


def walk(rows: int, *, seed: int = 1, scale: float = 1.0) -> Candles:
    """A random walk with gaps between bars, shadows and uneven volume."""
    random = np.random.default_rng(seed)
    close = 30_000 * np.exp(np.cumsum(random.normal(0, 0.005, rows)))
    opened = np.concatenate((close[:1], close[:-1])) * (1 + random.normal(0, 0.001, rows))
    high = np.maximum(opened, close) * (1 + random.random(rows) * 0.003)
    low = np.minimum(opened, close) * (1 - random.random(rows) * 0.003)
    return candles(opened * scale, high * scale, low * scale, close * scale, random.lognormal(1, 1, rows))


def flat(rows: int, price: float) -> Candles:
    prices = np.full(rows, price)
    return candles(prices, prices, prices, prices, np.ones(rows))


def candles(opened: Floats, high: Floats, low: Floats, close: Floats, volume: Floats) -> Candles:
    columns = {"open": opened, "high": high, "low": low, "close": close, "volume": volume}
    stamps = np.arange(len(close)) * HOUR_MS
    return Candles.from_columns("BTC/EUR", "1h", {"timestamp_ms": stamps, **columns})


@pytest.fixture(scope="module")
def recording(market_data_dir: Path) -> Any:
    """Two years of hourly candles as the oracle wants them: a data frame."""
    return pq.read_table(
        market_data_dir / "ohlcv" / "BITVAVO_BTC-EUR_1h_20211222_20231231.parquet"
    ).to_pandas()


@pytest.fixture(scope="module")
def bitcoin(recording: Any) -> Candles:
    return Candles.from_columns("BTC/EUR", "1h", {name: recording[name].to_numpy() for name in recording})


def agree(ours: Floats, theirs: Any, *, skip: int, relative: float = 1e-9) -> None:
    values = theirs.to_numpy()
    assert len(ours) == len(values) and len(ours) > skip
    np.testing.assert_allclose(ours[skip:], values[skip:], rtol=relative, atol=relative)


def test_keys_and_columns_are_the_agreed_ones() -> None:
    assert [key for spec in COUNCIL for key in spec.columns] == [
        "rsi_14",
        "macd_12_26_9",
        "macd_12_26_9.signal",
        "macd_12_26_9.histogram",
        "bollinger_20_2.upper",
        "bollinger_20_2.middle",
        "bollinger_20_2.lower",
        "bollinger_20_2.width",
        "bollinger_20_2.percent_b",
        "ema_9",
        "ema_21",
        "ema_50",
        "ema_200",
        "adx_14",
        "atr_14",
        "reversal",
    ]
    assert IndicatorSpec("sar").key == "sar_0.02_0.2"
    assert IndicatorSpec.of("rsi") == IndicatorSpec.of("rsi", {"period": 14.0})


def test_council_columns_match_the_oracle_on_real_candles(bitcoin: Candles, recording: Any) -> None:
    ours = compute(bitcoin, COUNCIL)
    high, low, close = (recording[name] for name in ("high", "low", "close"))
    agree(ours["rsi_14"], oracle.rsi(close, 14, talib=False), skip=200)
    for period in (9, 21, 50, 200):
        agree(ours[f"ema_{period}"], oracle.ema(close, period, talib=False), skip=period - 1)
    theirs = oracle.macd(close, 12, 26, 9, talib=False)
    for key, name in (("", "MACD"), (".histogram", "MACDh"), (".signal", "MACDs")):
        column = theirs[f"{name}_12_26_9"]
        agree(ours[f"macd_12_26_9{key}"], column, skip=MACD_SEED_GONE, relative=1e-6)
    bands = oracle.bbands(close, 20, 2.0, ddof=0, talib=False)
    for key, name in (("upper", "BBU"), ("middle", "BBM"), ("lower", "BBL"), ("percent_b", "BBP")):
        agree(ours[f"bollinger_20_2.{key}"], bands[f"{name}_20_2.0"], skip=19, relative=1e-5)
    agree(ours["atr_14"], oracle.atr(high, low, close, 14, talib=False), skip=500)
    agree(ours["adx_14"], oracle.adx(high, low, close, 14, talib=False)["ADX_14"], skip=500)


def test_real_candles_leave_gaps_only_before_the_first_value(bitcoin: Candles) -> None:
    year = bitcoin.rows(0, 8_760)
    for spec in EVERYTHING:
        for key, column in compute(year, [spec]).items():
            assert len(column) == len(year) and column.dtype == np.float64, key
            assert np.isnan(column[: spec.lookback]).all(), key
            if spec.name not in {"stochrsi", "vwma", "rvol"}:
                assert np.isfinite(column[spec.lookback :]).all(), key


def test_there_are_more_than_sixty_indicators_each_with_its_own_key() -> None:
    keys = [key for spec in EVERYTHING for key in spec.columns]
    assert len(CATALOG) > 60
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("rows", [600, 777, 1_200])
def test_no_column_looks_ahead(rows: int) -> None:
    history = walk(1_500)
    whole = compute(history, EVERYTHING)
    for key, column in compute(history.rows(0, rows), EVERYTHING).items():
        expected = whole[key][:rows]
        np.testing.assert_allclose(
            column, expected, rtol=1e-9, atol=float(1e-9 * np.nanstd(expected)), err_msg=key
        )


def test_a_full_warm_up_settles_every_value_with_memory() -> None:
    history = walk(2_500)
    whole = compute(history, EVERYTHING)
    for spec in EVERYTHING:
        if spec.entry.memory is Memory.CUMULATIVE:
            continue
        for end in (1_700, 2_099, 2_500):
            for key, column in compute(history.rows(end - spec.warm_up, end), [spec]).items():
                drift = abs(column[-1] - whole[key][end - 1]) / np.nanstd(whole[key])
                assert drift < 1e-5, (key, spec.warm_up)


@pytest.mark.parametrize(
    ("name", "period"), [("ema", 200), ("rsi", 200), ("atr", 200), ("trix", 200), ("adx", 100)]
)
def test_a_long_period_asks_for_a_longer_warm_up(name: str, period: int) -> None:
    spec = IndicatorSpec.of(name, {"period": period})
    history = walk(4_000)
    whole = compute(history, [spec])[spec.key]
    assert spec.warm_up > 500
    for end in (2_500, 3_333, 4_000):
        settled = compute(history.rows(end - spec.warm_up, end), [spec])[spec.key][-1]
        assert abs(settled - whole[end - 1]) < 0.05 * np.nanstd(whole)


@pytest.mark.parametrize("exponent", [-40, -20, 20])
def test_a_tiny_or_huge_price_is_no_flat_price(exponent: int) -> None:
    usual, scaled = compute(walk(700), COUNCIL), compute(walk(700, scale=2.0**exponent), COUNCIL)
    for key in ("rsi_14", "adx_14", "bollinger_20_2.percent_b", "bollinger_20_2.width", "reversal"):
        np.testing.assert_allclose(scaled[key], usual[key], rtol=1e-7, err_msg=key)


@given(price=st.floats(1e-8, 1e8), rows=st.integers(201, 800))
@settings(max_examples=30, deadline=None)
def test_a_flat_price_is_neutral(price: float, rows: int) -> None:
    columns = compute(flat(rows, price), COUNCIL)
    assert columns["rsi_14"][-1] == 50
    assert columns["bollinger_20_2.percent_b"][-1] == 0.5
    assert columns["adx_14"][-1] == columns["atr_14"][-1] == columns["reversal"][-1] == 0
    assert columns["macd_12_26_9.histogram"][-1] == 0
    assert macd_crossover(columns["macd_12_26_9.histogram"]) == "none"
    assert columns["ema_200"][-1] == pytest.approx(price)


@pytest.mark.parametrize("name", ["stoch", "stochf", "willr", "ultosc", "vortex", "er", "mfi", "stochrsi"])
def test_what_divides_zero_by_zero_has_no_value(name: str) -> None:
    spec = IndicatorSpec(name)
    for column in compute(flat(100, 60_000.1), [spec]).values():
        assert np.isnan(column).all()
    moving = walk(400)
    still = {
        key: np.concatenate((getattr(moving, key), np.full(60, moving.close[-1])))
        for key in ("open", "high", "low", "close")
    }
    still["volume"] = np.concatenate((moving.volume, np.ones(60)))
    expected = compute(moving, [spec])
    for key, column in compute_columns(still, [spec]).items():
        np.testing.assert_allclose(column[:400], expected[key], rtol=1e-9, err_msg=key)
        assert np.isnan(column[-1]), key


def test_zero_by_zero_is_gone_as_soon_as_the_smoothing_forgets_it() -> None:
    moving = walk(300)
    part = {key: getattr(moving, key).copy() for key in ("open", "high", "low", "close", "volume")}
    for key in ("open", "high", "low", "close"):
        part[key][100:105] = moving.close[99]
    slow = compute_columns(part, [IndicatorSpec("stoch")])["stoch_5_3_3.slowd"]
    assert np.flatnonzero(np.isnan(slow)).tolist() == [*range(8), *range(104, 109)]


def test_rsi_is_neutral_only_until_the_price_first_moves() -> None:
    prices = np.concatenate((np.full(40, 100.0), [101.0, 100.5, 100.2]))
    rsi = compute_columns({"close": prices}, [IndicatorSpec("rsi")])["rsi_14"]
    assert np.isnan(rsi[:14]).all()
    assert (rsi[14:40] == 50).all()
    assert rsi[40] == 100 and 50 < rsi[42] < rsi[41] < 100


@pytest.mark.parametrize("name", sorted(CATALOG))
def test_one_bar_too_few_is_refused_and_the_least_is_enough(name: str) -> None:
    spec = IndicatorSpec(name)
    history = walk(120)
    compute(history.rows(0, spec.lookback + 1), [spec])
    with pytest.raises(ValueError, match=rf"^{spec.key} needs at least {spec.lookback + 1} bars, "):
        compute(history.rows(0, spec.lookback), [spec])


def test_nothing_to_compute_gives_nothing() -> None:
    assert compute(walk(10), []) == {}
