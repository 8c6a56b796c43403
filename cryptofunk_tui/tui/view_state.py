"""Everything that the screen shows, as one immutable value, and the questions that panels ask of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

from cryptofunk_tui.tui.text import clean

if TYPE_CHECKING:
    from cryptofunk_tui.domain.corridor import Corridor
    from cryptofunk_tui.domain.cycle import CycleRecord
    from cryptofunk_tui.domain.events import (
        AccountChanged,
        AgentRecords,
        AgentStatus,
        Bars,
        EngineStarted,
        MarketContext,
        ModelsStatus,
        Notice,
        PriceTick,
        ServerStatus,
    )
    from cryptofunk_tui.domain.orders import Approval, Order
    from cryptofunk_tui.domain.portfolio import Portfolio, Position

Stage = Literal["starting", "running", "ended", "failed", "stopping"]
Kill = Literal["asked", "confirmed"]
Choice = Literal["order", "approval", "part"]

LOG_LINES = 1000


@dataclass(frozen=True, slots=True)
class Tick:
    """A price and the wall time at which it came."""

    tick: PriceTick
    received: datetime


@dataclass(frozen=True, slots=True)
class LogEntry:
    """A line of the log, its text already made harmless."""

    at: datetime
    level: str
    source: str
    text: str


@dataclass(frozen=True, slots=True)
class ViewState:
    """What is known now. Mappings are replaced, never changed in place."""

    stage: Stage = "starting"
    stage_detail: str = "starting the engine…"
    kill: Kill | None = None
    """Asked for at this console, and then confirmed by the engine."""
    kill_actor: str = ""
    asking: frozenset[str] = frozenset()
    """What the engine was asked to do from here and has not answered yet: "close BTC/USDT"."""
    session: EngineStarted | None = None
    servers: Mapping[str, ServerStatus] = field(default_factory=dict)
    agents: Mapping[str, AgentStatus] = field(default_factory=dict)
    models: ModelsStatus | None = None
    """Whether language models are asked; None until the engine says."""
    agent_records: AgentRecords | None = None
    ticks: Mapping[str, Tick] = field(default_factory=dict)
    bars: Mapping[tuple[str, str], Bars] = field(default_factory=dict)
    decisions: Mapping[str, CycleRecord] = field(default_factory=dict)
    """The newest decision of each symbol."""
    previews: Mapping[str, CycleRecord] = field(default_factory=dict)
    """What would be decided on the forming bar, where that is newer than the decision."""
    history: tuple[CycleRecord, ...] = ()
    """Decisions, newest first."""
    account: AccountChanged | None = None
    account_received: datetime | None = None
    equity_curve: tuple[float, ...] = ()
    context: MarketContext | None = None
    log: tuple[LogEntry, ...] = ()
    log_level: int = 0
    """How grave a line must be to be shown: 0 all, 1 warnings and errors, 2 errors."""
    log_words: str = ""
    """Words that a line must hold to be shown."""
    logged: int = 0
    """Lines ever logged; `log` holds the newest."""
    notices: tuple[Notice, ...] = ()
    """The newest, oldest first."""
    noticed: int = 0
    """Notices that ever came."""
    order: tuple[str, ...] = ()
    """Symbols as they were last sorted; empty as the engine has them."""
    selected: str | None = None
    chosen: Mapping[Choice, str] = field(default_factory=dict)
    averages: bool = True
    """Whether the chart shows moving averages."""
    has_shell: bool = True
    """Whether a shell stands behind the console, that can take the terminal and give it back."""
    zoom_out: int = 0
    """How many timeframes the chart stands above the engine's own."""


def logged(state: ViewState, at: datetime, level: str, source: str, text: str) -> ViewState:
    """The state with one more line of the log, its text made harmless."""
    entry = LogEntry(at, level, clean(source, 24), clean(text))
    return replace(state, log=(*state.log[1 - LOG_LINES :], entry), logged=state.logged + 1)


def symbols(state: ViewState) -> tuple[str, ...]:
    """The traded symbols as sorted, else in the engine's order, then whatever else has a price."""
    known = state.session.symbols if state.session else ()
    every = (*known, *(symbol for symbol in state.ticks if symbol not in known))
    return (
        *(symbol for symbol in state.order if symbol in every),
        *(s for s in every if s not in state.order),
    )


def selected(state: ViewState) -> str | None:
    """The symbol that chart and council show."""
    known = symbols(state)
    return state.selected if state.selected in known else known[0] if known else None


def step_symbol(state: ViewState, step: int) -> ViewState:
    """The state with the selection moved by `step`, round the end."""
    known, current = symbols(state), selected(state)
    if current is None:
        return state
    return replace(state, selected=known[(known.index(current) + step) % len(known)])


def candidates(state: ViewState, choice: Choice) -> tuple[str, ...]:
    """The ids that the cursor of a panel can stand on."""
    if choice == "order":
        return tuple(order.client_order_id for order in orders(state))
    if choice == "approval":
        return tuple(approval.approval_id for approval in approvals(state))
    return (*(f"server {name}" for name in state.servers), *(f"agent {name}" for name in state.agents))


def chosen(state: ViewState, choice: Choice) -> str | None:
    """The id under the cursor: the one last stood on while it exists, else the first."""
    known = candidates(state, choice)
    wanted = state.chosen.get(choice)
    return wanted if wanted in known else known[0] if known else None


def step_choice(state: ViewState, choice: Choice, step: int) -> ViewState:
    """The state with a cursor moved by `step`, stopping at the ends."""
    known, current = candidates(state, choice), chosen(state, choice)
    if current is None:
        return state
    index = max(0, min(len(known) - 1, known.index(current) + step))
    return replace(state, chosen={**state.chosen, choice: known[index]})


def orders(state: ViewState) -> tuple[Order, ...]:
    """Open orders first, then the closed ones, each newest first."""
    known = state.account.orders if state.account else ()
    return tuple(sorted(known, key=lambda order: order.status.is_terminal))


def is_scripted(state: ViewState) -> bool:
    """Whether answers that a person wrote beforehand stand for a model's."""
    return state.models is not None and state.models.asked and state.models.scripted


def sale_under_way(state: ViewState, symbol: str | None) -> Order | None:
    """A sale at the market that has not ended; protection that rests is none."""
    return next(
        (
            order
            for order in orders(state)
            if (order.symbol, order.side, order.type) == (symbol, "SELL", "MARKET")
            and not order.status.is_terminal
        ),
        None,
    )


def approvals(state: ViewState) -> tuple[Approval, ...]:
    """What waits for a person, the soonest to expire first."""
    waiting = state.account.approvals if state.account else ()
    return tuple(sorted(waiting, key=lambda approval: approval.expires_at))


def corridor(state: ViewState, approval_id: str) -> Corridor | None:
    """How far the market may go while an order waits; None where the engine does not say."""
    known = state.account.corridors if state.account else ()
    return next((bounds for bounds in known if bounds.approval_id == approval_id), None)


def notional(approval: Approval) -> Decimal:
    """What an order would move, in quote currency, at the price that it was decided at."""
    order = approval.order
    if order.limit_price is not None:
        return order.quantity * order.limit_price
    reference = order.protection.reference if order.protection is not None else approval.collar
    return order.quantity * reference


def positions(state: ViewState) -> tuple[Position, ...]:
    return state.account.portfolio.positions if state.account else ()


def decision(state: ViewState, symbol: str | None) -> tuple[CycleRecord | None, bool]:
    """The newest reading of a symbol and whether it is only a preview."""
    if symbol is None:
        return None, False
    preview = state.previews.get(symbol)
    return (preview, True) if preview else (state.decisions.get(symbol), False)


def cycle(state: ViewState, cycle_id: str) -> CycleRecord | None:
    """A decision by its id, as far as it is still remembered."""
    return next((record for record in state.history if record.cycle_id == cycle_id), None)


def live_price(state: ViewState, symbol: str) -> Decimal | None:
    """Where a sale would meet the market now: the newest bid, else the account's mark."""
    tick = state.ticks.get(symbol)
    if tick is not None:
        return tick.tick.bid
    return state.account.portfolio.mark(symbol) if state.account else None


def position_value(state: ViewState, position: Position) -> Decimal:
    """A holding at the live price, at its entry price where there is none."""
    price = live_price(state, position.symbol)
    return position.quantity * (position.entry_price if price is None else price)


def open_pnl(state: ViewState, position: Position) -> Decimal:
    """Unrealised profit after entry fees, in quote currency."""
    return position_value(state, position) - position.quantity * position.entry_price - position.fees


def exposure(state: ViewState, portfolio: Portfolio) -> Decimal:
    return sum((position_value(state, held) for held in portfolio.positions), Decimal(0))


def equity(state: ViewState, portfolio: Portfolio) -> Decimal:
    return portfolio.cash + exposure(state, portfolio) - portfolio.other_fees


def drawdown(state: ViewState, portfolio: Portfolio) -> float:
    """Live equity over its persisted peak − 1, never above 0."""
    if portfolio.peak_equity <= 0:
        return 0.0
    return min(0.0, float(equity(state, portfolio) / portfolio.peak_equity) - 1)


def feed_age(state: ViewState, now: datetime) -> float | None:
    """Seconds since the market was last heard: the engine's own measure and the time since it told."""
    if state.account is not None and state.account.feed_age_s is not None and state.account_received:
        return state.account.feed_age_s + (now - state.account_received).total_seconds()
    heard = [tick.received for tick in state.ticks.values()]
    return (now - max(heard)).total_seconds() if heard else None


def is_halted(state: ViewState) -> bool:
    """Killed at this console, or halted by the engine."""
    return state.kill is not None or (state.account is not None and state.account.state == "HALTED")


def limit_of(state: ViewState, name: str) -> float | None:
    """A limit by its name, from the breakers or from the newest verdict that knows it."""
    for breaker in state.account.breakers if state.account else ():
        if breaker.name == name:
            return breaker.limit
    for record in state.history[:20]:
        for check in record.verdict.checks:
            if check.name == name:
                return check.limit
    return None
