"""The numbers of the house: every default that the configuration may change."""

from decimal import Decimal

from pydantic import Field

from cryptofunk_tui.domain.agent_rules import (
    AgentRules,
    ArbitrageRules,
    MeanReversionRules,
    OrderBookRules,
    SentimentRules,
    StrategyRules,
    TechnicalRules,
    TrendFollowingRules,
)
from cryptofunk_tui.domain.base import Record

Fraction = float
"""A share between 0 and 1: 0.1 is ten percent."""


class CostRules(Record):
    """What trading costs on the paper venue."""

    taker_fee: Decimal = Decimal("0.001")
    maker_fee: Decimal = Decimal("0.001")
    spread: Decimal = Decimal("0.0005")
    """Ask over bid − 1 where no book is known."""


class LimitRules(Record):
    """Limits that every entry must meet."""

    position: Fraction = Field(0.10, gt=0, le=1)
    """Largest value of one position, of equity."""
    exposure: Fraction = Field(0.50, gt=0, le=1)
    """Largest value of all positions together, of equity."""
    correlated_exposure: Fraction = Field(0.25, gt=0, le=1)
    """Largest value of holdings that move together, of equity."""
    correlation: Fraction = Field(0.8, gt=0, le=1)
    """From here on two symbols count as moving together."""
    positions: int = Field(5, ge=1)
    """Most positions at once."""
    var: Fraction = Field(0.02, gt=0, le=1)
    """Largest one-day value at risk with the proposal, of equity."""
    var_confidence: Fraction = Field(0.95, gt=0.5, lt=1)
    history_bars: int = Field(720, ge=100)
    """Bars behind the value at risk and the correlations."""
    price_collar: Fraction = Field(0.01, gt=0, lt=0.5)
    """Furthest that the price may be from the one decided on."""
    quote_age_s: float = Field(10.0, gt=0)
    """Oldest quote that an order may be priced with."""
    trend_reward_risk: float = 2.0
    reversion_reward_risk: float = 1.5
    """Least gross reward over risk, by strategy, at the decision's close."""
    net_reward_risk: float = 1.0
    """Least reward over risk after fees and spread."""
    cooldown_bars: int = Field(12, ge=0)
    """Bars without an entry after any exit of the symbol."""


class BreakerRules(Record):
    """Where trading stops by itself."""

    drawdown: Fraction = 0.10
    """Equity below its persisted peak: halts."""
    daily_loss: Fraction = 0.02
    """Loss since 00:00 UTC, open losses counted: no entries until the next day."""
    volatility_ratio: float = 3.0
    """Realised volatility over `volatility_bars` over its median: pauses entries."""
    volatility_bars: int = 24
    volatility_median_bars: tuple[int, int] = (168, 720)
    """Least and most bars behind the median."""
    jump: Fraction = 0.03
    """Move within 5 minutes, or within the bar where bars are coarser: pauses entries."""
    orders_per_minute: int = 50
    errors_per_minute: int = 10
    """Calls that the venue did not answer: exits only."""
    fees_30_days: Fraction = 0.01
    """Fees of the last 30 days, of equity: pauses entries."""
    feed_age_s: float = 90.0
    """Oldest price, live, with which entries are made."""
    clock_skew_s: float = 1.0


class SizingRules(Record):
    """Fractional Kelly over the last net R-multiples of the leading strategy."""

    kelly_fraction: Fraction = Field(0.25, gt=0, le=0.5)
    history: int = 100
    prior_trades: int = 30
    prior_win_rate: Fraction = 0.40
    prior_payoff: float = 1.7
    probation: Fraction = 0.01
    """Size, of equity, where Kelly sees no edge."""
    price_cushion: float = 1.01
    """The quantity is reckoned at ask × this, so a fill inside the collar never breaks the limit."""


class VotingRules(Record):
    """When a vote carries."""

    consensus: Fraction = 0.6
    exit_consensus: Fraction = 0.5
    """An exit needs more than this."""
    confidence: Fraction = 0.5
    quorum: Fraction = 0.6
    ballots: int = 2
    """Least ballots, or all enabled agents where fewer are enabled."""
    context_scale: float = Field(0.3, ge=0, le=1)
    """How far the context may raise or lower a ballot's confidence."""
    candle_grace_s: float = Field(60.0, ge=0)
    """A candle's signal lives for one bar and this long."""
    signal_life_s: float = Field(300.0, gt=0)
    """Every other signal lives this long from its computation."""


class CouncilRules(Record):
    """Who sits in the council."""

    warm_up_bars: int = Field(500, ge=1)
    """Bars that an indicator must have seen before an agent trusts it."""
    technical: TechnicalRules = TechnicalRules()
    order_book: OrderBookRules = OrderBookRules()
    sentiment: SentimentRules = SentimentRules()
    trend_following: TrendFollowingRules = TrendFollowingRules()
    mean_reversion: MeanReversionRules = MeanReversionRules()
    arbitrage: ArbitrageRules = ArbitrageRules()

    @property
    def analysis(self) -> dict[str, AgentRules]:
        return {name: getattr(self, name) for name in ANALYSIS_AGENTS if getattr(self, name).enabled}

    @property
    def strategies(self) -> dict[str, StrategyRules]:
        return {name: getattr(self, name) for name in STRATEGY_AGENTS if getattr(self, name).enabled}


ANALYSIS_AGENTS = ("technical", "order_book", "sentiment")
STRATEGY_AGENTS = ("trend_following", "mean_reversion", "arbitrage")
RISK_AGENT = "risk"


class ApprovalRules(Record):
    """How long leave lasts, in seconds of wall time, and what ends it before."""

    answer_s: float = 120.0
    """A person's time to answer; silence rejects."""
    use_s: float = 30.0
    """A grant's time to be used."""
    drift: Fraction = Field(0.01, gt=0, lt=0.5)
    """Furthest that the price may move, either way, while an entry waits for a person; further rejects it."""
    reward_risk: float = Field(1.0, ge=0)
    """Least gross reward over risk that the price may leave an entry while it waits; 0 asks for none."""


class VenueRules(Record):
    """How a real venue is followed, in seconds of wall time."""

    absence_grace_s: float = Field(45.0, ge=10)
    """An order that the venue knows nothing of is believed to be absent after this long."""
    attention_s: float = Field(10.0, gt=0)
    """An order that stays unclear this long is shown to a person."""
    reconcile_s: float = Field(60.0, gt=0)
    """Between two comparisons of the whole account."""
    poll_s: float = Field(2.0, gt=0)
    """Between two looks at the open orders; the user stream brings them forward."""
    trail_step: Fraction = Field(0.001, ge=0)
    """A trail moves the stop at the venue once it has risen by this share of its price."""
    stop_slip: Fraction = Field(0.005, ge=0)
    """A stop that the market has passed by this share without a fill is taken back and sold at the market."""


class Rules(Record):
    """All of them."""

    costs: CostRules = CostRules()
    limits: LimitRules = LimitRules()
    breakers: BreakerRules = BreakerRules()
    sizing: SizingRules = SizingRules()
    voting: VotingRules = VotingRules()
    council: CouncilRules = CouncilRules()
    approvals: ApprovalRules = ApprovalRules()
    venue: VenueRules = VenueRules()
