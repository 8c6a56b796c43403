import pytest
from pydantic import ValidationError

from cryptofunk_tui.domain.agent_rules import (
    MeanReversionRules,
    OrderBookRules,
    SentimentRules,
    TechnicalRules,
    TrendFollowingRules,
)
from cryptofunk_tui.domain.base import Record


@pytest.mark.parametrize(
    ("rules", "changed", "reason"),
    [
        (TechnicalRules, {"rsi_weight": 0.3}, "add up to 1.05; they must add up to 1"),
        (OrderBookRules, {"spoof_weight": 0.0}, "add up to 0.9"),
        (SentimentRules, {"news_weight": 1.0}, "add up to 1.4"),
        (TechnicalRules, {"macd_fast": 26}, "macd_fast, macd_slow must rise: 26, 26"),
        (TechnicalRules, {"ema_fast": 300}, "ema_fast, ema_slow must rise"),
        (TrendFollowingRules, {"ema_fast": 21}, "ema_fast, ema_slow must rise"),
        (TrendFollowingRules, {"stop_most": 0.01}, "stop_least, stop_most must rise: 0.02, 0.01"),
        (TrendFollowingRules, {"cross_bars": 64}, "less than 64"),
        (TrendFollowingRules, {"weight": 6.5}, "integer"),
        (MeanReversionRules, {"far_oversold": 35.0}, "must rise: 35, 30, 70, 80"),
        (MeanReversionRules, {"percent_b_low": 0.95}, "percent_b_low, percent_b_high must rise"),
    ],
)
def test_numbers_that_contradict_each_other_are_refused(
    rules: type[Record], changed: dict[str, float], reason: str
) -> None:
    with pytest.raises(ValidationError, match=reason):
        rules.model_validate(changed)


def test_weights_of_parts_go_by_their_names() -> None:
    assert SentimentRules().parts == {"news": 0.6, "fear_greed": 0.4}
    assert list(TechnicalRules().parts) == ["rsi", "macd", "bollinger", "ema", "pattern"]
