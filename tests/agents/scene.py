"""Small frames for rules: flat candles and the columns that a test names."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from cryptofunk_tui.agents.frame import Frame
from cryptofunk_tui.domain.candles import Candles, Floats
from cryptofunk_tui.domain.signals import Action

HOUR_MS = 3_600_000
START_MS = 1_700_000_000_000 // HOUR_MS * HOUR_MS


def candles(close: Sequence[float], symbol: str = "BTC/EUR") -> Candles:
    prices = np.array(close, dtype=np.float64)
    return Candles.from_columns(
        symbol,
        "1h",
        {
            "timestamp_ms": START_MS + HOUR_MS * np.arange(len(prices)),
            **dict.fromkeys(("open", "high", "low", "close"), prices),
            "volume": np.ones(len(prices)),
        },
    )


def frame(
    columns: Mapping[str, Sequence[float] | Floats], *, close: Sequence[float] | None = None, warm: int = 0
) -> Frame:
    rows = len(next(iter(columns.values())))
    arrays = {key: np.array(values, dtype=np.float64) for key, values in columns.items()}
    return Frame(candles(close if close is not None else [100.0] * rows), arrays, warm)


def opinion(action: Action, confidence: float) -> object:
    """What Scores.at is to give, but for rounding."""
    return (action, pytest.approx(confidence))
