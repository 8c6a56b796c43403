"""What a run looks like in the situations that matter: the same call gives the same screen."""

from decimal import Decimal

from cryptofunk_tui.domain.events import AnyEvent, CoinRow, CycleFinished, Level
from cryptofunk_tui.domain.risk import Decision, TradingState
from cryptofunk_tui.domain.venue_state import VenueState
from tests.tui.accounts import account, approval, order
from tests.tui.props import (
    AGENTS,
    EVIL,
    MARKET,
    SERVERS,
    SYMBOLS,
    agent,
    bars,
    context,
    cycle,
    log,
    record,
    server,
    started,
    tick,
)


def starting() -> list[AnyEvent]:
    """The engine is up, its servers are coming one by one."""
    return [
        server("market_data"),
        server("technical_indicators", "starting"),
        server("risk_analyzer", "starting"),
        server("order_executor", "starting", "waiting for the journal"),
        log("the engine starts"),
    ]


def normal() -> list[AnyEvent]:
    """A run in full swing: three positions, one open order, a buy approved."""
    events: list[AnyEvent] = [started()]
    events += [server(name) for name in SERVERS]
    events += [agent(name) for name in AGENTS]
    for symbol in SYMBOLS:
        events += [bars(symbol), tick(symbol), cycle(symbol, Decision.NONE)]
    events += [cycle("BTC/USDT"), account(), context()]
    events += [
        log("servers are ready in 2.1 s"),
        log("BTC/USDT ▲ BUY 0.71: trend_following leads", source="council", second=4),
        log("BTC/USDT bought 0.014036 at 64,123.45, fee 0.90", source="executor", second=5),
        log("coingecko answered 429; asking again in 20 s", "warning", "coingecko", 9),
        log("XRP/USDT order refused: the quote was 12 s old", "error", "executor", 11),
    ]
    return events


def pending() -> list[AnyEvent]:
    """A person is asked."""
    return [*normal(), cycle("ETH/USDT", Decision.PENDING), account(approvals=(approval(),))]


def vetoed() -> list[AnyEvent]:
    """Risk refused what the council wanted."""
    return [*normal(), cycle("BTC/USDT", Decision.REJECTED)]


def halted() -> list[AnyEvent]:
    """The drawdown breaker stopped trading."""
    return [*normal(), account(TradingState.HALTED, "drawdown −11.2% is beyond 10.0%", tripped="drawdown")]


def live() -> AnyEvent:
    """Real money on a real venue."""
    real = {"market": "exchange", "venue": "binance", "speed": None}
    return started(None, mode="live").model_copy(update=real)


def venue_unwell() -> list[AnyEvent]:
    """Real money, and the venue does not answer as the journal expects."""
    told = VenueState(
        account="live:exchange:binance",
        at=MARKET,
        problem="0.25 BTC less at binance than in the journal",
        attention=("order cf01 BUY ETH/USDT stays unclear: the venue knows of no such order yet",),
        foreign_orders=("web_1 BUY 0.5 BTC/USDT",),
        clock_offset_s=0.2,
    )
    return [*normal(), live(), account(tripped="venue").model_copy(update={"venue": told})]


def killed_in_part() -> list[AnyEvent]:
    """A kill that could not take everything back."""
    left = ("cf02 BTC/USDT: the order may still be there: ExchangeNotAvailable",)
    halted = account(TradingState.HALTED, "killed by a person")
    return [*normal(), live(), halted.model_copy(update={"undone": left})]


def server_down() -> list[AnyEvent]:
    """The indicators' server is gone, and the agents that need it abstain."""
    return [
        *normal(),
        server("technical_indicators", "restarting", "exit code -9, again in 0.4 s", restarts=3),
        server("coingecko", "failed", "no answer in 5 s; market breadth is stale"),
        agent("technical", "failed", "the technical_indicators server is down", restarts=1),
        cycle("BTC/USDT", Decision.NONE),
    ]


def hostile() -> list[AnyEvent]:
    """Every text from outside is out to harm the screen."""
    named = record("BTC/USDT", Decision.REJECTED)
    poisoned = named.model_copy(
        update={
            "signals": tuple(
                each.model_copy(update={"reasons": (EVIL, EVIL * 20)}) for each in named.signals
            ),
            "ballots": tuple(each.model_copy(update={"reasons": (EVIL,)}) for each in named.ballots),
            "tally": named.tally.model_copy(update={"reason": EVIL}),
            "verdict": named.verdict.model_copy(update={"reason": EVIL}),
        }
    )
    evil = context(EVIL)
    return [
        *normal(),
        started(EVIL),
        CycleFinished(at=MARKET, record=poisoned, preview=False),
        account(TradingState.HALTED, EVIL, orders=(order(1).model_copy(update={"reason": EVIL}),)),
        server(EVIL[:40], "failed", EVIL * 100),
        evil.model_copy(
            update={
                "trending": (CoinRow(name=EVIL, symbol=EVIL, price=1e18, change_24h=-1e9, market_cap=1e30),)
            }
        ),
        log(EVIL * 100, "error", EVIL),
    ]


def empty() -> list[AnyEvent]:
    """An account that has done nothing yet."""
    fresh = account(orders=()).model_copy(update={"trades": ()})
    nothing = fresh.portfolio.model_copy(update={"positions": (), "marks": (), "cash": fresh.portfolio.start})
    return [started(), *(server(name) for name in SERVERS), fresh.model_copy(update={"portfolio": nothing})]


def stale() -> list[AnyEvent]:
    """Prices stopped coming five minutes ago."""
    return [*normal(), account(tripped="feed").model_copy(update={"feed_age_s": 300.0})]


def long_log() -> list[AnyEvent]:
    """More lines than are kept, with every level among them."""
    levels: tuple[Level, ...] = ("debug", "info", "warning", "error")
    lines = [log(f"line {number}", levels[number % 4], "engine", number % 60) for number in range(1200)]
    return [*normal(), *lines]


def extreme() -> list[AnyEvent]:
    """Prices from a billionth to a billion."""
    huge = tick("BTC/USDT", 1e9)
    tiny = tick("ADA/USDT", 1e-9)
    deep = account().portfolio.model_copy(update={"cash": Decimal("123456789012345.678")})
    return [*normal(), huge, tiny, account().model_copy(update={"portfolio": deep})]
