"""Tables as lines: columns that give way by importance where the room is short."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len

from cryptofunk_tui.tui.text import Line, Span, fit

GAP = 2


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `least` and `most` bound its width in cells; `rank` says in which order columns leave a
    narrow table, the highest first; the one that grows takes the room that is left."""

    title: str
    least: int
    rank: int = 0
    right: bool = False
    most: int = 24
    grow: bool = False


def table(columns: Sequence[Column], rows: Sequence[Sequence[Span]], width: int) -> tuple[Line, list[Line]]:
    """The heading and one line a row, each at most `width` cells wide."""
    widths = _widths(columns, rows)
    shown = _shown(columns, widths, width)
    spare = width - _total([widths[index] for index in shown])
    for index in shown:
        if columns[index].grow:
            widths[index] = max(columns[index].least, widths[index] + spare)
    heading = [Span(columns[index].title, "heading") for index in shown]
    kept = [columns[index] for index in shown]
    sizes = [widths[index] for index in shown]
    return (
        _line(kept, sizes, heading),
        [_line(kept, sizes, [row[index] for index in shown]) for row in rows],
    )


def _widths(columns: Sequence[Column], rows: Sequence[Sequence[Span]]) -> list[int]:
    widths = []
    for index, column in enumerate(columns):
        if column.grow:
            widths.append(column.least)
            continue
        needed = max((cell_len(row[index].text) for row in rows), default=0)
        widths.append(min(column.most, max(column.least, cell_len(column.title), needed)))
    return widths


def _shown(columns: Sequence[Column], widths: Sequence[int], width: int) -> list[int]:
    shown = list(range(len(columns)))
    while len(shown) > 1 and _total([widths[index] for index in shown]) > width:
        shown.remove(max(shown, key=lambda index: (columns[index].rank, index)))
    return shown


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + GAP * (len(widths) - 1)


def _line(columns: Sequence[Column], widths: Sequence[int], cells: Sequence[Span]) -> Line:
    spans = []
    for position, (column, width, cell) in enumerate(zip(columns, widths, cells, strict=True)):
        if position:
            spans.append(Span(" " * GAP))
        spans.append(Span(fit(cell.text, width, column.right), cell.tone, cell.action))
    return tuple(spans)
