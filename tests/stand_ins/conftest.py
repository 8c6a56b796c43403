"""A stand-in exchange with an account, and ccxt's own client before it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.stand_ins.ccxt_client import binance
from tests.stand_ins.venue.process import Served, served


@pytest.fixture
async def venue() -> AsyncIterator[Served]:
    async with served() as stand_in:
        stand_in.reset({"USDT": "100000", "BTC": "2", "BNB": "10"})
        yield stand_in


@pytest.fixture
async def exchange(venue: Served) -> AsyncIterator[Any]:
    async with binance(venue.url) as client:
        yield client
