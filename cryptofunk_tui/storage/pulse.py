"""The active account at a glance: one question to the journal where a decision would need ten."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.storage.errors import NotFound
from cryptofunk_tui.storage.journal import AccountRow, Journal
from cryptofunk_tui.storage.rows import moment, stamp

MINUTE_MS = 60_000
MONTH_MS = 30 * 86_400_000
_ACCOUNT = ("account", "mode", "market", "venue", "run_id", "quote_asset")


@dataclass(frozen=True, slots=True)
class Pulse:
    """`at` is market time, wall time on an exchange, None where a market has none yet. `state` is the
    journal's word alone: the kill file is beside it. `fees_30_days` is in quote currency, as a float: it is
    held against a limit, never booked. `pending`, `overdue` and `asked` count approvals: those without an
    answer, those whose time is over, and those of the decision asked about."""

    row: AccountRow
    at: datetime | None
    state: TradingState
    state_reason: str
    killed: bool
    unknown_orders: int
    orders_last_minute: int
    fees_30_days: float
    last_exit: datetime | None
    pending: int
    overdue: int
    asked: int


async def read_pulse(journal: Journal, now: datetime, *, symbol: str = "", decision_id: str = "") -> Pulse:
    """`now` is wall time; `last_exit` is that of `symbol`. Raises NotFound before the first account."""
    row = await journal.database.row(
        "pulse",
        now=stamp(now),
        symbol=symbol,
        decision_id=decision_id,
        minute_ms=MINUTE_MS,
        month_ms=MONTH_MS,
    )
    if row is None:
        raise NotFound("no account is open in this state directory; start an engine first")
    return Pulse(
        row=AccountRow(
            **{name: row[name] for name in _ACCOUNT},
            start=Decimal(row["start"]),
            market_time=moment(row["market_time"]),
            processed_until=moment(row["processed_until"]),
        ),
        at=moment(row["at"]),
        state=TradingState(row["state"] or TradingState.RUNNING),
        state_reason=row["reason"] or "",
        killed=bool(row["killed"]),
        unknown_orders=row["unknown_orders"],
        orders_last_minute=row["orders_last_minute"],
        fees_30_days=row["fees_30_days"],
        last_exit=moment(row["last_exit"]),
        pending=row["pending"],
        overdue=row["overdue"],
        asked=row["asked"],
    )
