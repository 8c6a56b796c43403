"""The venue's own dead man's switch: it takes resting entries back when it no longer hears from us."""

from collections.abc import Iterable

from cryptofunk_tui.domain.orders import Order, Side
from cryptofunk_tui.execution.venue import LiveVenue

LEFT_ALONE_S = 60


class DeadMan:
    """Armed while entries rest and nothing else does: the switch takes back all orders of the account, and a
    stop that it took back would leave a position naked."""

    def __init__(self, venue: LiveVenue) -> None:
        self._venue = venue
        self._armed = False

    async def keep(self, resting: Iterable[Order]) -> None:
        """Arm it again, or disarm it, by what rests now. Raises MarketError."""
        if not self._venue.has_dead_man:
            return
        sides = {order.side for order in resting}
        if sides == {Side.BUY}:
            await self._venue.cancel_all_after(LEFT_ALONE_S)
            self._armed = True
        elif self._armed:
            await self._venue.cancel_all_after(0)
            self._armed = False
