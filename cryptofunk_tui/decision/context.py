"""The analysts' signals as one number, and what it does to a strategy's confidence."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import numpy as np

from cryptofunk_tui.agents.base import ABSTAIN, BUY, SELL, Codes, Scores, direction
from cryptofunk_tui.domain.candles import Floats
from cryptofunk_tui.domain.rules import VotingRules
from cryptofunk_tui.domain.signals import Action, Context, Signal


def candle_speaks(closed_at: datetime, now: datetime, rules: VotingRules, *, bar_ms: int) -> bool:
    """Whether what was read from a bar still counts: for one bar and a grace from its close, the last moment
    included."""
    return now - closed_at <= timedelta(milliseconds=bar_ms) + timedelta(seconds=rules.candle_grace_s)


def signal_speaks(computed_at: datetime, now: datetime, rules: VotingRules) -> bool:
    """Whether any other signal still counts: for its life from its computation, the last moment included."""
    return now - computed_at <= timedelta(seconds=rules.signal_life_s)


def aggregate(signals: Mapping[str, Scores], weights: Mapping[str, float], rows: int) -> Floats:
    """The context score in [−1, 1] by row: Σ weight × direction × confidence over Σ weight of those that do
    not abstain; 0 where all do. The order of the signals does not matter."""
    total, present = np.zeros(rows), np.zeros(rows)
    for name in sorted(weights):
        signal = signals.get(name)
        if signal is None:
            continue
        total += weights[name] * (_side(signal.action) * signal.confidence)
        present += weights[name] * (signal.action != ABSTAIN)
    return np.divide(total, present, out=np.zeros(rows), where=present > 0)


def scale(ballot: Scores, score: Floats, share: float) -> Scores:
    """A ballot with its confidence × (1 + share × score × direction), at most 1. HOLD has no direction."""
    factor = 1 + share * score * _side(ballot.action)
    return Scores(ballot.action, np.minimum(ballot.confidence * factor, 1.0))


def scores_of(signals: Iterable[Signal]) -> dict[str, Scores]:
    """Signals as one row each."""
    return {signal.agent: Scores.single(signal.action, signal.confidence) for signal in signals}


def to_context(signals: Iterable[Signal], weights: Mapping[str, float]) -> Context:
    """The context of one moment from the signals that are still fresh; whoever has none is absent."""
    spoken = {signal.agent: signal for signal in signals if signal.action is not Action.ABSTAIN}
    return Context(
        score=float(aggregate(scores_of(spoken.values()), weights, 1)[0]),
        present=tuple(name for name in weights if name in spoken),
        absent=tuple(name for name in weights if name not in spoken),
    )


def _side(action: Codes) -> Codes:
    return direction(action == BUY, action == SELL)
