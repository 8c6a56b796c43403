"""Fixtures that every room shares."""

import os
from collections.abc import Iterator
from decimal import localcontext
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _decimals_of_its_own() -> Iterator[None]:
    """ccxt changes the rounding of the whole process; no test may see what another left."""
    with localcontext():
        yield


@pytest.fixture(scope="session")
def market_data_dir() -> Path:
    """Real recordings; a test that needs them is skipped, saying so, where they are absent."""
    folder = Path(os.environ.get("CRYPTOFUNK_TEST_DATA") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no market recordings at {folder}; name their folder in CRYPTOFUNK_TEST_DATA")
    return folder
