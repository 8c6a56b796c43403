"""Bars out of finer bars, and the part of them that was asked for."""

from dataclasses import replace

import numpy as np

from cryptofunk_tui.domain.candles import Candles
from cryptofunk_tui.market.source import MarketError, bar_ms, checked_since


def checked_multiple(finest: str, timeframe: str) -> int:
    """How many bars of `finest` make one of `timeframe`; MarketError unless they divide evenly."""
    count, rest = divmod(bar_ms(timeframe), bar_ms(finest))
    if rest or not count:
        raise MarketError(
            f"bars of {timeframe} cannot be made of {finest} bars; ask for {finest} or a multiple"
        )
    return count


def aggregate(candles: Candles, timeframe: str) -> Candles:
    """Coarser bars on the grid of `timeframe`, each from those of its finer bars that exist. The first and
    the last may be incomplete; an interval without any finer bar stays a gap."""
    if timeframe == candles.timeframe or not len(candles):
        return replace(candles, timeframe=timeframe)
    step = bar_ms(timeframe)
    opens = candles.timestamp_ms - candles.timestamp_ms % step
    starts = np.flatnonzero(np.diff(opens, prepend=opens[:1] - 1))
    ends = np.append(starts[1:], len(candles)) - 1
    return Candles(
        candles.symbol,
        timeframe,
        opens[starts],
        candles.open[starts],
        np.maximum.reduceat(candles.high, starts),
        np.minimum.reduceat(candles.low, starts),
        candles.close[ends],
        np.add.reduceat(candles.volume, starts),
    )


def window(candles: Candles, limit: int, since_ms: int | None) -> Candles:
    """The newest `limit` bars, or the first `limit` that open at or after `since_ms`."""
    if since_ms is None:
        return candles.rows(max(len(candles) - limit, 0))
    first = int(np.searchsorted(candles.timestamp_ms, checked_since(since_ms)))
    return candles.rows(first, first + limit)
