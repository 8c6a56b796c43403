import asyncio
import subprocess
import sys
import threading

import pytest

from cryptofunk_tui.orchestrator.threads import Threads

pytestmark = pytest.mark.anyio


async def test_work_returns_raises_and_finds_its_thread_again() -> None:
    threads = Threads("work")
    first = await threads.run(threading.get_ident)
    assert first != threading.get_ident()
    with pytest.raises(ZeroDivisionError):
        await threads.run(lambda: 1 // 0)
    assert await threads.run(threading.get_ident) == first


async def test_works_go_on_side_by_side() -> None:
    threads, meeting = Threads("work"), threading.Barrier(8)
    await asyncio.wait_for(asyncio.gather(*(threads.run(lambda: meeting.wait(5)) for _ in range(8))), 5)


async def test_who_stops_waiting_leaves_the_work_alone() -> None:
    threads, begun, done = Threads("work"), threading.Event(), threading.Event()

    def work() -> None:
        begun.set()
        done.wait(5)

    waiting = asyncio.create_task(threads.run(work))
    await asyncio.to_thread(begun.wait, 5)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert await threads.run(lambda: 7) == 7
    done.set()


def test_work_that_hangs_does_not_keep_a_process_from_ending() -> None:
    program = (
        "import asyncio, time\n"
        "from cryptofunk_tui.orchestrator.threads import Threads\n"
        "async def main():\n"
        "    try:\n"
        "        async with asyncio.timeout(0.05):\n"
        "            await Threads('work').run(lambda: time.sleep(60))\n"
        "    except TimeoutError:\n"
        "        print('late')\n"
        "asyncio.run(main())\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20)
    assert (done.returncode, done.stdout, done.stderr) == (0, "late\n", "")
