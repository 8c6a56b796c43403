from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.decision.decide import Standing, leader, outcome, rank
from cryptofunk_tui.decision.voting import Reason
from cryptofunk_tui.domain.portfolio import Position
from cryptofunk_tui.domain.signals import Action, Tally
from tests.agents.scene import HOUR_MS, START_MS
from tests.decision.scene import HOLDING, RULES, made, proposal

BUY, SELL = (Action.BUY, 0.7), (Action.SELL, 0.7)
FLAT = Standing()
CLOSE_MS = START_MS + HOUR_MS


def held(by: str | None) -> Standing:
    return Standing(held=True, opened_by=by)


def test_a_carried_buy_enters_when_flat() -> None:
    decided = made(trend=proposal(BUY))
    assert outcome(decided, 0, FLAT, RULES.limits) is Reason.CARRIED
    assert leader(decided, 0, FLAT) == "trend_following"
    assert decided.plans.stop.tolist() == [96.0]


def test_a_buy_while_held_holds() -> None:
    decided = made(trend=proposal(BUY))
    assert outcome(decided, 0, held("trend_following"), RULES.limits) is Reason.HELD


def test_a_sell_while_flat_holds() -> None:
    assert outcome(made(trend=proposal(SELL)), 0, FLAT, RULES.limits) is Reason.FLAT


@pytest.mark.parametrize(
    ("by", "reason"),
    [
        ("trend_following", Reason.CARRIED),
        ("mean_reversion", Reason.NOT_ITS_OWN),
        ("arbitrage", Reason.NOT_ITS_OWN),
        (None, Reason.NOT_ITS_OWN),
    ],
)
def test_a_sell_closes_what_its_own_strategy_opened(by: str | None, reason: Reason) -> None:
    decided = made(trend=proposal(SELL))
    assert outcome(decided, 0, held(by), RULES.limits) is reason


def test_either_seller_may_close_its_own() -> None:
    decided = made(trend=proposal(SELL), reversion=proposal(SELL))
    for by in ("trend_following", "mean_reversion"):
        assert outcome(decided, 0, held(by), RULES.limits) is Reason.CARRIED
        assert leader(decided, 0, held(by)) == by


def test_an_exit_needs_no_confidence_and_half_of_the_vote() -> None:
    weak = made(trend=proposal((Action.SELL, 0.45)), reversion=proposal((Action.HOLD, 0.5)))
    assert outcome(weak, 0, held("trend_following"), RULES.limits) is Reason.CARRIED
    half = made(trend=proposal((Action.SELL, 0.5)), reversion=proposal((Action.HOLD, 0.6)))
    assert outcome(half, 0, held("trend_following"), RULES.limits) is Reason.TIE


def test_a_vote_that_fails_keeps_its_reason_whatever_is_held() -> None:
    decided = made(trend=proposal((Action.BUY, 0.3)))
    for standing in (FLAT, held("trend_following")):
        assert outcome(decided, 0, standing, RULES.limits) is Reason.NO_CONFIDENCE
    assert leader(made(), 0, FLAT) is None


@pytest.mark.parametrize(("bars", "reason"), [(11, Reason.COOLDOWN), (12, Reason.CARRIED)])
def test_the_cooldown_is_twelve_bars_after_any_exit(bars: int, reason: Reason) -> None:
    standing = Standing(last_exit_ms=CLOSE_MS - bars * HOUR_MS)
    assert outcome(made(trend=proposal(BUY)), 0, standing, RULES.limits) is reason


def test_the_cooldown_never_stops_an_exit() -> None:
    standing = Standing(held=True, opened_by="trend_following", last_exit_ms=CLOSE_MS)
    assert outcome(made(trend=proposal(SELL)), 0, standing, RULES.limits) is Reason.CARRIED


@pytest.mark.parametrize(
    ("entry_ms", "reason"),
    [(CLOSE_MS, Reason.SETUP_USED), (CLOSE_MS + 1, Reason.SETUP_USED), (CLOSE_MS - 1, Reason.CARRIED)],
)
def test_a_cross_has_one_entry(entry_ms: int, reason: Reason) -> None:
    decided = made(trend=proposal(BUY, setup_ms=CLOSE_MS))
    assert outcome(decided, 0, Standing(last_entry_ms=entry_ms), RULES.limits) is reason


def test_a_setup_without_a_beginning_may_be_entered_again() -> None:
    decided = made(reversion=proposal(BUY, stop=98.0, target=103.0))
    assert outcome(decided, 0, Standing(last_entry_ms=CLOSE_MS), RULES.limits) is Reason.CARRIED


def test_a_plan_must_be_worth_its_risk() -> None:
    poor = made(reversion=proposal(BUY, stop=99.2, target=101.2))
    assert outcome(poor, 0, FLAT, RULES.limits) is Reason.REWARD_RISK
    unplanned = made(trend=proposal(BUY, stop=np.nan))
    assert outcome(unplanned, 0, FLAT, RULES.limits) is Reason.REWARD_RISK


def test_the_plan_is_the_leaders() -> None:
    decided = made(
        trend=proposal((Action.BUY, 0.6), HOLDING, (Action.BUY, 0.9), setup_ms=7),
        reversion=proposal((Action.BUY, 0.9), HOLDING, (Action.BUY, 0.6), stop=98.0, target=103.0),
    )
    assert decided.plans.stop.tolist() == [98.0, pytest.approx(np.nan, nan_ok=True), 96.0]
    assert decided.plans.setup_ms.tolist() == [-1, -1, 7]
    assert decided.judged.least_gross[[0, 2]].tolist() == [1.5, 2.0]


def test_the_context_raises_and_lowers_what_is_voted() -> None:
    raised = made(trend=proposal((Action.BUY, 0.45)), technical=[(Action.BUY, 1.0)])
    assert outcome(raised, 0, FLAT, RULES.limits) is Reason.CARRIED
    lowered = made(trend=proposal((Action.BUY, 0.55)), technical=[(Action.SELL, 1.0)])
    assert outcome(lowered, 0, FLAT, RULES.limits) is Reason.NO_CONFIDENCE


def test_a_standing_from_the_journal() -> None:
    at = datetime(2024, 5, 1, tzinfo=UTC)
    position = Position(
        symbol="BTC/EUR",
        quantity=Decimal(1),
        entry_price=Decimal(100),
        fees=Decimal(0),
        strategy="arbitrage",
        opened_at=at,
        entry_order="cf",
        high=Decimal(100),
    )
    stands = Standing.of(position, at, None)
    assert (stands.held, stands.opened_by, stands.last_exit_ms) == (True, "arbitrage", None)
    assert stands.last_entry_ms == int(at.timestamp() * 1000)
    assert Standing.of(None, None, None) == FLAT


def tallied(consensus: float, confidence: float) -> Tally:
    return Tally(
        action=Action.BUY, consensus=consensus, confidence=confidence, quorum=1.0, reason="", leader="x"
    )


candidates = st.lists(
    st.tuples(st.sampled_from("ABCDE"), st.sampled_from([0.6, 0.8, 1.0]), st.sampled_from([0.5, 0.75])),
    unique_by=lambda each: each[0],
)


@given(candidates)
def test_candidates_rank_by_consensus_times_confidence_then_symbol(
    some: list[tuple[str, float, float]],
) -> None:
    named = [(symbol, tallied(consensus, confidence)) for symbol, consensus, confidence in some]
    ranked = rank(named)
    keys = [(-tally.consensus * tally.confidence, symbol) for symbol, tally in ranked]
    assert keys == sorted(keys)
    assert rank(reversed(named)) == ranked
