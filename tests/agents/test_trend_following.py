import numpy as np
import pytest

from cryptofunk_tui.agents.frame import Frame
from cryptofunk_tui.agents.trend_following import TrendFollowingAgent, bars_since_cross
from cryptofunk_tui.domain.agent_rules import TrendFollowingRules
from cryptofunk_tui.domain.signals import Action
from tests.agents.scene import HOUR_MS, START_MS, frame, opinion

AGENT = TrendFollowingAgent(TrendFollowingRules())


def crossing(
    *, after: int, adx: float = 40.0, gap: float = 1.0, atr: float = 2.0, close: float = 100.0
) -> Frame:
    """A cross on row 3, to the side of `gap`, seen `after` bars later."""
    rows = 4 + after
    side = np.where(np.arange(rows) < 3, -gap, gap)
    return frame(
        {"ema_9": 100 + side, "ema_21": [100.0] * rows, "adx_14": [adx] * rows, "atr_14": [atr] * rows},
        close=[close] * rows,
    )


def test_bars_since_a_cross() -> None:
    gap = np.array([np.nan, -1.0, 0.0, 1.0, 1.0, 1.0, -1.0, -1.0, 0.0, 0.0])
    assert bars_since_cross(gap, 2).tolist() == [-1, -1, -1, 0, 1, -1, 0, 1, -1, -1]
    assert bars_since_cross(gap, 9).tolist() == [-1, -1, -1, 0, 1, 2, 0, 1, 2, 3]


def test_a_cross_is_not_seen_where_the_row_before_is_unknown() -> None:
    assert bars_since_cross(np.array([np.nan, 1.0, 1.0]), 5).tolist() == [-1, -1, -1]


@pytest.mark.parametrize(("after", "setup"), [(0, True), (1, True), (11, True), (12, False)])
@pytest.mark.parametrize(("gap", "action"), [(1.0, Action.BUY), (-1.0, Action.SELL)])
def test_the_cross_must_lie_within_twelve_bars(after: int, setup: bool, gap: float, action: Action) -> None:
    expected = opinion(action, 0.6 * 0.8 + 0.4 * 0.5) if setup else opinion(Action.HOLD, 0.1)
    assert AGENT.score(crossing(after=after, gap=gap)).at(-1) == expected


@pytest.mark.parametrize(
    ("adx", "expected"), [(25.0, opinion(Action.BUY, 0.5)), (24.999, (Action.HOLD, 0.1))]
)
def test_the_market_must_trend(adx: float, expected: object) -> None:
    assert AGENT.score(crossing(after=0, adx=adx)).at(-1) == expected


def test_confidence_is_whole_at_adx_50_and_one_atr() -> None:
    for adx, gap in ((50.0, 2.0), (80.0, 9.0)):
        assert AGENT.score(crossing(after=0, adx=adx, gap=gap)).at(-1) == opinion(Action.BUY, 1.0)


def test_without_a_range_the_distance_counts_for_nothing() -> None:
    assert AGENT.score(crossing(after=0, adx=50.0, atr=0.0)).at(-1) == opinion(Action.BUY, 0.6)


def test_averages_that_meet_again_are_no_setup() -> None:
    seen = crossing(after=1)
    seen.columns["ema_9"][-1] = 100.0
    assert AGENT.score(seen).at(-1) == (Action.HOLD, 0.1)


@pytest.mark.parametrize("key", ["ema_9", "ema_21", "adx_14", "atr_14"])
def test_an_unknown_reading_abstains(key: str) -> None:
    seen = crossing(after=0)
    seen.columns[key][-1] = np.nan
    scores = AGENT.score(seen)
    assert scores.at(-1) == (Action.ABSTAIN, 0.0)
    assert AGENT.reasons(seen, scores, -1) == (f"{key} is not known",)
    without = Frame(seen.candles, {name: column for name, column in seen.columns.items() if name != key})
    assert AGENT.score(without).at(-1)[0] is Action.ABSTAIN


@pytest.mark.parametrize(("atr", "risk"), [(0.5, 2.0), (1.0, 2.0), (1.5, 3.0), (2.5, 5.0), (4.0, 5.0)])
def test_the_stop_is_two_atr_between_2_and_5_percent(atr: float, risk: float) -> None:
    seen = crossing(after=2, atr=atr)
    plans = AGENT.plan(seen, AGENT.score(seen))
    assert plans.stop[-1] == pytest.approx(100 - risk)
    assert plans.target[-1] == pytest.approx(100 + 2 * risk)
    assert plans.trail[-1] == pytest.approx(0.75 * risk)
    assert plans.trail_after[-1] == pytest.approx(risk)


def test_a_setup_is_named_by_the_close_of_its_cross() -> None:
    seen = crossing(after=5)
    plans = AGENT.plan(seen, AGENT.score(seen))
    assert set(plans.setup_ms[3:].tolist()) == {START_MS + 4 * HOUR_MS}
    assert np.isnan(plans.stop[:3]).all()


def test_a_sell_has_no_plan() -> None:
    seen = crossing(after=0, gap=-1.0)
    assert np.isnan(AGENT.plan(seen, AGENT.score(seen)).stop).all()


def test_reasons_give_cross_trend_and_distance() -> None:
    seen = crossing(after=5)
    assert AGENT.reasons(seen, AGENT.score(seen), -1) == (
        "EMA 9 at 101, EMA 21 at 100: crossed above 5 bars ago",
        "ADX 14 at 40.0: a trend (25 or above)",
        "the averages are 0.50 ATR apart",
    )
    old = crossing(after=20)
    assert AGENT.reasons(old, AGENT.score(old), -1)[0].endswith("no cross within 12 bars")
    calm = crossing(after=0, adx=12.0, gap=-1.0)
    assert AGENT.reasons(calm, AGENT.score(calm), -1) == (
        "EMA 9 at 99, EMA 21 at 100: crossed below 0 bars ago",
        "ADX 14 at 12.0 is below 25: no trend",
    )
