"""`make recording`: the run that ships with the package. Our own engine, with its servers, on a simulated
market with a seed; a script does what a person would do.

The days before are run first, unseen, so that the account has a history. Then it is recorded: buys that
a person is asked for and approves, vetoes, a server that is ended and comes back, stops."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from cryptofunk_tui.domain.events import AccountChanged, AnyEvent, CycleFinished
from cryptofunk_tui.orchestrator.engine import Engine
from cryptofunk_tui.settings import Settings, load_settings
from cryptofunk_tui.storage.recording import Recorder

SEED = 11
BEFORE = 50
BARS = 21
SPEED = 600.0
"""An hour in six seconds."""
PREVIEW_S = 12.0
ANSWER_S = 4.0
"""How long the person looks at an order."""
ENDED = "technical_indicators"
ENDED_AFTER = 9
"""Bars after which that server is ended."""


def settings(**more: object) -> Settings:
    own = {
        "market": "simulated",
        "simulated": {"seed": SEED, "speed": more.pop("speed", None)},
        "coingecko": {"enabled": False},
    }
    return load_settings(None, own | more)


class Person:
    """Approves what waits, a while after it is asked; ends a server once."""

    def __init__(self) -> None:
        self.engine: Engine | None = None
        self._seen: set[str] = set()
        self._bars: set[object] = set()
        self._works: set[asyncio.Task[None]] = set()

    def hear(self, event: AnyEvent) -> None:
        match event:
            case AccountChanged(approvals=waiting):
                for approval in waiting:
                    if approval.approval_id not in self._seen:
                        self._seen.add(approval.approval_id)
                        self._later(self._approve(approval.approval_id))
            case CycleFinished(record=record, preview=False):
                self._bars.add(record.as_of)
                if len(self._bars) == ENDED_AFTER and ENDED not in self._seen:
                    self._seen.add(ENDED)
                    self._later(self._end())

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._works.add(task)
        task.add_done_callback(self._works.discard)

    async def _approve(self, approval_id: str) -> None:
        await asyncio.sleep(ANSWER_S)
        assert self.engine is not None
        await self.engine.approve(approval_id, "somebody")

    async def _end(self) -> None:
        await asyncio.sleep(1)
        assert self.engine is not None
        os.kill((await self.engine.server(ENDED)).pid or 0, signal.SIGKILL)


async def record(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        state = Path(folder) / "state"
        await Engine(settings(), state, lambda _: None, cycles=BEFORE).run()
        person, recorder = Person(), Recorder(path)

        def listen(event: AnyEvent) -> None:
            recorder.hear(event)
            person.hear(event)

        watched = settings(approve="manual", speed=SPEED, preview_s=PREVIEW_S)
        person.engine = Engine(watched, state, listen, cycles=BARS, resume=True, watched=True)
        await person.engine.run()
        recorder.close()


def main() -> None:
    target = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder) / target.name
        asyncio.run(record(fresh))
        shutil.copyfile(fresh, target)


if __name__ == "__main__":
    main()
