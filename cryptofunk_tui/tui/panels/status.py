"""The first row: what kind of money, whether it trades, and how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cryptofunk_tui.tui.panels.base import Drawing, Painted
from cryptofunk_tui.tui.text import (
    BLANK,
    NOTHING,
    Line,
    Span,
    age,
    change_glyph,
    change_tone,
    clean,
    countdown,
    money,
    percent,
    quantity,
    width_of,
)
from cryptofunk_tui.tui.view_state import (
    ViewState,
    approvals,
    drawdown,
    equity,
    exposure,
    feed_age,
    is_halted,
    is_scripted,
    limit_of,
    positions,
)

STALE_S = 15.0
"""From here on the feed's age is a warning."""
_STATES = {
    "RUNNING": ("●", "up"),
    "PAUSED": ("‖", "warn"),
    "REDUCING": ("▼", "warn"),
    "HALTED": ("■", "error"),
    "STOPPED": ("■", "dim"),
}
_MODES = {"LIVE": "chip-error", "SANDBOX": "chip-warn", "DEMO": "chip-warn"}
Forms = Sequence[Line]


class StatusBar(Painted):
    """Always visible; it gives up words, then the less important figures, where the room is short."""

    def watches(self, state: ViewState) -> tuple[object, ...]:
        return (state.stage, state.kill, state.session, state.account, state.ticks, state.history)

    def ticks(self, state: ViewState) -> bool:
        return True

    def draw(self, state: ViewState, width: int, height: int, now: datetime) -> Drawing:
        return Drawing([status_line(state, width, now)])


def status_line(state: ViewState, width: int, now: datetime) -> Line:
    """The row in the longest form that fits."""
    segments = [
        _mode(state),
        _trading(state),
        _equity(state),
        _drawdown(state),
        _exposure(state),
        _approvals(state, now),
        _feed(state, now),
        _models(state),
    ]
    level = [0] * len(segments)
    gap = Span("   " if width >= 150 else "  ")
    for index in (7, 4, 3, 2, 6, 5, 0, 2, 4, 3, 2, 6, 3):
        line = _joined(
            [forms[min(step, len(forms) - 1)] for forms, step in zip(segments, level, strict=True)], gap
        )
        if width_of(line) <= width:
            return line
        level[index] += 1
    return line


def _joined(parts: Sequence[Line], gap: Span) -> Line:
    line: Line = ()
    for part in parts:
        if part:
            line = (*line, *((gap,) if line else ()), *part)
    return line


def _mode(state: ViewState) -> Forms:
    session = state.session
    if session is None:
        return ((Span(" CRYPTOFUNK ", "chip"),),)
    mode = session.mode.upper()
    mode_chip = Span(f" {mode} ", _MODES.get(mode, "chip-good"))
    market = session.market.upper()
    market_chip = Span(f" {market} ", "chip" if market == "EXCHANGE" else "chip-warn")
    venue = clean(session.venue, 12)
    details = [] if venue == session.market else [venue]
    details += [f"×{session.speed:g}"] if session.speed else []
    long = (mode_chip, market_chip, *((Span(" " + " ".join(details), "dim"),) if details else ()))
    return (long, (mode_chip, market_chip))


def _trading(state: ViewState) -> Forms:
    if state.kill is not None:
        return ((Span("■ KILLED", "error"),),)
    if state.stage != "running":
        tone = "error" if state.stage == "failed" else "warn"
        return ((Span(f"◌ {state.stage.upper()}", tone),),)
    if state.account is None:
        return ((Span("◌ STARTING", "warn"),),)
    glyph, tone = _STATES[state.account.state]
    return ((Span(f"{glyph} {state.account.state}", tone),),)


def _equity(state: ViewState) -> Forms:
    if state.account is None:
        return ((Span("equity ", "dim"), Span(NOTHING)), BLANK)
    portfolio = state.account.portfolio
    now = equity(state, portfolio)
    total = float(now / portfolio.start) - 1 if portfolio.start else 0.0
    day = float(now / portfolio.day_start_equity) - 1 if portfolio.day_start_equity else 0.0
    change = Span(f" {change_glyph(total)} {percent(total, signed=True, digits=2)}", change_tone(total))
    today = (Span("  today ", "dim"), Span(percent(day, signed=True, digits=2), change_tone(day)))
    amount = Span(money(now), "bold")
    unit = Span(f" {portfolio.quote_asset}", "dim")
    return (
        (Span("equity ", "dim"), amount, unit, change, *today),
        (amount, unit, change),
        (amount, change),
        (amount,),
    )


def _drawdown(state: ViewState) -> Forms:
    if state.account is None:
        return (BLANK,)
    value, limit = drawdown(state, state.account.portfolio), limit_of(state, "drawdown")
    tone = "error" if limit and -value >= limit else "warn" if limit and -value >= limit / 2 else ""
    shown = Span(percent(value), tone)
    if limit is None:
        return ((Span("drawdown ", "dim"), shown), (Span("dd ", "dim"), shown))
    return (
        (Span("drawdown ", "dim"), shown, Span(f" of {percent(limit, digits=0)}", "dim")),
        (Span("dd ", "dim"), shown, Span(f"/{percent(limit, digits=0)}", "dim")),
        (Span("dd ", "dim"), shown),
        BLANK,
    )


def _exposure(state: ViewState) -> Forms:
    if state.account is None:
        return (BLANK,)
    portfolio = state.account.portfolio
    total = equity(state, portfolio)
    share = float(exposure(state, portfolio) / total) if total > 0 else 0.0
    limit = limit_of(state, "exposure")
    of = (Span(f" of {percent(limit, digits=0)}", "dim"),) if limit is not None else ()
    return (
        (Span("exposure ", "dim"), Span(percent(share)), *of),
        (Span("exp ", "dim"), Span(percent(share, digits=0))),
        BLANK,
    )


def _feed(state: ViewState, now: datetime) -> Forms:
    seconds = feed_age(state, now)
    if seconds is None:
        return ((Span("feed ", "dim"), Span(NOTHING, "dim")), BLANK)
    stale = seconds >= STALE_S
    shown = Span(("! " if stale else "") + age(seconds), "error" if stale else "")
    return ((Span("feed ", "dim"), shown), (shown,), BLANK)


def _models(state: ViewState) -> Forms:
    """What models have cost on the newest day of decisions; that rules decide alone where none is asked, and
    that a person wrote the answers where that is so."""
    models = state.models
    if is_scripted(state):
        return ((Span(" SCRIPTED MODEL ", "chip-warn"),), (Span(" SCRIPTED ", "chip-warn"),))
    if models is not None and models.failing:
        return ((Span("! rules only: models fail", "warn"),), (Span("! rules only", "warn"),))
    newest = state.history[0].as_of.date() if state.history else None
    calls = [call for record in state.history if record.as_of.date() == newest for call in record.llm]
    if not calls:
        return ((Span("rules", "dim"),), BLANK)
    cost = sum(value for call in calls if isinstance(value := call.get("cost_usd"), int | float))
    return ((Span("models ", "dim"), Span(f"${cost:,.2f}")), BLANK)


def _approvals(state: ViewState, now: datetime) -> Forms:
    waiting = approvals(state)
    if not waiting:
        return (BLANK,)
    left = countdown((waiting[0].expires_at - now).total_seconds())
    return (
        (Span(f" {len(waiting)} TO APPROVE {left} ", "chip-warn", "action approve"),),
        (Span(f" ? {len(waiting)} {left} ", "chip-warn", "action approve"),),
    )


class Banner(Painted):
    """What must not be missed: the kill, a failed engine, a market that is not real."""

    every_slow = 0.25
    _rows = 0

    def watches(self, state: ViewState) -> tuple[object, ...]:
        return (state.kill, state.kill_actor, state.stage, state.stage_detail, state.session, state.account)

    def draw(self, state: ViewState, width: int, height: int, now: datetime) -> Drawing:
        return Drawing([_filled(text, tone, width) for text, tone in banners(state)])

    def paint_changes(self) -> None:
        rows = len(banners(self.desk.state))
        if self._rows != rows:
            self._rows = rows
            self.styles.height = rows
            self.display = rows > 0
        super().paint_changes()


def banners(state: ViewState) -> list[tuple[str, str]]:
    """Each banner's words and tone, the gravest first."""
    shown = []
    if state.kill is not None:
        by = clean(state.kill_actor, 40)
        words = "The engine has confirmed it" if state.kill == "confirmed" else "The kill file is in place"
        if state.session is not None and state.session.mode == "demo":
            words = "This is a recording: nothing was stopped"
        shown.append(
            (f"■ KILLED by {by}, nothing more leaves; r resumes by typed word. {words}", "chip-error")
        )
    elif is_halted(state) and state.account is not None:
        reason = clean(state.account.state_reason, 200) or "no reason given"
        shown.append((f"■ HALTED, nothing is traded; r resumes by typed word. {reason}", "chip-error"))
    if selling := _selling(state):
        shown.append((selling, "chip-error"))
    if state.stage == "failed":
        shown.append((f"✗ ENGINE FAILED: {clean(state.stage_detail, 200)}. ctrl+k still works", "chip-error"))
    if state.stage == "ended":
        shown.append(("■ THE RUN HAS ENDED. ctrl+q leaves", "chip"))
    if state.account is not None and state.account.undone:
        shown.append((f"✗ NOT DONE: {clean('; '.join(state.account.undone), 200)}", "chip-error"))
    venue = state.account.venue if state.account else None
    if venue is not None and venue.problem:
        shown.append((f"! NO ENTRIES: {clean(venue.problem, 200)}", "chip-warn"))
    if venue is not None and venue.attention:
        shown.append((f"! LOOK AT THIS: {clean('; '.join(venue.attention), 200)}", "chip-warn"))
    if state.session is not None and state.session.notice:
        shown.append((f"! {clean(state.session.notice, 200)}", "chip-warn"))
    return shown


def _selling(state: ViewState) -> str:
    """What a kill that sells everything still has to sell; what it could not is told beside it."""
    if state.account is None or not state.account.sells_out:
        return ""
    held = ", ".join(f"{quantity(each.quantity)} {clean(each.symbol, 31)}" for each in positions(state))
    return f"▼ SELLING EVERYTHING: {held}" if held else "▼ EVERYTHING IS SOLD; nothing is held"


def _filled(text: str, tone: str, width: int) -> Line:
    text = " " + text
    line = (Span(text, tone),)
    return (Span(text + " " * max(0, width - width_of(line)), tone),)
