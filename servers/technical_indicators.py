"""Indicators and candlestick patterns over MCP: a thin face over `cryptofunk_tui.quant`."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import numpy as np
from mcp.server import MCPServer
from pydantic import WithJsonSchema

from cryptofunk_tui.domain.base import Record
from cryptofunk_tui.domain.candles import COLUMNS, Candles, Floats
from cryptofunk_tui.quant.catalog import CATALOG, MAX_PERIOD
from cryptofunk_tui.quant.indicators import IndicatorSpec, compute, compute_columns
from cryptofunk_tui.quant.patterns import INDECISION, LOOKBACK, PATTERNS, REVERSALS, detect
from cryptofunk_tui.quant.price_checks import checked_candles, checked_prices, checked_ranges
from cryptofunk_tui.quant.readings import (
    average_trend,
    band_signal,
    macd_crossover,
    rsi_signal,
    trend_strength,
)
from servers.arguments import Flag, OptionalTexts, OptionalWhole, Text, flag, texts, whole
from servers.kept_candles import KeptCandles
from servers.support import READ, run, tool

server = MCPServer(
    "technical_indicators",
    instructions="Technical indicators and candlestick patterns over prices, oldest first. Pass at least 500 "
    "bars where history allows: `warm_up_full` says whether a value is settled.",
)
kept = KeptCandles()

_NUMBERS = {"type": "array", "items": {"type": "number"}}
_CANDLES = {
    "type": "object",
    "properties": dict.fromkeys(COLUMNS, _NUMBERS),
    "required": list(COLUMNS),
    "description": "Columns of equal length, oldest first; timestamp_ms is each bar's open, UTC.",
}
_INDICATOR = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "parameters": {"type": "object"}},
    "required": ["name"],
}
Numbers = Annotated[Any, WithJsonSchema(_NUMBERS)]
CandleColumns = Annotated[Any, WithJsonSchema(_CANDLES)]
Period = Annotated[Any, WithJsonSchema({"type": "integer", "minimum": 2, "maximum": MAX_PERIOD})]
Deviations = Annotated[Any, WithJsonSchema({"type": "number", "minimum": 0.1, "maximum": 10})]
Indicators = Annotated[Any, WithJsonSchema({"type": "array", "items": _INDICATOR})]
Parameters = Annotated[Any, WithJsonSchema({"type": "object", "additionalProperties": {"type": "number"}})]


class Reading(Record):
    """`bars` were used; `warm_up` bars make the value settled, and `warm_up_full` says whether it is."""

    bars: int
    warm_up: int
    warm_up_full: bool


class Rsi(Reading):
    value: float
    signal: str
    period: int
    series: list[float | None] | None = None


class Macd(Reading):
    macd: float
    signal: float
    histogram: float
    crossover: str
    fast_period: int
    slow_period: int
    signal_period: int


class BollingerBands(Reading):
    upper: float
    middle: float
    lower: float
    width: float
    percent_b: float
    signal: str
    period: int
    std_dev: float


class Ema(Reading):
    value: float
    trend: str
    period: int


class Adx(Reading):
    adx: float
    plus_di: float
    minus_di: float
    strength: str
    period: int


@tool(server, READ)
async def calculate_rsi(prices: Numbers, period: Period = 14, series: Flag = False) -> Rsi:
    """Relative Strength Index of closing prices, 0 to 100; 50 where the price never moved. Signal: oversold
    at 30 or below, overbought at 70 or above, else neutral. `series` adds the whole column, null in the rows
    that have no value."""
    spec = IndicatorSpec.of("rsi", {"period": period})
    column = _over_prices(prices, spec)[spec.key]
    value = float(column[-1])
    return Rsi(
        value=value,
        signal=rsi_signal(value),
        series=_plain(column) if flag("series", series) else None,
        **_basis(spec, len(column)),
    )


@tool(server, READ)
async def calculate_macd(
    prices: Numbers, fast_period: Period = 12, slow_period: Period = 26, signal_period: Period = 9
) -> Macd:
    """Moving Average Convergence/Divergence of closing prices, in their currency. Crossover: bullish or
    bearish where the newest bar took the MACD across its signal line, else none."""
    spec = IndicatorSpec.of(
        "macd", {"fast_period": fast_period, "slow_period": slow_period, "signal_period": signal_period}
    )
    macd, signal, histogram = _over_prices(prices, spec).values()
    return Macd(
        macd=macd[-1],
        signal=signal[-1],
        histogram=histogram[-1],
        crossover=macd_crossover(histogram),
        **_basis(spec, len(macd)),
    )


@tool(server, READ)
async def calculate_bollinger_bands(
    prices: Numbers, period: Period = 20, std_dev: Deviations = 2
) -> BollingerBands:
    """Bollinger Bands: a simple average of closing prices, and `std_dev` population standard deviations
    around it. Width is a fraction of the middle band, percent_b 0 at the lower and 1 at the upper band.
    Signal: oversold on or below the lower band, overbought on or above the upper, else neutral."""
    spec = IndicatorSpec.of("bollinger", {"period": period, "std_dev": std_dev})
    upper, middle, lower, width, percent_b = _over_prices(prices, spec).values()
    return BollingerBands(
        upper=upper[-1],
        middle=middle[-1],
        lower=lower[-1],
        width=width[-1],
        percent_b=percent_b[-1],
        signal=band_signal(percent_b[-1]),
        **_basis(spec, len(upper)),
    )


@tool(server, READ)
async def calculate_ema(prices: Numbers, period: Period) -> Ema:
    """Exponential moving average of closing prices. Trend: rising, falling or flat against the bar before,
    unknown where there is only one value."""
    spec = IndicatorSpec.of("ema", {"period": period})
    column = _over_prices(prices, spec)[spec.key]
    return Ema(value=column[-1], trend=average_trend(column), **_basis(spec, len(column)))


@tool(server, READ)
async def calculate_adx(high: Numbers, low: Numbers, close: Numbers, period: Period = 14) -> Adx:
    """Average Directional Index, 0 to 100, with its two directional indicators. Strength: weak below 25,
    strong below 50, very strong below 75, else extreme."""
    specs = [IndicatorSpec.of(name, {"period": period}) for name in ("adx", "plus_di", "minus_di")]
    columns = _reckoned("high, low, close", checked_ranges(high, low, close), specs)
    adx, plus_di, minus_di = (float(column[-1]) for column in columns.values())
    return Adx(
        adx=adx,
        plus_di=plus_di,
        minus_di=minus_di,
        strength=trend_strength(adx),
        **_basis(specs[0], len(close)),
    )


@tool(server, READ, bulk=True)
async def detect_patterns(candles: CandleColumns, patterns: OptionalTexts = None) -> list[dict[str, Any]]:
    """Candlestick patterns, all 61 or those named: a list of {name, index, timestamp_ms, direction}. `index`
    is the row on which the pattern completes; direction is 1 bullish, -1 bearish, 0 indecision."""
    names = None if patterns is None else texts("patterns", patterns)
    checked = checked_candles(candles)
    return [
        {
            "name": seen.name,
            "index": seen.index,
            "timestamp_ms": int(checked.timestamp_ms[seen.index]),
            "direction": seen.direction,
        }
        for seen in detect(checked, names)
    ]


@tool(server, READ, bulk=True)
async def list_indicators() -> dict[str, Any]:
    """Every indicator that calculate_indicator and compute_indicators know, with its parameters (default and
    allowed range), inputs, output columns and the bars it needs; and every pattern of detect_patterns."""
    return {
        "indicators": [_entry(name) for name in CATALOG],
        "patterns": [
            {
                "name": name,
                "bars": LOOKBACK[name] + 1,
                "indecision": name in INDECISION,
                "reversal": name in REVERSALS,
            }
            for name in PATTERNS
        ],
    }


@tool(server, READ, bulk=True)
async def calculate_indicator(
    name: Text, candles: CandleColumns, parameters: Parameters = None
) -> dict[str, Any]:
    """One indicator by name, as whole columns, null in the rows that have no value. list_indicators gives
    names and parameters; those not given take their defaults."""
    spec = IndicatorSpec.of(name, _mapping("parameters", parameters))
    return {"parameters": dict(spec.parameters), **_computed(checked_candles(candles), [spec], None)}


@tool(server, READ, bulk=True)
async def compute_indicators(
    candles: CandleColumns,
    indicators: Indicators,
    last: OptionalWhole = None,
    series: Text | None = None,
    after: OptionalWhole = None,
) -> dict[str, Any]:
    """Many indicators over one set of candles. Returns the last `last` rows (default all) of every column by
    key, such as rsi_14 or macd_12_26_9.signal, null in rows without a value; the bars used; and for every
    column the bars that make it settled (`warm_up`) and whether it is (`warm_up_full`). With a name in
    `series` the newest candles are kept under it; later calls then send only the bars that open later than
    the bar at `after` (ms), the last one sent before."""
    specs = _specs(indicators)
    if last is not None and whole("last", last) < 1:
        raise ValueError(f"last must be at least 1 row, not {last}; leave it out for all")
    checked = checked_candles(candles)
    if series is not None:
        checked = kept.extend(series, checked, after)
    return _computed(checked, specs, last)


def _computed(candles: Candles, specs: list[IndicatorSpec], last: int | None) -> dict[str, Any]:
    try:
        columns = compute(candles, specs)
    except ValueError as error:
        raise ValueError(f"candles: {error}") from None
    bars = len(candles)
    rows = slice(None if last is None else -last, None)
    warm_up = {key: spec.warm_up for spec in specs for key in spec.columns}
    return {
        "columns": {key: _plain(column[rows]) for key, column in columns.items()},
        "timestamp_ms": candles.timestamp_ms[rows].tolist(),
        "count": min(bars, last or bars),
        "bars": bars,
        "warm_up": warm_up,
        "warm_up_full": {key: bars >= needed for key, needed in warm_up.items()},
    }


def _over_prices(prices: Any, spec: IndicatorSpec) -> dict[str, Floats]:
    return _reckoned("prices", {"close": checked_prices("prices", prices)}, [spec])


def _reckoned(
    argument: str, columns: Mapping[str, Floats], specs: Iterable[IndicatorSpec]
) -> dict[str, Floats]:
    try:
        return compute_columns(columns, specs)
    except ValueError as error:
        raise ValueError(f"{argument}: {error}") from None


def _basis(spec: IndicatorSpec, bars: int) -> dict[str, Any]:
    """The parameters used and how settled the value is."""
    return {
        **dict(spec.parameters),
        "bars": bars,
        "warm_up": spec.warm_up,
        "warm_up_full": bars >= spec.warm_up,
    }


def _specs(indicators: Any) -> list[IndicatorSpec]:
    if not isinstance(indicators, list) or not indicators:
        raise ValueError("indicators must be a list with at least one {name, parameters}")
    specs = []
    for index, given in enumerate(indicators):
        try:
            fields = _mapping("each indicator", given)
            if unknown := fields.keys() - {"name", "parameters"}:
                raise ValueError(f"unknown field {min(unknown)!r}; it takes name and parameters")
            specs.append(
                IndicatorSpec.of(fields.get("name", ""), _mapping("parameters", fields.get("parameters")))
            )
        except ValueError as error:
            raise ValueError(f"indicators[{index}]: {error}") from None
    return specs


def _mapping(name: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{name} must be an object of names and values")
    return value


def _plain(column: Floats) -> list[float | None]:
    """A column as JSON has it: null for NaN."""
    values: list[float | None] = column.tolist()
    for index in np.flatnonzero(np.isnan(column)).tolist():
        values[index] = None
    return values


def _entry(name: str) -> dict[str, Any]:
    spec = IndicatorSpec(name)
    return {
        "name": name,
        "title": spec.entry.title,
        "group": spec.entry.group,
        "inputs": list(spec.entry.inputs),
        "parameters": [
            {
                "name": each.name,
                "type": "integer" if each.whole else "number",
                "default": each.default,
                "minimum": each.minimum,
                "maximum": each.maximum,
            }
            for each in spec.entry.parameters
        ],
        "columns": list(spec.columns),
        "bars": spec.lookback + 1,
        "warm_up": spec.warm_up,
        "memory": spec.entry.memory.value,
    }


if __name__ == "__main__":
    run(server)
