"""Ends the order path at any of its boundaries, as a crash would: nothing after the point is done."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from cryptofunk_tui.execution.executor import Executor

POINTS: dict[str, tuple[str, str, int]] = {
    "approval read": ("_approvals", "get", 0),
    "quote": ("_venue", "quote", 0),
    "intent": ("_blotter", "intend", 0),
    "sent": ("_journal", "set_status", 1),
    "last look at the kill": ("_gate", "check", 1),
    "order on the wire": ("_venue", "submit", 0),
    "outcome booked": ("_blotter", "book", 0),
    "intent of the stop": ("_blotter", "intend", 1),
    "stop on the wire": ("_venue", "submit", 1),
    "outcome of the stop booked": ("_blotter", "book", 1),
    "question after the order": ("_venue", "find", 0),
    "list of open orders": ("_venue", "open_orders", 1),
}
"""Boundary: the executor's part, its method, and the how-manieth call of it, counted from the placing on."""


class Crash(BaseException):
    """The process is gone."""


@dataclass
class Trap:
    """Sits at one boundary, before or after it."""

    point: str
    after: bool
    sprung: bool = False

    def set(self, executor: Executor) -> None:
        owner, method, skip = POINTS[self.point]
        part: Any = getattr(executor, owner)
        real: Callable[..., Awaitable[Any]] = getattr(part, method)
        left = [skip]

        async def trapped(*args: Any, **kwargs: Any) -> Any:
            if left[0] > 0 or self.sprung:
                left[0] -= 1
                return await real(*args, **kwargs)
            self.sprung = True
            if not self.after:
                raise Crash
            await real(*args, **kwargs)
            raise Crash

        setattr(part, method, trapped)

    def clear(self, executor: Executor) -> None:
        owner, method, _ = POINTS[self.point]
        vars(getattr(executor, owner)).pop(method, None)
