"""Candle files: Parquet or CSV, checked row by row at the door."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cryptofunk_tui.domain.candles import COLUMNS, Candles
from cryptofunk_tui.domain.market import SYMBOL
from cryptofunk_tui.market.parquet import read_parquet
from cryptofunk_tui.market.source import MarketError

_NAME = re.compile(r"(?:^|_)([A-Z0-9]{1,15})-([A-Z0-9]{1,15})_([1-9][0-9]*[mhdw])(?=_|$)")
_UNITS = (("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000))


def read_candles(specs: Sequence[str]) -> list[Candles]:
    """Candles of each `FILE` named `…_BASE-QUOTE_TF_…`, or `SYMBOL=FILE`, whose timeframe is its most common
    step. Columns timestamp_ms (bar open, UTC), open, high, low, close, volume. Raises MarketError with the
    file, the row (counted from 0) and the reason."""
    files = [named(spec) for spec in specs]
    paths = [path for path, _, _ in files]
    _check_readable(paths)
    parquet = [path for path in paths if path.suffix.lower() == ".parquet"]
    columns = dict(zip(parquet, read_parquet(parquet), strict=True)) if parquet else {}
    return [
        _checked(path, symbol, timeframe, columns[path] if path in columns else _read_csv(path))
        for path, symbol, timeframe in files
    ]


def named(spec: str) -> tuple[Path, str, str | None]:
    """Path, symbol and timeframe as `FILE` or `SYMBOL=FILE` tell them, without opening the file; the latter
    tells no timeframe (None). Raises MarketError for a name that tells nothing."""
    left, equals, right = spec.partition("=")
    if equals and SYMBOL.fullmatch(left):
        return Path(right), left, None
    found = _NAME.search(Path(spec).stem)
    if found is None:
        missing = "" if Path(spec).is_file() else "there is no such file, and "
        raise MarketError(
            f"{spec}: {missing}the name tells no symbol and timeframe; "
            "name it …_BASE-QUOTE_1h_… or write BASE/QUOTE=FILE"
        )
    base, quote, timeframe = found.groups()
    return Path(spec), f"{base}/{quote}", timeframe


def _check_readable(paths: Sequence[Path]) -> None:
    for path in paths:
        if path.suffix.lower() not in (".parquet", ".csv"):
            raise MarketError(f"{path}: is no candle file; give one that ends in .parquet or .csv")
        if not path.is_file():
            raise MarketError(f"{path}: there is no such file; name a readable one")


def _checked(path: Path, symbol: str, timeframe: str | None, columns: dict[str, Any]) -> Candles:
    try:
        if not len(columns["timestamp_ms"]):
            raise ValueError("holds no candles")
        timeframe = timeframe or _commonest_step(columns["timestamp_ms"])
        return Candles.from_columns(symbol, timeframe, columns)
    except ValueError as error:
        raise MarketError(f"{path}: {error}; mend the file or leave it out") from None


def _commonest_step(stamps: Any) -> str:
    steps = np.diff(np.asarray(stamps))
    if not steps.size:
        raise ValueError("one row tells no timeframe; put it in the file's name")
    step = int(Counter(steps.tolist()).most_common(1)[0][0])
    for unit, length in _UNITS:
        if step > 0 and step % length == 0:
            return f"{step // length}{unit}"
    raise ValueError(f"the commonest step of {step} ms is no whole number of minutes")


def _read_csv(path: Path) -> dict[str, Any]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
            if missing:
                raise MarketError(f"{path}: lacks the column {missing[0]}; needed are {', '.join(COLUMNS)}")
            rows = [[row[name] for name in COLUMNS] for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise MarketError(f"{path}: is no CSV text: {error}") from None
    except OSError as error:
        raise MarketError(f"{path}: {error.strerror}; name a readable file") from None
    numbers = [_numbers(path, index, row) for index, row in enumerate(rows)]
    stamps = np.array([row[0] for row in numbers], dtype=np.int64)
    values = np.array([row[1:] for row in numbers], dtype=np.float64).reshape(len(numbers), len(COLUMNS) - 1)
    return {"timestamp_ms": stamps, **{name: values[:, i] for i, name in enumerate(COLUMNS[1:])}}


def _numbers(path: Path, index: int, row: list[str | None]) -> list[float]:
    numbers: list[float] = []
    for name, text in zip(COLUMNS, row, strict=True):
        number = _stamp(text) if name == COLUMNS[0] else _float(text)
        if number is None:
            kind = "whole number of milliseconds" if name == COLUMNS[0] else "number"
            raise MarketError(f"{path}: row {index}: {name} {text!r} is no {kind}; mend the row")
        numbers.append(number)
    return numbers


def _stamp(text: str | None) -> int | None:
    return int(text) if text and re.fullmatch(r"-?[0-9]{1,15}", text) else None


def _float(text: str | None) -> float | None:
    try:
        return float(text or "")
    except ValueError:
        return None
