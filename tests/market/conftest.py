"""One stand-in exchange for the room's tests, mended before each."""

from collections.abc import Iterator

import pytest

from tests.market.scene import StandIn, stand_in


@pytest.fixture(scope="session")
def running_stand_in() -> Iterator[StandIn]:
    with stand_in() as running:
        yield running


@pytest.fixture
def binance(running_stand_in: StandIn) -> StandIn:
    running_stand_in.mend()
    return running_stand_in
