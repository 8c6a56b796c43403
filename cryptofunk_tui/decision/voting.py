"""The vote: what the strategies together want, row by row."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from cryptofunk_tui.agents.base import ABSTAIN, BUY, HOLD, ROUNDING, SELL, Codes, Mask, Scores, direction
from cryptofunk_tui.domain.candles import Floats
from cryptofunk_tui.domain.rules import VotingRules

NOBODY = -1


class Reason(IntEnum):
    """Why a vote ended as it did. The first six come from the ballots alone, the others from the risk
    officer's ratios and from what the account holds."""

    CARRIED = 0
    NO_QUORUM = 1
    TIE = 2
    HOLD_WINS = 3
    NO_CONSENSUS = 4
    NO_CONFIDENCE = 5
    REWARD_RISK = 6
    HELD = 7
    FLAT = 8
    NOT_ITS_OWN = 9
    COOLDOWN = 10
    SETUP_USED = 11


@dataclass(frozen=True, slots=True, eq=False)
class Tallies:
    """The outcome by row. `winner` is the action with the largest sum of weight × confidence, HOLD at a tie;
    `consensus` that sum's share of all, `confidence` the mean of the winner's ballots, `quorum` the share of
    enabled weight that voted, `voters` how many did. `action` is the winner where it carries, else HOLD for
    `reason`. `leader` is an index into `strategies`: of the winner's ballots the one with the largest
    weight × confidence, NOBODY for HOLD."""

    strategies: tuple[str, ...]
    action: Codes
    winner: Codes
    consensus: Floats
    confidence: Floats
    quorum: Floats
    voters: Codes
    reason: Codes
    leader: Codes

    def __len__(self) -> int:
        return len(self.action)


def tally(
    ballots: Mapping[str, Scores], weights: Mapping[str, int], rules: VotingRules, rows: int
) -> Tallies:
    """Count scaled ballots of `rows` rows. `weights` names every enabled strategy; one without a ballot
    abstains. An entry must carry quorum, consensus and confidence; a SELL is always an exit and needs quorum
    and more than `exit_consensus` only. The order of the ballots does not matter."""
    order = tuple(sorted(weights, key=lambda name: (-weights[name], name)))
    cast = {name: ballots[name] for name in order if name in ballots}
    mass = {name: weights[name] * ballot.confidence for name, ballot in cast.items()}
    buy, sell, hold = (_sum_where(cast, mass, code, rows) for code in (BUY, SELL, HOLD))
    total = buy + sell + hold
    winner = direction(buy > np.maximum(sell, hold) + ROUNDING, sell > np.maximum(buy, hold) + ROUNDING)
    top = np.maximum(np.maximum(buy, sell), hold)
    consensus = np.divide(top, total, out=np.zeros(rows), where=total > 0)
    confidence = _mean_confidence(cast, winner)
    quorum, voters = _turnout(cast, weights, rows)
    enough = (quorum >= rules.quorum - ROUNDING) & (voters >= min(rules.ballots, len(weights)))
    tie = (winner == HOLD) & (np.maximum(buy, sell) > hold - ROUNDING)
    reason = _reasons(winner, tie, consensus, confidence, enough, rules)
    return Tallies(
        strategies=order,
        action=np.where(reason == Reason.CARRIED, winner, np.int8(HOLD)),
        winner=winner,
        consensus=consensus,
        confidence=confidence,
        quorum=quorum,
        voters=voters,
        reason=reason,
        leader=_leader(order, cast, mass, winner),
    )


def _sum_where(cast: Mapping[str, Scores], mass: Mapping[str, Floats], code: int, rows: int) -> Floats:
    total = np.zeros(rows)
    for name, ballot in cast.items():
        total += mass[name] * (ballot.action == code)
    return total


def _mean_confidence(cast: Mapping[str, Scores], winner: Codes) -> Floats:
    total, count = np.zeros(len(winner)), np.zeros(len(winner))
    for ballot in cast.values():
        sides = ballot.action == winner
        total += ballot.confidence * sides
        count += sides
    return np.divide(total, count, out=np.zeros(len(winner)), where=count > 0)


def _turnout(cast: Mapping[str, Scores], weights: Mapping[str, int], rows: int) -> tuple[Floats, Codes]:
    weight, count = np.zeros(rows), np.zeros(rows, dtype=np.int8)
    for name, ballot in cast.items():
        votes = ballot.action != ABSTAIN
        weight += weights[name] * votes
        count += votes
    return weight / max(sum(weights.values()), 1), count


def _reasons(
    winner: Codes, tie: Mask, consensus: Floats, confidence: Floats, enough: Mask, rules: VotingRules
) -> Codes:
    buying, selling = winner == BUY, winner == SELL
    weak = (buying & (consensus < rules.consensus - ROUNDING)) | (
        selling & (consensus <= rules.exit_consensus + ROUNDING)
    )
    reason = np.full(len(winner), Reason.CARRIED, dtype=np.int8)
    reason[buying & (confidence < rules.confidence - ROUNDING)] = Reason.NO_CONFIDENCE
    reason[weak] = Reason.NO_CONSENSUS
    reason[winner == HOLD] = Reason.HOLD_WINS
    reason[tie] = Reason.TIE
    reason[~enough] = Reason.NO_QUORUM
    return reason


def _leader(
    order: tuple[str, ...], cast: Mapping[str, Scores], mass: Mapping[str, Floats], winner: Codes
) -> Codes:
    leader = np.full(len(winner), NOBODY, dtype=np.int8)
    best = np.zeros(len(winner))
    for index, name in enumerate(order):
        if name not in cast:
            continue
        leads = (winner != HOLD) & (cast[name].action == winner) & (mass[name] > best + ROUNDING)
        leader[leads] = index
        best = np.where(leads, mass[name], best)
    return leader
