"""Reward over risk by hand."""

from decimal import Decimal

import pytest

from cryptofunk_tui.domain.rules import CostRules, LimitRules
from cryptofunk_tui.risk.reward import (
    gross_reward_risk,
    least_reward_risk,
    net_reward_risk,
    round_trip_costs,
)
from tests.risk.scene import quote


def test_gross_and_net() -> None:
    assert gross_reward_risk(Decimal(100), Decimal(98), Decimal(104)) == pytest.approx(2)
    assert net_reward_risk(100.0, 98.0, 104.0, 0.0025) == pytest.approx((4 - 0.25) / (2 + 0.25))


def test_costs_are_two_fees_and_the_spread() -> None:
    assert round_trip_costs(quote(), CostRules()) == pytest.approx(0.0025)


@pytest.mark.parametrize("stop", [100.0, 101.0])
def test_a_stop_that_is_none_is_refused(stop: float) -> None:
    with pytest.raises(ValueError, match="must lie below the reference"):
        gross_reward_risk(100.0, stop, 110.0)
    with pytest.raises(ValueError, match="must lie below the reference"):
        net_reward_risk(100.0, stop, 110.0, -0.02)


def test_each_strategy_has_its_own_least_ratio() -> None:
    rules = LimitRules()
    assert least_reward_risk("trend_following", rules) == 2.0
    assert least_reward_risk("mean_reversion", rules) == 1.5
    assert least_reward_risk("arbitrage", rules) is None
    assert least_reward_risk(None, rules) is None
