"""Candles that a caller extends from call to call, so that only new bars travel."""

from collections import OrderedDict

from cryptofunk_tui.domain.candles import Candles

MOST_SERIES = 64
"""The series least lately used is forgotten first."""
MOST_BARS = 2000
"""Bars kept of a series: an EMA 200 has forgotten its seed to the eighth digit."""


class KeptCandles:
    """Series by the name that the caller gave them."""

    def __init__(self) -> None:
        self._series: OrderedDict[str, Candles] = OrderedDict()

    def extend(self, name: str, fresh: Candles, after: int | None) -> Candles:
        """The series with `fresh` behind the bar that opened at `after` (ms); without `after` a new series.
        Raises ValueError where the series kept does not end there: send the whole again."""
        known = self._series.pop(name, None)
        if after is not None:
            if known is None or int(known.timestamp_ms[-1]) != after:
                raise ValueError(
                    f"series {name!r} is not kept up to {after}; send all its candles without `after`"
                )
            if len(fresh) and int(fresh.timestamp_ms[0]) <= after:
                raise ValueError(f"candles row 0: opens at {fresh.timestamp_ms[0]}, not after {after}")
            fresh = known.followed_by(fresh)
        kept = self._series[name] = fresh.rows(-MOST_BARS)
        while len(self._series) > MOST_SERIES:
            self._series.popitem(last=False)
        return kept
