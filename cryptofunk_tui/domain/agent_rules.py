"""The numbers of each agent's rule."""

from itertools import pairwise
from typing import Self

from pydantic import Field, model_validator

from cryptofunk_tui.domain.base import Record

Period = int
LOOK_BACK_ROWS = 64
"""No agent's rule reads further back than this, counting the row that it speaks of."""


class AgentRules(Record):
    """Whether an agent sits and how much its word weighs."""

    enabled: bool = True
    weight: float = Field(gt=0)


def _rising(name: str, *values: float) -> None:
    if any(low >= high for low, high in pairwise(values)):
        raise ValueError(f"{name} must rise: {', '.join(f'{value:g}' for value in values)}")


class WeightedParts(AgentRules):
    """An analysis agent: a score in [−1, 1] from weighted parts. At `threshold` or beyond it says BUY or
    SELL with the confidence |score|, between them HOLD with 1 − |score|."""

    threshold: float = Field(0.3, gt=0, le=1)

    @property
    def parts(self) -> dict[str, float]:
        """The weight of each part, by name."""
        ending = "_weight"
        return {
            name.removesuffix(ending): getattr(self, name)
            for name in type(self).model_fields
            if name.endswith(ending)
        }

    @model_validator(mode="after")
    def _whole(self) -> Self:
        total = sum(self.parts.values())
        if abs(total - 1) > 1e-9:
            raise ValueError(f"the weights of the parts add up to {total:g}; they must add up to 1")
        return self


class TechnicalRules(WeightedParts):
    """Momentum, stretch, trend and candlesticks of one symbol."""

    weight: float = Field(0.25, gt=0)
    rsi_period: Period = Field(14, ge=2)
    oversold: float = Field(30.0, ge=0, lt=50)
    overbought: float = Field(70.0, gt=50, le=100)
    macd_fast: Period = Field(12, ge=2)
    macd_slow: Period = Field(26, ge=3)
    macd_signal: Period = Field(9, ge=2)
    bollinger_period: Period = Field(20, ge=2)
    bollinger_deviations: float = Field(2.0, gt=0)
    ema_fast: Period = Field(50, ge=2)
    ema_slow: Period = Field(200, ge=3)
    rsi_weight: float = Field(0.25, ge=0)
    macd_weight: float = Field(0.25, ge=0)
    bollinger_weight: float = Field(0.20, ge=0)
    ema_weight: float = Field(0.20, ge=0)
    pattern_weight: float = Field(0.10, ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _rising("macd_fast, macd_slow", self.macd_fast, self.macd_slow)
        _rising("ema_fast, ema_slow", self.ema_fast, self.ema_slow)
        return self


class OrderBookRules(WeightedParts):
    """What the resting orders say."""

    weight: float = Field(0.20, gt=0)
    imbalance_levels: int = Field(10, ge=1)
    """Levels from the touch whose quantities are compared."""
    depth: float = Field(0.01, gt=0, lt=1)
    """Distance from the middle price within which depth counts."""
    large: float = Field(0.05, gt=0, lt=1)
    """Share of the book's volume above which one level counts as a large order."""
    pulled: float = Field(0.8, gt=0, le=1)
    """Share of a large order that must be gone, without having been traded, to look like a spoof."""
    imbalance_weight: float = Field(0.40, ge=0)
    depth_weight: float = Field(0.30, ge=0)
    large_weight: float = Field(0.20, ge=0)
    spoof_weight: float = Field(0.10, ge=0)


class SentimentRules(WeightedParts):
    """What people write and feel. Greed counts as a good mood, fear as a bad one."""

    weight: float = Field(0.15, gt=0)
    recency_hours: float = Field(24.0, gt=0)
    """A headline's weight is e^(−age / recency_hours)."""
    news_weight: float = Field(0.6, ge=0)
    fear_greed_weight: float = Field(0.4, ge=0)


class StrategyRules(AgentRules):
    """A strategy's vote, and what it says where it sees no setup."""

    weight: int = Field(gt=0)
    idle_confidence: float = Field(0.1, gt=0, le=1)
    """Confidence of its HOLD where it sees no setup."""


class TrendFollowingRules(StrategyRules):
    """A fresh cross of two averages in a market that trends."""

    weight: int = Field(6, gt=0)
    ema_fast: Period = Field(9, ge=2)
    ema_slow: Period = Field(21, ge=3)
    adx_period: Period = Field(14, ge=2)
    atr_period: Period = Field(14, ge=2)
    cross_bars: int = Field(12, ge=1, lt=LOOK_BACK_ROWS)
    """The cross must lie within this many bars, the current one counted."""
    adx_least: float = Field(25.0, ge=0, le=100)
    adx_full: float = Field(50.0, gt=0, le=100)
    """ADX at which the trend's part of the confidence is whole."""
    adx_weight: float = Field(0.6, ge=0, le=1)
    """Part of the confidence that comes from ADX; the rest from the averages' distance in ATR."""
    stop_least: float = Field(0.02, gt=0, lt=1)
    stop_most: float = Field(0.05, gt=0, lt=1)
    stop_atr: float = Field(2.0, gt=0)
    """The stop lies this many ATR below the close, within the two shares of the price above."""
    target_r: float = Field(2.0, gt=0)
    """The target in multiples of the stop's distance, R."""
    trail_r: float = Field(0.75, gt=0)
    trail_after_r: float = Field(1.0, ge=0)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _rising("ema_fast, ema_slow", self.ema_fast, self.ema_slow)
        _rising("stop_least, stop_most", self.stop_least, self.stop_most)
        return self


class MeanReversionRules(StrategyRules):
    """A stretched price in a market without a trend."""

    weight: int = Field(5, gt=0)
    rsi_period: Period = Field(14, ge=2)
    oversold: float = Field(30.0, ge=0, lt=50)
    overbought: float = Field(70.0, gt=50, le=100)
    far_oversold: float = Field(20.0, ge=0, lt=50)
    far_overbought: float = Field(80.0, gt=50, le=100)
    bollinger_period: Period = Field(20, ge=2)
    bollinger_deviations: float = Field(2.0, gt=0)
    percent_b_low: float = 0.05
    percent_b_high: float = 0.95
    adx_period: Period = Field(14, ge=2)
    adx_below: float = Field(25.0, gt=0, le=100)
    """From this ADX on the market trends and nothing is faded."""
    confidence: float = Field(0.7, gt=0, le=1)
    far_confidence: float = Field(0.85, gt=0, le=1)
    against: float = Field(0.5, gt=0, le=1)
    """Confidence of the HOLD that speaks against an RSI extreme in a trend."""
    far_against: float = Field(1.0, gt=0, le=1)
    reward_risk: float = Field(1.5, gt=0)
    """The middle band's distance over the stop's."""

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        _rising(
            "far_oversold, oversold, overbought, far_overbought",
            self.far_oversold,
            self.oversold,
            self.overbought,
            self.far_overbought,
        )
        _rising("percent_b_low, percent_b_high", self.percent_b_low, self.percent_b_high)
        return self


class ArbitrageRules(StrategyRules):
    """Another venue that pays more, or asks less, than ours."""

    weight: int = Field(4, gt=0)
    quote_age_s: float = Field(5.0, gt=0)
    slippage: float = Field(0.0005, ge=0, lt=1)
    """Price given up on each of the two legs."""
    edge: float = Field(0.005, gt=0, lt=1)
    """Least difference net of fees and slippage."""
    full_edge: float = Field(0.01, gt=0, lt=1)
    """Net difference from which the confidence is 1; it grows in proportion."""
    stop_edge: float = Field(0.5, gt=0)
    """The stop's distance as a share of the net difference."""
