"""Closed price bars as columns, checked once at the door."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cryptofunk_tui.domain.market import timeframe_ms

Floats = NDArray[np.float64]
Stamps = NDArray[np.int64]

PRICE_COLUMNS = ("open", "high", "low", "close")
COLUMNS = ("timestamp_ms", *PRICE_COLUMNS, "volume")


class CandleError(ValueError):
    """A column that cannot be a candle's: carries the row and the reason."""

    def __init__(self, index: int, reason: str) -> None:
        super().__init__(f"row {index}: {reason}")
        self.index = index
        self.reason = reason


@dataclass(frozen=True, slots=True, eq=False)
class Candles:
    """Bars of one symbol, oldest first. `timestamp_ms` is the bar's open in UTC; prices are in quote
    currency, volume in base currency. Gaps are allowed and stay gaps; everything else is refused."""

    symbol: str
    timeframe: str
    timestamp_ms: Stamps
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats

    @classmethod
    def from_columns(
        cls, symbol: str, timeframe: str, columns: Mapping[str, Sequence[Any] | NDArray[Any]]
    ) -> "Candles":
        """Check and wrap columns. Raises CandleError with the row, ValueError for a missing column. An empty
        `timeframe` says that it is unknown: times are then not held against a grid, and have no close."""
        missing = [name for name in COLUMNS if name not in columns]
        if missing:
            raise ValueError(f"candles lack the column {missing[0]!r}; needed: {', '.join(COLUMNS)}")
        stamps = np.asarray(columns["timestamp_ms"])
        if stamps.size and not np.issubdtype(stamps.dtype, np.integer):
            raise ValueError("timestamp_ms must be whole milliseconds")
        arrays = {name: _floats(name, columns[name]) for name in (*PRICE_COLUMNS, "volume")}
        _check(stamps, arrays, timeframe_ms(timeframe) if timeframe else 1)
        return cls(symbol, timeframe, stamps.astype(np.int64), **arrays)

    def __len__(self) -> int:
        return len(self.timestamp_ms)

    def rows(self, start: int | None, stop: int | None = None) -> "Candles":
        """A slice as a view; no copy, no new check."""
        part = slice(start, stop)
        return Candles(
            self.symbol,
            self.timeframe,
            self.timestamp_ms[part],
            *(getattr(self, name)[part] for name in (*PRICE_COLUMNS, "volume")),
        )

    def followed_by(self, later: "Candles") -> "Candles":
        """These bars and then `later`, which opens after them; not checked again."""
        if not len(later):
            return self
        parts = ((getattr(self, name), getattr(later, name)) for name in COLUMNS)
        return Candles(self.symbol, self.timeframe, *(np.concatenate(pair) for pair in parts))

    def closed_by(self, moment_ms: int) -> "Candles":
        """The bars whose close is at or before `moment_ms`."""
        end = int(np.searchsorted(self.close_ms, moment_ms, side="right"))
        return self.rows(None, end)

    @property
    def close_ms(self) -> Stamps:
        """Each bar's close in milliseconds UTC."""
        return self.timestamp_ms + timeframe_ms(self.timeframe)

    def columns(self) -> dict[str, list[Any]]:
        """Plain lists by column, as the tools exchange them."""
        return {name: getattr(self, name).tolist() for name in COLUMNS}


def _floats(name: str, values: Sequence[Any] | NDArray[Any]) -> Floats:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must hold numbers only") from None


def _check(stamps: NDArray[Any], arrays: Mapping[str, Floats], step_ms: int) -> None:
    for name, values in arrays.items():
        if values.shape != stamps.shape:
            raise ValueError(f"{name} has {values.size} values, timestamp_ms has {stamps.size}")
    low, high = arrays["low"], arrays["high"]
    faults = [(~np.isfinite(values), f"{name} is not a finite number") for name, values in arrays.items()]
    faults += [(arrays[name] <= 0, f"{name} is not above zero") for name in PRICE_COLUMNS]
    faults += [
        (arrays["volume"] < 0, "volume is negative"),
        (high < low, "high is below low"),
        (high < np.maximum(arrays["open"], arrays["close"]), "high is below open or close"),
        (low > np.minimum(arrays["open"], arrays["close"]), "low is above open or close"),
        (stamps % step_ms != 0, "time is not on the timeframe's grid"),
        (np.diff(stamps, prepend=stamps[:1] - 1) == 0, "duplicate time"),
        (np.diff(stamps, prepend=stamps[:1] - 1) < 0, "time runs backwards"),
    ]
    found = [(int(np.argmax(bad)), reason) for bad, reason in faults if bad.any()]
    if found:
        raise CandleError(*min(found, key=lambda fault: fault[0]))
