"""The parts that a run stands on: servers and agents, whether they are well, and how to help."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from cryptofunk_tui.tui.panels.base import Drawing, Panel, heading, quiet
from cryptofunk_tui.tui.text import POINTER, Line, Span, clean, wrap
from cryptofunk_tui.tui.view_state import ViewState, candidates, chosen
from cryptofunk_tui.tui.widgets.table import Column, table

if TYPE_CHECKING:
    from cryptofunk_tui.domain.events import AgentStatus, ServerStatus

WELL = ("ready", "running")
STATES = {
    "ready": ("●", "up"),
    "running": ("●", "up"),
    "starting": ("◌", "warn"),
    "restarting": ("↻", "warn"),
    "failed": ("✗", "down"),
    "stopped": ("■", "dim"),
}
COLUMNS = (
    Column("  server", 22, most=26),
    Column("state", 12),
    Column("latency", 8, 1, right=True),
    Column("restarts", 8, 2, right=True),
)


class Servers(Panel):
    """Up and down choose a part; `b` restarts a server, `g` stops or starts an agent."""

    number = "7"
    title = "Servers"
    choice = "part"

    def watches(self, state: ViewState) -> tuple[object, ...]:
        return (state.servers, state.agents, state.chosen, state.stage)

    def draw(self, state: ViewState, width: int, height: int, now: datetime) -> Drawing:
        known = candidates(state, "part")
        if not known:
            words = (
                "The engine failed; no server runs." if state.stage == "failed" else "Servers are starting…"
            )
            return Drawing(quiet(words, width=width))
        current = chosen(state, "part")
        parts: list[ServerStatus | AgentStatus] = [*state.servers.values(), *state.agents.values()]
        rows = [_row(part, name == current) for name, part in zip(known, parts, strict=True)]
        head, lines = table(COLUMNS, rows, width)
        body: list[Line] = []
        cursor = None
        for index, (name, part, line) in enumerate(zip(known, parts, lines, strict=True)):
            if index == len(state.servers):
                body.append(heading("  agents"))
            if name == current:
                cursor = len(body)
            body.append(line)
            if part.detail and part.state not in WELL:
                body += [(Span(f"    {words}", STATES[part.state][1]),) for words in _why(part, width)]
        ready = sum(status.state == "ready" for status in state.servers.values())
        return Drawing(body, (head,), f"{ready} of {len(state.servers)} ready", cursor)


def _why(part: ServerStatus | AgentStatus, width: int) -> list[str]:
    """What is wrong with a part, in two lines at most."""
    return wrap(clean(part.detail, 160), width - 4)[:2]


def _row(part: ServerStatus | AgentStatus, current: bool) -> list[Span]:
    glyph, tone = STATES[part.state]
    name, latency = (part.agent, None) if hasattr(part, "agent") else (part.name, part.latency_ms)
    return [
        Span(f"{POINTER if current else ' '} {clean(name, 40)}", "bold" if current else ""),
        Span(f"{glyph} {part.state}", tone),
        Span("" if latency is None else f"{latency:.1f} ms", "dim"),
        Span(str(part.restarts), "warn" if part.restarts else "dim"),
    ]
