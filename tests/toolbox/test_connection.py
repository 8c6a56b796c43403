"""One server and its owner: crashes, stops, hangs and slow starts, on real processes."""

import asyncio
import contextlib
import os
import signal
import time
from collections import Counter

import psutil
import pytest

from cryptofunk_tui.toolbox.errors import ServerDown, ToolboxError, ToolTimeout
from cryptofunk_tui.toolbox.spec import ServerSpec
from tests.toolbox.scene import QUICK, Chaos, Watch

pytestmark = pytest.mark.anyio


async def test_kills_under_load_lose_nothing_and_run_nothing_twice(chaos: Chaos, watch: Watch) -> None:
    watched = watch(chaos.spec())
    toolbox = watched.toolbox
    began = time.monotonic()
    await toolbox.start()
    await toolbox.ready("chaos", 15)
    first_s = time.monotonic() - began
    outcomes: dict[str, str] = {}
    working = True

    async def act(worker: int) -> None:
        number = 0
        while working:
            number += 1
            order = f"{worker}-{number}"
            try:
                await toolbox.call("chaos", "place", {"order": order, "delay_s": 0.005}, deadline_s=10)
                outcomes[order] = "done"
            except ToolboxError as error:
                outcomes[order] = "unknown" if error.outcome_unknown else "refused"

    async def read(worker: int) -> int:
        number = 0
        while working:
            number += 1
            answer = await toolbox.call("chaos", "echo", {"value": f"{worker}/{number}"}, deadline_s=10)
            assert answer["value"] == f"{worker}/{number}"
        return number

    actors = [asyncio.create_task(act(worker)) for worker in range(8)]
    readers = [asyncio.create_task(read(worker)) for worker in range(8)]
    for _ in range(2):
        await asyncio.sleep(0.3)
        before = watched.pid()
        os.kill(before, signal.SIGKILL)
        killed = time.monotonic()
        while toolbox.pid("chaos") in (before, None):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        await toolbox.ready("chaos", 10)
        assert time.monotonic() - killed < max(3.0, 1.5 * first_s + 0.5), (
            "3 s, more on a machine that is busy"
        )
    await asyncio.sleep(0.2)
    working = False
    reads = await asyncio.wait_for(asyncio.gather(*readers), 15)
    await asyncio.wait_for(asyncio.gather(*actors), 15)

    runs = Counter(line.removeprefix("place ") for line in chaos.journal if line.startswith("place "))
    assert min(reads) > 0
    assert max(runs.values()) == 1
    assert all(runs[order] == 1 for order, outcome in outcomes.items() if outcome == "done")
    assert all(runs[order] == 0 for order, outcome in outcomes.items() if outcome == "refused")
    assert set(runs) <= set(outcomes)
    assert "unknown" in outcomes.values()
    assert toolbox.status()[0].restarts == 2
    assert watched.states() == ["starting", "ready", "restarting", "ready", "restarting", "ready"]
    assert any("killed by SIGKILL" in status.detail for status in watched.told)


async def test_a_stopped_server_is_killed_and_reads_come_back(chaos: Chaos, watch: Watch) -> None:
    watched = watch(chaos.spec(patience=QUICK))
    toolbox = watched.toolbox
    await toolbox.start()
    await toolbox.ready("chaos", 15)
    before = watched.pid()
    os.kill(before, signal.SIGSTOP)
    order = asyncio.create_task(toolbox.call("chaos", "place", {"order": "a"}, deadline_s=10))
    answer = await toolbox.call("chaos", "echo", {"value": "again"}, deadline_s=10)
    assert answer["value"] == "again"
    assert answer["pid"] != before
    with pytest.raises(ServerDown) as caught:
        await order
    assert caught.value.outcome_unknown
    assert not psutil.pid_exists(before)
    assert "place a" not in chaos.journal


async def test_a_late_call_ends_at_its_deadline_and_a_deaf_server_is_replaced(
    chaos: Chaos, watch: Watch
) -> None:
    watched = watch(chaos.spec(patience=QUICK))
    toolbox = watched.toolbox
    await toolbox.start()
    await toolbox.ready("chaos", 15)
    before = watched.pid()
    began = time.monotonic()
    with pytest.raises(ToolTimeout) as caught:
        await toolbox.call("chaos", "hang", {}, deadline_s=0.3)
    assert time.monotonic() - began < 0.6
    assert not caught.value.outcome_unknown
    with pytest.raises(ToolTimeout) as caught:
        await toolbox.call("chaos", "place", {"order": "slow", "delay_s": 60}, deadline_s=0.2)
    assert caught.value.outcome_unknown
    assert (await toolbox.call("chaos", "echo", {"value": "x"}))["pid"] == before, "others are answered"

    with pytest.raises(ToolTimeout):
        await toolbox.call("chaos", "block", {}, deadline_s=0.2)
    assert (await toolbox.call("chaos", "echo", {"value": "x"}, deadline_s=8))["pid"] != before


async def test_dying_inside_an_act_is_unknown_and_not_repeated(chaos: Chaos, watch: Watch) -> None:
    watched = watch(chaos.spec())
    await watched.toolbox.start()
    with pytest.raises(ServerDown) as caught:
        await watched.toolbox.call("chaos", "die", {"status": 7}, deadline_s=15)
    assert caught.value.outcome_unknown
    await watched.toolbox.ready("chaos", 10)
    assert watched.toolbox.status()[0].restarts == 1
    assert any("exited with status 7, see chaos.log" in status.detail for status in watched.told)


async def test_a_server_that_never_answers_at_start_is_reported_and_tried_again(
    chaos: Chaos, watch: Watch
) -> None:
    chaos.mute.touch()
    watched = watch(chaos.spec(start_timeout_s=4, patience=QUICK))
    toolbox = watched.toolbox
    await toolbox.start()
    began = time.monotonic()
    with pytest.raises(ServerDown, match="not ready in time"):
        await toolbox.call("chaos", "echo", {"value": "x"}, deadline_s=0.2)
    with pytest.raises(ServerDown, match=r"did not answer within 4 s"):
        await toolbox.call("chaos", "echo", {"value": "x"}, deadline_s=10)
    assert time.monotonic() - began < 7
    assert toolbox.status()[0].state == "failed"
    chaos.mute.unlink()
    await toolbox.ready("chaos", 30)
    assert watched.states() == ["starting", "failed", "ready"]


async def test_what_cannot_be_started_says_so_and_holds_nobody_up(watch: Watch) -> None:
    toolbox = watch(ServerSpec("lost", command=("no-such-program-at-all",))).toolbox
    await toolbox.start()
    with pytest.raises(ServerDown, match="no-such-program-at-all"):
        await toolbox.call("lost", "echo", {})

    async def insist() -> None:
        while True:
            with contextlib.suppress(ServerDown):
                await toolbox.call("lost", "echo", {})

    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(insist(), 0.1)


async def test_close_is_quick_in_every_state(chaos: Chaos, watch: Watch) -> None:
    watched = [watch(chaos.spec()), watch(chaos.spec())]
    starting, stopped = [each.toolbox for each in watched]
    await stopped.start()
    await stopped.ready("chaos", 15)
    await starting.start()
    await asyncio.sleep(0.2)
    pids = [watched[1].pid(), watched[0].pid()]
    os.kill(pids[0], signal.SIGSTOP)
    waiting = asyncio.create_task(stopped.call("chaos", "echo", {"value": "x"}, deadline_s=30))
    await asyncio.sleep(0.1)
    began = time.monotonic()
    await asyncio.gather(starting.close(), stopped.close())
    assert time.monotonic() - began < 4
    assert not any(psutil.pid_exists(pid) for pid in pids)
    with pytest.raises(ServerDown, match="stopped"):
        await waiting
    assert stopped.status()[0].state == "stopped"
