"""Who did what is kept with what came of it, and never stands in the way of its error."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from cryptofunk_tui.domain.acts import BROKEN_OFF
from cryptofunk_tui.storage.acts import Acts
from cryptofunk_tui.storage.errors import StorageError
from cryptofunk_tui.storage.journal import Journal
from tests.storage.books import START, open_books

pytestmark = pytest.mark.anyio


class Steps:
    """A clock that goes on by a second at each look."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> "object":
        self.at += timedelta(seconds=1)
        return self.at


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = await open_books(tmp_path)
    yield opened
    await opened.close()


async def test_acts_are_kept_in_order_with_their_outcome(journal: Journal) -> None:
    acts, clock = Acts(journal), Steps()
    async with acts.recorded(clock, "anna@console", "pause"):  # type: ignore[arg-type]
        pass
    with pytest.raises(ValueError, match="too late"):
        async with acts.recorded(clock, "bob@cli", "approve", "a1"):  # type: ignore[arg-type]
            raise ValueError("too late\nsecond line \x1b[31m")
    newest = await acts.newest()
    assert [(act.actor, act.act, act.subject) for act in newest] == [
        ("bob@cli", "approve", "a1"),
        ("anna@console", "pause", ""),
    ]
    assert [act.outcome for act in newest] == ["too late second line", "done"]
    assert newest[0].at > newest[1].at
    assert await acts.newest(1) == newest[:1]


async def test_what_was_broken_off_is_not_kept_as_done(journal: Journal) -> None:
    acts = Acts(journal)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            async with acts.recorded(Steps(), "anna@console", "close", "BTC/USDT"):  # type: ignore[arg-type]
                await asyncio.sleep(5)
    (act,) = await acts.newest()
    assert act.outcome == BROKEN_OFF


async def test_an_act_that_failed_and_cannot_be_kept_says_why_it_failed(journal: Journal) -> None:
    acts = Acts(journal)
    await journal.close()
    with pytest.raises(ValueError, match="too late"):
        async with acts.recorded(Steps(), "anna@console", "kill"):  # type: ignore[arg-type]
            raise ValueError("too late")
    with pytest.raises(StorageError):
        async with acts.recorded(Steps(), "anna@console", "kill"):  # type: ignore[arg-type]
            pass
