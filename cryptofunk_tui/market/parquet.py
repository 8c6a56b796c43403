"""Parquet files as columns, read by a process of their own: Arrow's libraries would otherwise cost every
server that reads candles 100 MB for as long as it lives."""

import io
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cryptofunk_tui.domain.candles import COLUMNS
from cryptofunk_tui.market.source import MarketError

_READER = "cryptofunk_tui.market.parquet_reader"
_TIMEOUT_S = 60.0


def read_parquet(paths: Sequence[Path]) -> list[dict[str, NDArray[Any]]]:
    """The candle columns of each file. Raises MarketError with the file and the reason."""
    command = [sys.executable, "-P", "-m", _READER, ",".join(COLUMNS), *map(str, paths)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise MarketError(f"{paths[0]}: reading took longer than {_TIMEOUT_S:.0f} s") from None
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines() or ["the reader failed"]
        raise MarketError(told[-1])
    with np.load(io.BytesIO(done.stdout), allow_pickle=False) as arrays:
        return [{name: arrays[f"{row}.{name}"] for name in COLUMNS} for row in range(len(paths))]
