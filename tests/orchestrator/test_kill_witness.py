"""A kill by a signal or by hand is kept with its time, and none twice."""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from cryptofunk_tui.orchestrator.kill_witness import BY_HAND, SETTLED, KillWitness
from cryptofunk_tui.storage.acts import Acts
from cryptofunk_tui.storage.control import Control, kill_path, touch_kill
from cryptofunk_tui.storage.journal import Journal
from tests.storage.books import START, open_books

pytestmark = pytest.mark.anyio


class Clock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> "object":
        return self.at


class Scene:
    """A witness, and a kill file whose times are made."""

    def __init__(self, journal: Journal, state_dir: Path) -> None:
        self.journal, self.state_dir, self.clock = journal, state_dir, Clock()
        self.witness = self.another()

    def another(self) -> KillWitness:
        return KillWitness(self.journal, self.state_dir, self.clock)  # type: ignore[arg-type]

    def touch(self, reason: str | None) -> None:
        if reason is None:
            kill_path(self.state_dir).touch()
        else:
            touch_kill(self.state_dir, reason)
        stamp = int(self.clock.at.timestamp() * 1_000_000_000)
        os.utime(kill_path(self.state_dir), ns=(stamp, stamp))

    async def later(self, seconds: float = 10) -> list[tuple[str, str]]:
        self.clock.at += timedelta(seconds=seconds)
        await self.witness.look()
        return [(act.actor, act.act) for act in await Acts(self.journal).newest()]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    journal = await open_books(tmp_path)
    yield Scene(journal, tmp_path)
    await journal.close()


async def test_a_signal_is_kept_once_even_by_the_next_engine(scene: Scene) -> None:
    assert await scene.later() == []
    scene.touch("killed by SIGUSR1")
    killed_at = scene.clock.at
    assert await scene.later(SETTLED.total_seconds() - 0.1) == [], "whoever has a journal is first"
    assert await scene.later() == [("SIGUSR1", "kill")]
    assert (await Acts(scene.journal).newest())[0].at == killed_at
    scene.witness = scene.another()
    assert len(await scene.later()) == 1
    scene.touch("killed by SIGUSR1")
    assert len(await scene.later()) == 2


async def test_what_was_kept_by_whoever_killed_is_not_kept_again(scene: Scene) -> None:
    scene.touch("killed by anna@console")
    async with Acts(scene.journal).recorded(scene.clock, "anna@console", "kill and sell all"):  # type: ignore[arg-type]
        await Control(scene.journal, scene.state_dir).kill("x", "anna@console", scene.clock.at)
    scene.touch("killed by anna@console")
    assert await scene.later() == [("anna@console", "kill and sell all")]
    scene.touch("killed by SIGUSR1")
    assert (await scene.later())[0] == ("SIGUSR1", "kill")


async def test_a_file_made_or_touched_by_hand_is_nobodys(scene: Scene) -> None:
    scene.touch(None)
    assert await scene.later() == [(BY_HAND, "kill")]
    scene.touch("killed by SIGUSR1")
    await scene.later()
    scene.touch(None)
    assert (await scene.later())[0] == (BY_HAND, "kill"), "whoever is named in it did not touch it"
