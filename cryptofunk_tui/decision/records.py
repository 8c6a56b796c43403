"""One row of a decision as records, with its reasons in words."""

from datetime import datetime
from decimal import Decimal

import numpy as np

from cryptofunk_tui.agents.base import ACTION_OF, Plans, Scores
from cryptofunk_tui.agents.council import Proposal
from cryptofunk_tui.agents.risk import RiskAgent
from cryptofunk_tui.decision.decide import Deliberation, Standing, leader, outcome
from cryptofunk_tui.decision.voting import Reason
from cryptofunk_tui.domain.base import from_ms
from cryptofunk_tui.domain.market import timeframe_ms
from cryptofunk_tui.domain.rules import Rules
from cryptofunk_tui.domain.signals import Action, Ballot, Plan, Signal, Tally


def to_signal(agent: str, scores: Scores, row: int, reasons: tuple[str, ...], as_of: datetime) -> Signal:
    """An analysis agent's row."""
    action, confidence = scores.at(row)
    return Signal(agent=agent, action=action, confidence=confidence, reasons=reasons, as_of=as_of)


def to_ballot(
    made: Deliberation, strategy: str, proposal: Proposal, row: int, *, weight: int, reasons: tuple[str, ...]
) -> Ballot:
    """A strategy's row, its confidence scaled by the context, and said so where that changed it."""
    action, confidence = made.ballots[strategy].at(row)
    _, before = proposal.scores.at(row)
    if confidence != before:
        scaled = f"context {made.score[row]:+.2f} takes the confidence from {before:.2f} to {confidence:.2f}"
        reasons = (*reasons, scaled)
    return Ballot(
        agent=strategy,
        action=action,
        confidence=confidence,
        weight=weight,
        reasons=reasons,
        plan=to_plan(proposal.plans, float(made.candles.close[row]), row),
    )


def to_plan(plans: Plans, close: float, row: int) -> Plan | None:
    """A strategy's plan for a row, measured from the close; None where it has none."""
    stop, target, trail, trail_after = (
        _money(float(values[row])) for values in (plans.stop, plans.target, plans.trail, plans.trail_after)
    )
    reference = _money(close)
    if reference is None or stop is None or target is None:
        return None
    return Plan(reference=reference, stop=stop, target=target, trail=trail, trail_after=trail_after)


def settle(made: Deliberation, row: int, standing: Standing, risk: RiskAgent, rules: Rules) -> Tally:
    """A row's action as it stands before the account; where it does not stand, HOLD with the reason in words.
    Consensus and confidence stay those of the vote's winner, so that what failed can be seen."""
    tallies = made.tallies
    why = outcome(made, row, standing, rules.limits)
    carried = why is Reason.CARRIED
    return Tally(
        action=ACTION_OF[int(tallies.action[row])] if carried else Action.HOLD,
        consensus=float(tallies.consensus[row]),
        confidence=float(tallies.confidence[row]),
        quorum=float(tallies.quorum[row]),
        reason=_words(why, made, row, standing, risk, rules),
        leader=leader(made, row, standing) if carried else None,
    )


def _words(
    why: Reason, made: Deliberation, row: int, standing: Standing, risk: RiskAgent, rules: Rules
) -> str:
    match why:
        case Reason.REWARD_RISK:
            return "BUY, but " + "; ".join(risk.reasons(made.judged, row))
        case Reason.HELD:
            return "BUY, but the symbol is held already"
        case Reason.FLAT:
            return "SELL, but nothing is held, and a SELL never opens a short"
        case Reason.NOT_ITS_OWN:
            opener = standing.opened_by or "a person"
            return f"SELL, but the position is {opener}'s, which did not vote to sell it"
        case Reason.COOLDOWN:
            return f"BUY, but {_cooldown(made, row, standing, rules)}"
        case Reason.SETUP_USED:
            since = from_ms(int(made.plans.setup_ms[row]))
            return f"BUY, but the setup of {since:%Y-%m-%d %H:%M} UTC has had its entry"
    return _vote_words(why, made, row, rules)


def _vote_words(why: Reason, made: Deliberation, row: int, rules: Rules) -> str:
    tallies, voting = made.tallies, rules.voting
    winner = ACTION_OF[int(tallies.winner[row])]
    consensus, confidence = f"{tallies.consensus[row]:.2f}", f"{tallies.confidence[row]:.2f}"
    match why:
        case Reason.NO_QUORUM:
            return (
                f"no quorum: {tallies.voters[row]} ballots with {tallies.quorum[row]:.2f} of the weight, "
                f"{min(voting.ballots, len(tallies.strategies))} with {voting.quorum:g} are asked"
            )
        case Reason.TIE:
            return f"a tie at {consensus} of the vote"
        case Reason.HOLD_WINS:
            return f"HOLD wins with {consensus} of the vote"
        case Reason.NO_CONSENSUS if winner is Action.SELL:
            return f"SELL has {consensus} of the vote, more than {voting.exit_consensus:g} is asked"
        case Reason.NO_CONSENSUS:
            return f"BUY has {consensus} of the vote, at least {voting.consensus:g} is asked"
        case Reason.NO_CONFIDENCE:
            return f"BUY has a confidence of {confidence}, at least {voting.confidence:g} is asked"
    return f"{winner} carries with {consensus} of the vote and a confidence of {confidence}"


def _cooldown(made: Deliberation, row: int, standing: Standing, rules: Rules) -> str:
    bar_ms = timeframe_ms(made.candles.timeframe)
    passed_ms = int(made.candles.timestamp_ms[row]) + bar_ms - (standing.last_exit_ms or 0)
    return f"the last exit was {passed_ms / bar_ms:g} bars ago, {rules.limits.cooldown_bars} are asked"


def _money(value: float) -> Decimal | None:
    return Decimal(repr(value)) if np.isfinite(value) else None
