"""The parts of scenes: events as an engine tells them, all from fixed numbers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from cryptofunk_tui.domain.acts import Act
from cryptofunk_tui.domain.base import to_ms
from cryptofunk_tui.domain.cycle import ApprovalNote, CycleRecord
from cryptofunk_tui.domain.events import (
    AgentState,
    AgentStatus,
    Bars,
    CoinRow,
    CycleFinished,
    EngineStarted,
    Level,
    LogLine,
    MarketContext,
    PriceTick,
    ServerState,
    ServerStatus,
    Ticker,
)
from cryptofunk_tui.domain.orders import (
    Order,
)
from cryptofunk_tui.domain.parts import ToolFacts
from cryptofunk_tui.domain.risk import Check, Decision, Verdict
from cryptofunk_tui.domain.signals import Action, Ballot, Context, Plan, Signal, Tally

NOW = datetime(2025, 3, 14, 15, 9, 26, tzinfo=UTC)
MARKET = datetime(2025, 1, 5, 14, 0, tzinfo=UTC)
PRICES = {
    "BTC/USDT": 64123.45,
    "ETH/USDT": 3214.56,
    "SOL/USDT": 143.217,
    "XRP/USDT": 0.52134,
    "ADA/USDT": 0.45121,
}
SYMBOLS = tuple(PRICES)
NOTICE = "SIMULATED MARKET: no live venue answered in 3 s; prices are made up, an hour passes in ten seconds"


@dataclass
class StoppedClock:
    """Wall and monotonic time that stand still until they are moved."""

    at: datetime = NOW
    seconds: float = 1000.0
    moves: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.seconds

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)
        self.seconds += seconds


def started(
    notice: str | None = NOTICE, symbols: Sequence[str] = SYMBOLS, mode: str = "paper"
) -> EngineStarted:
    return EngineStarted(
        at=NOW,
        mode=mode,
        market="simulated",
        venue="simulated",
        account="paper:simulated:simulated",
        symbols=tuple(symbols),
        timeframe="1h",
        speed=360.0,
        notice=notice,
    )


def server(name: str, state: ServerState = "ready", detail: str = "", restarts: int = 0) -> ServerStatus:
    latency = {"market_data": 2.1, "technical_indicators": 3.4, "risk_analyzer": 4.2}.get(name, 5.0)
    return ServerStatus(
        at=NOW,
        name=name,
        state=state,
        latency_ms=latency if state == "ready" else None,
        restarts=restarts,
        detail=detail,
    )


SERVERS = ("market_data", "technical_indicators", "risk_analyzer", "order_executor", "coingecko")
AGENTS = (
    "technical",
    "order_book",
    "sentiment",
    "trend_following",
    "mean_reversion",
    "arbitrage",
    "risk",
)


def agent(name: str, state: AgentState = "running", detail: str = "", restarts: int = 0) -> AgentStatus:
    return AgentStatus(at=NOW, agent=name, state=state, restarts=restarts, detail=detail)


def tick(symbol: str, factor: float = 1.0) -> PriceTick:
    last = Decimal(str(round(PRICES.get(symbol, 100.0) * factor, 6)))
    return PriceTick(
        at=MARKET, symbol=symbol, bid=last * Decimal("0.99975"), ask=last * Decimal("1.00025"), last=last
    )


def bars(symbol: str, count: int = 160) -> Bars:
    """A wave on a trend that ends at the symbol's price."""
    end = PRICES.get(symbol, 100.0)
    phase = sum(map(ord, symbol)) % 7
    closes = []
    for index in range(count):
        back = (count - 1 - index) / count
        wave = 0.02 * math.sin(index / 7 + phase) + 0.008 * math.sin(index / 2.3 + 2 * phase)
        rest = 0.02 * math.sin((count - 1) / 7 + phase) + 0.008 * math.sin((count - 1) / 2.3 + 2 * phase)
        closes.append(end * (1 - 0.06 * back) * (1 + wave - rest))
    opens = [closes[0] * 0.998, *closes[:-1]]
    first = to_ms(MARKET) - 3_600_000 * (count - 1)
    return Bars(
        at=MARKET,
        symbol=symbol,
        timeframe="1h",
        timestamp_ms=tuple(first + 3_600_000 * index for index in range(count)),
        open=tuple(opens),
        high=tuple(
            max(a, b) * (1.001 + 0.002 * (i % 3) / 3)
            for i, (a, b) in enumerate(zip(opens, closes, strict=True))
        ),
        low=tuple(
            min(a, b) * (0.999 - 0.002 * (i % 4) / 4)
            for i, (a, b) in enumerate(zip(opens, closes, strict=True))
        ),
        close=tuple(closes),
        volume=tuple(800.0 + 400 * math.sin(index / 3) + 50 * (index % 5) for index in range(count)),
    )


def plan(symbol: str) -> Plan:
    at = Decimal(str(PRICES.get(symbol, 100.0)))
    return Plan(
        reference=at, stop=at * Decimal("0.972"), target=at * Decimal("1.056"), trail=at * Decimal("0.021")
    )


def signals() -> tuple[Signal, ...]:
    return (
        Signal(
            agent="technical",
            action=Action.BUY,
            confidence=0.62,
            reasons=(
                "RSI 14 at 28.4 is below 30",
                "MACD crossed above its signal 2 bars ago",
                "above the EMA 50",
            ),
            as_of=MARKET,
        ),
        Signal(
            agent="order_book",
            action=Action.HOLD,
            confidence=0.20,
            reasons=("bids outweigh asks by 4 %, within the usual",),
            as_of=MARKET,
        ),
        Signal(
            agent="sentiment",
            action=Action.ABSTAIN,
            confidence=0.0,
            reasons=("no headline in 24 h",),
            as_of=MARKET,
        ),
    )


def ballots(symbol: str) -> tuple[Ballot, ...]:
    return (
        Ballot(
            agent="trend_following",
            action=Action.BUY,
            confidence=0.71,
            weight=6,
            reasons=("EMA 9 crossed above EMA 21 4 bars ago", "ADX 31.2 shows a trend"),
            plan=plan(symbol),
        ),
        Ballot(
            agent="mean_reversion",
            action=Action.HOLD,
            confidence=0.10,
            weight=5,
            reasons=("%b 0.62 is inside the bands",),
        ),
        Ballot(
            agent="arbitrage", action=Action.ABSTAIN, confidence=0.0, weight=4, reasons=("one venue only",)
        ),
    )


def checks(exposure: float = 0.18, ok: bool = True) -> tuple[Check, ...]:
    return (
        Check(name="position", value=0.0101, limit=0.10, ok=True),
        Check(name="exposure", value=exposure, limit=0.50, ok=ok, detail="" if ok else "nothing more fits"),
        Check(name="correlated_exposure", value=0.21, limit=0.25, ok=True, detail="with ETH/USDT"),
        Check(name="positions", value=3, limit=5, ok=True),
        Check(name="var", value=0.0124, limit=0.02, ok=True),
        Check(name="reward_risk", value=2.0, limit=2.0, ok=True),
        Check(name="net_reward_risk", value=1.83, limit=1.0, ok=True),
        Check(name="price_collar", value=0.0002, limit=0.01, ok=True),
        Check(name="min_notional", value=101.0, limit=10.0, ok=True),
    )


def record(
    symbol: str = "BTC/USDT",
    decision: Decision = Decision.APPROVED,
    *,
    cycle_id: str = "c0123456789abcde",
    at: datetime = MARKET,
    orders: tuple[Order, ...] = (),
) -> CycleRecord:
    """A decision to buy that risk approved, refused or handed to a person; or one that found nothing."""
    holds = decision is Decision.NONE
    tally = Tally(
        action=Action.HOLD if holds else Action.BUY,
        consensus=0.42 if holds else 0.89,
        confidence=0.31 if holds else 0.71,
        quorum=0.73,
        reason="no proposal reached a consensus of 0.60"
        if holds
        else "trend_following leads; consensus and quorum are met",
        leader=None if holds else "trend_following",
    )
    reasons = {
        Decision.APPROVED: "all limits are kept",
        Decision.REJECTED: "exposure would be 52.4% of equity, the limit is 50.0%",
        Decision.PENDING: "a person must approve",
        Decision.NONE: "nothing was proposed",
    }
    shown = () if holds else checks(0.524, ok=False) if decision is Decision.REJECTED else checks()
    asked = decision in (Decision.APPROVED, Decision.PENDING)
    return CycleRecord(
        cycle_id=cycle_id,
        symbol=symbol,
        as_of=at,
        mode="paper",
        market="simulated",
        inputs={
            "close": PRICES.get(symbol, 100.0),
            "rsi_14": 28.4,
            "adx_14": 31.2,
            "ema_9": 64010.2,
            "news": None,
        },
        signals=signals(),
        context=Context(score=0.31, present=("technical", "order_book"), absent=("sentiment",)),
        ballots=ballots(symbol),
        tally=tally,
        verdict=Verdict(decision=decision, checks=shown, reason=reasons[decision]),
        approval=ApprovalNote(approval_id="a77", decision=decision, decided_by=None, reason="asked")
        if asked
        else None,
        orders=orders,
        timings_ms={"signals": 4.2, "vote": 0.3, "risk": 6.1, "order": 9.8},
    )


def cycle(
    symbol: str = "BTC/USDT", decision: Decision = Decision.APPROVED, preview: bool = False
) -> CycleFinished:
    name = f"c{sum(map(ord, symbol)):015d}"
    return CycleFinished(at=MARKET, record=record(symbol, decision, cycle_id=name), preview=preview)


def context(error: str | None = None) -> MarketContext:
    def coin(name: str, symbol: str, price: float, change: float, cap: float) -> CoinRow:
        return CoinRow(name=name, symbol=symbol, price=price, change_24h=change, market_cap=cap)

    largest = (
        coin("Bitcoin", "btc", 64123.0, 1.84, 1.264e12),
        coin("Ethereum", "eth", 3214.5, -0.62, 3.861e11),
        coin("Solana", "sol", 143.2, 4.11, 6.62e10),
        coin("XRP", "xrp", 0.5213, 0.0, 2.91e10),
        coin("Cardano", "ada", 0.4512, -2.35, 1.6e10),
    )
    return MarketContext(
        at=NOW,
        prices=largest[:3],
        markets=largest,
        trending=(coin("Pepe", "pepe", 0.00001234, 18.2, 5.2e9), coin("Sui", "sui", 1.0423, -7.15, 2.7e9)),
        tickers=(
            Ticker(exchange="Binance", pair="BTC/USDT", last=64123.4, spread_percent=0.01, stale=False),
            Ticker(exchange="Kraken", pair="BTC/USDT", last=64130.1, spread_percent=0.02, stale=False),
            Ticker(exchange="Gate", pair="BTC/USDT", last=64088.0, spread_percent=0.11, stale=True),
        ),
        total_market_cap=2.41e12,
        btc_dominance=52.4,
        source="MCP over HTTP",
        attribution="Data provided by CoinGecko",
        error=error,
    )


def log(text: str, level: Level = "info", source: str = "engine", second: int = 0) -> LogLine:
    return LogLine(at=NOW + timedelta(seconds=second), level=level, source=source, text=text)


EVIL = (
    "[@click=app.quit]press[/] [red]x[/ruby] \x1b[31mANSI\x1b[2J\x07 \u202eRTL\u202c 表形文字🚀 \x00 e\u0301"
    + "\u0336" * 40
)


def tools() -> tuple[ToolFacts, ...]:
    """A tool that reads and one that does not."""
    symbol = {"type": "string", "description": "BASE/QUOTE"}
    return (
        ToolFacts(
            name="get_quote",
            description="The newest bid, ask and last price of a symbol.",
            arguments={"properties": {"symbol": symbol, "at": {"type": "string"}}, "required": ["symbol"]},
            forbidden="",
        ),
        ToolFacts(name="place_order", description=EVIL, arguments={}, forbidden="it may change something"),
    )


def acts() -> tuple[Act, ...]:
    """What two people did, one of it in vain."""
    late = NOW - timedelta(minutes=3)
    return (
        Act(at=NOW, actor="anna@console", act="pause", subject="", outcome="done"),
        Act(at=late, actor="bob@cli from 10.0.0.5", act="approve", subject="a1", outcome="it has run out"),
    )
