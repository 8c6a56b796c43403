"""What every agent says of the selected symbol, how the vote went, and why nothing happens."""

from __future__ import annotations

from collections.abc import Sequence
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
    clean,
    fit,
    wrap,
)
from cryptofunk_tui.tui.view_state import ViewState, decision, selected
from cryptofunk_tui.tui.widgets.bars import balance, bar

if TYPE_CHECKING:
    from cryptofunk_tui.domain.cycle import CycleRecord
    from cryptofunk_tui.domain.rules import VotingRules
    from cryptofunk_tui.domain.signals import Ballot, Signal

NAME_CELLS = 16
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
        return (symbol, decision(state, symbol), state.stage, state.session)

    def draw(self, state: ViewState, width: int, height: int, now: datetime) -> Drawing:
        symbol = selected(state)
        record, preview = decision(state, symbol)
        if record is None or state.session is None:
            return Drawing(_waiting(state, symbol, width))
        note = f"{clean(record.symbol, 31)} {record.as_of:%d %b %H:%M}{' preview' if preview else ''}"
        voting = state.session.voting
        for reasons in (3, 2, 1, 0):
            body = _lines(record, voting, width, reasons)
            if len(body) <= height:
                break
        else:
            body = _tight(record, voting, width)
        return Drawing(body, note=note)


def _waiting(state: ViewState, symbol: str | None, width: int) -> list[Line]:
    if state.stage == "failed":
        return quiet("No council: the engine failed.", state.stage_detail, width=width)
    if symbol is None:
        return quiet("The council meets when the engine is up.", state.stage_detail, width=width)
    return quiet(f"The council has not met on {clean(symbol, 31)} yet.", width=width)


def _lines(record: CycleRecord, voting: VotingRules, width: int, reasons: int) -> list[Line]:
    """The whole, each agent with up to `reasons` lines of its own; with none the first reason follows."""
    body: list[Line] = [heading("Signals")]
    for signal in record.signals:
        body += _voice(signal, "", width, reasons)
    if record.context is not None:
        body.append(_context(record.context.score, width))
    body.append(heading("Ballots"))
    for ballot in record.ballots:
        body += _voice(ballot, f"×{ballot.weight}", width, reasons)
    if not record.ballots:
        body += quiet("No ballot was cast.", width=width)
    if reasons:
        body.append(BLANK)
    return [*body, *_tally(record, voting, width), *_outcome(record, width, 3 if reasons else 2)]


def _tight(record: CycleRecord, voting: VotingRules, width: int) -> list[Line]:
    """The outcome first, for a panel of a few lines; the rest is reached by scrolling."""
    body = [*_outcome(record, width, 1), *_tally(record, voting, width)]
    for ballot in record.ballots:
        body += _voice(ballot, f"×{ballot.weight}", width, 0)
    if record.context is not None:
        body.append(_context(record.context.score, width))
    for signal in record.signals:
        body += _voice(signal, "", width, 0)
    return body


def _voice(voice: Signal | Ballot, weight: str, width: int, reasons: int) -> list[Line]:
    action = voice.action
    absent = action == "ABSTAIN"
    tone = ACTION_TONES[action]
    words = [clean(reason) for reason in voice.reasons] or ["no reason given"]
    line: Line = (
        Span(f"{ACTION_GLYPHS[action]} ", tone),
        Span(fit(clean(voice.agent, 24), NAME_CELLS), "dim" if absent else ""),
        Span(fit("absent" if absent else action, 7), tone),
        Span("    " if absent else f"{voice.confidence:.2f}", "dim" if action == "HOLD" else ""),
        Span(f" {weight}" if weight else "", "dim"),
    )
    used = 2 + NAME_CELLS + 7 + 4 + (len(weight) + 1 if weight else 0)
    if not reasons:
        return [(*line, Span(fit(f"  {words[0]}", width - used), "dim"))]
    room = width - used - 2
    if room >= 40:
        first, *rest = _wrapped(words, room, reasons)
        indent = " " * (used + 2)
        return [(*line, Span(f"  {first}", "dim")), *((Span(indent + more, "dim"),) for more in rest)]
    return [line, *((Span(f"  {more}", "dim"),) for more in _wrapped(words, width - 2, reasons))]


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
