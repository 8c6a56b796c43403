"""Lists from outside become arrays here, or are refused with the argument, the row and the reason."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cryptofunk_tui.domain.candles import COLUMNS, Candles, Floats
from cryptofunk_tui.quant.checked import checked_series

_LATEST_MS = 2**53


def checked_numbers(name: str, values: Any) -> Floats:
    """A list of finite numbers as float64. Text, null and truth values are no numbers."""
    if not isinstance(values, list | tuple):
        raise ValueError(f"{name} must be a list of numbers")
    if not set(map(type, values)) <= {int, float}:
        row = next(i for i, value in enumerate(values) if type(value) not in (int, float))
        raise ValueError(f"{name} row {row}: {_kind(values[row])} is not a number")
    return checked_series(name, values, least=1)


def checked_prices(name: str, values: Any) -> Floats:
    """A list of finite numbers above zero."""
    prices = checked_numbers(name, values)
    if (prices <= 0).any():
        row = int(np.argmax(prices <= 0))
        raise ValueError(f"{name} row {row}: {prices[row]:g} is no price; it must be above zero")
    return prices


def checked_ranges(high: Any, low: Any, close: Any) -> dict[str, Floats]:
    """Three price lists of equal length with low ≤ close ≤ high on every row."""
    columns = {
        name: checked_prices(name, values)
        for name, values in (("high", high), ("low", low), ("close", close))
    }
    rows = len(columns["high"])
    for name, values in columns.items():
        if len(values) != rows:
            raise ValueError(f"{name} has {len(values)} values, high has {rows}; they must be equal")
    for bad, reason in (
        (columns["high"] < columns["low"], "high is below low"),
        (columns["high"] < columns["close"], "high is below close"),
        (columns["low"] > columns["close"], "low is above close"),
    ):
        if bad.any():
            raise ValueError(f"row {int(np.argmax(bad))}: {reason}")
    return columns


def checked_candles(columns: Any) -> Candles:
    """Columns `timestamp_ms` (whole milliseconds, rising), `open`, `high`, `low`, `close` and `volume` of an
    unnamed symbol and timeframe."""
    if not isinstance(columns, Mapping):
        raise ValueError(f"candles must hold the columns {', '.join(COLUMNS)}")
    checked: dict[str, Any] = {
        name: _stamps(columns[name])
        if name == "timestamp_ms"
        else checked_numbers(f"candles: {name}", columns[name])
        for name in COLUMNS
        if name in columns
    }
    try:
        return Candles.from_columns("", "", checked)
    except ValueError as error:
        raise ValueError(f"candles: {error}") from None


def _stamps(values: Any) -> NDArray[np.int64]:
    if not isinstance(values, list | tuple):
        raise ValueError("candles: timestamp_ms must be a list of whole milliseconds")
    for row, value in enumerate(values):
        if type(value) is not int or not 0 <= value < _LATEST_MS:
            raise ValueError(f"candles: timestamp_ms row {row}: must be whole milliseconds since 1970")
    return np.array(values, dtype=np.int64)


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    return {bool: "true or false", str: "text", list: "a list", dict: "an object"}.get(
        type(value), type(value).__name__
    )
