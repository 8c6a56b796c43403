"""Threads for work that may hang."""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
Job = Callable[[], None]


class Threads:
    """Runs work beside the loop in threads that are kept for the next. One that hangs is left behind: it
    keeps neither other work from a thread nor the process from ending."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._idle: list[SimpleQueue[Job]] = []

    async def run(self, work: Callable[[], T]) -> T:
        """What `work` returns or raises. Cancelling stops the wait, not the work."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T | Exception] = loop.create_future()
        inbox = self._idle.pop() if self._idle else self._hire()

        def tell(outcome: T | Exception) -> None:
            self._idle.append(inbox)
            if not answer.done():
                answer.set_result(outcome)

        def job() -> None:
            outcome: T | Exception
            try:
                outcome = work()
            except Exception as error:
                outcome = error
            with suppress(RuntimeError):  # the loop is closed: nobody listens any more
                loop.call_soon_threadsafe(tell, outcome)

        inbox.put(job)
        outcome = await answer
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def _hire(self) -> SimpleQueue[Job]:
        inbox: SimpleQueue[Job] = SimpleQueue()
        threading.Thread(target=_work, args=(inbox,), name=self._name, daemon=True).start()
        return inbox


def _work(inbox: "SimpleQueue[Any]") -> None:
    while True:
        inbox.get()()
