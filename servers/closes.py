"""Closes kept in memory: the records are asked only for bars that have closed since."""

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from cryptofunk_tui.domain.market import timeframe_ms
from cryptofunk_tui.risk.history import EMPTY, History, Series
from cryptofunk_tui.storage.errors import StorageError
from cryptofunk_tui.storage.records import Records

_LOG = logging.getLogger(__name__)


class ClosesCache:
    """The newest `bars` closes of each symbol of one account's market. Records that are missing or cannot be
    read have no closes: whoever needs some must fail closed, and exits need none."""

    def __init__(self, state_dir: Path, timeframe: str, bars: int) -> None:
        self._state_dir = state_dir
        self._timeframe = timeframe
        self._bar_ms = timeframe_ms(timeframe)
        self._bars = bars
        self._records: Records | None = None
        self._opening = asyncio.Lock()
        self._account = ""
        self._known: dict[str, Series] = {}

    async def history(self, account: str, symbols: Iterable[str], until_ms: int) -> History:
        """Bars that closed by `until_ms`."""
        if account != self._account:
            self._account, self._known = account, {}
        try:
            closes = {symbol: await self._series(symbol, until_ms) for symbol in symbols}
        except StorageError as error:
            _LOG.warning("no closes: %s", error)
            closes = {}
        return History(self._bar_ms, until_ms, closes)

    async def close(self) -> None:
        if self._records is not None:
            await self._records.close()

    async def _series(self, symbol: str, until_ms: int) -> Series:
        known = self._known.get(symbol, EMPTY)
        missing = self._bars
        if len(known) == self._bars:
            missing = (until_ms - self._bar_ms - int(known.open_ms[-1])) // self._bar_ms
        if missing == 0:
            return known
        if not 0 < missing < self._bars:
            known, missing = EMPTY, self._bars
        stamps, prices = await (await self._open()).closes(symbol, self._timeframe, missing, until_ms)
        if len(known):
            fresh = stamps > known.open_ms[-1]
            stamps = np.concatenate([known.open_ms, stamps[fresh]])[-self._bars :]
            prices = np.concatenate([known.close, prices[fresh]])[-self._bars :]
        series = Series(stamps, prices)
        self._known[symbol] = series
        return series

    async def _open(self) -> Records:
        async with self._opening:
            if self._records is None:
                self._records = await Records.open(self._state_dir, readonly=True)
            return self._records
