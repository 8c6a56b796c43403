"""A provider that fails is left alone for a while: only a single probe asks whether it is back."""

from collections.abc import Callable
from typing import Literal

Fault = Literal["down", "late", "limited", "refused", "bad"]
"""5xx or no connection; no answer in time; too many requests; a key that is not taken; a useless answer."""

FIRST_S, LONGEST_S = 15.0, 300.0
REFUSED_S = 600.0
BAD_IN_A_ROW = 3


class Breaker:
    """Closed while answers come. `allows` lets one probe through once the wait is over."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._until = float("-inf")
        self._wait_s = FIRST_S
        self._bad = 0
        self._probing = False
        self.fault = ""
        """Why it is open, in words; empty while it is closed."""

    @property
    def waits_s(self) -> float:
        """Until the next probe; 0 where one may be asked now."""
        return max(0.0, self._until - self._monotonic())

    def allows(self) -> bool:
        """Whether to ask now. Where it was open, the caller is the probe and must tell how it went."""
        if not self.fault:
            return True
        if self._probing or self.waits_s:
            return False
        self._probing = True
        return True

    def answered(self) -> None:
        self.fault, self._wait_s, self._bad, self._probing = "", FIRST_S, 0, False

    def left(self) -> None:
        """The question was given up before it was known how it went."""
        self._probing = False

    def failed(self, fault: Fault, words: str, retry_after_s: float | None = None) -> None:
        """Open, for as long as the fault asks for. A useless answer opens it only three times in a row."""
        self._probing = False
        if fault == "bad":
            self._bad += 1
            if self._bad < BAD_IN_A_ROW and not self.fault:
                return
        wait_s = self._wait_s
        if fault == "refused":
            wait_s = REFUSED_S
        elif fault == "limited" and retry_after_s is not None:
            wait_s = min(max(retry_after_s, 1.0), REFUSED_S)
        else:
            self._wait_s = min(2 * self._wait_s, LONGEST_S)
        self._until, self.fault = self._monotonic() + wait_s, words
