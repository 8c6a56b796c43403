"""Every symbol at a glance: price, change, spread, shape of the last day, age, last decision."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from cryptofunk_tui.tui.panels.base import Drawing, Panel, quiet
from cryptofunk_tui.tui.text import (
    ACTION_GLYPHS,
    ACTION_TONES,
    NOTHING,
    POINTER,
    Span,
    age,
    change_glyph,
    change_tone,
    clean,
    percent,
    price,
)
from cryptofunk_tui.tui.view_state import ViewState, decision, selected, symbols
from cryptofunk_tui.tui.widgets.bars import sparkline
from cryptofunk_tui.tui.widgets.table import Column, table

STALE_S = 15.0
DAY_MS = 86_400_000
_VOTES = ("BUY", "SELL", "HOLD", "ABSTAIN")
COLUMNS = (
    Column("  symbol", 10, most=14),
    Column("last", 10, right=True, most=14),
    Column("24h", 8, 1, right=True),
    Column("vote", 6, 2),
    Column("spread", 6, 5, right=True),
    Column("age", 4, 4, right=True),
    Column("day", 8, 3, right=True, grow=True),
)


class Watchlist(Panel):
    """One row a symbol; up and down move the selection."""

    number = "0"
    title = "Watch"

    def watches(self, state: ViewState) -> tuple[object, ...]:
        return (
            state.ticks,
            state.bars,
            state.decisions,
            state.previews,
            state.selected,
            state.session,
            state.order,
        )

    def ticks(self, state: ViewState) -> bool:
        return bool(state.ticks)

    def draw(self, state: ViewState, width: int, height: int, now: datetime) -> Drawing:
        known = symbols(state)
        if not known:
            return Drawing(quiet("Symbols appear when the engine is up.", width=width))
        used = sum(column.least + 2 for column in COLUMNS[:-1])
        rows = [_row(state, symbol, max(8, width - used), now) for symbol in known]
        head, body = table(COLUMNS, rows, width)
        return Drawing(body, (head,), cursor=known.index(selected(state) or known[0]))


def day_closes(state: ViewState, symbol: str) -> list[float]:
    """Closes of the last 24 hours with the newest price at the end; empty while nothing is known."""
    timeframe = state.session.timeframe if state.session else ""
    bars = state.bars.get((symbol, timeframe))
    closes: list[float] = []
    if bars and bars.timestamp_ms:
        since = bars.timestamp_ms[-1] - DAY_MS
        closes = [value for stamp, value in zip(bars.timestamp_ms, bars.close, strict=True) if stamp >= since]
    tick = state.ticks.get(symbol)
    return [*closes, float(tick.tick.last)] if tick else closes


def _day_change(state: ViewState, symbol: str) -> float | None:
    closes = day_closes(state, symbol)
    return closes[-1] / closes[0] - 1 if len(closes) > 1 and closes[0] else None


def _by_change(state: ViewState) -> tuple[str, ...]:
    return tuple(sorted(symbols(state), key=lambda symbol: -(_day_change(state, symbol) or 0.0)))


def _by_vote(state: ViewState) -> tuple[str, ...]:
    """Buys first, then sales, each by the strength of its consensus."""

    def strength(symbol: str) -> tuple[int, float]:
        record, _ = decision(state, symbol)
        if record is None:
            return len(_VOTES), 0.0
        return _VOTES.index(record.tally.action), -record.tally.consensus

    return tuple(sorted(symbols(state), key=strength))


SORTS: dict[str, Callable[[ViewState], tuple[str, ...]]] = {
    "as configured": lambda state: (),
    "by change": _by_change,
    "by vote": _by_vote,
    "by name": lambda state: tuple(sorted(symbols(state))),
}


def _row(state: ViewState, symbol: str, room: int, now: datetime) -> list[Span]:
    tick = state.ticks.get(symbol)
    closes = day_closes(state, symbol)
    change = _day_change(state, symbol)
    seconds = (now - tick.received).total_seconds() if tick else None
    stale = seconds is not None and seconds >= STALE_S
    tone = "dim" if stale or tick is None else ""
    last = tick.tick.last if tick else closes[-1] if closes else None
    return [
        Span(
            f"{POINTER if symbol == selected(state) else ' '} {clean(symbol, 31)}", "bold", f"symbol {symbol}"
        ),
        Span(price(last), tone),
        Span(NOTHING, "dim") if change is None else _change(change),
        _vote(state, symbol),
        Span(_spread(state, symbol), "dim"),
        Span(("!" if stale else "") + age(seconds), "warn" if stale else "dim"),
        Span(sparkline(closes, room), "spark"),
    ]


def _change(change: float) -> Span:
    return Span(f"{change_glyph(change)} {percent(abs(change), digits=2)}", change_tone(change))


def _vote(state: ViewState, symbol: str) -> Span:
    record, preview = decision(state, symbol)
    if record is None:
        return Span(NOTHING, "dim")
    action = record.tally.action
    return Span(f"{ACTION_GLYPHS[action]} {action}{'?' if preview else ''}", ACTION_TONES[action])


def _spread(state: ViewState, symbol: str) -> str:
    tick = state.ticks.get(symbol)
    if tick is None or tick.tick.bid <= 0:
        return NOTHING
    return percent(tick.tick.ask / tick.tick.bid - 1, digits=3)
