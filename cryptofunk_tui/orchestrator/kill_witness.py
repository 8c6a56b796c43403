"""Keeps who killed where nobody else does: a signal, a kill file by hand, a console without an engine yet."""

import asyncio
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from cryptofunk_tui.domain.acts import DONE, Act
from cryptofunk_tui.domain.base import Clock, from_ms
from cryptofunk_tui.storage.acts import Acts
from cryptofunk_tui.storage.control import kill_path, kill_reason
from cryptofunk_tui.storage.errors import StorageError
from cryptofunk_tui.storage.journal import Journal

LOOK_S = 1.0
SETTLED = timedelta(seconds=3)
"""Whoever kills through the journal as well has kept it by then."""
BY_HAND = "a kill file made by hand"


class KillWitness:
    """Looks at the kill file; each kill is one act."""

    def __init__(self, journal: Journal, state_dir: Path, clock: Clock) -> None:
        self._acts = Acts(journal)
        self._state_dir = state_dir
        self._clock = clock
        self._seen, self._size = 0, -1

    async def run(self) -> None:
        """Look until cancelled; what cannot be kept now is tried again."""
        while True:
            with suppress(StorageError):
                await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Keep the kill that stands, once it has stood for a while and nobody kept it."""
        try:
            found = kill_path(self._state_dir).stat()
        except OSError:
            return
        at = from_ms(found.st_mtime_ns // 1_000_000)
        if found.st_mtime_ns == self._seen or self._clock.now() - at < SETTLED:
            return
        who = BY_HAND if found.st_size == self._size else self._who()
        if not any(_is_that(act, who, at) for act in await self._acts.newest()):
            await self._acts.add(Act(at=at, actor=who, act="kill", subject="", outcome=DONE))
        self._seen, self._size = found.st_mtime_ns, found.st_size

    def _who(self) -> str:
        _, by, actor = kill_reason(self._state_dir).partition("killed by ")
        return actor if by else BY_HAND


def _is_that(act: Act, who: str, at: datetime) -> bool:
    return act.act.startswith("kill") and act.actor == who and abs(act.at - at) <= SETTLED
