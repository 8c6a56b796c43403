"""The word for the newest value."""

import numpy as np
import pytest

from cryptofunk_tui.quant.readings import (
    average_trend,
    band_signal,
    macd_crossover,
    rsi_signal,
    trend_strength,
)

UNKNOWN = float("nan")


@pytest.mark.parametrize(
    ("rsi", "signal"),
    [(0, "oversold"), (30, "oversold"), (30.1, "neutral"), (69.9, "neutral"), (70, "overbought")],
)
def test_rsi_signal(rsi: float, signal: str) -> None:
    assert rsi_signal(rsi) == signal


@pytest.mark.parametrize(
    ("percent_b", "signal"), [(-0.2, "oversold"), (0, "oversold"), (0.5, "neutral"), (1, "overbought")]
)
def test_band_signal(percent_b: float, signal: str) -> None:
    assert band_signal(percent_b) == signal


@pytest.mark.parametrize(
    ("histogram", "crossover"),
    [
        ([-1.0, 1.0], "bullish"),
        ([1.0, -1.0], "bearish"),
        ([1.0, 1.0], "none"),
        ([-1.0, 0.0, 1.0], "bullish"),
        ([1.0, 0.0, 1.0], "none"),
        ([1.0, 0.0], "none"),
        ([-1.0, 1.0, 2.0], "none"),
        ([UNKNOWN, 1.0], "none"),
        ([0.0, 0.0], "none"),
        ([0.0, 1.0], "bullish"),
    ],
)
def test_macd_crossover(histogram: list[float], crossover: str) -> None:
    assert macd_crossover(np.array(histogram)) == crossover


@pytest.mark.parametrize(
    ("average", "trend"),
    [
        ([1.0, 2.0], "rising"),
        ([2.0, 1.0], "falling"),
        ([2.0, 2.0 + 1e-12], "flat"),
        ([UNKNOWN, 2.0], "unknown"),
    ],
)
def test_average_trend(average: list[float], trend: str) -> None:
    assert average_trend(np.array(average)) == trend


@pytest.mark.parametrize(
    ("adx", "strength"), [(24.9, "weak"), (25, "strong"), (50, "very strong"), (75, "extreme")]
)
def test_trend_strength(adx: float, strength: str) -> None:
    assert trend_strength(adx) == strength
