"""Toolboxes over real processes, all of them closed and gone after each test."""

import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest

from cryptofunk_tui.domain.base import WallClock
from cryptofunk_tui.domain.events import ServerStatus
from cryptofunk_tui.toolbox.spec import ServerSpec
from cryptofunk_tui.toolbox.toolbox import Toolbox
from tests.stand_ins.coingecko import Rest, rest_stand_in
from tests.toolbox.scene import Chaos, Watch, Watched


@pytest.fixture
def chaos(tmp_path: Path) -> Chaos:
    return Chaos(tmp_path)


@pytest.fixture
async def watch(tmp_path: Path) -> AsyncIterator[Watch]:
    """Makes toolboxes; what they started must be gone when they are closed."""
    before = set(psutil.Process().children(recursive=True))
    made: list[Watched] = []

    def make(*specs: ServerSpec) -> Watched:
        told: list[ServerStatus] = []
        made.append(Watched(Toolbox(specs, told.append, WallClock(), state_dir=tmp_path / "state"), told))
        return made[-1]

    yield make
    for watched in made:
        await watched.toolbox.close()
    assert set(psutil.Process().children(recursive=True)) <= before


@pytest.fixture
def rest() -> Iterator[Rest]:
    """CoinGecko's REST stand-in."""
    with rest_stand_in() as stand_in:
        yield stand_in


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
