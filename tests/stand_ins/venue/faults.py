"""What goes wrong, on demand or by seed."""

import random
from dataclasses import asdict, dataclass
from typing import Any

CODES = {
    "-1000": (400, "An unknown error occurred while processing the request."),
    "-1001": (400, "Internal error; unable to process your request. Please try again."),
    "-1006": (400, "An unexpected response was received from the message bus. Execution status unknown."),
    "-1007": (400, "Timeout waiting for response from backend server. Send status unknown."),
    "-1013": (400, "Filter failure: NOTIONAL"),
    "-1021": (400, "Timestamp for this request is outside of the recvWindow."),
    "-2010": (400, "Account has insufficient balance for requested action."),
    "duplicate": (400, "Duplicate order sent."),
}
"""Errors that the exchange answers itself; `duplicate` has the code -2010."""


@dataclass
class Fault:
    """One rule: `skip` hits pass, the next `count` meet the fault. `done`: what was asked for happens all the
    same. `p` above 0 is a share of the calls instead. `share`: how much of the rest of an order
    `fill_before_cancel` fills. `seconds`: how late, how slow, or what Retry-After tells."""

    kind: str
    method: str = "*"
    path: str = "*"
    skip: int = 0
    count: int = 1
    done: bool = False
    seconds: float = 0.0
    p: float = 0.0
    share: str = "1"

    def meets(self, method: str, path: str, rng: random.Random) -> bool:
        if self.method not in ("*", method) or self.path not in ("*", path):
            return False
        if self.p:
            return rng.random() < self.p
        if self.skip:
            self.skip -= 1
            return False
        self.count -= 1
        return self.count >= 0

    @property
    def is_left(self) -> bool:
        return bool(self.p) or self.count > 0


class Faults:
    """The rules that hold now; the first that meets a call wins."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self.rng = random.Random(0)

    def set(self, rules: list[dict[str, Any]], seed: int = 0) -> None:
        self.rules = [Fault(**rule) for rule in rules]
        self.rng = random.Random(seed)

    def left(self) -> list[dict[str, Any]]:
        """The rules that some call can still meet."""
        return [asdict(rule) for rule in self.rules if rule.is_left]

    def take(self, method: str, path: str) -> Fault | None:
        return next((rule for rule in self.rules if rule.meets(method, path, self.rng)), None)
