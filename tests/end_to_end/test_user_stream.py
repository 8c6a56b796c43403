"""The venue's user stream brings a fill to the journal long before the next look would."""

import asyncio
import time
from pathlib import Path

import pytest

from cryptofunk_tui.domain.orders import OrderStatus
from cryptofunk_tui.orchestrator.launch import write_run_config
from tests.end_to_end.live import executor, granted, open_journal, settings_for
from tests.stand_ins.venue.process import started

pytestmark = pytest.mark.anyio
SOON_S = 5.0
SELDOM = {"poll_s": 600, "reconcile_s": 600}


async def test_a_fill_that_the_stream_tells_of_is_booked_and_protected(tmp_path: Path) -> None:
    with started() as stand_in:
        stand_in.reset({"USDT": "1000000"})
        config = write_run_config(settings_for(stand_in, **SELDOM), tmp_path)
        journal = await open_journal(tmp_path)
        async with executor(config, tmp_path) as toolbox:
            order = await granted(journal, "one", limit="59000")
            placed = await toolbox.call("order_executor", "place_limit_order", order, deadline_s=10.0)
            assert placed["status"] == "OPEN"
            await asyncio.sleep(3)  # the stream is up a second after the executor
            stand_in.market("BTCUSDT", "58989", "58990")
            filled_at = time.monotonic()
            while not await journal.orders((OrderStatus.FILLED,)):
                assert time.monotonic() - filled_at < SOON_S
                await asyncio.sleep(0.02)
            while not any(stop.stop_price for stop in await journal.orders((OrderStatus.OPEN,))):
                assert time.monotonic() - filled_at < SOON_S
                await asyncio.sleep(0.02)
        await journal.close()
