"""How the account stands at its venue, as the executor last found it: for the risk officer and the screen."""

import json

from cryptofunk_tui.domain.base import from_ms
from cryptofunk_tui.domain.venue_state import VenueState
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.rows import moment, stamp


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
