import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.agents.base import Plans
from cryptofunk_tui.agents.risk import Judgement, RiskAgent, configured_costs
from cryptofunk_tui.domain.rules import CostRules, LimitRules
from cryptofunk_tui.risk.reward import gross_reward_risk, net_reward_risk

STRATEGIES = ("trend_following", "mean_reversion", "arbitrage")
AGENT = RiskAgent(LimitRules(), CostRules())


def judge(stop: float, target: float, leader: int) -> Judgement:
    plans = Plans.at(1, np.array([0]), stop=np.array([stop]), target=np.array([target]))
    return AGENT.judge(np.array([100.0]), plans, np.array([leader], dtype=np.int8), STRATEGIES)


@pytest.mark.parametrize(
    ("leader", "stop", "target", "ok"),
    [
        (0, 96.0, 108.0, True),
        (0, 96.0, 108.0 - 1e-6, True),
        (0, 96.0, 107.99, False),
        (1, 98.0, 103.0, True),
        (1, 98.0, 102.99, False),
        (1, 99.0, 101.5, True),
        (1, 99.01, 101.485, False),
        (2, 98.0, 102.5, True),
        (2, 98.0, 102.49, False),
        (0, 100.0, 110.0, False),
        (0, 101.0, 110.0, False),
        (0, np.nan, 110.0, False),
        (0, 90.0, np.nan, False),
        (-1, 90.0, 150.0, False),
    ],
)
def test_trend_needs_2_reversion_1_5_and_all_1_net(leader: int, stop: float, target: float, ok: bool) -> None:
    assert judge(stop, target, leader).ok.tolist() == [ok]


@given(
    close=st.floats(1e-6, 1e6),
    risk=st.floats(0.001, 0.9),
    reward=st.floats(0.0, 5.0),
)
def test_the_ratios_are_those_of_the_risk_analyzer(close: float, risk: float, reward: float) -> None:
    stop, target = close * (1 - risk), close * (1 + reward)
    plans = Plans.at(1, np.array([0]), stop=np.array([stop]), target=np.array([target]))
    judged = AGENT.judge(np.array([close]), plans, np.array([0], dtype=np.int8), STRATEGIES)
    costs = configured_costs(CostRules())
    assert judged.gross[0] == pytest.approx(gross_reward_risk(close, stop, target))
    assert judged.net[0] == pytest.approx(net_reward_risk(close, stop, target, costs))


def test_costs_are_two_fees_and_the_spread() -> None:
    assert configured_costs(CostRules()) == pytest.approx(0.0025)


def test_reasons_hold_both_ratios_against_their_limits() -> None:
    assert AGENT.reasons(judge(99.0, 101.5, 1), 0) == (
        "reward over risk 1.50, at least 1.5 is asked",
        "net of 0.25% costs 1.00, at least 1 is asked",
    )
    assert AGENT.reasons(judge(101.0, 110.0, 0), 0) == (
        "the plan has no stop below the close or no target: reward over risk is unknown",
    )
