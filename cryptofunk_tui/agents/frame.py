"""What an agent sees: closed bars of one symbol and columns beside them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cryptofunk_tui.domain.candles import Candles, Floats

BOOK_COLUMNS = ("book.imbalance", "book.depth", "book.large", "book.spoof")
NEWS_COLUMN, FEAR_GREED_COLUMN = "news.score", "fear_greed"
BUY_EDGE_COLUMN, SELL_EDGE_COLUMN = "arb.buy_edge", "arb.sell_edge"


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Candles and float64 columns of the same length; NaN is unknown, and so is a column that is absent.

    Indicator columns are keyed as quant.indicators writes them. Context columns are `book.*` in [−1, 1],
    `news.score` in [−1, 1], `fear_greed` in [0, 100] and `arb.*_edge` as net fractions. Rows before `warm`
    have too little history behind them for an indicator to be trusted. Raises ValueError for a column of
    another length."""

    candles: Candles
    columns: Mapping[str, Floats]
    warm: int = 0

    def __post_init__(self) -> None:
        for key, values in self.columns.items():
            if values.shape != (len(self),):
                raise ValueError(f"column {key!r} has {values.size} values, the candles have {len(self)}")

    def __len__(self) -> int:
        return len(self.candles)

    @property
    def symbol(self) -> str:
        return self.candles.symbol

    def rows(self, start: int | None, stop: int | None = None) -> "Frame":
        """A slice as a view."""
        part = slice(start, stop)
        first = part.indices(len(self))[0]
        columns = {key: values[part] for key, values in self.columns.items()}
        return Frame(self.candles.rows(start, stop), columns, max(0, self.warm - first))

    def with_now(self, features: Mapping[str, float]) -> "Frame":
        """The frame with context columns that are known for its last row only."""
        columns = dict(self.columns)
        for key, value in features.items():
            columns[key] = np.full(len(self), np.nan)
            columns[key][-1:] = value
        return Frame(self.candles, columns, self.warm)

    def known(self, *keys: str) -> NDArray[np.bool_]:
        """Rows in which every one of these columns has a finite value."""
        known = np.ones(len(self), dtype=np.bool_)
        for key in keys:
            values = self.columns.get(key)
            if values is None:
                return np.zeros(len(self), dtype=np.bool_)
            known &= np.isfinite(values)
        return known

    def trusted(self, *keys: str) -> NDArray[np.bool_]:
        """Rows in which these indicators are known and warm."""
        known = self.known(*keys)
        known[: self.warm] = False
        return known

    def why_unknown(self, row: int, *keys: str) -> tuple[str, ...]:
        """Why an agent that needs these columns has no opinion on a row, in words."""
        at = range(len(self))[row]
        if at < self.warm and any(key in self.columns for key in keys):
            return (f"warming up: {self.warm - at} more bars are needed",)
        return tuple(
            f"{key} is not known"
            for key in keys
            if key not in self.columns or not np.isfinite(self.columns[key][at])
        )
