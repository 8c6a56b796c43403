"""Every breaker at its edge; the strictest wins; exits pass all but the kill."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from cryptofunk_tui.domain.base import to_ms
from cryptofunk_tui.domain.candles import Floats
from cryptofunk_tui.domain.risk import BreakerEffect
from cryptofunk_tui.domain.rules import BreakerRules
from cryptofunk_tui.risk.breakers import (
    BreakerInputs,
    Wildness,
    blocks,
    evaluate,
    strictest,
    wildest,
    wildness,
)
from cryptofunk_tui.risk.history import History, Series
from tests.risk.scene import HOUR_MS, NOW, history, walk

RULES = BreakerRules()
QUIET = BreakerInputs(
    killed=False,
    unknown_orders=0,
    drawdown=0.0,
    daily_return=0.0,
    orders_last_minute=0,
    fees_30_days=0.0,
    feed_age_s=1.0,
    clock_skew_s=0.0,
    errors_last_minute=0,
    crossed="",
    venue_problem="",
    model_failures=0,
    volatility_ratio=1.0,
    jump=0.001,
)
EDGES = [
    ("kill", {"killed": False}, {"killed": True}, BreakerEffect.KILL),
    ("feed", {"feed_age_s": 90.0}, {"feed_age_s": 90.1}, BreakerEffect.EXITS_ONLY),
    ("crossed", {"crossed": ""}, {"crossed": "BTC/EUR"}, BreakerEffect.EXITS_ONLY),
    ("venue", {"venue_problem": ""}, {"venue_problem": "1 EUR less"}, BreakerEffect.EXITS_ONLY),
    ("errors", {"errors_last_minute": 9}, {"errors_last_minute": 10}, BreakerEffect.EXITS_ONLY),
    ("clock", {"clock_skew_s": 1.0}, {"clock_skew_s": 1.1}, BreakerEffect.EXITS_ONLY),
    ("unknown_orders", {"unknown_orders": 0}, {"unknown_orders": 1}, BreakerEffect.NO_ENTRIES),
    ("drawdown", {"drawdown": -0.0999}, {"drawdown": -0.10}, BreakerEffect.HALT),
    ("daily_loss", {"daily_return": -0.0199}, {"daily_return": -0.02}, BreakerEffect.NO_ENTRIES),
    ("volatility", {"volatility_ratio": 3.0}, {"volatility_ratio": 3.1}, BreakerEffect.NO_ENTRIES),
    ("jump", {"jump": 0.0299}, {"jump": 0.03}, BreakerEffect.NO_ENTRIES),
    ("order_rate", {"orders_last_minute": 49}, {"orders_last_minute": 50}, BreakerEffect.NO_ENTRIES),
    ("fees", {"fees_30_days": 0.01}, {"fees_30_days": 0.0101}, BreakerEffect.NO_ENTRIES),
    ("model_failures", {"model_failures": 2}, {"model_failures": 3}, BreakerEffect.NONE),
]


def test_a_quiet_day_trips_nothing_and_reports_everything() -> None:
    breakers = evaluate(QUIET, RULES)
    assert [breaker.name for breaker in breakers] == [row[0] for row in EDGES]
    assert all(breaker.active and not breaker.tripped for breaker in breakers)
    assert strictest(breakers) is BreakerEffect.NONE


@pytest.mark.parametrize(("name", "just", "over", "effect"), EDGES, ids=[row[0] for row in EDGES])
def test_each_trips_at_its_edge_and_alone(
    name: str, just: dict[str, Any], over: dict[str, Any], effect: BreakerEffect
) -> None:
    assert not any(one.tripped for one in evaluate(replace(QUIET, **just), RULES))
    breakers = evaluate(replace(QUIET, **over), RULES)
    assert {one.name for one in breakers if one.tripped} == {name}
    assert strictest(breakers) is effect


def test_what_cannot_be_fed_is_inactive_and_says_so() -> None:
    starved = replace(
        QUIET,
        feed_age_s=None,
        clock_skew_s=None,
        errors_last_minute=None,
        crossed=None,
        venue_problem=None,
        model_failures=None,
        volatility_ratio=None,
        jump=None,
        market_detail="no bars of BTC/EUR are stored",
    )
    idle = {one.name: one for one in evaluate(starved, RULES) if not one.active}
    assert set(idle) == {
        "feed",
        "crossed",
        "venue",
        "errors",
        "clock",
        "model_failures",
        "volatility",
        "jump",
    }
    assert not any(one.tripped for one in idle.values())
    assert idle["jump"].detail == "no bars of BTC/EUR are stored"


def test_the_strictest_wins() -> None:
    worst = replace(QUIET, drawdown=-0.5, daily_return=-0.5, feed_age_s=1000.0)
    assert strictest(evaluate(worst, RULES)) is BreakerEffect.HALT
    assert strictest(evaluate(replace(worst, killed=True), RULES)) is BreakerEffect.KILL
    assert strictest([]) is BreakerEffect.NONE


@pytest.mark.parametrize("effect", list(BreakerEffect))
def test_exits_pass_all_but_the_kill(effect: BreakerEffect) -> None:
    assert blocks(effect, entry=True) is (effect is not BreakerEffect.NONE)
    assert blocks(effect, entry=False) is (effect is BreakerEffect.KILL)


def bars(prices: Floats, bar_ms: int = HOUR_MS) -> History:
    until = to_ms(NOW)
    stamps = until - bar_ms * np.arange(len(prices), 0, -1, dtype=np.int64)
    return History(bar_ms, until, {"BTC/EUR": Series(stamps, prices)})


def test_a_steady_market_is_not_wild() -> None:
    found = wildness("BTC/EUR", history({"BTC/EUR": walk(1)}), RULES)
    assert found.volatility_ratio is not None
    assert 0.5 < found.volatility_ratio < 2
    assert found.jump is not None
    assert found.jump < 0.02
    assert found.detail == "BTC/EUR"


def test_a_coarse_bar_jumps_within_itself_and_towards_the_price_now() -> None:
    calm = np.full(300, 100.0)
    calm[-1] = 103.0
    assert wildness("BTC/EUR", bars(calm), RULES).jump == pytest.approx(0.03)
    calm[-2:] = [103.0, 103.0]
    assert wildness("BTC/EUR", bars(calm), RULES).jump == 0
    assert wildness("BTC/EUR", bars(calm), RULES, mid=99.0).jump == pytest.approx(4 / 103)


def test_fine_bars_are_read_over_five_minutes() -> None:
    prices = np.full(300, 100.0)
    prices[-6:] = [100.0, 101.0, 102.0, 103.0, 103.0, 104.0]
    assert wildness("BTC/EUR", bars(prices, 60_000), RULES).jump == pytest.approx(0.04)
    assert wildness("BTC/EUR", bars(prices, 60_000), RULES, mid=99.0).jump == pytest.approx(5 / 104)
    prices[-7:-1] = 104.0
    assert wildness("BTC/EUR", bars(prices, 60_000), RULES).jump == 0


def test_a_move_over_a_gap_is_no_jump() -> None:
    prices = np.full(300, 100.0)
    prices[-1] = 120.0
    stamps = to_ms(NOW) - HOUR_MS * np.arange(300, 0, -1, dtype=np.int64)
    stamps[:-1] -= 5 * HOUR_MS
    gappy = History(HOUR_MS, to_ms(NOW), {"BTC/EUR": Series(stamps, prices)})
    assert wildness("BTC/EUR", gappy, RULES).jump is None


def test_too_few_or_stale_bars_cannot_say() -> None:
    few = wildness("BTC/EUR", bars(walk(1, bars=100)), RULES)
    assert few.volatility_ratio is None
    assert few.jump is not None
    assert "99 returns are too few" in few.detail
    stale = History(HOUR_MS, to_ms(NOW) + 3 * HOUR_MS, bars(walk(1)).closes)
    assert wildness("BTC/EUR", stale, RULES).jump is None
    assert wildness("ETH/EUR", bars(walk(1)), RULES).detail == "no bars of ETH/EUR are stored"


def test_the_worst_symbol_speaks_for_the_market() -> None:
    calm, wild = Wildness("A/EUR", 0.0, 0.05, "A/EUR"), Wildness("B/EUR", 4.0, 0.0, "B/EUR")
    unknown = Wildness("C/EUR", None, None, "C/EUR: no bars")
    found = wildest([unknown, calm, wild])
    assert found is not None
    assert (found.volatility_ratio, found.jump, found.detail) == (4.0, 0.05, "B/EUR, A/EUR")
    silent = wildest([unknown])
    assert silent is not None
    assert silent.jump is None
    assert wildest([]) is None
