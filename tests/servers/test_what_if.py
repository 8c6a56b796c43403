"""An imagined purchase: the same limits, nothing but what the caller says."""

from typing import Any

import numpy as np
import pytest

from cryptofunk_tui.domain.rules import CostRules, LimitRules
from servers.what_if import check_imagined
from tests.risk.scene import HOUR_MS, walk

STAMPS = (HOUR_MS * np.arange(745)).tolist()
CLOSES = {
    name: {"timestamp_ms": STAMPS, "close": walk(i, 0.002).tolist()}
    for i, name in enumerate(("BTC/EUR", "ETH/EUR"))
}
PROPOSAL = {
    "symbol": "BTC/EUR",
    "quantity": "5",
    "price": "100",
    "stop": "97",
    "target": "106",
    "strategy": "trend_following",
}
PORTFOLIO: dict[str, Any] = {"cash": "10000", "positions": []}
MARKET: dict[str, Any] = {"bid": "99.975", "ask": "100.025", "closes": CLOSES}


def broken(proposal: Any = PROPOSAL, portfolio: Any = PORTFOLIO, market: Any = MARKET) -> set[str]:
    checks = check_imagined(proposal, portfolio, market, LimitRules(), CostRules())
    return {check.name for check in checks if not check.ok}


def test_a_sound_purchase_passes() -> None:
    assert broken() == set()


def test_each_argument_matters() -> None:
    assert broken(proposal=PROPOSAL | {"quantity": "11"}) == {"position"}
    assert broken(proposal=PROPOSAL | {"target": "105"}) == {"reward_risk"}
    held = {"cash": "5000", "positions": [{"symbol": "ETH/EUR", "quantity": "50", "price": "100"}]}
    assert broken(portfolio=held) == {"exposure"}
    assert broken(market=MARKET | {"bid": "102", "ask": "102.1"}) == {"price_collar"}


def test_without_closes_or_a_stop_it_fails_closed() -> None:
    assert broken(market=None) == {"correlated_exposure", "var"}
    assert broken(proposal={"symbol": "BTC/EUR", "quantity": 5, "price": 100}) == {"protection"}


@pytest.mark.parametrize(
    ("argument", "fault"),
    [
        ({"proposal": PROPOSAL | {"quantity": "-1"}}, r"^proposal\.quantity: "),
        ({"proposal": PROPOSAL | {"symbol": "BTC"}}, "'BTC' is no symbol"),
        ({"portfolio": {}}, r"^portfolio\.cash: Field required"),
        (
            {"portfolio": {"cash": "1", "positions": [{"symbol": "A/EUR"}]}},
            r"^portfolio\.positions\.0\.quantity",
        ),
        ({"market": {"bid": "2", "ask": "1"}}, "^market: BTC/EUR: bid 2 and ask 1 are crossed"),
        ({"market": {"timeframe": "1x"}}, "unknown timeframe '1x'"),
        (
            {"market": {"closes": {"BTC/EUR": {"timestamp_ms": [1, 2], "close": [1.0]}}}},
            r"market\.closes\.BTC/EUR: 2 times and 1 closes",
        ),
        (
            {"market": {"closes": {"BTC/EUR": {"timestamp_ms": [1, 1], "close": [1.0, 2.0]}}}},
            "timestamp_ms row 1: times must rise",
        ),
        (
            {"market": {"closes": {"BTC/EUR": {"timestamp_ms": [1, 2], "close": [1.0, 0.0]}}}},
            "close row 1: 0.0 is not above 0",
        ),
    ],
)
def test_bad_input_is_named(argument: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        broken(**argument)
