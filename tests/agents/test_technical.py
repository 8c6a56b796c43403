import numpy as np
import pytest

from cryptofunk_tui.agents.base import ABSTAIN, BUY, HOLD, SELL
from cryptofunk_tui.agents.frame import Frame
from cryptofunk_tui.agents.technical import TechnicalAgent
from cryptofunk_tui.domain.agent_rules import TechnicalRules
from cryptofunk_tui.domain.signals import Action
from tests.agents.scene import frame, opinion

NEUTRAL = {
    "rsi_14": 50.0,
    "macd_12_26_9.histogram": 0.0,
    "bollinger_20_2.percent_b": 0.5,
    "ema_50": 100.0,
    "ema_200": 100.0,
    "reversal": 0.0,
}
UP = {
    "rsi_14": 30.0,
    "macd_12_26_9.histogram": 0.1,
    "bollinger_20_2.percent_b": 0.0,
    "ema_50": 101.0,
    "reversal": 1.0,
}
DOWN = {
    "rsi_14": 70.0,
    "macd_12_26_9.histogram": -0.1,
    "bollinger_20_2.percent_b": 1.0,
    "ema_50": 99.0,
    "reversal": -1.0,
}
WEIGHT = {
    "rsi_14": 0.25,
    "macd_12_26_9.histogram": 0.25,
    "bollinger_20_2.percent_b": 0.2,
    "ema_50": 0.2,
    "reversal": 0.1,
}


def one(**changes: float) -> Frame:
    return frame({key: [changes.get(key, value)] for key, value in NEUTRAL.items()})


def agent(threshold: float = 0.3) -> TechnicalAgent:
    return TechnicalAgent(TechnicalRules(threshold=threshold))


@pytest.mark.parametrize("key", WEIGHT)
def test_each_part_has_its_weight_and_both_sides(key: str) -> None:
    for side, values in ((BUY, UP), (SELL, DOWN)):
        scores = agent(0.05).score(one(**{key: values[key]}))
        assert scores.action[0] == side
        assert scores.confidence[0] == pytest.approx(WEIGHT[key])


def test_all_parts_together_are_one() -> None:
    for side, values in ((Action.BUY, UP), (Action.SELL, DOWN)):
        assert agent().score(one(**values)).at(0) == opinion(side, 1.0)


@pytest.mark.parametrize(
    ("key", "inside"),
    [("rsi_14", 30.01), ("rsi_14", 69.99), ("bollinger_20_2.percent_b", 0.001), ("ema_50", 100.0)],
)
def test_just_inside_a_level_says_nothing(key: str, inside: float) -> None:
    scores = agent().score(one(**{key: inside}))
    assert scores.at(0) == opinion(Action.HOLD, 1.0)


def test_opposed_parts_cancel_out() -> None:
    against = {"rsi_14": 25.0, "macd_12_26_9.histogram": -1.0}
    assert agent().score(one(**against)).action[0] == HOLD


def test_the_threshold_is_met_by_a_sum_of_exactly_as_much() -> None:
    mixed = {"rsi_14": 20.0, "macd_12_26_9.histogram": 1.0, "ema_50": 90.0}
    assert agent().score(one(**mixed)).at(0) == opinion(Action.BUY, 0.3)


@pytest.mark.parametrize("key", NEUTRAL)
def test_one_unknown_reading_is_enough_to_abstain(key: str) -> None:
    seen = one(**{**UP, key: np.nan})
    scores = agent().score(seen)
    assert scores.action.tolist() == [ABSTAIN]
    assert agent().reasons(seen, scores, 0) == (f"{key} is not known",)
    absent = Frame(seen.candles, {name: values for name, values in one().columns.items() if name != key})
    assert agent().score(absent).action.tolist() == [ABSTAIN]


def test_a_row_that_is_not_warm_abstains() -> None:
    seen = frame({key: [value] * 2 for key, value in NEUTRAL.items()}, warm=1)
    scores = agent().score(seen)
    assert scores.action.tolist() == [ABSTAIN, HOLD]
    assert agent().reasons(seen, scores, 0) == ("warming up: 1 more bars are needed",)


def test_reasons_give_the_readings() -> None:
    seen = one(**{**UP, "rsi_14": 27.3, "ema_50": 29_123.456})
    assert agent().reasons(seen, agent().score(seen), -1) == (
        "RSI 14 at 27.3: oversold (30 or below)",
        "MACD is above its signal line, histogram 0.1",
        "%b 0.00: close at or below the lower band",
        "EMA 50 at 29,123.46 is above EMA 200 at 100",
        "bullish reversal pattern",
        "score +1.00 is beyond ±0.3: BUY",
    )
    calm = one()
    assert agent().reasons(calm, agent().score(calm), 0)[-1] == "score +0.00 lies within ±0.3: no lean"
    high = one(rsi_14=70.0)
    assert agent().reasons(high, agent().score(high), 0)[0] == "RSI 14 at 70.0: overbought (70 or above)"
