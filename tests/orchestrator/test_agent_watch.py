"""The agents' records are told at the start and as they change, not more often than agreed."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cryptofunk_tui.domain.events import AgentRecord, AgentRecords, AnyEvent, CycleFinished
from cryptofunk_tui.domain.signals import Action
from cryptofunk_tui.orchestrator import agent_watch
from cryptofunk_tui.orchestrator.agent_watch import AgentWatch
from cryptofunk_tui.orchestrator.report import HORIZON_BARS
from cryptofunk_tui.storage.records import Records
from tests.storage.test_track import BTC, calls, closing

pytestmark = pytest.mark.anyio


class Noon:
    def now(self) -> datetime:
        return datetime(2025, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
async def records(tmp_path: Path) -> AsyncIterator[Records]:
    opened = await Records.open(tmp_path, source="simulated:simulated")
    yield opened
    await opened.close()


async def until(told: list[AnyEvent], count: int) -> None:
    async with asyncio.timeout(5):
        while len(told) < count:  # noqa: ASYNC110
            await asyncio.sleep(0.005)


async def test_what_changed_is_told_once(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(agent_watch, "EVERY_S", 0.02)
    told: list[AnyEvent] = []
    watch = AgentWatch(records, (BTC,), "1h", told.append, Noon())
    run = asyncio.create_task(watch.run())
    try:
        await until(told, 1)
        assert told[0] == AgentRecords(at=Noon().now(), horizon_bars=HORIZON_BARS, records=())
        record = calls(1, BTC, Action.BUY, Action.SELL)
        records.add_cycle(record)
        decided = CycleFinished(at=record.as_of, record=record, preview=False)
        watch.hear(decided)
        await asyncio.sleep(0.1)
        assert len(told) == 1, "nothing that can be judged yet"
        records.add_candles(closing(BTC, *range(100, 101 + HORIZON_BARS)))
        watch.hear(decided.model_copy(update={"preview": True}))
        await asyncio.sleep(0.1)
        assert len(told) == 1, "a preview is no decision"
        watch.hear(decided)
        await until(told, 2)
        newest = told[1]
        assert isinstance(newest, AgentRecords)
        assert AgentRecord(agent="technical", calls=1, hits=1) in newest.records
        assert AgentRecord(agent="trend_following", calls=1, hits=0) in newest.records
    finally:
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
