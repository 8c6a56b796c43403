"""How far the market may go while an order waits for a person."""

from cryptofunk_tui.domain.base import Money, Record


class Corridor(Record):
    """The prices between which a waiting order is still the one that was decided on. All are prices that the
    order would meet, in quote currency; at or below `low` and above `high` it is rejected."""

    approval_id: str
    asked: Money
    """What the order would have met when it was asked for."""
    low: Money
    why_low: str
    high: Money
    why_high: str
