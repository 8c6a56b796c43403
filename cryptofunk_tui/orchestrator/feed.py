"""What the council sees: closed candles kept up to date, their indicators, and the moment's market."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np

from cryptofunk_tui.agents.base import Need
from cryptofunk_tui.agents.frame import Frame
from cryptofunk_tui.domain.base import Record, to_ms
from cryptofunk_tui.domain.candles import Candles
from cryptofunk_tui.domain.market import FearGreed, Headline, Instrument, OrderBook, Quote, timeframe_ms
from cryptofunk_tui.toolbox.errors import ToolRefused
from cryptofunk_tui.toolbox.toolbox import Toolbox

MARKET, INDICATORS = "market_data", "technical_indicators"
WINDOW_BARS = 2000
"""Bars behind an indicator: an EMA 200 has forgotten its seed to the eighth digit."""
FRAME_BARS = 64
"""Rows that the agents are shown; none looks further back."""
BOOK_LEVELS = 50
HEADLINE_HOURS = 24


class Snapshot(Record):
    """A symbol's market at one moment; what the market does not offer or give is None."""

    quote: Quote | None
    order_book: OrderBook | None
    venue_quotes: tuple[Quote, ...] | None
    headlines: tuple[Headline, ...] | None
    fear_greed: FearGreed | None


class Feed:
    """The orchestrator's cache of the market. Reading it costs nothing; `advance` brings what is new."""

    def __init__(self, toolbox: Toolbox, timeframe: str, needs: Iterable[Need], warm_up_bars: int) -> None:
        self._toolbox = toolbox
        self._timeframe = timeframe
        self._indicators = [{"name": need.name, "parameters": dict(need.parameters)} for need in needs]
        self._warm_up_bars = warm_up_bars
        self._candles: dict[str, Candles] = {}
        self._instruments: dict[str, Instrument] = {}
        self._indicated: dict[str, tuple[int, dict[str, list[float | None]]]] = {}

    def candles(self, symbol: str) -> Candles | None:
        """The closed bars known of a symbol."""
        return self._candles.get(symbol)

    async def advance(self, symbol: str, at: datetime) -> Candles | None:
        """Fetch the bars that closed by `at` and are not known yet; None where there are none."""
        known = self._candles.get(symbol)
        since = None if known is None else int(known.timestamp_ms[-1]) + timeframe_ms(self._timeframe)
        if since is not None and since + timeframe_ms(self._timeframe) > to_ms(at):
            return None
        fresh = await self._fetch(symbol, at, since=since)
        if not len(fresh):
            return None
        self._candles[symbol] = fresh if known is None else known.followed_by(fresh).rows(-WINDOW_BARS)
        return fresh

    async def frame(self, symbol: str) -> Frame:
        """The newest rows of a symbol with their indicators."""
        candles = self._candles[symbol]
        newest = int(candles.timestamp_ms[-1])
        sent = self._indicated.get(symbol)
        if sent is None or sent[0] != newest:
            sent = self._indicated[symbol] = (newest, await self._indicators_of(candles, sent and sent[0]))
        return self._frame(candles, sent[1])

    async def forming_frame(self, symbol: str, at: datetime) -> Frame:
        """The same with the bar in progress as its last row."""
        known = self._candles[symbol]
        fresh = await self._fetch(symbol, at, since=int(known.timestamp_ms[-1]), forming=True)
        candles = known.rows(None, -1).followed_by(fresh)
        answer = await self._toolbox.call(
            INDICATORS,
            "compute_indicators",
            {"candles": candles.columns(), "indicators": self._indicators, "last": FRAME_BARS},
        )
        return self._frame(candles, answer["columns"])

    async def quote(self, symbol: str, at: datetime) -> Quote:
        """The best prices now."""
        answer = await self._toolbox.call(MARKET, "get_quote", {"symbol": symbol, "at": at.isoformat()})
        return Quote.model_validate(answer)

    async def instrument(self, symbol: str) -> Instrument:
        """What the venue accepts for a symbol; asked once."""
        if symbol not in self._instruments:
            answer = await self._toolbox.call(MARKET, "get_instrument", {"symbol": symbol})
            self._instruments[symbol] = Instrument.model_validate(answer)
        return self._instruments[symbol]

    async def snapshot(self, symbol: str, at: datetime) -> Snapshot:
        """All that a decision looks at beside candles."""
        answer = await self._toolbox.call(
            MARKET,
            "get_snapshot",
            {"symbol": symbol, "depth": BOOK_LEVELS, "hours": HEADLINE_HOURS, "at": at.isoformat()},
        )
        return Snapshot.model_validate({part: answer[part] for part in Snapshot.model_fields})

    async def _fetch(self, symbol: str, at: datetime, *, since: int | None, forming: bool = False) -> Candles:
        arguments: dict[str, Any] = {
            "symbol": symbol,
            "timeframe": self._timeframe,
            "limit": WINDOW_BARS,
            "at": at.isoformat(),
            "forming": forming,
        }
        if since is not None:
            arguments["since"] = since
        answer = await self._toolbox.call(MARKET, "get_candles", arguments, deadline_s=30.0)
        return Candles.from_columns(symbol, self._timeframe, answer["candles"])

    async def _indicators_of(self, candles: Candles, after: int | None) -> dict[str, list[float | None]]:
        """Columns over the window. The server keeps the series, so only new bars travel; one that was
        restarted has lost it and is sent the whole."""
        part = (
            candles
            if after is None
            else candles.rows(int(np.searchsorted(candles.timestamp_ms, after, "right")))
        )
        try:
            answer = await self._toolbox.call(
                INDICATORS,
                "compute_indicators",
                {
                    "candles": part.columns(),
                    "indicators": self._indicators,
                    "last": FRAME_BARS,
                    "series": f"{candles.symbol} {candles.timeframe}",
                    "after": after,
                },
            )
        except ToolRefused:
            if after is None:
                raise
            return await self._indicators_of(candles, None)
        columns: dict[str, list[float | None]] = answer["columns"]
        return columns

    def _frame(self, candles: Candles, columns: dict[str, list[float | None]]) -> Frame:
        rows = candles.rows(-FRAME_BARS)
        arrays = {key: np.array(values, dtype=np.float64) for key, values in columns.items()}
        missing = len(candles) - len(rows)
        return Frame(rows, arrays, warm=max(0, self._warm_up_bars - 1 - missing))
