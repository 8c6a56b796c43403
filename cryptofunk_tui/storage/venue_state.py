"""How the account stands at its venue, as the executor last found it: for the risk officer and the screen."""

import json

from cryptofunk_tui.domain.base import Record, Utc, from_ms
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.rows import moment, stamp


class VenueState(Record):
    """Times are wall time. A paper account has none."""

    account: str
    at: Utc
    """When this was written."""
    reconciled_at: Utc | None = None
    """When the venue and the journal last agreed; None where they never did."""
    problem: str = ""
    """Why no entry may leave: what reconciliation found, or that it could not be done."""
    attention: tuple[str, ...] = ()
    """What a person should look at: orders that stay unclear, dust, stops that do not hold."""
    foreign_orders: tuple[str, ...] = ()
    """Open orders that are not ours; they are left alone."""
    clock_offset_s: float | None = None
    """The venue's time less ours."""
    errors_last_minute: int = 0
    """Calls that the venue did not answer, or not in a way that could be used."""
    crossed: str = ""
    """What of the feed is crossed and refused; empty where nothing is."""


async def keep_venue_state(journal: Journal, state: VenueState) -> None:
    """Write it down, in the place of the one before."""
    await journal.database.write(
        "put_venue_state",
        account=state.account,
        at=stamp(state.at),
        reconciled_at=None if state.reconciled_at is None else stamp(state.reconciled_at),
        problem=state.problem,
        attention=json.dumps(state.attention),
        foreign_orders=json.dumps(state.foreign_orders),
        clock_offset_s=state.clock_offset_s,
        errors_last_minute=state.errors_last_minute,
        crossed=state.crossed,
    )


async def venue_state(journal: Journal) -> VenueState | None:
    """That of the active account; None before the first, and for a paper account."""
    row = await journal.database.row("venue_state")
    if row is None:
        return None
    return VenueState(
        account=row["account"],
        at=from_ms(row["at"]),
        reconciled_at=moment(row["reconciled_at"]),
        problem=row["problem"],
        attention=tuple(json.loads(row["attention"])),
        foreign_orders=tuple(json.loads(row["foreign_orders"])),
        clock_offset_s=row["clock_offset_s"],
        errors_last_minute=row["errors_last_minute"],
        crossed=row["crossed"],
    )
