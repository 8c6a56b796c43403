"""Deliberations over a few rows, from the opinions that a test names."""

from collections.abc import Sequence

import numpy as np

from cryptofunk_tui.agents.base import BUY, CODE_OF, NEVER_MS, Plans, Scores
from cryptofunk_tui.agents.council import Proposal
from cryptofunk_tui.agents.risk import RiskAgent
from cryptofunk_tui.decision.decide import Deliberation, deliberate
from cryptofunk_tui.domain.rules import Rules
from cryptofunk_tui.domain.signals import Action
from tests.agents.scene import candles

RULES = Rules()
RISK = RiskAgent(RULES.limits, RULES.costs)
Opinion = tuple[Action, float]
HOLDING: Opinion = (Action.HOLD, 0.1)
ABSENT: Opinion = (Action.ABSTAIN, 0.0)


def scores(opinions: Sequence[Opinion]) -> Scores:
    return Scores(
        np.array([CODE_OF[action] for action, _ in opinions], dtype=np.int8),
        np.array([confidence for _, confidence in opinions]),
    )


def proposal(
    *opinions: Opinion, stop: float = 96.0, target: float = 108.0, setup_ms: int = NEVER_MS
) -> Proposal:
    said = scores(opinions)
    rows = np.flatnonzero(said.action == BUY)
    plans = Plans.at(
        len(said),
        rows,
        stop=np.full(rows.size, stop),
        target=np.full(rows.size, target),
        trail=3.0,
        trail_after=4.0,
        setup_ms=setup_ms,
    )
    return Proposal(said, plans)


def made(
    trend: Proposal | None = None,
    reversion: Proposal | None = None,
    arbitrage: Proposal | None = None,
    *,
    technical: Sequence[Opinion] | None = None,
    close: float = 100.0,
) -> Deliberation:
    """Rows at one close. Trend and reversion hold where they are not given, arbitrage is absent."""
    rows = len((trend or reversion or proposal(HOLDING)).scores)
    idle = proposal(*[HOLDING] * rows)
    return deliberate(
        candles([close] * rows),
        {"technical": scores(technical)} if technical else {},
        {
            "trend_following": trend or idle,
            "mean_reversion": reversion or idle,
            "arbitrage": arbitrage or Proposal.absent(rows),
        },
        RISK,
        RULES,
    )
