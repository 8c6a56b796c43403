"""Curves as areas of block characters, which every terminal's font has."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from cryptofunk_tui.tui.text import Line, Span

T = TypeVar("T")
Bounds = tuple[float, float]
_RISING = " ▁▂▃▄▅▆▇█"
_HANGING = " ▀█"


@dataclass(frozen=True, slots=True)
class Dots:
    """A second curve beside an area, told apart by its mark; None leaves a gap. One that stands `behind` is
    seen only where the area is not, in every second column."""

    values: Sequence[float | None]
    tone: str
    mark: str
    behind: bool = False


def area(
    values: Sequence[float], bounds: Bounds, width: int, height: int, tone: str, over: Iterable[Dots] = ()
) -> list[Line]:
    """Values from left to right as an area that stands on the lower bound, the last value at the right end;
    other curves as dots over it, where they lie within the bounds."""
    low, high = bounds
    drawn = _spread(values, width, lambda part: part[-1])
    steps = [max(1, round(_share(value, low, high) * height * 8)) for value in drawn]
    cells = [[_RISING[max(0, min(8, step - 8 * row))] for step in steps] for row in range(height - 1, -1, -1)]
    tones = [[tone] * len(steps) for _ in range(height)]
    for dots in over:
        for column, value in enumerate(_spread(dots.values, width, lambda part: part[-1])):
            at = row_of(value, bounds, height)
            if at is not None and not (dots.behind and (column % 2 or cells[at][column] != " ")):
                cells[at][column], tones[at][column] = dots.mark, dots.tone
    return [_line(*row) for row in zip(cells, tones, strict=True)]


def hanging(values: Sequence[float], deepest: float, width: int, height: int, tone: str) -> list[Line]:
    """Values at most 0 as an area that hangs from the top, `deepest` at the bottom; of those that share a
    column the lowest is drawn."""
    steps = [round(_share(value, 0.0, deepest) * height * 2) for value in _spread(values, width, min)]
    return [
        (Span("".join(_HANGING[max(0, min(2, step - 2 * row))] for step in steps), tone),)
        for row in range(height)
    ]


def row_of(value: float | None, bounds: Bounds, rows: int) -> int | None:
    """The row that a value lies in, 0 on top; None where it is not to be seen."""
    low, high = bounds
    if value is None or not low <= value <= high:
        return None
    return min(rows - 1, int(_share(value, high, low) * rows)) if high > low else rows - 1


def _share(value: float, start: float, end: float) -> float:
    """How far a value lies from `start` to `end`, from 0 to 1; 0 where the way is nothing or beyond all
    numbers."""
    way = end - start
    return min(1.0, max(0.0, (value - start) / way)) if way and math.isfinite(way) else 0.0


def _spread(values: Sequence[T], columns: int, pick: Callable[[Sequence[T]], T]) -> list[T]:
    """A value for each column: one of those that fall into it, or the one that lasts over several."""
    count = len(values)
    starts = [column * count // columns for column in range(columns)] if count else []
    ends = [max(start + 1, (column + 1) * count // columns) for column, start in enumerate(starts)]
    return [pick(values[start:end]) for start, end in zip(starts, ends, strict=True)]


def _line(cells: Sequence[str], tones: Sequence[str]) -> Line:
    """Cells as spans, neighbours of one tone as one."""
    spans: list[Span] = []
    start = 0
    for end in range(1, len(cells) + 1):
        if end == len(cells) or tones[end] != tones[start]:
            spans.append(Span("".join(cells[start:end]), tones[start]))
            start = end
    return tuple(spans)
