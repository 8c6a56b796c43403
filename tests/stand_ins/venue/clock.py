"""The exchange's clock: the wall's with an offset, or one that stands still."""

import time


class VenueClock:
    """Milliseconds since 1970."""

    def __init__(self) -> None:
        self.offset_ms = 0
        self._frozen_ms: int | None = None

    def now(self) -> int:
        return (_wall_ms() if self._frozen_ms is None else self._frozen_ms) + self.offset_ms

    def freeze(self, still: bool) -> None:
        """Stand still from now on, or run again from where it stands."""
        now = self.now()
        self._frozen_ms = now if still else None
        self.offset_ms = 0 if still else now - _wall_ms()

    def reset(self) -> None:
        """The wall's time again."""
        self.offset_ms, self._frozen_ms = 0, None


def _wall_ms() -> int:
    return time.time_ns() // 1_000_000
