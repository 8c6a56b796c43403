"""Percentiles and lines of a benchmark."""

from collections.abc import Sequence

BASELINE = "(baseline)"


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie, by nearest rank."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def spread(values_ms: Sequence[float]) -> str:
    return f"p50 {percentile(values_ms, 0.5):.1f} ms, p99 {percentile(values_ms, 0.99):.1f} ms"


def line(name: str, measured: str, goal: str) -> str:
    """A goal, a BASELINE, or nothing at the end."""
    return f"{name:<44} {measured:<44} {goal if goal in ('', BASELINE) else f'goal {goal}'}".rstrip()
