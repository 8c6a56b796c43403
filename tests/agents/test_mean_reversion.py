import numpy as np
import pytest

from cryptofunk_tui.agents.frame import Frame
from cryptofunk_tui.agents.mean_reversion import MeanReversionAgent
from cryptofunk_tui.domain.agent_rules import MeanReversionRules
from cryptofunk_tui.domain.signals import Action
from tests.agents.scene import frame

AGENT = MeanReversionAgent(MeanReversionRules())


def stretched(rsi: float, percent_b: float, adx: float, middle: float = 103.0) -> Frame:
    return frame(
        {
            "rsi_14": [rsi],
            "bollinger_20_2.percent_b": [percent_b],
            "bollinger_20_2.middle": [middle],
            "adx_14": [adx],
        }
    )


@pytest.mark.parametrize(
    ("rsi", "percent_b", "adx", "action", "confidence"),
    [
        (30.0, 0.05, 24.9, Action.BUY, 0.7),
        (20.1, -0.2, 10.0, Action.BUY, 0.7),
        (20.0, 0.05, 10.0, Action.BUY, 0.85),
        (70.0, 0.95, 24.9, Action.SELL, 0.7),
        (79.9, 1.2, 10.0, Action.SELL, 0.7),
        (80.0, 0.95, 10.0, Action.SELL, 0.85),
        (30.1, 0.01, 10.0, Action.HOLD, 0.1),
        (29.0, 0.051, 10.0, Action.HOLD, 0.1),
        (69.9, 0.99, 10.0, Action.HOLD, 0.1),
        (71.0, 0.949, 10.0, Action.HOLD, 0.1),
        (25.0, 0.99, 10.0, Action.HOLD, 0.1),
        (50.0, 0.5, 10.0, Action.HOLD, 0.1),
        (50.0, 0.01, 40.0, Action.HOLD, 0.1),
        (30.0, 0.01, 25.0, Action.HOLD, 0.5),
        (70.0, 0.5, 40.0, Action.HOLD, 0.5),
        (20.0, 0.01, 25.0, Action.HOLD, 1.0),
        (80.0, 0.99, 40.0, Action.HOLD, 1.0),
    ],
)
def test_the_rule(rsi: float, percent_b: float, adx: float, action: Action, confidence: float) -> None:
    assert AGENT.score(stretched(rsi, percent_b, adx)).at(0) == (action, confidence)


@pytest.mark.parametrize("key", ["rsi_14", "bollinger_20_2.percent_b", "bollinger_20_2.middle", "adx_14"])
def test_an_unknown_reading_abstains(key: str) -> None:
    seen = stretched(25.0, 0.0, 10.0)
    seen.columns[key][0] = np.nan
    scores = AGENT.score(seen)
    assert scores.at(0) == (Action.ABSTAIN, 0.0)
    assert AGENT.reasons(seen, scores, 0) == (f"{key} is not known",)


def test_the_target_is_the_middle_band_and_the_stop_two_thirds_as_far() -> None:
    seen = stretched(25.0, 0.0, 10.0)
    plans = AGENT.plan(seen, AGENT.score(seen))
    assert plans.target[0] == 103.0
    assert plans.stop[0] == pytest.approx(98.0)
    assert np.isnan(plans.trail[0])
    assert plans.setup_ms[0] == -1


def test_a_sell_has_no_plan() -> None:
    seen = stretched(75.0, 1.0, 10.0)
    assert np.isnan(AGENT.plan(seen, AGENT.score(seen)).stop).all()


@pytest.mark.parametrize(
    ("rsi", "percent_b", "adx", "last"),
    [
        (25.0, 0.0, 10.0, "stretched: BUY, back to the middle band at 103"),
        (75.0, 1.0, 10.0, "stretched: SELL, back to the middle band at 103"),
        (50.0, 0.5, 10.0, "no setup"),
        (50.0, 0.5, 30.0, "no setup"),
        (25.0, 0.0, 30.0, "an RSI extreme in a trend is evidence against an entry: HOLD at 0.5"),
    ],
)
def test_reasons_end_with_what_follows(rsi: float, percent_b: float, adx: float, last: str) -> None:
    seen = stretched(rsi, percent_b, adx)
    reasons = AGENT.reasons(seen, AGENT.score(seen), 0)
    assert reasons[-1] == last
    assert f"{rsi:.1f}" in reasons[0]
    assert ("not below 25: a trend" in reasons[2]) == (adx >= 25)
