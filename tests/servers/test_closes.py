"""The closes in memory: always what the records hold, with only new bars read."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from cryptofunk_tui.domain.base import to_ms
from cryptofunk_tui.domain.candles import Floats, Stamps
from cryptofunk_tui.storage.records import Records
from servers.closes import ClosesCache
from tests.risk.scene import NOW, walk
from tests.servers.account_scene import candles

pytestmark = pytest.mark.anyio
BARS = 50
HOUR = timedelta(hours=1)


async def test_only_new_bars_are_read_and_the_window_slides(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    read = Records.closes

    async def counted(
        records: Records, symbol: str, timeframe: str, limit: int, until_ms: int
    ) -> tuple[Stamps, Floats]:
        asked.append(limit)
        return await read(records, symbol, timeframe, limit, until_ms)

    monkeypatch.setattr(Records, "closes", counted)
    prices = walk(1, bars=200)
    writer = await Records.open(tmp_path, source="recorded:recorded")
    cache = ClosesCache(tmp_path, "1h", BARS)
    try:
        for step in (0, 0, 1, 2, 9, 9, 100):
            until = NOW + step * HOUR
            writer.add_candles(candles("BTC/EUR", prices[: 100 + step], until))
            await writer.flush()
            history = await cache.history("a", ["BTC/EUR"], to_ms(until))
            series = history.series("BTC/EUR")
            assert series.close == pytest.approx(prices[50 + step : 100 + step])
            assert int(series.open_ms[-1]) == to_ms(until - HOUR)
            assert np.all(np.diff(series.open_ms) == to_ms(NOW) - to_ms(NOW - HOUR))
        assert asked == [BARS, 1, 1, 7, BARS]
    finally:
        await cache.close()
        await writer.close()


async def test_a_short_history_is_read_until_it_is_whole(tmp_path: Path) -> None:
    """Bars that arrive late, before those already known, are not missed."""
    prices = walk(1, bars=60)
    writer = await Records.open(tmp_path, source="recorded:recorded")
    cache = ClosesCache(tmp_path, "1h", BARS)
    try:
        writer.add_candles(candles("BTC/EUR", prices).rows(55))
        await writer.flush()
        assert len((await cache.history("a", ["BTC/EUR"], to_ms(NOW))).series("BTC/EUR")) == 5
        writer.add_candles(candles("BTC/EUR", prices))
        await writer.flush()
        assert len((await cache.history("a", ["BTC/EUR"], to_ms(NOW))).series("BTC/EUR")) == BARS
    finally:
        await cache.close()
        await writer.close()


async def test_a_clock_set_back_or_another_account_starts_over(tmp_path: Path) -> None:
    prices = walk(1, bars=100)
    writer = await Records.open(tmp_path, source="recorded:recorded")
    cache = ClosesCache(tmp_path, "1h", BARS)
    try:
        writer.add_candles(candles("BTC/EUR", prices))
        await writer.flush()
        await cache.history("a", ["BTC/EUR"], to_ms(NOW))
        back = await cache.history("a", ["BTC/EUR"], to_ms(NOW - 10 * HOUR))
        assert back.series("BTC/EUR").close == pytest.approx(prices[40:90])
        other = await Records.open(tmp_path, source="simulated:simulated")
        await other.close()
        assert len((await cache.history("b", ["BTC/EUR"], to_ms(NOW))).series("BTC/EUR")) == 0
    finally:
        await cache.close()
        await writer.close()


async def test_without_records_there_are_no_closes_until_there_are(tmp_path: Path) -> None:
    cache = ClosesCache(tmp_path, "1h", BARS)
    assert len((await cache.history("a", ["BTC/EUR"], to_ms(NOW))).series("BTC/EUR")) == 0
    writer = await Records.open(tmp_path, source="recorded:recorded")
    try:
        writer.add_candles(candles("BTC/EUR", walk(1, bars=60)))
        await writer.flush()
        assert len((await cache.history("a", ["BTC/EUR"], to_ms(NOW))).series("BTC/EUR")) == BARS
    finally:
        await cache.close()
        await writer.close()
