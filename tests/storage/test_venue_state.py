"""How the account stands at its venue, kept for the other processes."""

from pathlib import Path

import pytest

from cryptofunk_tui.domain.venue_state import VenueState
from cryptofunk_tui.storage.venue_state import keep_venue_state, venue_state
from tests.storage.books import ACCOUNT, START, open_books

pytestmark = pytest.mark.anyio


async def test_the_newest_state_replaces_the_one_before(tmp_path: Path) -> None:
    journal = await open_books(tmp_path)
    assert await venue_state(journal) is None
    first = VenueState(account=ACCOUNT, at=START, problem="not reconciled yet")
    second = VenueState(
        account=ACCOUNT,
        at=START,
        reconciled_at=START,
        attention=("order cf1 stays unclear",),
        foreign_orders=("web_1 BUY 1 BTC/USDT",),
        clock_offset_s=0.25,
        errors_last_minute=3,
        crossed="BTC/USDT",
    )
    for state in (first, second):
        await keep_venue_state(journal, state)
        assert await venue_state(journal) == state
    await journal.close()
