"""The account as the journal knows it at one moment: what the risk officer judges by."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path

from cryptofunk_tui.domain.market import Quote, split_symbol
from cryptofunk_tui.domain.orders import Purpose
from cryptofunk_tui.domain.portfolio import Portfolio
from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.domain.venue_state import VenueState
from cryptofunk_tui.risk.breakers import BreakerInputs, Wildness
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.control import is_killed, kill_reason
from cryptofunk_tui.storage.journal import AccountRow, Journal
from cryptofunk_tui.storage.pulse import Pulse
from cryptofunk_tui.storage.venue_state import venue_state

SILENT_S = 30.0
"""After this the executor's last word about the venue counts for nothing."""


@dataclass(frozen=True, slots=True)
class AccountView:
    """`now` is wall time, `at` the market's. `reserved` is the value, by symbol in quote currency, that
    grants, requests without an answer and open entries may still buy."""

    pulse: Pulse
    portfolio: Portfolio
    reserved: dict[str, Decimal]
    state: TradingState
    state_reason: str
    killed: bool
    now: datetime
    at: datetime

    @property
    def row(self) -> AccountRow:
        return self.pulse.row

    @property
    def live(self) -> bool:
        """Whether market time is wall time."""
        return self.row.market == "exchange"

    @property
    def symbols(self) -> tuple[str, ...]:
        """What is held or may yet be bought."""
        held = (position.symbol for position in self.portfolio.positions)
        return tuple(dict.fromkeys((*held, *self.reserved)))

    def check_quote(self, quote: Quote) -> None:
        """Raises ValueError for a price that cannot be this account's."""
        asset = split_symbol(quote.symbol)[1]
        if asset != self.row.quote_asset:
            raise ValueError(
                f"quote.symbol: {quote.symbol} is priced in {asset}, the account in {self.row.quote_asset}"
            )
        if quote.venue != self.row.venue:
            raise ValueError(f"quote.venue: {quote.venue} is not the account's venue, {self.row.venue}")

    def quote_age_s(self, quote: Quote) -> float:
        """Seconds since the quote; 0 for one that is ahead of the clock."""
        return max(0.0, (self.at - quote.at).total_seconds())


async def read_account(journal: Journal, pulse: Pulse, state_dir: Path, now: datetime) -> AccountView:
    """What the pulse lacks. Raises ValueError where the account's market has no time yet."""
    if pulse.at is None:
        raise ValueError(f"the account {pulse.row.account} has no market time yet; start an engine on it")
    state, reason = pulse.state, pulse.state_reason
    by_file = is_killed(state_dir)
    if by_file:
        state, reason = TradingState.HALTED, kill_reason(state_dir)
    return AccountView(
        pulse=pulse,
        portfolio=await journal.portfolio(),
        reserved=await _reserved(Approvals(journal), pulse, now),
        state=state,
        state_reason=reason,
        killed=by_file or pulse.killed,
        now=now,
        at=pulse.at,
    )


async def breaker_inputs(
    journal: Journal, view: AccountView, market: Wildness | None, quote: Quote | None = None
) -> BreakerInputs:
    """What the breakers look at; `market` is how wild it is where the proposal would be made."""
    equity = view.portfolio.equity
    told = await venue_state(journal) if view.live else None
    skew_s = max(0.0, (quote.at - view.now).total_seconds()) if quote is not None else None
    if told is not None and told.clock_offset_s is not None:
        skew_s = abs(told.clock_offset_s)
    return BreakerInputs(
        killed=view.killed,
        unknown_orders=view.pulse.unknown_orders,
        drawdown=min(0.0, _change(equity, view.portfolio.peak_equity)),
        daily_return=_change(equity, view.portfolio.day_start_equity),
        orders_last_minute=view.pulse.orders_last_minute,
        fees_30_days=view.pulse.fees_30_days / float(equity) if equity > 0 else 0.0,
        feed_age_s=await _feed_age_s(journal, view.now) if view.live else None,
        clock_skew_s=skew_s if view.live else None,
        errors_last_minute=told.errors_last_minute if told else None,
        crossed=told.crossed if told else None,
        venue_problem=_venue_problem(told, view.now) if view.row.mode != "paper" else None,
        volatility_ratio=market.volatility_ratio if market else None,
        jump=market.jump if market else None,
        market_detail=market.detail if market else "",
    )


def _venue_problem(told: VenueState | None, now: datetime) -> str:
    """Why the account at a real venue cannot be vouched for; empty where all is well."""
    if told is None:
        return "the account was not compared with the venue yet"
    silent_s = (now - told.at).total_seconds()
    return told.problem or (f"the executor is silent for {silent_s:.0f} s" if silent_s > SILENT_S else "")


async def _reserved(approvals: Approvals, pulse: Pulse, now: datetime) -> dict[str, Decimal]:
    reserved = await approvals.reserved(now)
    for waiting in await approvals.pending() if pulse.pending else ():
        if waiting.order.purpose is Purpose.ENTRY and waiting.expires_at > now:
            worth = waiting.order.quantity * waiting.collar
            reserved[waiting.order.symbol] = reserved.get(waiting.order.symbol, Decimal(0)) + worth
    return reserved


async def _feed_age_s(journal: Journal, now: datetime) -> float | None:
    """Seconds since the newest price, from the engine's last heartbeat; None before the first."""
    engine = await journal.engine()
    if engine is None or engine.heartbeat is None or engine.feed_age_s is None:
        return None
    return engine.feed_age_s + max(0.0, (now - engine.heartbeat).total_seconds())


def _change(after: Decimal, before: Decimal) -> float:
    """The change as a fraction, exact before it becomes a float; 0 where there was nothing."""
    return float(after / before - 1) if before > 0 else 0.0
