"""What the engine tells whoever watches: the screen, the log and the records are views of these."""

from typing import Literal

from cryptofunk_tui.domain.base import Money, Record, Utc
from cryptofunk_tui.domain.corridor import Corridor
from cryptofunk_tui.domain.cycle import CycleRecord
from cryptofunk_tui.domain.models import Authority
from cryptofunk_tui.domain.notices import Kind, Way
from cryptofunk_tui.domain.orders import Approval, Order
from cryptofunk_tui.domain.portfolio import Portfolio, Trade
from cryptofunk_tui.domain.risk import Breaker, TradingState
from cryptofunk_tui.domain.rules import VotingRules
from cryptofunk_tui.domain.venue_state import VenueState

ServerState = Literal["starting", "ready", "restarting", "failed", "stopped"]
AgentState = Literal["running", "stopped", "failed"]
Level = Literal["debug", "info", "warning", "error"]


class Event(Record):
    """`at` is market time where the event belongs to the market, wall time otherwise."""

    at: Utc


class EngineStarted(Event):
    mode: str
    market: str
    venue: str
    account: str
    symbols: tuple[str, ...]
    timeframe: str
    speed: float | None
    """Market seconds in a wall second; None for real time or as fast as it goes."""
    notice: str | None
    """A banner that cannot be missed: why the market is simulated, for instance."""
    voting: VotingRules = VotingRules()
    """The thresholds that the screen draws beside each tally."""


class ServerStatus(Event):
    name: str
    state: ServerState
    latency_ms: float | None
    restarts: int
    detail: str


class AgentStatus(Event):
    agent: str
    state: AgentState
    restarts: int
    detail: str


class ModelsStatus(Event):
    """Whether language models are asked, and what that may cost; or why rules decide alone."""

    asked: bool
    failing: bool = False
    """Rules decide alone for a while, because models failed."""
    scripted: bool
    """Answers that a person wrote beforehand stand for a model's."""
    authority: Authority
    detail: str


class PriceTick(Event):
    symbol: str
    bid: Money
    ask: Money
    last: Money


class Bars(Event):
    """The newest bars of a symbol for the chart, as columns; the last may still be forming."""

    symbol: str
    timeframe: str
    timestamp_ms: tuple[int, ...]
    open: tuple[float, ...]
    high: tuple[float, ...]
    low: tuple[float, ...]
    close: tuple[float, ...]
    volume: tuple[float, ...]


class CycleFinished(Event):
    """A decision; a preview is one on the forming bar, shown and never traded."""

    record: CycleRecord
    preview: bool


class AccountChanged(Event):
    state: TradingState
    state_reason: str
    portfolio: Portfolio
    orders: tuple[Order, ...]
    """Open orders and the newest closed ones, newest first."""
    trades: tuple[Trade, ...]
    """The newest round trips, newest first."""
    approvals: tuple[Approval, ...]
    """Those that wait for a person."""
    breakers: tuple[Breaker, ...]
    feed_age_s: float | None
    venue: VenueState | None = None
    """How the account stands at its venue; None where that is not followed."""
    undone: tuple[str, ...] = ()
    """What a kill could not do."""
    corridors: tuple[Corridor, ...] = ()
    """How far the market may go with each order that waits."""
    sells_out: bool = False
    """Whether a kill stands that sells everything."""


class CoinRow(Record):
    """A coin as CoinGecko sees it, in the account's reference currency."""

    name: str
    symbol: str
    price: float | None
    change_24h: float | None
    """Percent."""
    market_cap: float | None


class Ticker(Record):
    """One exchange's price of one pair."""

    exchange: str
    pair: str
    last: float
    spread_percent: float | None
    stale: bool


class MarketContext(Event):
    """Breadth beside the traded markets. `source` says by which way it came ("" before it does), `error` why
    it did not."""

    prices: tuple[CoinRow, ...]
    markets: tuple[CoinRow, ...]
    trending: tuple[CoinRow, ...]
    tickers: tuple[Ticker, ...]
    total_market_cap: float | None
    btc_dominance: float | None
    """Percent."""
    source: str
    attribution: str
    error: str | None


class LogLine(Event):
    level: Level
    source: str
    text: str


class Notice(Event):
    """Something that a person should be told of, and the ways within the console."""

    kind: Kind
    title: str
    text: str
    ways: tuple[Way, ...]


class AgentRecord(Record):
    """How often an agent said BUY or SELL, and how often the market then went that way."""

    agent: str
    calls: int
    hits: int


class AgentRecords(Event):
    """How well the agents called the market: the close `horizon_bars` after each BUY and SELL."""

    horizon_bars: int
    records: tuple[AgentRecord, ...]


AnyEvent = (
    EngineStarted
    | ServerStatus
    | AgentStatus
    | ModelsStatus
    | PriceTick
    | Bars
    | CycleFinished
    | AccountChanged
    | MarketContext
    | LogLine
    | Notice
    | AgentRecords
)
