"""What a person did to a run."""

from cryptofunk_tui.domain.base import Record, Utc

DONE = "done"
BROKEN_OFF = "no answer came in time; it may have been done"


class Act(Record):
    """One act, in wall time. `outcome` is done, or why it was not."""

    at: Utc
    actor: str
    act: str
    subject: str
    """The order, approval, symbol, agent or server that it was about; empty for all of trading."""
    outcome: str
