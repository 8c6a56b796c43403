"""Candles drawn by plotext, as lines. Imported after the first paint: plotext is slow to load."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from textual_plotext.plot import Plot

from cryptofunk_tui.domain.base import from_ms
from cryptofunk_tui.domain.events import Bars
from cryptofunk_tui.domain.market import timeframe_ms
from cryptofunk_tui.domain.portfolio import Position
from cryptofunk_tui.tui.text import Line, Span, fit, price
from cryptofunk_tui.tui.widgets.bars import sparkline

TIMEFRAMES = ("5m", "15m", "1h", "4h", "1d", "1w")
BODY_UP, BODY_DOWN, WICK, LEVEL = "┃", "║", "│", "┄"
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


def chart(shown: Sequence[Candle], position: Position | None, width: int, height: int) -> list[Line]:
    """Candles with the position's entry, stop and target, price labels at the right, volume and time
    below. `shown` must not be empty."""
    label_cells = _LABEL_CELLS if width < WIDE else _WIDE_LABEL_CELLS
    cells = width - label_cells
    pitch = 2 if len(shown) * 2 <= cells else 1
    shown = shown[-(cells // pitch) :]
    rows = height - (2 if height >= 9 else 1)
    low, high = min(candle.low for candle in shown), max(candle.high for candle in shown)
    levels = [level for level in _levels(position) if _near(float(level[2]), low, high)]
    low = min([low, *(float(level[2]) for level in levels)])
    high = max([high, *(float(level[2]) for level in levels)])
    margin = (high - low or high) * 0.02
    low, high = low - margin, high + margin
    start = cells - len(shown) * pitch
    canvas = _canvas(shown, levels, (low, high), cells, rows, start, pitch)
    labels = _labels(shown[-1], levels, (low, high), rows, width >= WIDE)
    lines = [(*line, Span(" "), *labels.get(row, ())) for row, line in enumerate(canvas)]
    if height >= 9:
        lines.append(_volume(shown, start, pitch))
    return [*lines, _times(shown, start, pitch, cells)]


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
    shown: Sequence[Candle],
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
    for part in ("wick", "body"):
        for index, candle in enumerate(shown):
            rises = candle.close >= candle.open
            ends = [candle.low, candle.high] if part == "wick" else [candle.open, candle.close]
            marker = WICK if part == "wick" else BODY_UP if rises else BODY_DOWN
            colour = _COLOURS["up" if rises else "down"]
            plot.plot([start + index * pitch] * 2, ends, marker=marker, color=colour)
    return [_toned(line) for line in plot.build().split("\n")[:rows]]


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


def _volume(shown: Sequence[Candle], start: int, pitch: int) -> Line:
    steps = sparkline([0.0, *(candle.volume for candle in shown)], len(shown) + 1)[1:]
    return (Span(" " * start), Span((" " * (pitch - 1)).join(steps), "track"))


def _times(shown: Sequence[Candle], start: int, pitch: int, cells: int) -> Line:
    daily = len(shown) > 1 and (shown[1].opened - shown[0].opened).total_seconds() >= 86_400
    text = ""
    for index in range(0, len(shown), max(1, _TIME_CELLS // pitch)):
        at = start + index * pitch
        label = shown[index].opened.strftime("%d %b" if daily else "%d %H:%M")
        if len(text) <= at and at + len(label) <= cells:
            text = fit(text, at) + label
    return (Span(text, "dim"),)
