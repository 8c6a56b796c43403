"""The engine's life within the console: made after the first paint, killed as it comes, stopped in time."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from cryptofunk_tui.tui.desk import Desk

if TYPE_CHECKING:
    from cryptofunk_tui.tui.engine_handle import EngineFactory, EngineHandle, Publish
    from cryptofunk_tui.tui.view_state import Stage

STOP_S = 10.0
"""How long the engine may take to stop before the console leaves without it."""
HURRIED_S = 1.0
"""The same, once it was asked to leave at once."""


class EngineLife:
    """One engine, and how it went. `changed` is called when its stage has."""

    def __init__(
        self,
        desk: Desk,
        make: EngineFactory,
        kill_switch: Callable[[str], None] | None,
        publish: Publish,
        changed: Callable[[], None],
    ) -> None:
        self.engine: EngineHandle | None = None
        self.error: str | None = None
        """Why it failed, or did not stop."""
        self._failed_with = 1
        self._desk = desk
        self._make = make
        self._kill_switch = kill_switch
        self._publish = publish
        self._changed = changed
        self._killed_by: str | None = None
        self._running: asyncio.Task[None] | None = None
        self._stopping: asyncio.Task[None] | None = None
        self._hurry = asyncio.Event()

    def start(self) -> None:
        """Make the engine in a thread, which may import, and let it run."""
        self._running = asyncio.get_running_loop().create_task(self._run())

    def kill_now(self, actor: str) -> None:
        """Write the kill file by whatever can write it; an engine yet to come is killed as it comes."""
        if self.engine is not None:
            self.engine.kill_now(actor)
            return
        self._killed_by = actor
        if self._kill_switch is not None:
            self._kill_switch(actor)
        elif self._desk.state.stage == "failed":
            raise RuntimeError("there is no engine")

    def stop(self, then: Callable[[int], None]) -> None:
        """Stop the engine within the deadline, then call `then` with the exit code. Once."""
        if self._stopping is None:
            self._set_stage("stopping", "stopping the engine…")
            self._stopping = asyncio.get_running_loop().create_task(self._stop(then))

    def hurry(self) -> None:
        """Where it is being stopped, do not wait for it any longer."""
        if self._stopping is not None:
            self._hurry.set()

    async def end(self) -> None:
        """However the console ends, the engine does not outlive it."""
        if self._running is not None and not self._running.done():
            self._running.cancel()
            await asyncio.wait([self._running], timeout=HURRIED_S if self._hurry.is_set() else STOP_S)

    async def _stop(self, then: Callable[[int], None]) -> None:
        stopping = asyncio.ensure_future(self._stop_engine())
        hurry = asyncio.ensure_future(self._hurry.wait())
        await asyncio.wait((stopping, hurry), timeout=STOP_S, return_when=asyncio.FIRST_COMPLETED)
        hurry.cancel()
        if not stopping.done():
            stopping.cancel()
            late = "at once, as asked" if self._hurry.is_set() else f"within {STOP_S:g} s"
            self.error = f"the engine did not stop {late}"
        elif error := stopping.exception():
            self.error = f"the engine did not stop cleanly: {error}"
        then(self._failed_with if self.error else 0)

    async def _stop_engine(self) -> None:
        if self.engine is not None:
            await self.engine.stop()
        elif self._running is not None:
            self._running.cancel()
        if self._running is not None:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        try:
            made = await asyncio.to_thread(self._make, self._publish)
            engine = await made if inspect.isawaitable(made) else made
            if self._killed_by is not None:
                engine.kill_now(self._killed_by)
            self.engine = engine
            await engine.run()
        except Exception as error:
            self.error = str(error) or type(error).__name__
            self._failed_with = getattr(error, "exit_code", 1)
            self._desk.log("error", "engine", self.error)
            self._set_stage("failed", self.error)
            return
        if self._stopping is None:
            self._set_stage("ended", "the run has ended")

    def _set_stage(self, stage: Stage, detail: str) -> None:
        self._desk.state = replace(self._desk.state, stage=stage, stage_detail=detail)
        self._changed()
