import numpy as np
import pytest

from cryptofunk_tui.agents.arbitrage import ArbitrageAgent
from cryptofunk_tui.agents.frame import Frame
from cryptofunk_tui.domain.agent_rules import ArbitrageRules
from cryptofunk_tui.domain.rules import CostRules
from cryptofunk_tui.domain.signals import Action
from cryptofunk_tui.risk.reward import net_reward_risk
from tests.agents.scene import frame, opinion

AGENT = ArbitrageAgent(ArbitrageRules(), CostRules())
NAN = float("nan")


def edges(buy: float, sell: float) -> Frame:
    return frame({"arb.buy_edge": [buy], "arb.sell_edge": [sell]})


@pytest.mark.parametrize(
    ("buy", "sell", "action", "confidence"),
    [
        (0.005, -0.01, Action.BUY, 0.5),
        (0.0049, -0.01, Action.HOLD, 0.1),
        (0.008, -0.01, Action.BUY, 0.8),
        (0.03, -0.01, Action.BUY, 1.0),
        (-0.01, 0.005, Action.SELL, 0.5),
        (-0.01, 0.02, Action.SELL, 1.0),
        (0.006, 0.007, Action.SELL, 0.7),
        (0.007, 0.006, Action.BUY, 0.7),
        (0.006, 0.006, Action.HOLD, 0.1),
        (NAN, 0.02, Action.ABSTAIN, 0.0),
        (0.02, NAN, Action.ABSTAIN, 0.0),
    ],
)
def test_the_rule(buy: float, sell: float, action: Action, confidence: float) -> None:
    assert AGENT.score(edges(buy, sell)).at(0) == opinion(action, confidence)


def test_without_quotes_it_abstains_and_says_so() -> None:
    seen = frame({"other": [1.0]})
    scores = AGENT.score(seen)
    assert scores.at(0) == (Action.ABSTAIN, 0.0)
    assert AGENT.reasons(seen, scores, 0) == ("no fresh quotes of another venue",)


def test_the_target_is_the_other_venues_price() -> None:
    seen = edges(0.008, -0.02)
    plans = AGENT.plan(seen, AGENT.score(seen))
    assert plans.target[0] == pytest.approx(100 * (1 + 0.008 + 0.0025))
    assert plans.stop[0] == pytest.approx(100 * (1 - 0.004))
    assert np.isnan(plans.trail[0])
    assert np.isnan(AGENT.plan(edges(-1.0, 0.02), AGENT.score(edges(-1.0, 0.02))).stop[0])


def test_the_least_edge_earns_its_costs_once() -> None:
    seen = edges(0.005, -0.02)
    plans = AGENT.plan(seen, AGENT.score(seen))
    assert net_reward_risk(100.0, float(plans.stop[0]), float(plans.target[0]), 0.0025) == pytest.approx(1.0)


def test_reasons_give_both_edges() -> None:
    assert AGENT.reasons(edges(0.0062, -0.011), AGENT.score(edges(0.0062, -0.011)), 0) == (
        "buying here and selling at the best other venue: +0.62%",
        "buying at the best other venue and selling here: -1.10%",
        "an edge: 0.50% net of fees and slippage is asked",
    )
    assert AGENT.reasons(edges(0.0, 0.0), AGENT.score(edges(0.0, 0.0)), 0)[-1].startswith("no edge")
