from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cryptofunk_tui.agents.base import Scores
from cryptofunk_tui.decision.decide import Standing
from cryptofunk_tui.decision.records import settle, to_ballot, to_plan, to_signal
from cryptofunk_tui.domain.signals import Action
from tests.agents.scene import HOUR_MS, START_MS
from tests.decision.scene import ABSENT, HOLDING, RISK, RULES, Opinion, made, proposal

BUY, SELL = (Action.BUY, 0.7), (Action.SELL, 0.7)
FLAT = Standing()
OURS = Standing(held=True, opened_by="trend_following")
CLOSE_MS = START_MS + HOUR_MS


def test_a_row_as_a_signal() -> None:
    at = datetime(2024, 5, 1, tzinfo=UTC)
    signal = to_signal("technical", Scores.single(Action.SELL, 0.45), 0, ("why",), at)
    assert (signal.agent, signal.action, signal.confidence) == ("technical", Action.SELL, 0.45)
    assert (signal.reasons, signal.as_of) == (("why",), at)


def test_a_ballot_says_what_the_context_did() -> None:
    said = proposal((Action.BUY, 0.5))
    decided = made(trend=said, technical=[(Action.BUY, 0.5)])
    ballot = to_ballot(decided, "trend_following", said, 0, weight=6, reasons=("a cross",))
    assert ballot.confidence == pytest.approx(0.575)
    assert ballot.weight == 6
    assert ballot.reasons == ("a cross", "context +0.50 takes the confidence from 0.50 to 0.57")
    assert ballot.plan is not None
    assert ballot.plan.stop == Decimal("96.0")
    untouched = to_ballot(made(trend=said), "trend_following", said, 0, weight=6, reasons=("a cross",))
    assert untouched.reasons == ("a cross",)


def test_a_plan_in_exact_numbers() -> None:
    plan = to_plan(proposal(BUY, stop=0.1 + 0.2).plans, 100.1, 0)
    assert plan is not None
    assert plan.reference == Decimal("100.1")
    assert plan.stop == Decimal("0.30000000000000004"), "the float that the rule meant, digit by digit"
    assert (plan.trail, plan.trail_after) == (Decimal("3.0"), Decimal("4.0"))


def test_without_a_buy_there_is_no_plan() -> None:
    assert to_plan(proposal(SELL).plans, 100.0, 0) is None


def test_a_vote_that_carries() -> None:
    tally = settle(made(trend=proposal(BUY)), 0, FLAT, RISK, RULES)
    assert (tally.action, tally.leader) == (Action.BUY, "trend_following")
    assert tally.reason == "BUY carries with 0.89 of the vote and a confidence of 0.70"
    assert tally.quorum == pytest.approx(11 / 15)


@pytest.mark.parametrize(
    ("trend", "reversion", "standing", "reason"),
    [
        (BUY, HOLDING, OURS, "BUY, but the symbol is held already"),
        (SELL, HOLDING, FLAT, "SELL, but nothing is held, and a SELL never opens a short"),
        (
            SELL,
            HOLDING,
            Standing(held=True, opened_by="mean_reversion"),
            "SELL, but the position is mean_reversion's, which did not vote to sell it",
        ),
        (
            SELL,
            HOLDING,
            Standing(held=True),
            "SELL, but the position is a person's, which did not vote to sell it",
        ),
        (
            BUY,
            HOLDING,
            Standing(last_exit_ms=CLOSE_MS - 5 * HOUR_MS),
            "BUY, but the last exit was 5 bars ago, 12 are asked",
        ),
        (
            BUY,
            HOLDING,
            Standing(last_entry_ms=CLOSE_MS),
            "BUY, but the setup of 2023-11-14 23:00 UTC has had its entry",
        ),
        ((Action.BUY, 0.3), HOLDING, FLAT, "BUY has a confidence of 0.30, at least 0.5 is asked"),
        (BUY, (Action.HOLD, 0.7), FLAT, "BUY has 0.55 of the vote, at least 0.6 is asked"),
        (HOLDING, HOLDING, FLAT, "HOLD wins with 1.00 of the vote"),
        ((Action.BUY, 0.5), (Action.HOLD, 0.6), FLAT, "a tie at 0.50 of the vote"),
        (BUY, ABSENT, FLAT, "no quorum: 1 ballots with 0.40 of the weight, 2 with 0.6 are asked"),
    ],
)
def test_a_hold_says_why(trend: Opinion, reversion: Opinion, standing: Standing, reason: str) -> None:
    decided = made(trend=proposal(trend, setup_ms=CLOSE_MS), reversion=proposal(reversion))
    tally = settle(decided, 0, standing, RISK, RULES)
    assert (tally.action, tally.leader) == (Action.HOLD, None)
    assert tally.reason == reason


def test_a_plan_that_is_not_worth_its_risk_says_both_ratios() -> None:
    decided = made(reversion=proposal(BUY, stop=99.2, target=101.2))
    assert settle(decided, 0, FLAT, RISK, RULES).reason == (
        "BUY, but reward over risk 1.50, at least 1.5 is asked; net of 0.25% costs 0.90, at least 1 is asked"
    )


def test_an_exit_without_a_majority_says_so() -> None:
    decided = made(proposal((Action.SELL, 0.6)), proposal((Action.HOLD, 0.4)), proposal((Action.BUY, 0.5)))
    assert settle(decided, 0, OURS, RISK, RULES).reason == "SELL has 0.47 of the vote, more than 0.5 is asked"


def test_a_hold_keeps_the_numbers_of_the_vote() -> None:
    tally = settle(made(trend=proposal(BUY)), 0, OURS, RISK, RULES)
    assert tally.consensus == pytest.approx(4.2 / 4.7)
    assert tally.confidence == pytest.approx(0.7)
