"""What the risk officer says: checks, breakers, verdicts, and the state that trading is in."""

from enum import StrEnum

from cryptofunk_tui.domain.base import Record


class TradingState(StrEnum):
    """RUNNING; PAUSED, no entries; REDUCING, exits only; HALTED, nothing until a person resumes."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    REDUCING = "REDUCING"
    HALTED = "HALTED"
    STOPPED = "STOPPED"


class Check(Record):
    """One limit held against one value. `value` is None where the data cannot say; then `ok` is False."""

    name: str
    value: float | None
    limit: float | None
    ok: bool
    detail: str = ""


class BreakerEffect(StrEnum):
    """What a tripped breaker stops, strictest last."""

    NONE = "NONE"
    NO_ENTRIES = "NO_ENTRIES"
    EXITS_ONLY = "EXITS_ONLY"
    HALT = "HALT"
    KILL = "KILL"


class Breaker(Record):
    """A circuit breaker as evaluated now. `active` is False where the data cannot feed it."""

    name: str
    value: float | None
    limit: float | None
    active: bool
    tripped: bool
    effect: BreakerEffect
    """What it stops when it is tripped."""
    detail: str = ""


class Decision(StrEnum):
    APPROVED = "APPROVED"
    PENDING = "PENDING"
    REJECTED = "REJECTED"
    NONE = "NONE"
    """Nothing was proposed."""


class Verdict(Record):
    """The risk officer's answer to a tally, with every limit it looked at."""

    decision: Decision
    checks: tuple[Check, ...]
    reason: str
