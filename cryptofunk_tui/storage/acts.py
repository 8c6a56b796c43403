"""The record of what people did."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from cryptofunk_tui.domain.acts import BROKEN_OFF, DONE, Act
from cryptofunk_tui.domain.base import Clock, from_ms
from cryptofunk_tui.domain.plain_text import safe_text
from cryptofunk_tui.storage.errors import StorageError
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.rows import stamp


class Acts:
    """Acts in the journal, in the order in which they were done."""

    def __init__(self, journal: Journal) -> None:
        self._database = journal.database

    async def add(self, act: Act) -> None:
        """Keep an act. Raises StorageError."""
        await self._database.write(
            "add_act",
            at=stamp(act.at),
            actor=act.actor,
            act=act.act,
            subject=act.subject,
            outcome=safe_text(act.outcome),
        )

    async def newest(self, limit: int = 200) -> tuple[Act, ...]:
        """The newest acts first."""
        rows = await self._database.rows("acts", count=limit)
        return tuple(Act.model_validate(dict(row) | {"at": from_ms(row["at"])}) for row in rows)

    @asynccontextmanager
    async def recorded(self, clock: Clock, actor: str, act: str, subject: str = "") -> AsyncIterator[None]:
        """Keep what is done within, and why where it is not; one that was broken off may have been done.
        Where it cannot be kept and was not done either, what is raised is why it was not done."""
        outcome = BROKEN_OFF
        try:
            yield
            outcome = DONE
        except Exception as error:
            outcome = str(error) or type(error).__name__
            raise
        finally:
            kept = Act(at=clock.now(), actor=actor, act=act, subject=subject, outcome=outcome)
            with suppress(*(() if outcome == DONE else (StorageError,))):
                await self.add(kept)
