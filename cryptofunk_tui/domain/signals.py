"""What agents say and what becomes of it: signals, ballots, the tally."""

from enum import StrEnum

from cryptofunk_tui.domain.base import Money, Record, Utc


class Action(StrEnum):
    """ABSTAIN is the absence of an opinion; HOLD is an opinion."""

    BUY = "BUY"
    SELL = "SELL"
    HOLD = "HOLD"
    ABSTAIN = "ABSTAIN"


class Signal(Record):
    """An analysis agent's reading of one symbol."""

    agent: str
    action: Action
    confidence: float
    reasons: tuple[str, ...]
    as_of: Utc


class Plan(Record):
    """How a strategy would trade its idea: prices at the decision's close, in quote currency."""

    reference: Money
    """The close that the prices below are measured from; the fill shifts them all alike."""
    stop: Money
    target: Money
    trail: Money | None = None
    """Distance of the trailing stop below the highest price; None where the stop stands still."""
    trail_after: Money | None = None
    """Gain above the fill, in quote currency, at which the trail starts to move."""


class Ballot(Record):
    """A strategy agent's vote, its confidence already scaled by the context."""

    agent: str
    action: Action
    confidence: float
    weight: int
    reasons: tuple[str, ...]
    plan: Plan | None = None


class Context(Record):
    """The signals of one moment as one number: −1 all sell, 1 all buy."""

    score: float
    present: tuple[str, ...]
    absent: tuple[str, ...]


class Tally(Record):
    """The outcome of a vote. `consensus` is the winner's share of weight × confidence, `confidence` the
    winner's mean, `quorum` the share of enabled weight that voted; `leader` opened or closes the trade."""

    action: Action
    consensus: float
    confidence: float
    quorum: float
    reason: str
    leader: str | None = None
