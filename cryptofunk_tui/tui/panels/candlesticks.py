"""Candles drawn by plotext, as lines. Imported after the first paint: plotext is slow to load."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from textual_plotext.plot import Plot

from cryptofunk_tui.domain.base import from_ms, to_ms
from cryptofunk_tui.domain.events import Bars
from cryptofunk_tui.domain.market import timeframe_ms
from cryptofunk_tui.domain.portfolio import Position
from cryptofunk_tui.tui.text import Line, Span, fit, price
from cryptofunk_tui.tui.widgets.bars import sparkline

TIMEFRAMES = ("5m", "15m", "1h", "4h", "1d", "1w")
BODY_UP, BODY_DOWN, WICK, LEVEL, AVERAGE = "┃", "║", "│", "┄", "·"
AVERAGES = {9: "warn", 21: "accent", 50: "dim"}
"""Periods of the averages and their tones; the first two are those that the trend is voted on."""
MOST_BLANKS = 4
"""Columns that a gap in the bars takes at most."""
_COLOURS = {"up": 2, "down": 1, "warn": 3, "accent": 4, "dim": 8}
_TONES = {str(number): tone for tone, number in _COLOURS.items()}
_CODE = re.compile(r"\x1b\[([0-9;]*)m")
WIDE = 76
_LABEL_CELLS = 12
_WIDE_LABEL_CELLS = 18
_TIME_CELLS = 16


@dataclass(frozen=True, slots=True)
class Candle:
    """One bar as it is drawn; `opened` is the start of its time."""

    opened: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that was bought or sold, to be marked in its bar."""

    at: datetime
    price: float
    glyph: str
    tone: str


@dataclass(frozen=True, slots=True)
class Picture:
    """What a chart shows. `averages` holds a value a candle, by period."""

    candles: Sequence[Candle]
    timeframe: str
    position: Position | None = None
    averages: Mapping[int, Sequence[float]] = field(default_factory=dict)
    marks: Sequence[Mark] = ()


def timeframes(base: str) -> tuple[str, ...]:
    """The engine's timeframe and the longer ones that it divides."""
    step = timeframe_ms(base)
    longer = [name for name in TIMEFRAMES if timeframe_ms(name) > step and timeframe_ms(name) % step == 0]
    return (base, *longer)


def candles(bars: Bars, timeframe: str) -> list[Candle]:
    """The bars joined into candles of `timeframe`, oldest first."""
    step = timeframe_ms(timeframe)
    joined: list[Candle] = []
    columns = (bars.timestamp_ms, bars.open, bars.high, bars.low, bars.close, bars.volume)
    for stamp, first, high, low, last, volume in zip(*columns, strict=True):
        opened = from_ms(stamp // step * step)
        if joined and joined[-1].opened == opened:
            known = joined[-1]
            joined[-1] = Candle(
                opened, known.open, max(known.high, high), min(known.low, low), last, known.volume + volume
            )
        else:
            joined.append(Candle(opened, first, high, low, last, volume))
    return joined


def slotted(known: Sequence[Candle], timeframe: str) -> list[Candle | None]:
    """Candles with a blank for every bar that is missing between them, a long gap as a few."""
    step = timedelta(milliseconds=timeframe_ms(timeframe))
    slots: list[Candle | None] = []
    for index, candle in enumerate(known):
        if index:
            missing = (candle.opened - known[index - 1].opened) // step - 1
            slots += [None] * min(missing, MOST_BLANKS)
        slots.append(candle)
    return slots


def averages(known: Sequence[Candle], periods: Sequence[int]) -> dict[int, list[float]]:
    """Exponential moving averages of the closes, α = 2 / (period + 1), begun at the first close."""
    lines: dict[int, list[float]] = {period: [] for period in periods}
    for period, line in lines.items():
        alpha = 2 / (period + 1)
        for candle in known:
            line.append(candle.close if not line else line[-1] + alpha * (candle.close - line[-1]))
    return lines


def chart(picture: Picture, width: int, height: int) -> list[Line]:
    """Candles with the averages, the position's entry, stop and target, and what was bought and sold; price
    labels at the right, volume and time below. There must be a candle."""
    label_cells = _LABEL_CELLS if width < WIDE else _WIDE_LABEL_CELLS
    cells = width - label_cells
    slots = slotted(picture.candles, picture.timeframe)
    pitch = 2 if len(slots) * 2 <= cells else 1
    slots = slots[-(cells // pitch) :]
    known = [candle for candle in slots if candle is not None]
    rows = height - (2 if height >= 9 else 1)
    low, high = min(candle.low for candle in known), max(candle.high for candle in known)
    levels = [level for level in _levels(picture.position) if _near(float(level[2]), low, high)]
    low = min([low, *(float(level[2]) for level in levels)])
    high = max([high, *(float(level[2]) for level in levels)])
    margin = (high - low or high) * 0.02
    low, high = low - margin, high + margin
    start = cells - len(slots) * pitch
    canvas = _canvas(picture, slots, levels, (low, high), cells, rows, start, pitch)
    labels = _labels(known[-1], levels, (low, high), rows, width >= WIDE)
    lines = [(*line, Span(" "), *labels.get(row, ())) for row, line in enumerate(canvas)]
    if height >= 9:
        lines.append(_volume(slots, start, pitch))
    return [*lines, _times(slots, start, pitch, cells)]


def _levels(position: Position | None) -> list[tuple[str, str, Decimal]]:
    if position is None:
        return []
    named = [
        ("entry", "accent", position.entry_price),
        ("stop", "down", position.stop),
        ("target", "up", position.target),
    ]
    return [(name, tone, value) for name, tone, value in named if value is not None]


def _near(value: float, low: float, high: float) -> bool:
    """Whether a level can be shown without pressing the candles flat."""
    reach = (high - low) * 0.6
    return low - reach <= value <= high + reach


def _canvas(
    picture: Picture,
    slots: Sequence[Candle | None],
    levels: Sequence[tuple[str, str, Decimal]],
    bounds: tuple[float, float],
    cells: int,
    rows: int,
    start: int,
    pitch: int,
) -> list[Line]:
    plot = Plot()
    plot.plotsize(cells, rows)
    plot._set_size(cells, rows)
    plot.theme("clear")
    plot.xaxes(False, False)
    plot.yaxes(False, False)
    plot.xfrequency(0)
    plot.yfrequency(0)
    plot.xlim(0, cells - 1)
    plot.ylim(*bounds)
    for _, tone, value in levels:
        plot.plot([0, cells - 1], [float(value)] * 2, marker=LEVEL, color=_COLOURS[tone])
    places = {candle.opened: start + index * pitch for index, candle in enumerate(slots) if candle}
    for period, line in picture.averages.items():
        drawn = [
            (places[candle.opened], value)
            for candle, value in zip(picture.candles, line, strict=True)
            if candle.opened in places
        ]
        xs, ys = zip(*drawn, strict=True)
        plot.plot(xs, ys, marker=AVERAGE, color=_COLOURS[AVERAGES.get(period, "dim")])
    for part in ("wick", "body"):
        for candle in filter(None, slots):
            rises = candle.close >= candle.open
            ends = [candle.low, candle.high] if part == "wick" else [candle.open, candle.close]
            marker = WICK if part == "wick" else BODY_UP if rises else BODY_DOWN
            colour = _COLOURS["up" if rises else "down"]
            plot.plot([places[candle.opened]] * 2, ends, marker=marker, color=colour)
    for mark in picture.marks:
        at = _bar_of(mark.at, picture.timeframe)
        if at in places and bounds[0] <= mark.price <= bounds[1]:
            plot.scatter([places[at]], [mark.price], marker=mark.glyph, color=_COLOURS[mark.tone])
    return [_toned(line) for line in plot.build().split("\n")[:rows]]


def _bar_of(moment: datetime, timeframe: str) -> datetime:
    """The opening of the bar that a moment lies in."""
    step = timeframe_ms(timeframe)
    return from_ms(to_ms(moment) // step * step)


def _toned(coded: str) -> Line:
    """A line of plotext's, its colour codes read as tones."""
    spans = []
    tone = ""
    for index, part in enumerate(_CODE.split(coded)):
        if index % 2:
            tone = _TONES.get(part.removeprefix("38;5;"), "")
        elif part:
            spans.append(Span(part, tone))
    return tuple(spans)


def _labels(
    newest: Candle,
    levels: Sequence[tuple[str, str, Decimal]],
    bounds: tuple[float, float],
    rows: int,
    words: bool,
) -> dict[int, Line]:
    """What stands right of each row: a scale, then the levels, then the newest price over all."""
    low, high = bounds

    def row(value: float) -> int:
        return round((high - value) / (high - low) * (rows - 1))

    labels: dict[int, Line] = {}
    step = max(3, rows // 4)
    for at in range(0, rows, step):
        labels[at] = (Span(price(high - (high - low) * at / max(1, rows - 1)), "dim"),)
    for name, tone, value in levels:
        labels[row(float(value))] = (
            Span(f"{price(value)}", tone),
            Span(f" {name if words else name[0]}", tone),
        )
    rises = newest.close >= newest.open
    labels[row(newest.close)] = (
        Span(price(newest.close), "bold"),
        Span(" ▲" if rises else " ▼", "up" if rises else "down"),
    )
    return labels


def _volume(slots: Sequence[Candle | None], start: int, pitch: int) -> Line:
    volumes = [candle.volume if candle else 0.0 for candle in slots]
    steps = sparkline([0.0, *volumes], len(slots) + 1)[1:]
    shown = [step if candle else " " for step, candle in zip(steps, slots, strict=True)]
    return (Span(" " * start), Span((" " * (pitch - 1)).join(shown), "track"))


def _times(slots: Sequence[Candle | None], start: int, pitch: int, cells: int) -> Line:
    known = [candle for candle in slots if candle is not None]
    daily = len(known) > 1 and (known[1].opened - known[0].opened).total_seconds() >= 86_400
    text = ""
    for index in range(0, len(slots), max(1, _TIME_CELLS // pitch)):
        candle, at = slots[index], start + index * pitch
        if candle is None:
            continue
        label = candle.opened.strftime("%d %b" if daily else "%d %H:%M")
        if len(text) <= at and at + len(label) <= cells:
            text = fit(text, at) + label
    return (Span(text, "dim"),)
