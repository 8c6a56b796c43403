import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.agents.base import ABSTAIN, BUY, HOLD, SELL, Scores
from cryptofunk_tui.decision.voting import NOBODY, Reason, Tallies, tally
from cryptofunk_tui.domain.rules import CouncilRules, VotingRules

WEIGHTS = {"trend_following": 6, "mean_reversion": 5, "arbitrage": 4}
T, M, A = WEIGHTS
RULES = VotingRules()
Vote = tuple[int, float]
NO_VOTE: Vote = (ABSTAIN, 0.0)


def vote(votes: dict[str, Vote], weights: dict[str, int] = WEIGHTS) -> Tallies:
    ballots = {
        name: Scores(np.array([action], dtype=np.int8), np.array([confidence]))
        for name, (action, confidence) in votes.items()
    }
    return tally(ballots, weights, RULES, 1)


def three(trend: Vote, reversion: Vote, arbitrage: Vote = NO_VOTE) -> Tallies:
    return vote({T: trend, M: reversion, A: arbitrage})


def test_the_weights_are_the_configured_ones() -> None:
    assert {name: seat.weight for name, seat in CouncilRules().strategies.items()} == WEIGHTS


@pytest.mark.parametrize(
    ("trend", "reversion", "arbitrage", "action", "reason"),
    [
        ((BUY, 0.6), (HOLD, 0.1), NO_VOTE, BUY, Reason.CARRIED),
        ((BUY, 0.5), (HOLD, 0.1), NO_VOTE, BUY, Reason.CARRIED),
        ((BUY, 0.499), (HOLD, 0.1), NO_VOTE, HOLD, Reason.NO_CONFIDENCE),
        ((BUY, 0.6), (HOLD, 0.48), NO_VOTE, BUY, Reason.CARRIED),
        ((BUY, 0.6), (HOLD, 0.481), NO_VOTE, HOLD, Reason.NO_CONSENSUS),
        ((BUY, 0.6), (HOLD, 1.0), NO_VOTE, HOLD, Reason.HOLD_WINS),
        ((HOLD, 0.1), (HOLD, 0.1), NO_VOTE, HOLD, Reason.HOLD_WINS),
        ((BUY, 0.5), (HOLD, 0.6), NO_VOTE, HOLD, Reason.TIE),
        ((BUY, 0.5), (SELL, 0.6), NO_VOTE, HOLD, Reason.TIE),
        ((BUY, 0.5), (SELL, 0.6), (HOLD, 0.1), HOLD, Reason.TIE),
        ((HOLD, 0.5), (SELL, 0.6), NO_VOTE, HOLD, Reason.TIE),
        ((HOLD, 0.0), (HOLD, 0.0), NO_VOTE, HOLD, Reason.TIE),
        ((SELL, 0.6), (HOLD, 0.1), NO_VOTE, SELL, Reason.CARRIED),
        ((SELL, 0.2), (HOLD, 0.1), NO_VOTE, SELL, Reason.CARRIED),
        ((SELL, 0.6), (HOLD, 0.5), NO_VOTE, SELL, Reason.CARRIED),
        ((SELL, 0.6), (HOLD, 0.4), (BUY, 0.4), HOLD, Reason.NO_CONSENSUS),
        ((SELL, 0.6), (HOLD, 0.4), (BUY, 0.39), SELL, Reason.CARRIED),
        ((BUY, 0.9), NO_VOTE, NO_VOTE, HOLD, Reason.NO_QUORUM),
        (NO_VOTE, (BUY, 0.9), NO_VOTE, HOLD, Reason.NO_QUORUM),
        (NO_VOTE, (BUY, 0.9), (BUY, 0.9), BUY, Reason.CARRIED),
        (NO_VOTE, NO_VOTE, NO_VOTE, HOLD, Reason.NO_QUORUM),
        ((BUY, 0.9), NO_VOTE, (BUY, 0.2), BUY, Reason.CARRIED),
        ((BUY, 0.9), NO_VOTE, (BUY, 0.09), HOLD, Reason.NO_CONFIDENCE),
    ],
)
def test_the_rule(trend: Vote, reversion: Vote, arbitrage: Vote, action: int, reason: Reason) -> None:
    result = three(trend, reversion, arbitrage)
    assert (result.action[0], Reason(result.reason[0])) == (action, reason)


def test_the_numbers_of_a_vote() -> None:
    result = three((BUY, 0.8), (HOLD, 0.1), (BUY, 0.6))
    assert result.consensus[0] == pytest.approx((4.8 + 2.4) / (4.8 + 2.4 + 0.5))
    assert result.confidence[0] == pytest.approx(0.7)
    assert result.quorum[0] == 1.0
    assert result.voters[0] == 3
    assert result.strategies[result.leader[0]] == "trend_following"


def test_what_failed_keeps_its_numbers() -> None:
    result = three((BUY, 0.6), (HOLD, 0.5))
    assert (result.action[0], result.winner[0]) == (HOLD, BUY)
    assert result.consensus[0] == pytest.approx(3.6 / 6.1)
    assert result.confidence[0] == pytest.approx(0.6)


def test_quorum_is_a_share_of_the_enabled_weight() -> None:
    assert three((BUY, 0.9), (HOLD, 0.1)).quorum[0] == pytest.approx(11 / 15)
    missing = vote({T: (BUY, 0.9), M: (HOLD, 0.1)})
    assert missing.quorum[0] == pytest.approx(11 / 15), "an agent without a ballot abstains"
    exact = vote({T: (BUY, 0.9), M: (HOLD, 0.1)}, {T: 6, M: 3, A: 6})
    assert (exact.quorum[0], exact.action[0]) == (0.6, BUY)
    below = vote({T: (BUY, 0.9), M: (HOLD, 0.1)}, {T: 6, M: 2, A: 6})
    assert Reason(below.reason[0]) is Reason.NO_QUORUM


def test_one_ballot_is_enough_where_one_agent_is_enabled() -> None:
    alone = vote({T: (BUY, 0.9)}, {T: 6})
    assert (alone.action[0], alone.quorum[0], alone.consensus[0]) == (BUY, 1.0, 1.0)
    heavy = vote({T: (BUY, 0.9)}, {T: 9, M: 1})
    assert Reason(heavy.reason[0]) is Reason.NO_QUORUM


def test_nobody_enabled_is_no_quorum() -> None:
    result = tally({}, {}, RULES, 2)
    assert result.reason.tolist() == [Reason.NO_QUORUM] * 2
    assert result.quorum.tolist() == [0.0, 0.0]


def test_the_leader_is_the_loudest_of_the_winners() -> None:
    def leader(result: Tallies) -> str:
        return result.strategies[int(result.leader[0])]

    assert leader(three((BUY, 0.5), (BUY, 0.9))) == "mean_reversion"
    assert leader(three((BUY, 0.5), (BUY, 0.6))) == "trend_following", "at a tie the heavier one"
    assert leader(three((HOLD, 0.5), (SELL, 0.9))) == "mean_reversion"
    assert three((HOLD, 0.5), (HOLD, 0.9)).leader[0] == NOBODY
    same = vote({"a": (BUY, 0.7), "b": (BUY, 0.7)}, {"b": 3, "a": 3})
    assert leader(same) == "a"


votes = st.one_of(
    st.tuples(st.sampled_from([BUY, SELL, HOLD]), st.floats(0, 1)),
    st.tuples(st.sampled_from([BUY, SELL, HOLD]), st.sampled_from([0.1, 0.5, 0.6, 1.0])),
    st.just(NO_VOTE),
)
all_votes = st.fixed_dictionaries(dict.fromkeys(WEIGHTS, votes))


def _numbers(result: Tallies) -> list[list[float]]:
    names = ("action", "winner", "consensus", "confidence", "quorum", "voters", "reason", "leader")
    return [getattr(result, name).tolist() for name in names]


@given(all_votes, st.permutations(list(WEIGHTS)), st.permutations(list(WEIGHTS)))
def test_the_order_of_the_ballots_does_not_matter(
    cast: dict[str, Vote], order: list[str], weights: list[str]
) -> None:
    shuffled = vote({name: cast[name] for name in order}, {name: WEIGHTS[name] for name in weights})
    assert _numbers(shuffled) == _numbers(vote(cast))


@given(all_votes)
def test_abstaining_is_not_voting_hold(cast: dict[str, Vote]) -> None:
    present = {name: ballot for name, ballot in cast.items() if ballot != NO_VOTE}
    assert _numbers(vote(present)) == _numbers(vote(cast))
    assert vote(cast).voters[0] == len(present)


@given(all_votes)
def test_shares_are_shares(cast: dict[str, Vote]) -> None:
    result = vote(cast)
    for values in (result.consensus, result.confidence, result.quorum):
        assert 0 <= values[0] <= 1
    if result.action[0] == BUY:
        assert result.consensus[0] >= 0.6 - 1e-9
        assert result.confidence[0] >= 0.5 - 1e-9
        assert result.quorum[0] >= 0.6 - 1e-9
    if result.action[0] == SELL:
        assert result.consensus[0] > 0.5
        assert result.quorum[0] >= 0.6 - 1e-9
    assert (result.leader[0] == NOBODY) == (result.winner[0] == HOLD)


@given(st.lists(all_votes, min_size=1, max_size=8))
def test_many_rows_are_counted_as_each_alone(rows: list[dict[str, Vote]]) -> None:
    ballots = {
        name: Scores(
            np.array([row[name][0] for row in rows], dtype=np.int8), np.array([row[name][1] for row in rows])
        )
        for name in WEIGHTS
    }
    together = tally(ballots, WEIGHTS, RULES, len(rows))
    for index, row in enumerate(rows):
        alone = vote(row)
        assert [column[index] for column in _numbers(together)] == [column[0] for column in _numbers(alone)]
