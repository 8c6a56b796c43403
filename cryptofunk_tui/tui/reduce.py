"""How each event of the engine changes what the screen shows."""

from dataclasses import replace
from datetime import datetime

from cryptofunk_tui.domain.events import (
    AccountChanged,
    AgentRecords,
    AgentStatus,
    AnyEvent,
    Bars,
    CycleFinished,
    EngineStarted,
    LogLine,
    MarketContext,
    ModelsStatus,
    Notice,
    PriceTick,
    ServerStatus,
)
from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.tui.view_state import Tick, ViewState, logged

HISTORY = 300
CURVE = 240
NOTICES = 20


def reduce(state: ViewState, event: AnyEvent, received: datetime) -> ViewState:
    """The state after `event`, which arrived at wall time `received`. Pure; costs microseconds."""
    match event:
        case PriceTick():
            return replace(state, ticks={**state.ticks, event.symbol: Tick(event, received)})
        case Bars():
            return replace(state, bars={**state.bars, (event.symbol, event.timeframe): event})
        case CycleFinished():
            return _cycle(state, event)
        case AccountChanged():
            return _account(state, event, received)
        case ServerStatus():
            return replace(state, servers={**state.servers, event.name: event})
        case AgentStatus():
            return replace(state, agents={**state.agents, event.agent: event})
        case ModelsStatus():
            return replace(state, models=event)
        case AgentRecords():
            return replace(state, agent_records=event)
        case MarketContext():
            return replace(state, context=event)
        case LogLine():
            return logged(state, event.at, event.level, event.source, event.text)
        case Notice():
            kept = (*state.notices[1 - NOTICES :], event)
            return replace(state, notices=kept, noticed=state.noticed + 1)
        case EngineStarted():
            return replace(state, session=event, stage="running", stage_detail="")
        case _:
            raise TypeError(f"{event!r} is no event")


def _cycle(state: ViewState, event: CycleFinished) -> ViewState:
    record = event.record
    if event.preview:
        return replace(state, previews={**state.previews, record.symbol: record})
    previews = {symbol: preview for symbol, preview in state.previews.items() if symbol != record.symbol}
    earlier = tuple(known for known in state.history if known.cycle_id != record.cycle_id)
    return replace(
        state,
        decisions={**state.decisions, record.symbol: record},
        previews=previews,
        history=(record, *earlier[: HISTORY - 1]),
    )


def _account(state: ViewState, event: AccountChanged, received: datetime) -> ViewState:
    kill = state.kill
    if kill and event.state is TradingState.HALTED:
        kill = "confirmed"
    elif kill == "confirmed":
        kill = None
    equity = float(event.portfolio.equity)
    curve = state.equity_curve
    if not curve or curve[-1] != equity:
        curve = (*curve[1 - CURVE :], equity)
    return replace(state, account=event, account_received=received, equity_curve=curve, kill=kill)
