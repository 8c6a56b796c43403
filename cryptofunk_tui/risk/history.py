"""Closes of several symbols on one clock: what value at risk, correlation and volatility are read from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cryptofunk_tui.domain.base import from_ms
from cryptofunk_tui.domain.candles import Floats, Stamps

WARM_UP_BARS = 500
"""Fewest bars that a limit is judged from, or the configured history where that is shorter."""


class TooLittleHistory(ValueError):
    """The data cannot say; whoever asked must fail closed."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Closes of one symbol by the bar's open in milliseconds, oldest first, in quote currency."""

    open_ms: Stamps
    close: Floats

    def __len__(self) -> int:
        return len(self.open_ms)


EMPTY = Series(np.empty(0, np.int64), np.empty(0))


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Closed bars of `bar_ms` milliseconds by symbol, none of them closing after `until_ms`. A return is
    taken over one bar only; across a gap there is none."""

    bar_ms: int
    until_ms: int
    closes: Mapping[str, Series]

    def returns(self, symbols: Iterable[str], bars: int) -> NDArray[np.float64]:
        """Simple returns of the newest `bars` bars that all `symbols` share, a column a symbol. Raises
        TooLittleHistory."""
        names = list(symbols)
        shared = self.series(names[0]).open_ms
        for name in names[1:]:
            stamps = self.series(name).open_ms
            if not np.array_equal(shared, stamps):
                shared = np.intersect1d(shared, stamps, assume_unique=True)
        least = min(bars, WARM_UP_BARS)
        one_bar = np.flatnonzero(np.diff(shared) == self.bar_ms)[-bars:]
        if one_bar.size < least:
            raise TooLittleHistory(f"{one_bar.size} bars of {', '.join(names)} in common, {least} are needed")
        prices = np.column_stack([self._at(name, shared) for name in names])
        moves: NDArray[np.float64] = prices[one_bar + 1] / prices[one_bar] - 1
        return moves

    def series(self, symbol: str) -> Series:
        """The closes of one symbol; empty where there are none."""
        return self.closes.get(symbol, EMPTY)

    def recent(self, symbol: str) -> Series:
        """The closes of one symbol that still follow the market: its newest bar, or the one before, is there.
        Raises TooLittleHistory."""
        series = self.series(symbol)
        if not len(series):
            raise TooLittleHistory(f"no bars of {symbol} are stored")
        closed_ms = int(series.open_ms[-1]) + self.bar_ms
        if self.until_ms - closed_ms >= 2 * self.bar_ms:
            raise TooLittleHistory(f"the newest bar of {symbol} closed at {from_ms(closed_ms):%F %R} UTC")
        return series

    def _at(self, symbol: str, stamps: Stamps) -> Floats:
        series = self.series(symbol)
        if len(series) == len(stamps):
            return series.close
        return series.close[np.searchsorted(series.open_ms, stamps)]


def correlations(returns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Pearson correlations of the columns; a column that never moves is correlated with nothing."""
    centred = returns - returns.mean(axis=0)
    lengths = np.sqrt((centred**2).sum(axis=0))
    lengths[np.ptp(returns, axis=0) == 0] = np.inf
    scaled = centred / lengths
    matrix: NDArray[np.float64] = scaled.T @ scaled
    np.fill_diagonal(matrix, 1.0)
    return matrix
