from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.agents.base import ABSTAIN, BUY, HOLD, SELL, Scores
from cryptofunk_tui.decision.context import (
    aggregate,
    candle_speaks,
    scale,
    scores_of,
    signal_speaks,
    to_context,
)
from cryptofunk_tui.domain.rules import CouncilRules, VotingRules
from cryptofunk_tui.domain.signals import Action, Signal

WEIGHTS = {"technical": 0.25, "order_book": 0.20, "sentiment": 0.15}
CLOSE = datetime(2024, 5, 1, 12, tzinfo=UTC)
HOUR_MS = 3_600_000


def signal(agent: str, action: Action, confidence: float, as_of: datetime = CLOSE) -> Signal:
    return Signal(agent=agent, action=action, confidence=confidence, reasons=(), as_of=as_of)


def one(action: int, confidence: float) -> Scores:
    return Scores(np.array([action], dtype=np.int8), np.array([confidence]))


opinions = st.one_of(st.tuples(st.sampled_from([BUY, SELL, HOLD]), st.floats(0, 1)), st.just((ABSTAIN, 0.0)))


def test_the_weights_are_the_configured_ones() -> None:
    assert {name: seat.weight for name, seat in CouncilRules().analysis.items()} == WEIGHTS


@pytest.mark.parametrize(
    ("opinions", "score"),
    [
        ({"technical": (BUY, 1.0), "order_book": (BUY, 1.0), "sentiment": (BUY, 1.0)}, 1.0),
        ({"technical": (SELL, 1.0), "order_book": (SELL, 1.0), "sentiment": (SELL, 1.0)}, -1.0),
        ({"technical": (BUY, 0.8), "order_book": (SELL, 0.5), "sentiment": (HOLD, 1.0)}, (0.2 - 0.1) / 0.6),
        ({"technical": (BUY, 0.8), "sentiment": (SELL, 0.4)}, (0.2 - 0.06) / 0.4),
        ({"technical": (BUY, 0.8), "order_book": (ABSTAIN, 0.0), "sentiment": (SELL, 0.4)}, 0.35),
        ({"technical": (BUY, 0.8)}, 0.8),
        ({"technical": (BUY, 0.8), "sentiment": (HOLD, 0.2)}, 0.5),
        ({"technical": (ABSTAIN, 0.0)}, 0.0),
        ({}, 0.0),
        ({"stranger": (BUY, 1.0)}, 0.0),
    ],
)
def test_the_score_is_the_weighted_mean_of_those_present(
    opinions: dict[str, tuple[int, float]], score: float
) -> None:
    signals = {name: one(*opinion) for name, opinion in opinions.items()}
    assert aggregate(signals, WEIGHTS, 1).tolist() == [pytest.approx(score)]


@given(st.lists(opinions, min_size=3, max_size=3), st.permutations(list(WEIGHTS)))
def test_order_does_not_matter_and_the_score_is_bounded(
    opinions: list[tuple[int, float]], order: list[str]
) -> None:
    signals = {name: one(*opinion) for name, opinion in zip(WEIGHTS, opinions, strict=True)}
    score = aggregate(signals, WEIGHTS, 1)
    shuffled = aggregate(
        {name: signals[name] for name in order}, {name: WEIGHTS[name] for name in reversed(order)}, 1
    )
    assert score.tolist() == shuffled.tolist()
    assert abs(score[0]) <= 1 + 1e-12


@pytest.mark.parametrize(
    ("action", "confidence", "score", "scaled"),
    [
        (BUY, 0.5, 1.0, 0.65),
        (BUY, 0.5, -1.0, 0.35),
        (SELL, 0.5, 1.0, 0.35),
        (SELL, 0.5, -1.0, 0.65),
        (SELL, 0.5, -0.5, 0.575),
        (BUY, 0.9, 1.0, 1.0),
        (HOLD, 0.5, 1.0, 0.5),
        (ABSTAIN, 0.0, 1.0, 0.0),
        (BUY, 0.5, 0.0, 0.5),
    ],
)
def test_the_context_scales_by_thirty_percent(
    action: int, confidence: float, score: float, scaled: float
) -> None:
    result = scale(one(action, confidence), np.array([score]), 0.3)
    assert result.action.tolist() == [action]
    assert result.confidence.tolist() == [pytest.approx(scaled)]


@given(opinions, st.floats(-1, 1), st.floats(0, 1))
def test_scaling_stays_within_its_bounds(opinion: tuple[int, float], score: float, share: float) -> None:
    action, confidence = opinion
    scaled = float(scale(one(action, confidence), np.array([score]), share).confidence[0])
    assert confidence * (1 - share) - 1e-12 <= scaled <= min(1.0, confidence * (1 + share) + 1e-12)
    if action in (HOLD, ABSTAIN):
        assert scaled == confidence


MOMENT = timedelta(microseconds=1)


def test_a_candle_speaks_for_one_bar_and_a_minute_from_its_close() -> None:
    end = CLOSE + timedelta(hours=1, seconds=60)
    assert candle_speaks(CLOSE, end, VotingRules(), bar_ms=HOUR_MS)
    assert not candle_speaks(CLOSE, end + MOMENT, VotingRules(), bar_ms=HOUR_MS)


def test_any_other_signal_speaks_for_five_minutes_from_its_computation() -> None:
    end = CLOSE + timedelta(minutes=5)
    assert signal_speaks(CLOSE, end, VotingRules())
    assert not signal_speaks(CLOSE, end + MOMENT, VotingRules())


def test_a_context_names_who_spoke_and_who_did_not() -> None:
    signals = [signal("sentiment", Action.SELL, 0.4), signal("order_book", Action.ABSTAIN, 0.0)]
    context = to_context(signals, WEIGHTS)
    assert context.score == pytest.approx(-0.4)
    assert context.present == ("sentiment",)
    assert context.absent == ("technical", "order_book")
    assert to_context([], WEIGHTS).score == 0.0


def test_a_row_and_its_record_give_the_same_score() -> None:
    signals = [signal("technical", Action.BUY, 0.45), signal("sentiment", Action.HOLD, 0.9)]
    assert to_context(signals, WEIGHTS).score == aggregate(scores_of(signals), WEIGHTS, 1)[0]
