"""The selected symbol's candles."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING

from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.panels.base import Drawing, Panel, quiet
from cryptofunk_tui.tui.text import (
    BUY,
    SELL,
    Line,
    Span,
    change_glyph,
    change_tone,
    clean,
    percent,
    price,
    short,
    spread,
)
from cryptofunk_tui.tui.view_state import ViewState, positions, selected

if TYPE_CHECKING:
    from cryptofunk_tui.tui.panels.candlesticks import Candle

LEAST_ROWS = 5
LEAST_CELLS = 30
ROWS_WITH_LEGEND = 14


class Chart(Panel):
    """Candles with averages, what was bought and sold, and the stop and target of what is held; `[` and `]`
    change the length of a bar."""

    number = "1"
    title = "Chart"
    every = 1.0
    every_slow = 10.0

    def __init__(self, desk: Desk, panel_id: str) -> None:
        super().__init__(desk, panel_id)
        self._plotter: ModuleType | None = None
        self._failure = ""

    @property
    def is_loaded(self) -> bool:
        """Whether candles can be drawn, or it is known that they cannot."""
        return self._plotter is not None or bool(self._failure)

    def on_mount(self) -> None:
        super().on_mount()
        self.call_after_refresh(self.run_worker, self._load(), exit_on_error=False)

    async def _load(self) -> None:
        try:
            self._plotter = await asyncio.to_thread(
                importlib.import_module, "cryptofunk_tui.tui.panels.candlesticks"
            )
        except Exception as error:
            self._failure = f"the chart cannot be drawn: {error}"
            self.desk.log("error", "chart", self._failure)
        self.paint()

    def watches(self, state: ViewState) -> tuple[object, ...]:
        symbol = selected(state)
        timeframe = state.session.timeframe if state.session else ""
        held = next((held for held in positions(state) if held.symbol == symbol), None)
        bars = state.bars.get((symbol or "", timeframe))
        trades = state.account.trades if state.account else ()
        return (
            symbol,
            bars,
            held,
            [trade.closed_at for trade in trades if trade.symbol == symbol],
            state.zoom_out,
            state.averages,
            self._plotter is not None,
            self._failure,
        )

    def draw(self, state: ViewState, width: int, height: int, now: datetime) -> Drawing:
        symbol = selected(state)
        if self._failure:
            return Drawing(quiet(self._failure, width=width))
        if symbol is None or state.session is None:
            return Drawing(quiet("The chart is drawn when the first candles are here.", width=width))
        bars = state.bars.get((symbol, state.session.timeframe))
        if bars is None or not bars.timestamp_ms or self._plotter is None:
            return Drawing(quiet(f"No candles of {clean(symbol, 31)} yet.", width=width))
        known = self._plotter.timeframes(bars.timeframe)
        timeframe = known[min(state.zoom_out, len(known) - 1)]
        shown = self._plotter.candles(bars, timeframe)
        note = f"{clean(symbol, 31)} {timeframe}"
        head: tuple[Line, ...] = (_newest(shown[-1], symbol, width),)
        if height - 1 < LEAST_ROWS or width < LEAST_CELLS:
            return Drawing(quiet("Too small for candles; z zooms.", width=width), head, note)
        known = self._plotter.averages(shown, tuple(self._plotter.AVERAGES) if state.averages else ())
        if known and height >= ROWS_WITH_LEGEND:
            head = (*head, _legend(known, self._plotter.AVERAGES))
        held = next((held for held in positions(state) if held.symbol == symbol), None)
        marks = [self._plotter.Mark(*mark) for mark in _marks(state, symbol)]
        picture = self._plotter.Picture(shown, timeframe, held, known, marks)
        return Drawing(self._plotter.chart(picture, width, height - len(head)), head, note)


def _marks(state: ViewState, symbol: str) -> Iterator[tuple[datetime, float, str, str]]:
    """Moment, price, glyph and tone of what was bought and sold of a symbol."""
    for trade in state.account.trades if state.account else ():
        if trade.symbol == symbol:
            yield trade.opened_at, float(trade.entry_price), BUY, "accent"
            yield trade.closed_at, float(trade.exit_price), SELL, "up" if trade.pnl > 0 else "down"
    for held in positions(state):
        if held.symbol == symbol:
            yield held.opened_at, float(held.entry_price), BUY, "accent"


def _legend(known: Mapping[int, Sequence[float]], tones: Mapping[int, str]) -> Line:
    spans = []
    for period, line in known.items():
        spans += [Span("·· ", tones[period]), Span(f"EMA {period} ", "dim"), Span(f"{price(line[-1])}   ")]
    return tuple(spans)


def _newest(candle: Candle, symbol: str, width: int) -> Line:
    first, last = candle.open, candle.close
    change = last / first - 1
    left = (
        Span(clean(symbol, 31), "bold"),
        Span(f"  {price(last)} ", "bold"),
        Span(f"{change_glyph(change)} {percent(abs(change), digits=2)}", change_tone(change)),
    )
    right = (
        Span("o ", "dim"),
        Span(price(first)),
        Span("  h ", "dim"),
        Span(price(candle.high)),
        Span("  l ", "dim"),
        Span(price(candle.low)),
        Span("  v ", "dim"),
        Span(short(candle.volume)),
    )
    return spread(left, right, width)
