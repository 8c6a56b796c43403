"""What can be reckoned: names, parameters and their ranges, output columns, and how much history each needs.

The list is curated; titles, inputs, defaults and outputs come from TA-Lib's own description of its functions.
Left out: plain arithmetic, functions of two unrelated series, free choice of a moving average inside another
indicator, and what repaints past rows.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Any

from talib.abstract import Function  # type: ignore[attr-defined]

from cryptofunk_tui.quant.patterns import reversal_lookback

FULL_WARM_UP = 500
"""Least bars before a value with memory counts as settled."""
MAX_PERIOD = 1_000


class Memory(StrEnum):
    """How far back a value remembers."""

    WINDOW = "window"
    """Only the bars of its window."""
    EXPONENTIAL = "exponential"
    """All of them, each bar's weight shrinking by 1 − 2/(period + 1)."""
    WILDER = "wilder"
    """All of them, each bar's weight shrinking by 1 − 1/period."""
    ADAPTIVE = "adaptive"
    """All of them, at a pace that the market sets."""
    CUMULATIVE = "cumulative"
    """All of them alike: only differences between rows mean something, never the level."""


_CURATED = {
    Memory.WINDOW: "sma wma trima hma vwma bollinger donchian accbands midpoint midprice ac ao aroon "
    "aroonosc bop cci cmou coppock er imi mfi mom qstick roc rocp rocr stoch stochf ultosc vhf vortex willr "
    "adr stddev var trange cmf marketfi rvol avgprice medprice typprice wclprice avgdev linearreg "
    "linearreg_slope linearreg_intercept linearreg_angle tsf percentile percentrank",
    Memory.EXPONENTIAL: "ema dema tema t3 zlema apo ppo macd smi trix tsi eri massi cvi adosc pvo efi",
    Memory.WILDER: "rma rsi stochrsi cmo adx adxr dx plus_di minus_di plus_dm minus_dm atr natr rvi kc",
    Memory.ADAPTIVE: "kama mama sar supertrend ha ht_trendline ht_dcperiod ht_dcphase ht_phasor ht_sine "
    "ht_trendmode",
    Memory.CUMULATIVE: "ad obv nvi pvi pvt wad vwap",
}
_FUNCTIONS = {"bollinger": "BBANDS"}
_FIXED = {"STDDEV": {"nbdev": 1.0}, "VAR": {"nbdev": 1.0}}
_PARAMETER_NAMES = {
    "timeperiod": "period",
    "timeperiod1": "period_1",
    "timeperiod2": "period_2",
    "timeperiod3": "period_3",
    "stddevperiod": "std_dev_period",
    "nbdev": "std_dev",
    "nbdevup": "std_dev",
    "nbdevdn": "std_dev",
    "vfactor": "volume_factor",
    "fastlimit": "fast_limit",
    "slowlimit": "slow_limit",
}
_RANGES = {
    "std_dev": (0.1, 10.0),
    "volume_factor": (0.0, 1.0),
    "percentile": (1.0, 100.0),
    "acceleration": (0.001, 1.0),
    "maximum": (0.01, 1.0),
    "multiplier": (0.1, 20.0),
    "fast_limit": (0.01, 0.99),
    "slow_limit": (0.01, 0.99),
}
_OUTPUTS = {
    "macd": "",
    "macdsignal": "signal",
    "macdhist": "histogram",
    "mama": "",
    "upperband": "upper",
    "middleband": "middle",
    "lowerband": "lower",
    "aroondown": "down",
    "aroonup": "up",
    "supertrend": "",
    "smi": "",
    "smisignal": "signal",
    "bullpower": "bull",
    "bearpower": "bear",
    "plusvi": "plus",
    "minusvi": "minus",
    "haopen": "open",
    "hahigh": "high",
    "halow": "low",
    "haclose": "close",
}
_DERIVED_OUTPUTS = {"bollinger": ("width", "percent_b")}
_EXPONENTIAL_PERIODS = 2.5
_WILDER_PERIODS = 5.0


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number that the caller may choose, from `minimum` to `maximum`, both allowed."""

    name: str
    default: float
    minimum: float
    maximum: float
    whole: bool
    passed_as: tuple[str, ...]
    """TA-Lib's names for it."""

    def checked(self, indicator: str, value: Any) -> float:
        """`value` as it stands, or ValueError with indicator, parameter and range."""
        number = not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value)
        if not number or not self.minimum <= value <= self.maximum or (self.whole and value != int(value)):
            kind = "a whole number" if self.whole else "a number"
            shown = value if number else type(value).__name__
            allowed = f"{kind} from {self.minimum:g} to {self.maximum:g}"
            raise ValueError(f"{indicator}: {self.name} must be {allowed}, not {shown}")
        return int(value) if self.whole else float(value)


@dataclass(frozen=True)
class Indicator:
    """One entry of the catalog. `inputs` are the candle columns it reads; `outputs` name its columns, ""
    being the one that carries the bare key."""

    name: str
    title: str
    group: str
    function: str | None
    inputs: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    outputs: tuple[str, ...]
    memory: Memory

    def settle(self, given: Mapping[str, Any]) -> tuple[tuple[str, float], ...]:
        """All parameters in catalog order, defaults filled in. Raises ValueError for an unknown parameter, a
        value out of its range, and a fast period that is not below the slow one (TA-Lib would swap them)."""
        names = [parameter.name for parameter in self.parameters]
        for name in given:
            if name not in names:
                takes = f"it takes {', '.join(names)}" if names else "it takes none"
                raise ValueError(f"{self.name} has no parameter {name!r}; {takes}")
        values = {
            each.name: each.checked(self.name, given.get(each.name, each.default)) for each in self.parameters
        }
        if values.get("fast_period", 0) >= values.get("slow_period", math.inf):
            raise ValueError(
                f"{self.name}: fast_period {values['fast_period']:g} must be below "
                f"slow_period {values['slow_period']:g}"
            )
        return tuple(values.items())

    def arguments(self, values: tuple[tuple[str, float], ...]) -> dict[str, float]:
        """What TA-Lib's function is called with, nothing left to its own defaults."""
        chosen = dict(values)
        named = {passed: chosen[each.name] for each in self.parameters for passed in each.passed_as}
        return {**self._fixed, **named}

    def lookback(self, values: tuple[tuple[str, float], ...]) -> int:
        """Leading rows without a value."""
        if self.function is None:
            return reversal_lookback()
        return _lookback(self.function, tuple(self.arguments(values).items()))

    def warm_up(self, values: tuple[tuple[str, float], ...]) -> int:
        """Bars from which a value counts as settled: its window, or for one with memory at least 500 and as
        many as leave the first bars a weight of about one percent."""
        least = self.lookback(values) + 1
        if self.memory in (Memory.WINDOW, Memory.CUMULATIVE):
            return least
        longest = max((value for name, value in values if name.endswith("period")), default=0.0)
        factor = _WILDER_PERIODS if self.memory is Memory.WILDER else _EXPONENTIAL_PERIODS
        return max(FULL_WARM_UP, least + math.ceil(factor * longest))

    @cached_property
    def _fixed(self) -> dict[str, float]:
        if self.function is None:
            return {}
        defaults = Function(self.function).info["parameters"]
        averages = {name: value for name, value in defaults.items() if name.endswith("matype")}
        return {**averages, **_FIXED.get(self.function, {})}


def indicator(name: str) -> Indicator:
    """The catalog's entry. Raises ValueError with the nearest name."""
    if isinstance(name, str) and name in CATALOG:
        return CATALOG[name]
    near = get_close_matches(str(name), CATALOG, 1)
    hint = f"did you mean {near[0]!r}?" if near else "list_indicators names them all"
    raise ValueError(f"unknown indicator {name!r}; {hint}")


@lru_cache(maxsize=1024)
def _lookback(function: str, arguments: tuple[tuple[str, float], ...]) -> int:
    described = Function(function)
    described.set_parameters(dict(arguments))
    return int(described.lookback)


def _described(name: str, memory: Memory) -> Indicator:
    function = _FUNCTIONS.get(name, name.upper())
    info = Function(function).info
    inputs: list[str] = []
    for source in info["input_names"].values():
        inputs += [source] if isinstance(source, str) else source
    passed: dict[str, list[str]] = {}
    for theirs in info["parameters"]:
        if not theirs.endswith("matype") and theirs not in _FIXED.get(function, {}):
            passed.setdefault(_parameter_name(theirs), []).append(theirs)
    parameters = tuple(_parameter(ours, theirs, info["parameters"]) for ours, theirs in passed.items())
    theirs = info["output_names"]
    outputs = ("",) if len(theirs) == 1 else tuple(_OUTPUTS.get(output, output) for output in theirs)
    outputs += _DERIVED_OUTPUTS.get(name, ())
    return Indicator(
        name, info["display_name"], info["group"], function, tuple(inputs), parameters, outputs, memory
    )


def _parameter_name(theirs: str) -> str:
    if theirs in _PARAMETER_NAMES or not theirs.endswith("period") or theirs.endswith("_period"):
        return _PARAMETER_NAMES.get(theirs, theirs)
    return theirs.removesuffix("period") + "_period"


def _parameter(ours: str, theirs: list[str], defaults: Mapping[str, float]) -> Parameter:
    default = defaults[theirs[0]]
    if ours in _RANGES:
        return Parameter(ours, float(default), *_RANGES[ours], whole=False, passed_as=tuple(theirs))
    return Parameter(ours, default, 2, MAX_PERIOD, whole=True, passed_as=tuple(theirs))


_REVERSAL = Indicator(
    name="reversal",
    title="Direction of twelve named reversal patterns",
    group="Pattern Recognition",
    function=None,
    inputs=("open", "high", "low", "close"),
    parameters=(),
    outputs=("",),
    memory=Memory.WINDOW,
)

CATALOG = {name: _described(name, memory) for memory, names in _CURATED.items() for name in names.split()} | {
    "reversal": _REVERSAL
}
"""Every indicator by name."""
