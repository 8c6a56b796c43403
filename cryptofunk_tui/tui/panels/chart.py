"""The selected symbol's candles."""

from __future__ import annotations

import asyncio
import importlib
from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING

from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.panels.base import Drawing, Panel, quiet
from cryptofunk_tui.tui.text import (
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


class Chart(Panel):
    """Candles with entry, stop and target of what is held; `[` and `]` change the length of a bar."""

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
        return (symbol, bars, held, state.zoom_out, self._plotter is not None, self._failure)

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
        head = (_newest(shown[-1], symbol, width),)
        if height - 1 < LEAST_ROWS or width < LEAST_CELLS:
            return Drawing(quiet("Too small for candles; z zooms.", width=width), head, note)
        held = next((held for held in positions(state) if held.symbol == symbol), None)
        return Drawing(self._plotter.chart(shown, held, width, height - 1), head, note)


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
