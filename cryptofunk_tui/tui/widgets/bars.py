"""Quantities as strips of cells."""

from collections.abc import Sequence

from cryptofunk_tui.tui.text import Line, Span

FULL, EMPTY, MARK = "━", "─", "┃"
_STEPS = "▁▂▃▄▅▆▇█"


def bar(fraction: float | None, width: int, tone: str = "accent", mark: float | None = None) -> Line:
    """`fraction` of `width` cells filled; `mark` draws a threshold at its place."""
    share = 0.0 if fraction is None else min(1.0, max(0.0, fraction))
    filled = round(share * width)
    if share > 0 and filled == 0:
        filled = 1
    if mark is None:
        return (Span(FULL * filled, tone), Span(EMPTY * (width - filled), "track"))
    at = min(width - 1, max(0, round(mark * width)))
    cells = FULL * filled + EMPTY * (width - filled)
    before, after = cells[:at], cells[at + 1 :]
    return (
        *_runs(before, tone),
        Span(MARK, "mark"),
        *_runs(after, tone),
    )


def balance(score: float, width: int) -> Line:
    """A number from −1 to 1 as a bar that grows from the middle."""
    half = width // 2
    cells = min(half, round(abs(score) * half))
    if score < 0:
        left = (Span(EMPTY * (half - cells), "track"), Span(FULL * cells, "down"))
        return (*left, Span(MARK, "mark"), Span(EMPTY * half, "track"))
    right = (Span(FULL * cells, "up"), Span(EMPTY * (half - cells), "track"))
    return (Span(EMPTY * half, "track"), Span(MARK, "mark"), *right)


def sparkline(values: Sequence[float], width: int) -> str:
    """The newest values as one row of steps, scaled between their extremes."""
    shown = values[-width:] if width > 0 else ()
    if not shown:
        return ""
    low, high = min(shown), max(shown)
    if high <= low:
        return (_STEPS[3] * len(shown)).rjust(width)
    top = len(_STEPS) - 1
    return "".join(_STEPS[round((value - low) / (high - low) * top)] for value in shown).rjust(width)


def _runs(cells: str, tone: str) -> Line:
    filled = cells.count(FULL)
    return (Span(cells[:filled], tone), Span(cells[filled:], "track"))
