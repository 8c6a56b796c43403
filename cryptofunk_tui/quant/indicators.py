"""Indicator columns over candles, reckoned by TA-Lib without its traps.

A column's key is the indicator's name, its parameters in catalog order, and the output where there are
several:

    rsi_14                          0 … 100; 50 until the price first moves
    macd_12_26_9                    fast EMA − slow EMA, in quote currency; also .signal and .histogram
    bollinger_20_2.upper            quote currency; also .middle .lower .width (of the middle) and .percent_b
                                    (0 lower band, 1 upper band, 0.5 where the bands meet)
    ema_9  ema_21  ema_50  ema_200  quote currency
    adx_14                          0 … 100; also plus_di_14 and minus_di_14, indicators of their own
    atr_14                          quote currency
    reversal                        −1, 0 or 1: direction of the twelve named reversal patterns that complete
                                    on the bar, 0 too where they contradict each other; no parameters

Every column is float64 and as long as the candles; NaN stands in the leading rows that have no value yet.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import talib
from numpy.typing import NDArray

from cryptofunk_tui.domain.candles import Candles, Floats
from cryptofunk_tui.quant.catalog import Indicator, indicator
from cryptofunk_tui.quant.patterns import reversal

Columns = Mapping[str, Floats]
_BANDS_MEET = 1e-9
"""Band width over the middle band below which rounding alone decides where the price stands."""
_ROUNDING = 1e-12
"""Share of the price below which a difference is rounding: such a MACD histogram is 0."""


@dataclass(frozen=True)
class IndicatorSpec:
    """An indicator of the catalog with its parameters; those not given take their defaults. Raises ValueError
    for an unknown name or parameter, or a value out of range."""

    name: str
    parameters: tuple[tuple[str, float], ...] = ()
    entry: Indicator = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        entry = indicator(self.name)
        object.__setattr__(self, "parameters", entry.settle(dict(self.parameters)))
        object.__setattr__(self, "entry", entry)

    @classmethod
    def of(cls, name: str, parameters: Mapping[str, Any] | None = None) -> "IndicatorSpec":
        """The same from a mapping."""
        return cls(name, tuple((parameters or {}).items()))

    @cached_property
    def key(self) -> str:
        """`rsi_14`, `macd_12_26_9`, `bollinger_20_2`, `obv`."""
        values = (repr(value).removesuffix(".0") for _, value in self.parameters)
        return "_".join((self.name, *values))

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The keys of its columns, in the catalog's order."""
        return tuple(f"{self.key}.{output}" if output else self.key for output in self.entry.outputs)

    @cached_property
    def lookback(self) -> int:
        """Leading rows without a value."""
        return self.entry.lookback(self.parameters)

    @cached_property
    def warm_up(self) -> int:
        """Bars from which its values count as settled."""
        return self.entry.warm_up(self.parameters)


def compute(candles: Candles, specs: Iterable[IndicatorSpec]) -> dict[str, Floats]:
    """Columns by key, each as long as the candles. Raises ValueError where the candles are too short."""
    return compute_columns(
        {name: getattr(candles, name) for name in ("open", "high", "low", "close", "volume")}, specs
    )


def compute_columns(columns: Columns, specs: Iterable[IndicatorSpec]) -> dict[str, Floats]:
    """The same over bare columns of equal length, finite and above zero, holding at least each
    indicator's inputs."""
    results: dict[str, Floats] = {}
    for spec in specs:
        rows = len(columns[spec.entry.inputs[0]])
        if rows <= spec.lookback:
            raise ValueError(f"{spec.key} needs at least {spec.lookback + 1} bars, {rows} are given")
        results.update(zip(spec.columns, _reckon(spec, columns), strict=True))
    return results


def _reckon(spec: IndicatorSpec, columns: Columns) -> list[Floats]:
    inputs = [columns[name] for name in spec.entry.inputs]
    if spec.entry.function is None:
        return [reversal(*inputs)]
    arguments = spec.entry.arguments(spec.parameters)
    raw = getattr(talib, spec.entry.function)(*inputs, **arguments)
    outputs = [_clean(each, spec.lookback) for each in (raw if isinstance(raw, tuple) else (raw,))]
    if spec.name == "rsi":
        _neutral_while_still(outputs[0], columns["close"])
    elif spec.name == "macd":
        outputs[2][np.abs(outputs[2]) <= _ROUNDING * columns["close"]] = 0.0
    elif spec.name == "bollinger":
        outputs += _band_position(columns["close"], *outputs)
    elif spec.name in _UNDEFINED:
        nothing, window = _UNDEFINED[spec.name](columns, dict(spec.parameters))
        _blank(outputs, nothing, spec.lookback + 2 - window)
    return outputs


def _clean(output: NDArray[Any], lookback: int) -> Floats:
    column = output.astype(np.float64, copy=False)
    column[:lookback] = np.nan
    column[np.isinf(column)] = np.nan
    return column


def _neutral_while_still(rsi: Floats, close: Floats) -> None:
    """RSI is gains over gains and losses. Before the price first moves both are zero: 50, neither way."""
    moves = np.flatnonzero(close != close[0])
    until = int(moves[0]) if moves.size else len(close)
    np.copyto(rsi[:until], 50.0, where=~np.isnan(rsi[:until]))


def _band_position(close: Floats, upper: Floats, middle: Floats, lower: Floats) -> list[Floats]:
    """Width over the middle band, and %b: (close − lower)/(upper − lower), 0.5 where the bands meet."""
    spread = upper - lower
    width = spread / middle
    meet = width < _BANDS_MEET
    percent_b = (close - lower) / np.where(meet, 1.0, spread)
    percent_b[meet] = 0.5
    return [width, percent_b]


Undefined = tuple[NDArray[np.bool_], int]
"""Rows on which a formula's denominator is zero, and the rows of its window."""


def _still(high: Floats, low: Floats, window: float) -> Undefined:
    span = int(window)
    return talib.MAX(high, span) - talib.MIN(low, span) <= _ROUNDING * np.abs(high), span


def _still_range(columns: Columns, values: Mapping[str, float]) -> Undefined:
    return _still(columns["high"], columns["low"], values.get("fastk_period") or values["period"])


def _still_true_range(columns: Columns, values: Mapping[str, float]) -> Undefined:
    return _still(columns["high"], columns["low"], min(values.values()) + 1)


def _still_close(columns: Columns, values: Mapping[str, float]) -> Undefined:
    return _still(columns["close"], columns["close"], values["period"] + 1)


def _still_rsi(columns: Columns, values: Mapping[str, float]) -> Undefined:
    rsi = talib.RSI(columns["close"], int(values["period"]))
    return _still(rsi, rsi, values["fastk_period"])


def _no_money_flow(columns: Columns, values: Mapping[str, float]) -> Undefined:
    typical = talib.TYPPRICE(columns["high"], columns["low"], columns["close"])
    flow = np.abs(np.diff(typical, prepend=typical[:1])) * columns["volume"]
    return talib.MAX(flow, int(values["period"])) == 0.0, int(values["period"]) + 1


_UNDEFINED: dict[str, Callable[[Columns, Mapping[str, float]], Undefined]] = {
    "stoch": _still_range,
    "stochf": _still_range,
    "willr": _still_range,
    "ultosc": _still_true_range,
    "vortex": _still_true_range,
    "er": _still_close,
    "stochrsi": _still_rsi,
    "mfi": _no_money_flow,
}
"""Where TA-Lib writes 0 (or 1) for 0/0, which would read oversold, overbought or a perfect trend."""


def _blank(outputs: list[Floats], nothing: NDArray[np.bool_], rows: int) -> None:
    """NaN on the rows marked and on those after them whose smoothing still contains them."""
    if not nothing.any():
        return
    index = np.arange(len(nothing))
    newest = np.maximum.accumulate(np.where(nothing, index, -len(index) - rows))
    for output in outputs:
        output[index - newest < rows] = np.nan
