"""Every action of the console in one place: its key, its words, its danger, and why it is not possible now.

Bindings, footer, palette and help are all read from `ACTIONS`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from cryptofunk_tui.tui.view_state import (
    ViewState,
    candidates,
    chosen,
    decision,
    is_halted,
    orders,
    positions,
    sale_under_way,
    selected,
)

Danger = Literal["none", "confirm", "typed", "instant"]
"""none: done at once; confirm: asked first; typed: a word must be typed; instant: never asked."""

RESUME_WORD = "RESUME"
FLATTEN_WORD = "FLATTEN"


def _always(state: ViewState) -> str | None:
    return None


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that can be done. `blocked` gives the reason why not, None when it can be done. Actions
    with a `footer` word stand at the foot of the screen."""

    id: str
    keys: tuple[str, ...]
    label: str
    description: str
    group: Literal["Safety", "Trading", "Parts", "Looking"]
    danger: Danger = "none"
    blocked: Callable[[ViewState], str | None] = _always
    footer: str = ""
    everywhere: bool = True
    """Whether the key works on every screen, or on the main screen only."""


_ENGINE_AWAY = {
    "failed": "the engine failed",
    "ended": "the run has ended",
    "stopping": "the console is closing",
}


def _needs_engine(state: ViewState) -> str | None:
    if state.stage == "running" and state.account is not None:
        return None
    return _ENGINE_AWAY.get(state.stage, "the engine is not ready yet")


def _unasked(state: ViewState, about: str) -> str | None:
    return "asked for already, its answer is on its way" if about in state.asking else None


def _needs_running(state: ViewState) -> str | None:
    return _needs_engine(state) or ("trading is halted; resume first" if is_halted(state) else None)


def _pause(state: ViewState) -> str | None:
    if reason := _needs_engine(state):
        return reason
    return "trading is halted; r resumes it" if is_halted(state) else _unasked(state, "trading")


def _reduce(state: ViewState) -> str | None:
    if reason := _needs_running(state) or _unasked(state, "trading"):
        return reason
    return "exits only already" if state.account and state.account.state == "REDUCING" else None


def _resume(state: ViewState) -> str | None:
    if reason := _needs_engine(state) or _unasked(state, "trading"):
        return reason
    running = state.account is not None and state.account.state == "RUNNING"
    return "trading is running already" if running and not state.kill else None


def _approval(state: ViewState) -> str | None:
    if reason := _needs_engine(state):
        return reason
    wanted = chosen(state, "approval")
    return "nothing waits for approval" if wanted is None else _unasked(state, f"answer {wanted}")


def _position(state: ViewState) -> str | None:
    if reason := _needs_running(state):
        return reason
    symbol = selected(state)
    if not any(position.symbol == symbol for position in positions(state)):
        return f"no position in {symbol or 'any symbol'}"
    if sale := sale_under_way(state, symbol):
        return f"it is being sold already: the order is {sale.status}"
    return _unasked(state, f"close {symbol}")


def _flatten(state: ViewState) -> str | None:
    if positions(state):
        return _unasked(state, "flatten")
    reason = _needs_engine(state)
    return f"{reason}; `cryptofunk kill --flatten` needs none" if reason else "nothing is held"


def _order(state: ViewState) -> str | None:
    if reason := _needs_engine(state):
        return reason
    wanted = chosen(state, "order")
    order = next((order for order in orders(state) if order.client_order_id == wanted), None)
    if order is None:
        return "no open order is chosen"
    if order.status.is_terminal:
        return f"no open order is chosen; this one is {order.status}"
    return _unasked(state, f"cancel {wanted}")


_ARTICLES = {"agent": "an agent", "server": "a server"}


def _part(kind: str) -> Callable[[ViewState], str | None]:
    def blocked(state: ViewState) -> str | None:
        wanted = chosen(state, "part") or ""
        if wanted.startswith(f"{kind} "):
            return _needs_engine(state) or _unasked(state, wanted)
        known = any(name.startswith(f"{kind} ") for name in candidates(state, "part"))
        return f"choose {_ARTICLES[kind]} in panel 7" if known else f"no {kind} is known yet"

    return blocked


def _trace(state: ViewState) -> str | None:
    record, _ = decision(state, selected(state))
    return None if record else f"no decision on {selected(state) or 'any symbol'} yet"


def _suspend(state: ViewState) -> str | None:
    return None if state.has_shell else "no shell started the console, so nothing could bring it back"


ACTIONS: tuple[Action, ...] = (
    Action(
        "kill",
        ("ctrl+k",),
        "Kill",
        "Stop all trading at once: nothing more leaves, own open orders are cancelled",
        "Safety",
        "instant",
        footer="KILL",
    ),
    Action(
        "pause",
        ("space",),
        "Pause or go on",
        "Pause entries; exits and stops go on. Again: trade on",
        "Safety",
        blocked=_pause,
        footer="pause",
    ),
    Action(
        "reduce",
        ("e",),
        "Exits only",
        "Only close what is held, open nothing",
        "Safety",
        "confirm",
        _reduce,
    ),
    Action(
        "resume",
        ("r",),
        "Resume",
        f"Trade again after a halt; the word {RESUME_WORD} must be typed",
        "Safety",
        "typed",
        _resume,
        "resume",
    ),
    Action(
        "approve",
        ("a",),
        "Approve…",
        "Look at the order that waits, then approve or reject it",
        "Trading",
        "confirm",
        _approval,
        "approve",
    ),
    Action(
        "reject",
        ("x",),
        "Reject…",
        "Look at the order that waits; enter rejects it",
        "Trading",
        "confirm",
        _approval,
        "reject",
    ),
    Action(
        "close",
        ("c",),
        "Close position",
        "Sell what is held of the selected symbol at market",
        "Trading",
        "confirm",
        _position,
        "close",
    ),
    Action(
        "cancel",
        ("o",),
        "Cancel order",
        "Cancel the open order that is chosen in panel 4",
        "Trading",
        "confirm",
        _order,
        "cancel",
    ),
    Action(
        "flatten",
        ("F",),
        "Sell everything",
        f"Kill, and sell all that is held at the market; the word {FLATTEN_WORD} must be typed",
        "Safety",
        "typed",
        _flatten,
    ),
    Action(
        "toggle_agent",
        ("g",),
        "Stop or start agent",
        "Stop the agent chosen in panel 7, or start it again",
        "Parts",
        "confirm",
        _part("agent"),
    ),
    Action(
        "restart_server",
        ("b",),
        "Restart server",
        "Restart the server chosen in panel 7",
        "Parts",
        "confirm",
        _part("server"),
    ),
    Action(
        "trace",
        ("t",),
        "Trace decision",
        "The whole record behind the newest decision on the selected symbol",
        "Looking",
        blocked=_trace,
        footer="trace",
    ),
    Action(
        "agents", ("A",), "Agents", "Every agent, its record and its numbers, which can be changed", "Looking"
    ),
    Action("servers", ("S",), "Servers", "Every server, its tools, and calls by hand", "Looking"),
    Action("settings", ("comma",), "Settings", "Every setting in force and where it comes from", "Looking"),
    Action("doctor", ("D",), "Doctor", "What is well and what is not, and what to do", "Looking"),
    Action("welcome", ("W",), "Welcome", "What is real, what is simulated, and how to go on", "Looking"),
    Action("acts", ("L",), "Acts", "Who did what and when, from whatever terminal", "Looking"),
    Action("history", ("h",), "History", "Every decision of the run, filtered by any words", "Looking"),
    Action("performance", ("p",), "Performance", "What the account made, and who made it", "Looking"),
    Action(
        "zoom",
        ("z",),
        "Zoom panel",
        "Give the focused panel the whole screen, and back",
        "Looking",
        footer="zoom",
        everywhere=False,
    ),
    Action(
        "next_symbol",
        ("down", "j"),
        "Next",
        "Next symbol, or next row in a list with a cursor",
        "Looking",
        everywhere=False,
    ),
    Action(
        "previous_symbol",
        ("up", "k"),
        "Previous",
        "Previous symbol, or previous row",
        "Looking",
        everywhere=False,
    ),
    Action(
        "longer_bars",
        ("right_square_bracket",),
        "Longer bars",
        "Draw the chart in longer bars",
        "Looking",
        everywhere=False,
    ),
    Action(
        "shorter_bars",
        ("left_square_bracket",),
        "Shorter bars",
        "Draw the chart in shorter bars",
        "Looking",
        everywhere=False,
    ),
    Action(
        "sort",
        ("s",),
        "Sort symbols",
        "By change, by vote, by name, as configured",
        "Looking",
        everywhere=False,
    ),
    Action(
        "log_level",
        ("v",),
        "Log level",
        "All lines, warnings and errors, errors alone",
        "Looking",
        everywhere=False,
    ),
    Action(
        "log_find",
        ("slash",),
        "Filter the log",
        "Only lines that hold the words that you type",
        "Looking",
        everywhere=False,
    ),
    Action(
        "averages",
        ("m",),
        "Averages",
        "Show or hide the chart's moving averages",
        "Looking",
        everywhere=False,
    ),
    Action("page_down", ("pagedown",), "Page down", "Scroll the focused panel", "Looking", everywhere=False),
    Action("page_up", ("pageup",), "Page up", "Scroll the focused panel back", "Looking", everywhere=False),
    Action("next_panel", ("tab",), "Next panel", "Focus the next panel", "Looking", everywhere=False),
    Action(
        "previous_panel",
        ("shift+tab",),
        "Previous panel",
        "Focus the previous panel",
        "Looking",
        everywhere=False,
    ),
    Action("theme", ("T",), "Next theme", "Dark, light, high contrast, colour-blind safe", "Looking"),
    Action(
        "narrow_line",
        ("B",),
        "Low bandwidth",
        "Paint seldom, for a slow SSH line; again: as usual",
        "Looking",
    ),
    Action("palette", ("ctrl+p",), "Palette", "Find any action by name", "Looking", footer="find"),
    Action("help", ("question_mark",), "Help", "All keys", "Looking", footer="help"),
    Action("back", ("escape",), "Back", "Leave zoom, a dialog or a screen", "Looking", everywhere=False),
    Action(
        "suspend",
        ("ctrl+z",),
        "Suspend",
        "Back to the shell until `fg`; the engine stands still meanwhile",
        "Safety",
        blocked=_suspend,
    ),
    Action("quit", ("ctrl+q",), "Quit", "Stop the engine and leave", "Safety", footer="quit"),
)

BY_ID = {action.id: action for action in ACTIONS}

_KEY_NAMES = {
    "question_mark": "?",
    "comma": ",",
    "slash": "/",
    "right_square_bracket": "]",
    "left_square_bracket": "[",
    "escape": "esc",
    "shift+tab": "⇧tab",
    "down": "↓",
    "up": "↑",
    "pagedown": "pgdn",
    "pageup": "pgup",
}


def key_name(key: str) -> str:
    """A key as it is written for a person: ^k, ?, esc."""
    return _KEY_NAMES.get(key, key.replace("ctrl+", "^"))
