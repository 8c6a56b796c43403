"""What every agent says of the selected symbol, how the vote went, and why nothing happens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from cryptofunk_tui.tui.panels.base import Drawing, Panel, heading, quiet
from cryptofunk_tui.tui.text import (
    ACTION_GLYPHS,
    ACTION_TONES,
    BLANK,
    NO,
    YES,
    Line,
    Span,
    age,
    clean,
    fit,
    wrap,
)
from cryptofunk_tui.tui.view_state import ViewState, decision, selected
from cryptofunk_tui.tui.widgets.bars import balance, bar

if TYPE_CHECKING:
    from cryptofunk_tui.domain.cycle import CycleRecord
    from cryptofunk_tui.domain.events import AgentState
    from cryptofunk_tui.domain.rules import VotingRules
    from cryptofunk_tui.domain.signals import Ballot, Signal

NAME_CELLS = 16
RECORD_CELLS = 11
FRESH_S = 60.0
_HEALTH = {"running": ("", ""), "stopped": ("■ ", "dim"), "failed": (f"{NO} ", "down")}
_VERDICTS = {
    "APPROVED": (YES, "up"),
    "REJECTED": (NO, "down"),
    "PENDING": ("?", "warn"),
    "NONE": ("–", "dim"),
}


class Council(Panel):
    """Signals, ballots, the tally as bars, and the verdict on one symbol."""

    number = "2"
    title = "Council"

    def watches(self, state: ViewState) -> tuple[object, ...]:
        symbol = selected(state)
        return (
            symbol,
            decision(state, symbol),
            state.stage,
            state.session,
            state.agents,
            state.agent_records,
            hindrance(state),
        )

    def draw(self, state: ViewState, width: int, height: int, now: datetime) -> Drawing:
        symbol = selected(state)
        record, preview = decision(state, symbol)
        if record is None or state.session is None:
            return Drawing(_waiting(state, symbol, width))
        note = f"{clean(record.symbol, 31)} {record.as_of:%d %b %H:%M}{' preview' if preview else ''}"
        hearing = _Hearing(record, state.session.voting, _seats(state), hindrance(state))
        for reasons in (3, 2, 1, 0):
            body = _lines(hearing, width, reasons)
            if len(body) <= height:
                break
        else:
            body = _tight(hearing, width)
        return Drawing(body, note=note)


@dataclass(frozen=True, slots=True)
class _Seat:
    """How an agent does: its health where that is not good, and how often it was right."""

    health: AgentState | None
    record: str


@dataclass(frozen=True, slots=True)
class _Hearing:
    record: CycleRecord
    voting: VotingRules
    seats: Mapping[str, _Seat]
    hindrance: str


def _seats(state: ViewState) -> dict[str, _Seat]:
    known = state.agent_records.records if state.agent_records else ()
    told = {each.agent: f"{each.hits / each.calls:.0%} of {each.calls}" for each in known if each.calls}
    names = {*state.agents, *told}
    unwell = {name: status.state for name, status in state.agents.items() if status.state != "running"}
    return {name: _Seat(unwell.get(name), told.get(name, "")) for name in names}


def hindrance(state: ViewState) -> str:
    """What keeps every symbol from being bought now, whatever is voted; empty where nothing does."""
    account = state.account
    if state.kill is not None:
        return "killed; r resumes"
    if account is None:
        return ""
    if account.state != "RUNNING":
        return f"{account.state.lower()}: {clean(account.state_reason, 120) or 'no reason given'}"
    if account.venue is not None and account.venue.problem:
        return clean(account.venue.problem, 120)
    tripped = [clean(breaker.name, 30) for breaker in account.breakers if breaker.active and breaker.tripped]
    return f"breaker tripped: {', '.join(tripped)}" if tripped else ""


def _waiting(state: ViewState, symbol: str | None, width: int) -> list[Line]:
    if state.stage == "failed":
        return quiet("No council: the engine failed.", state.stage_detail, width=width)
    if symbol is None:
        return quiet("The council meets when the engine is up.", state.stage_detail, width=width)
    return quiet(f"The council has not met on {clean(symbol, 31)} yet.", width=width)


def _lines(hearing: _Hearing, width: int, reasons: int) -> list[Line]:
    """The whole, each agent with up to `reasons` lines of its own; with none the first reason follows."""
    record = hearing.record
    body: list[Line] = [heading("Signals")]
    for signal in record.signals:
        body += _voice(signal, hearing, width, reasons, old=_age(signal.as_of, record.as_of))
    if record.context is not None:
        body.append(_context(record.context.score, width))
    body.append(heading("Ballots"))
    for ballot in record.ballots:
        body += _voice(ballot, hearing, width, reasons, weight=f"×{ballot.weight}")
    if not record.ballots:
        body += quiet("No ballot was cast.", width=width)
    if reasons:
        body.append(BLANK)
    body += _tally(record, hearing.voting, width)
    return [*body, *_outcome(record, width, 3 if reasons else 2), *_hindered(hearing, width)]


def _tight(hearing: _Hearing, width: int) -> list[Line]:
    """The outcome first, for a panel of a few lines; the rest is reached by scrolling."""
    record = hearing.record
    body = [*_hindered(hearing, width), *_outcome(record, width, 1), *_tally(record, hearing.voting, width)]
    for ballot in record.ballots:
        body += _voice(ballot, hearing, width, 0, weight=f"×{ballot.weight}")
    if record.context is not None:
        body.append(_context(record.context.score, width))
    for signal in record.signals:
        body += _voice(signal, hearing, width, 0)
    return body


def _hindered(hearing: _Hearing, width: int) -> list[Line]:
    """Why nothing is bought now, whatever was voted."""
    if not hearing.hindrance:
        return []
    return [(Span(fit(f"{NO} nothing is bought: {hearing.hindrance}", width), "warn"),)]


def _voice(
    voice: Signal | Ballot, hearing: _Hearing, width: int, reasons: int, *, weight: str = "", old: str = ""
) -> list[Line]:
    action = voice.action
    absent = action == "ABSTAIN"
    seat = hearing.seats.get(voice.agent, _Seat(None, ""))
    tone = ACTION_TONES[action]
    words = [clean(reason) for reason in voice.reasons] or ["no reason given"]
    line: Line = (
        Span(f"{ACTION_GLYPHS[action]} ", tone) if seat.health is None else Span(*_HEALTH[seat.health]),
        Span(fit(clean(voice.agent, 24), NAME_CELLS), "dim" if absent else ""),
        Span(fit("absent" if absent else action, 7), tone),
        Span("    " if absent else f"{voice.confidence:.2f}", "dim" if action == "HOLD" else ""),
        Span(f" {weight}" if weight else "", "dim"),
    )
    used = 2 + NAME_CELLS + 7 + 4 + (len(weight) + 1 if weight else 0)
    told = "  ".join(filter(None, (seat.record, old)))
    if not reasons:
        return [(*line, Span(fit(f"  {words[0]}", width - used), "dim"))]
    if told and used + len(told) + 2 <= width:
        line, used = (
            (*line, Span(f"  {fit(told, RECORD_CELLS)}", "dim")),
            used + 2 + max(RECORD_CELLS, len(told)),
        )
    room = width - used - 2
    if room >= 40:
        first, *rest = _wrapped(words, room, reasons)
        indent = " " * (used + 2)
        return [(*line, Span(f"  {first}", "dim")), *((Span(indent + more, "dim"),) for more in rest)]
    return [line, *((Span(f"  {more}", "dim"),) for more in _wrapped(words, width - 2, reasons))]


def _age(spoken: datetime, decided: datetime) -> str:
    """How old a signal was when it was counted; empty where it was spoken for this decision."""
    seconds = (decided - spoken).total_seconds()
    return f"{age(seconds)} old" if seconds > FRESH_S else ""


def _wrapped(reasons: Sequence[str], width: int, most: int) -> list[str]:
    lines = wrap("; ".join(reasons), width)
    if len(lines) > most:
        lines = [*lines[: most - 1], fit(" ".join(lines[most - 1 :]), width)]
    return lines


def _context(score: float, width: int) -> Line:
    cells = max(8, min(24, width - NAME_CELLS - 16))
    return (
        Span(fit("  context", NAME_CELLS + 2)),
        Span(
            fit(f"{score:+.2f}".replace("-", "−"), 7), "up" if score > 0 else "down" if score < 0 else "dim"
        ),
        *balance(score, cells),
    )


def _tally(record: CycleRecord, voting: VotingRules, width: int) -> list[Line]:
    tally = record.tally
    return [
        _measure("consensus", tally.consensus, voting.consensus, width),
        _measure("confidence", tally.confidence, voting.confidence, width),
        _measure("quorum", tally.quorum, voting.quorum, width),
    ]


def _measure(name: str, value: float, least: float, width: int) -> Line:
    met = value >= least
    cells = max(6, min(30, width - NAME_CELLS - 23))
    return (
        Span(f"{YES if met else NO} ", "up" if met else "down"),
        Span(fit(name, NAME_CELLS)),
        Span(f"{value:.2f}   "),
        *bar(value, cells, "up" if met else "warn", least),
        Span(f"  needs {least:.2f}", "dim"),
    )


def _outcome(record: CycleRecord, width: int, most: int) -> list[Line]:
    """The tally's word and, where something was proposed, the risk officer's."""
    tally, verdict = record.tally, record.verdict
    glyph, tone = ACTION_GLYPHS[tally.action], ACTION_TONES[tally.action]
    lines = _worded(f"{glyph} {tally.action}", tone, clean(tally.reason), width, most)
    if verdict.decision != "NONE" or verdict.reason:
        mark, colour = _VERDICTS[verdict.decision]
        word = "no proposal" if verdict.decision == "NONE" else verdict.decision
        lines += _worded(f"{mark} {word}", colour, clean(verdict.reason), width, most)
    return lines


def _worded(word: str, tone: str, reason: str, width: int, most: int) -> list[Line]:
    start = f"{word}  "
    first, *rest = _wrapped([reason], max(10, width - len(start)), most) if reason else [""]
    return [(Span(start, tone), Span(first)), *((Span(" " * len(start) + more),) for more in rest)]
