"""What an account has done so far, as a report needs it: closed trades, what was traded, what it cost."""

import asyncio
from dataclasses import dataclass
from decimal import Decimal

from cryptofunk_tui.domain.orders import Purpose
from cryptofunk_tui.domain.portfolio import Trade
from cryptofunk_tui.storage.booking import exact_sum
from cryptofunk_tui.storage.database import Row
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.rows import to_trade

_WORDS = {Purpose.FLATTEN.value: "kill"}


@dataclass(frozen=True, slots=True)
class Traded:
    """Worth of all that was filled, bought and sold, and its fees, in quote currency."""

    value: Decimal
    fees: Decimal


async def closed_trades(journal: Journal, limit: int) -> tuple[Trade, ...]:
    """Closed trades, newest first. `exit_purpose` says who closed them: stop, target, trail, vote, person,
    kill, or guard, where the executor sold what it could not protect."""
    rows = await journal.database.rows("closed_trades", count=limit)
    return await asyncio.to_thread(lambda: tuple(map(_trade, rows)))


async def traded(journal: Journal) -> Traded:
    """What the active account's orders have filled since it was opened."""
    rows = await journal.database.rows("order_totals")
    return Traded(*(exact_sum(*(Decimal(row[name]) for row in rows)) for name in ("value", "fees")))


def _trade(row: Row) -> Trade:
    return to_trade(row).model_copy(update={"exit_purpose": _closed_by(row)})


def _closed_by(row: Row) -> str:
    purpose = str(row["exit_purpose"])
    if purpose != Purpose.EXIT:
        return _WORDS.get(purpose, purpose.lower())
    if row["decision_id"] is not None:
        return "vote"
    return "person" if (row["reason"] or "").startswith("closed by ") else "guard"
