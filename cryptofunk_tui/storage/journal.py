"""The journal: one file that money depends on, written by several processes, each commit synced to disk."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from pydantic import TypeAdapter

from cryptofunk_tui.domain.base import Money, Record, Utc, from_ms
from cryptofunk_tui.domain.events import ServerStatus
from cryptofunk_tui.domain.portfolio import Mark, Portfolio
from cryptofunk_tui.storage.database import Database, Row
from cryptofunk_tui.storage.errors import DuplicateOrder, NotFound, Refused, StorageError
from cryptofunk_tui.storage.ledger import Ledger
from cryptofunk_tui.storage.rows import moment, stamp, text, to_portfolio

__all__ = ["AccountRow", "DuplicateOrder", "EngineRow", "Journal", "StorageError", "account_id"]

JOURNAL_FILE = "journal.sqlite3"
_SERVERS = TypeAdapter(tuple[ServerStatus, ...])


class AccountRow(Record):
    """The active account. `market_time` is where a recorded or simulated market stands, `processed_until`
    how far stops and resting orders have been followed."""

    account: str
    mode: str
    market: str
    venue: str
    run_id: str
    quote_asset: str
    start: Money
    market_time: Utc | None
    processed_until: Utc | None


class EngineRow(Record):
    """The engine that last ran here. `pid` is None once it has stopped; times are wall time."""

    pid: int | None
    since: Utc
    heartbeat: Utc | None
    servers: tuple[ServerStatus, ...]
    feed_age_s: float | None


def account_id(mode: str, market: str, venue: str) -> str:
    """The name of an account: positions of one market never meet prices of another."""
    return f"{mode}:{market}:{venue}"


class Journal(Ledger):
    """Accounts, market time, the engine's pulse and the marks, beside orders and the ledger."""

    @classmethod
    async def open(cls, state_dir: Path, *, readonly: bool = False) -> "Journal":
        """Open the journal of a state directory, made where it is missing unless `readonly`. Raises
        StorageError for a damaged, newer, forbidden or missing one; none is ever replaced."""
        return cls(
            await Database.open(state_dir / JOURNAL_FILE, "journal", full_sync=True, readonly=readonly)
        )

    async def close(self) -> None:
        await self.database.close()

    async def open_account(
        self,
        *,
        mode: str,
        market: str,
        venue: str,
        run_id: str,
        quote_asset: str,
        capital: Decimal,
        at: datetime,
    ) -> str:
        """Make this the active account and return its id. One that exists keeps its run and capital; it is
        refused in another quote currency."""
        account = account_id(mode, market, venue)
        async with self.transaction():
            await self.database.write(
                "add_account",
                account=account,
                mode=mode,
                market=market,
                venue=venue,
                run_id=run_id,
                quote_asset=quote_asset,
                start=text(capital),
                at=stamp(at),
            )
            await self.database.write("activate_account", account=account)
            kept = (await self._active()).quote_asset
            if kept != quote_asset:
                raise Refused(f"{account} is kept in {kept}, not {quote_asset}; use another state directory")
            await self.database.write(
                "open_balance", account=account, asset=quote_asset, amount=text(capital)
            )
        return account

    async def account(self) -> AccountRow | None:
        """The active account, None before the first."""
        row = await self.database.row("active_account")
        if row is None:
            return None
        times = {name: moment(row[name]) for name in ("market_time", "processed_until")}
        return AccountRow.model_validate({**dict(row), "start": Decimal(row["start"]), **times})

    async def set_market_time(self, at: datetime) -> None:
        """Advance the market's clock. Raises Refused when it would run backwards."""
        if not await self.database.write("set_market_time", at=stamp(at)):
            stands = (await self._active()).market_time
            raise Refused(f"market time stands at {stands} and cannot go back to {at}")

    async def set_processed_until(self, at: datetime) -> None:
        """Keep how far stops and resting orders were followed; an earlier moment changes nothing."""
        if not await self.database.write("set_processed_until", at=stamp(at)):
            raise _no_account()

    async def set_engine(self, pid: int | None, since: datetime) -> None:
        """Say which process runs the engine; None when it has stopped."""
        await self.database.write("set_engine", pid=pid, since=stamp(since))

    async def heartbeat(
        self, at: datetime, servers: Iterable[ServerStatus], feed_age_s: float | None
    ) -> None:
        """The engine's pulse, for whoever asks from another process."""
        pulse = _SERVERS.dump_json(tuple(servers)).decode()
        await self.database.write("beat", at=stamp(at), servers=pulse, feed_age_s=feed_age_s)

    async def engine(self) -> EngineRow | None:
        """The engine that runs or last ran, None before the first."""
        row = await self.database.row("engine")
        if row is None:
            return None
        return EngineRow(
            pid=row["pid"],
            since=from_ms(row["since"]),
            heartbeat=moment(row["heartbeat"]),
            servers=_SERVERS.validate_json(row["servers"]),
            feed_age_s=row["feed_age_s"],
        )

    async def portfolio(self) -> Portfolio:
        """The active account as one consistent snapshot. Raises NotFound before the first account."""
        return to_portfolio(await self._standing())

    async def mark(self, marks: tuple[Mark, ...], at: datetime) -> Portfolio:
        """Value what is held at `marks`, at market time `at`: keeps a point of the equity curve, raises the
        peak, and at the first mark of a UTC day sets the day's start, which is this equity at midnight sharp
        and the last one known before otherwise."""
        async with self.transaction():
            await self.database.write_many(
                "put_mark",
                [{"symbol": mark.symbol, "price": text(mark.price), "at": stamp(mark.at)} for mark in marks],
            )
            rows = await self._standing()
            portfolio = to_portfolio(rows)
            equity, day = portfolio.equity, _midnight(at)
            start_of_day = portfolio.day_start_equity
            if day > rows[0]["day"]:
                start_of_day = equity if stamp(at) == day else Decimal(rows[0]["equity"])
            marked = portfolio.model_copy(
                update={
                    "peak_equity": max(portfolio.peak_equity, equity),
                    "day_start_equity": start_of_day,
                }
            )
            await self._keep_standing(marked, max(day, rows[0]["day"]))
            await self.database.write("put_equity_point", at=stamp(at), equity=text(equity))
        return marked

    async def rebase_peak(self) -> None:
        """Forget past heights: drawdown is measured from the equity of now."""
        async with self.transaction():
            rows = await self._standing()
            portfolio = to_portfolio(rows)
            await self._keep_standing(
                portfolio.model_copy(update={"peak_equity": portfolio.equity}), rows[0]["day"]
            )

    async def equity_curve(self, since: datetime) -> tuple[tuple[datetime, Decimal], ...]:
        """Marked equity at or after `since`, oldest first, in quote currency."""
        rows = await self.database.rows("equity_points", since=stamp(since))
        return tuple((from_ms(row["at"]), Decimal(row["equity"])) for row in rows)

    async def _keep_standing(self, portfolio: Portfolio, day: int) -> None:
        await self.database.write(
            "mark_account",
            equity=text(portfolio.equity),
            peak_equity=text(portfolio.peak_equity),
            day_start_equity=text(portfolio.day_start_equity),
            day=day,
        )

    async def _standing(self) -> list[Row]:
        rows = await self.database.rows("portfolio")
        if not rows:
            raise _no_account()
        return rows

    async def _active(self) -> AccountRow:
        account = await self.account()
        if account is None:
            raise _no_account()
        return account


def _no_account() -> NotFound:
    return NotFound("no account is open in this state directory; start an engine first")


def _midnight(at: datetime) -> int:
    return stamp(at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0))
