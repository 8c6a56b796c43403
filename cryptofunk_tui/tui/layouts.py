"""Which panel stands where, for any size of the terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from textual.geometry import Region

GAP = 1


@dataclass(frozen=True, slots=True)
class Slot:
    """A place for one of several panels; the one looked at last stands in front, the first by default.
    `rows` is its least height, `weight` its share of what is left."""

    panels: tuple[str, ...]
    rows: int
    weight: int = 1


@dataclass(frozen=True, slots=True)
class Column:
    """Slots from top to bottom and the column's share of the width."""

    slots: tuple[Slot, ...]
    weight: int


class Place(NamedTuple):
    """Where a panel stands, and the panels that share its slot."""

    panel: str
    region: Region
    tabs: tuple[str, ...]


ONE_SMALL = (
    Column(
        (
            Slot(("council", "chart", "watchlist", "risk", "context"), 9, 12),
            Slot(("positions", "orders", "approvals", "servers", "log"), 6, 9),
        ),
        1,
    ),
)
ONE_TALL = (
    Column(
        (
            Slot(("chart", "watchlist", "context"), 9, 10),
            Slot(("council", "risk"), 13, 13),
            Slot(("positions", "orders", "approvals"), 6, 6),
            Slot(("log", "servers"), 4, 5),
        ),
        1,
    ),
)
TWO_SHORT = (
    Column(
        (
            Slot(("chart", "watchlist", "context"), 8, 10),
            Slot(("positions", "orders", "log"), 6, 8),
        ),
        57,
    ),
    Column((Slot(("council", "risk", "approvals", "servers"), 12),), 43),
)
TWO = (
    Column(
        (
            Slot(("chart",), 10, 14),
            Slot(("watchlist", "context"), 7, 1),
            Slot(("positions", "orders"), 6, 5),
            Slot(("log",), 4, 4),
        ),
        57,
    ),
    Column(
        (
            Slot(("council",), 18, 2),
            Slot(("risk", "approvals", "servers"), 12, 1),
        ),
        43,
    ),
)
TWO_TALL = (
    Column(
        (
            Slot(("chart",), 12, 12),
            Slot(("watchlist", "context"), 7, 1),
            Slot(("positions",), 7, 3),
            Slot(("orders",), 7, 3),
            Slot(("log",), 6, 3),
        ),
        57,
    ),
    Column(
        (
            Slot(("council",), 20, 2),
            Slot(("risk",), 15, 1),
            Slot(("servers", "approvals"), 8, 1),
        ),
        43,
    ),
)
THREE = (
    Column(
        (
            Slot(("watchlist",), 8, 1),
            Slot(("context",), 16, 2),
            Slot(("servers",), 16, 1),
        ),
        26,
    ),
    Column(
        (
            Slot(("chart",), 14, 20),
            Slot(("positions",), 8, 4),
            Slot(("orders",), 8, 5),
            Slot(("log",), 7, 5),
        ),
        42,
    ),
    Column(
        (
            Slot(("council",), 21, 2),
            Slot(("risk",), 19, 2),
            Slot(("approvals",), 4, 1),
        ),
        32,
    ),
)


def columns_for(width: int, height: int) -> tuple[Column, ...]:
    """The arrangement for a board of this size: one, two or three columns."""
    if width >= 170 and height >= 44:
        return THREE
    if width >= 104:
        return TWO_TALL if height >= 44 else TWO if height >= 31 else TWO_SHORT
    return ONE_TALL if height >= 36 else ONE_SMALL


def arrange(width: int, height: int, recent: Sequence[str] = (), zoomed: str | None = None) -> list[Place]:
    """Places that fill the board without overlap. `recent` names panels, the last looked at first;
    `zoomed` gets the whole board."""
    columns = columns_for(width, height)
    if zoomed:
        tabs = next(slot.panels for column in columns for slot in column.slots if zoomed in slot.panels)
        return [Place(zoomed, Region(0, 0, width, height), tabs)]
    places = []
    left = 0
    widths = _shares(width - GAP * (len(columns) - 1), [(0, column.weight) for column in columns])
    for column, share in zip(columns, widths, strict=True):
        top = 0
        heights = _shares(height, [(slot.rows, slot.weight) for slot in column.slots])
        for slot, rows in zip(column.slots, heights, strict=True):
            front = next((panel for panel in recent if panel in slot.panels), slot.panels[0])
            places.append(Place(front, Region(left, top, share, rows), slot.panels))
            top += rows
        left += share + GAP
    return places


def _shares(total: int, parts: Sequence[tuple[int, int]]) -> list[int]:
    """`total` cells among parts of (least, weight); the least give way in proportion where it is short."""
    least = sum(rows for rows, _ in parts)
    if total < least:
        shares = [max(0, total * rows // least) for rows, _ in parts]
    else:
        weights = sum(weight for _, weight in parts)
        shares = [rows + (total - least) * weight // weights for rows, weight in parts]
    shares[0] += total - sum(shares)
    return shares
