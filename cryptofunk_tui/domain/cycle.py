"""A cycle: one symbol at one moment, from what was seen to what was done, as one record."""

import hashlib

from cryptofunk_tui.domain.base import Record, Utc
from cryptofunk_tui.domain.orders import Order
from cryptofunk_tui.domain.risk import Verdict
from cryptofunk_tui.domain.signals import Ballot, Context, Signal, Tally


def cycle_id(run: str, symbol: str, as_of_ms: int) -> str:
    """The name of a decision: the same run, symbol and bar always give the same."""
    return "c" + hashlib.sha256(f"{run}\x1f{symbol}\x1f{as_of_ms}".encode()).hexdigest()[:15]


class ApprovalNote(Record):
    """What became of the leave that a cycle asked for."""

    approval_id: str
    decision: str
    decided_by: str | None
    reason: str


class CycleRecord(Record):
    """Everything that one decision rests on and led to. `as_of` is the bar's close, `inputs` what the
    agents were shown in numbers, `timings_ms` wall time by phase."""

    cycle_id: str
    symbol: str
    as_of: Utc
    mode: str
    market: str
    inputs: dict[str, float | None]
    signals: tuple[Signal, ...]
    context: Context | None
    ballots: tuple[Ballot, ...]
    tally: Tally
    verdict: Verdict
    approval: ApprovalNote | None
    orders: tuple[Order, ...]
    llm: tuple[dict[str, object], ...] = ()
    timings_ms: dict[str, float]
