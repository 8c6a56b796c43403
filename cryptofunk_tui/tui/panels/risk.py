"""Every breaker and every limit of the newest verdict: value, limit, how much of it is used."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cryptofunk_tui.tui.panels.base import Drawing, Panel, heading, quiet
from cryptofunk_tui.tui.text import (
    ACTION_GLYPHS,
    BLANK,
    IDLE,
    NO,
    NOTHING,
    YES,
    Line,
    Span,
    clean,
    fit,
    percent,
    ratio,
    short,
    width_of,
)
from cryptofunk_tui.tui.view_state import ViewState, decision, selected
from cryptofunk_tui.tui.widgets.bars import bar

if TYPE_CHECKING:
    from cryptofunk_tui.domain.cycle import CycleRecord
    from cryptofunk_tui.domain.risk import Breaker, Check

FRACTIONS = frozenset(
    {
        "drawdown",
        "daily_loss",
        "jump",
        "fees",
        "position",
        "exposure",
        "correlated_exposure",
        "var",
        "price_collar",
        "collar",
    }
)
"""Values that are shares of something and read best in percent."""
AT_LEAST = frozenset({"reward_risk", "net_reward_risk", "min_notional", "cooldown"})
"""Checks whose value must reach the limit rather than stay below it."""
_EFFECTS = {
    "NO_ENTRIES": "no entry",
    "EXITS_ONLY": "exits only",
    "HALT": "halts",
    "KILL": "kills",
    "NONE": "",
}
NAME_CELLS = 20


class Risk(Panel):
    """Breakers first, since they stop everything; then the checks on the selected symbol."""

    number = "5"
    title = "Risk"

    def watches(self, state: ViewState) -> tuple[object, ...]:
        symbol = selected(state)
        return (state.account and state.account.breakers, symbol, _checked(state, symbol))

    def draw(self, state: ViewState, width: int, height: int, now: datetime) -> Drawing:
        breakers = state.account.breakers if state.account else ()
        if state.account is None:
            return Drawing(quiet("Limits and breakers appear with the account.", width=width))
        tripped = sum(breaker.tripped for breaker in breakers)
        body = [_breaker(breaker, width) for breaker in sorted(breakers, key=_gravest)]
        symbol = selected(state)
        record = _checked(state, symbol)
        if len(body) + (len(record.verdict.checks) if record else 0) + 2 <= height:
            body = [heading("Breakers"), *body, BLANK]
        body += _verdict(record, symbol, width)
        return Drawing(body, note=f"{tripped} tripped" if tripped else "")


def _gravest(breaker: Breaker) -> tuple[bool, bool]:
    return (not breaker.tripped, not breaker.active)


def _checked(state: ViewState, symbol: str | None) -> CycleRecord | None:
    """The newest decision on a symbol that the risk officer checked."""
    record, _ = decision(state, symbol)
    if record is not None and record.verdict.checks:
        return record
    return next((known for known in state.history if known.symbol == symbol and known.verdict.checks), None)


def _verdict(record: CycleRecord | None, symbol: str | None, width: int) -> list[Line]:
    if record is None:
        return quiet(f"Nothing was proposed on {clean(symbol or 'any symbol', 31)} yet.", width=width)
    action = record.tally.action
    title = f"Checks  {clean(record.symbol, 31)} {ACTION_GLYPHS[action]} {action} {record.as_of:%d %b %H:%M}"
    return [
        heading(title),
        *(_check(check, width) for check in sorted(record.verdict.checks, key=_failed_first)),
    ]


def _failed_first(check: Check) -> bool:
    return check.ok


def _breaker(breaker: Breaker, width: int) -> Line:
    name = clean(breaker.name, 40)
    if not breaker.active:
        why = clean(breaker.detail) or "the data cannot feed it"
        return (
            Span(f"{IDLE} ", "dim"),
            Span(fit(name, NAME_CELLS), "dim"),
            Span(fit(f"inactive: {why}", width - NAME_CELLS - 2), "dim"),
        )
    effect = _EFFECTS[breaker.effect]
    words = f"! {effect}" if breaker.tripped else effect
    mark = Span("! " if breaker.tripped else f"{YES} ", "error" if breaker.tripped else "up")
    return _measured(mark, name, breaker.value, breaker.limit, not breaker.tripped, "at", words, width)


def _check(check: Check, width: int) -> Line:
    mark = Span(f"{YES} " if check.ok else f"{NO} ", "up" if check.ok else "down")
    name = clean(check.name, 40)
    bound = "≥" if name in AT_LEAST else "≤"
    return _measured(mark, name, check.value, check.limit, check.ok, bound, clean(check.detail), width)


def _measured(
    mark: Span,
    name: str,
    value: float | None,
    limit: float | None,
    good: bool,
    bound: str,
    words: str,
    width: int,
) -> Line:
    """A check keeps `bound` ≤ or ≥ its limit; a breaker trips "at" it."""
    cells = 10 if width < 60 else 12
    limited = f"{bound} {figure(name, limit)}" if limit is not None else ""
    line: Line = (
        mark,
        Span(fit(name, NAME_CELLS), "" if good else "bold"),
        Span(fit(figure(name, value), 8, right=True), "" if good else "down"),
        Span(" "),
        *_used(value, limit, good, bound == "≥", cells),
        Span(fit(limited, 9, right=True), "dim"),
    )
    room = width - width_of(line) - 2
    if room < 4 or not words:
        return line
    return (*line, Span("  " + fit(words, room), "dim" if good else "down"))


def _used(value: float | None, limit: float | None, good: bool, at_least: bool, cells: int) -> Line:
    if value is None or limit is None:
        return (Span(" " * cells),)
    share = abs(value / limit) if limit else float(value != 0)
    tone = "down" if not good else "warn" if not at_least and share >= 0.8 else "up"
    return bar(share, cells, tone)


def figure(name: str, value: float | None) -> str:
    """A check's or breaker's value in the unit that its name asks for."""
    if value is None:
        return NOTHING
    if name in FRACTIONS:
        return percent(value, digits=2 if abs(value) < 0.1 else 1)
    return (
        short(value)
        if abs(value) >= 10_000
        else ratio(value)
        if value % 1
        else f"{value:.0f}".replace("-", "−")
    )
