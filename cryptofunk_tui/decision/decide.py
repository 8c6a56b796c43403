"""From opinions to a decision: all rows at once for what is stateless, one row for what the account adds."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from cryptofunk_tui.agents.base import BUY, HOLD, NEVER_MS, SELL, Plans, Scores
from cryptofunk_tui.agents.council import Council, Proposal
from cryptofunk_tui.agents.frame import Frame
from cryptofunk_tui.agents.risk import Judgement, RiskAgent
from cryptofunk_tui.decision.context import aggregate, scale
from cryptofunk_tui.decision.voting import NOBODY, Reason, Tallies, tally
from cryptofunk_tui.domain.base import to_ms
from cryptofunk_tui.domain.candles import Candles, Floats
from cryptofunk_tui.domain.market import timeframe_ms
from cryptofunk_tui.domain.portfolio import Position
from cryptofunk_tui.domain.rules import LimitRules, Rules
from cryptofunk_tui.domain.signals import Tally


@dataclass(frozen=True, slots=True, eq=False)
class Deliberation:
    """What the council makes of every row, before the account is asked. `score` is the context's, `ballots`
    are scaled by it; `plans` are the leader's where the vote carries a BUY, `judged` what the risk officer
    holds of them. A row may enter where `tallies.action` is BUY and `judged.ok`."""

    candles: Candles
    score: Floats
    ballots: Mapping[str, Scores]
    tallies: Tallies
    plans: Plans
    judged: Judgement

    def __len__(self) -> int:
        return len(self.score)


@dataclass(frozen=True, slots=True)
class Standing:
    """What the account says of a symbol: whether it is held and which strategy opened it, and the market
    times of the last fills that entered and left it."""

    held: bool = False
    opened_by: str | None = None
    last_entry_ms: int | None = None
    last_exit_ms: int | None = None

    @classmethod
    def of(
        cls, position: Position | None, last_entry: datetime | None, last_exit: datetime | None
    ) -> "Standing":
        """The same from what the journal keeps."""
        return cls(
            held=position is not None,
            opened_by=position.strategy if position is not None else None,
            last_entry_ms=to_ms(last_entry) if last_entry is not None else None,
            last_exit_ms=to_ms(last_exit) if last_exit is not None else None,
        )


def deliberate(
    candles: Candles,
    signals: Mapping[str, Scores],
    proposals: Mapping[str, Proposal],
    risk: RiskAgent,
    rules: Rules,
) -> Deliberation:
    """Context, ballots, vote and ratios of every row. All columns are as long as the candles; whoever is
    missing is absent."""
    rows = len(candles)
    score = aggregate(signals, {name: seat.weight for name, seat in rules.council.analysis.items()}, rows)
    weights = {name: seat.weight for name, seat in rules.council.strategies.items()}
    ballots = {
        name: scale(proposal.scores, score, rules.voting.context_scale)
        for name, proposal in proposals.items()
    }
    tallies = tally(ballots, weights, rules.voting, rows)
    plans = _leaders_plans(tallies, proposals)
    judged = risk.judge(candles.close, plans, tallies.leader, tallies.strategies)
    return Deliberation(candles, score, ballots, tallies, plans, judged)


def sit(council: Council, frame: Frame, rules: Rules) -> Deliberation:
    """The whole council over every row of a frame."""
    return deliberate(frame.candles, council.signals(frame), council.proposals(frame), council.risk, rules)


def outcome(made: Deliberation, row: int, standing: Standing, limits: LimitRules) -> Reason:
    """Whether a row's action stands before the account: CARRIED where it does, else the reason to hold."""
    tallies = made.tallies
    action, reason = int(tallies.action[row]), Reason(int(tallies.reason[row]))
    if action == HOLD:
        return reason
    if action == SELL:
        return _exit(made, row, standing)
    if standing.held:
        return Reason.HELD
    bar_ms = timeframe_ms(made.candles.timeframe)
    as_of_ms = int(made.candles.timestamp_ms[row]) + bar_ms
    exit_ms, entry_ms = standing.last_exit_ms, standing.last_entry_ms
    if exit_ms is not None and as_of_ms - exit_ms < limits.cooldown_bars * bar_ms:
        return Reason.COOLDOWN
    setup_ms = int(made.plans.setup_ms[row])
    if setup_ms != NEVER_MS and entry_ms is not None and entry_ms >= setup_ms:
        return Reason.SETUP_USED
    return Reason.CARRIED if made.judged.ok[row] else Reason.REWARD_RISK


def leader(made: Deliberation, row: int, standing: Standing) -> str | None:
    """The strategy whose trade a row would be: the winner's loudest for an entry, for an exit the one that
    opened the position."""
    index = int(made.tallies.leader[row])
    if made.tallies.action[row] == SELL and standing.held:
        return standing.opened_by
    return made.tallies.strategies[index] if index != NOBODY else None


def rank(candidates: Iterable[tuple[str, Tally]]) -> list[tuple[str, Tally]]:
    """Symbols with their tallies, the strongest first: consensus × confidence, then the symbol."""
    return sorted(candidates, key=lambda each: (-each[1].consensus * each[1].confidence, each[0]))


def _exit(made: Deliberation, row: int, standing: Standing) -> Reason:
    if not standing.held:
        return Reason.FLAT
    ballot = made.ballots.get(standing.opened_by or "")
    return Reason.CARRIED if ballot is not None and ballot.action[row] == SELL else Reason.NOT_ITS_OWN


def _leaders_plans(tallies: Tallies, proposals: Mapping[str, Proposal]) -> Plans:
    buying = np.flatnonzero(tallies.action == BUY)
    if not buying.size:
        return Plans.none(len(tallies))
    lead = tallies.leader[buying]
    parts = {name: np.empty(buying.size) for name in ("stop", "target", "trail", "trail_after")}
    setups = np.empty(buying.size, dtype=np.int64)
    for index, strategy in enumerate(tallies.strategies):
        mine = lead == index
        if mine.any():
            plans, rows = proposals[strategy].plans, buying[mine]
            for name, column in parts.items():
                column[mine] = getattr(plans, name)[rows]
            setups[mine] = plans.setup_ms[rows]
    return Plans.at(len(tallies), buying, **parts, setup_ms=setups)
