"""How an account stands at its venue."""

from cryptofunk_tui.domain.base import Record, Utc


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
