"""The records: candles, quotes, decisions and health, queued and written in batches by one writer."""

import asyncio
import json
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from cryptofunk_tui.domain.base import from_ms, plain
from cryptofunk_tui.domain.candles import COLUMNS, Candles, Floats, Stamps
from cryptofunk_tui.domain.cycle import CycleRecord
from cryptofunk_tui.domain.events import AgentRecord, ServerStatus
from cryptofunk_tui.domain.market import Quote, timeframe_ms
from cryptofunk_tui.domain.portfolio import Portfolio
from cryptofunk_tui.storage.database import Database
from cryptofunk_tui.storage.errors import StorageError
from cryptofunk_tui.storage.rows import stamp

RECORDS_FILE = "records.sqlite3"
BATCH = 500
"""Most rows in one transaction."""
MOST_WAITING = 100_000
"""Rows that may wait; a disk that takes no more must not fill the memory as well."""

_Row = tuple[str, dict[str, Any]]
_query: Callable[[_Row], str] = itemgetter(0)


@dataclass(frozen=True, slots=True)
class EquityCurve:
    """An account bar by bar, oldest first, in quote currency; `at_ms` are the bars' closes. `timeframe` is
    that of the newest bar, None where there is none."""

    at_ms: Stamps
    equity: Floats
    exposure: Floats
    timeframe: str | None


class Records:
    """The records of a state directory. `add_…` only queues; `flush` writes."""

    def __init__(self, database: Database, source: str) -> None:
        self._database = database
        self._source = source
        self._waiting: deque[_Row] = deque()
        self._writing = asyncio.Lock()
        self._spans: dict[tuple[str, str], tuple[int, int]] = {}
        self._health: dict[str, tuple[str, int, str]] = {}

    @classmethod
    async def open(cls, state_dir: Path, *, readonly: bool = False, source: str | None = None) -> "Records":
        """Open the records, made where they are missing unless `readonly`. The one writer may name the
        `source` of its prices, such as `simulated:simulated`; readers then see that source's. Raises
        StorageError for a damaged, newer, forbidden or missing file."""
        database = await Database.open(
            state_dir / RECORDS_FILE, "records", full_sync=False, readonly=readonly
        )
        if source is not None:
            await database.write("use_source", source=source)
        return cls(database, source or "")

    async def close(self) -> None:
        """Write what waits, then close, even where writing fails."""
        try:
            await self.flush()
        finally:
            await self._database.close()

    def add_candles(self, candles: Candles) -> None:
        """Queue closed bars; those within the span added before are taken as known."""
        if not len(candles):
            return
        key = (candles.symbol, candles.timeframe)
        stamps = candles.timestamp_ms
        first, last = int(stamps[0]), int(stamps[-1])
        low, high = self._spans.get(key, (first, first - 1))
        fresh = np.flatnonzero((stamps < low) | (stamps > high))
        columns = [getattr(candles, name)[fresh].tolist() for name in COLUMNS]
        where = {"source": self._source, "symbol": candles.symbol, "timeframe": candles.timeframe}
        for values in zip(*columns, strict=True):
            self._add("add_candle", where | dict(zip(COLUMNS, values, strict=True)))
        self._spans[key] = (min(low, first), max(high, last))

    def add_quote(self, quote: Quote) -> None:
        """Queue the quote that a decision was priced with."""
        self._add(
            "add_quote",
            {
                "source": self._source,
                "symbol": quote.symbol,
                "venue": quote.venue,
                "at": stamp(quote.at),
                "bid": plain(quote.bid),
                "ask": plain(quote.ask),
                "last": plain(quote.last),
            },
        )

    def add_cycle(self, record: CycleRecord, preview: bool = False) -> None:
        """Queue a decision whole, and its signals, ballots and verdict as rows of their own. Of previews only
        the newest of each symbol is kept, whole."""
        common = {"cycle_id": record.cycle_id, "symbol": record.symbol, "as_of": stamp(record.as_of)}
        whole = {"record": record.model_dump_json()}
        if preview:
            self._add("put_preview", common | whole)
            return
        self._add("add_cycle", common | whole)
        for signal in record.signals:
            self._add(
                "add_signal",
                common | signal.model_dump(mode="json", exclude={"as_of"}) | _reasons(signal.reasons),
            )
        for ballot in record.ballots:
            self._add(
                "add_ballot",
                common | ballot.model_dump(mode="json", exclude={"plan"}) | _reasons(ballot.reasons),
            )
        self._add(
            "add_verdict",
            common
            | {
                "action": record.tally.action.value,
                "decision": record.verdict.decision.value,
                "reason": record.verdict.reason,
                "checks": json.dumps([check.model_dump(mode="json") for check in record.verdict.checks]),
            },
        )

    def add_equity(self, at: datetime, timeframe: str, portfolio: Portfolio) -> None:
        """Queue the account as the bar that closed `at` left it; the same bar again replaces it."""
        self._add(
            "add_equity",
            {
                "account": portfolio.account,
                "at": stamp(at),
                "timeframe": timeframe,
                "equity": plain(portfolio.equity),
                "cash": plain(portfolio.cash),
                "exposure": plain(portfolio.exposure),
            },
        )

    def add_health(self, status: ServerStatus) -> None:
        """Queue a server's state where it differs from the last one queued."""
        now = (status.state, status.restarts, status.detail)
        if self._health.get(status.name) == now:
            return
        self._health[status.name] = now
        self._add(
            "add_health",
            {
                "at": stamp(status.at),
                "server": status.name,
                "state": status.state,
                "latency_ms": status.latency_ms,
                "restarts": status.restarts,
                "detail": status.detail,
            },
        )

    async def flush(self) -> None:
        """Write what waits, at most 500 rows a transaction. Raises StorageError; what was not written waits
        for the next flush."""
        async with self._writing:
            while self._waiting:
                batch = list(islice(self._waiting, BATCH))
                async with self._database.transaction():
                    for query, rows in groupby(sorted(batch, key=_query), key=_query):
                        await self._database.write_many(query, [values for _, values in rows])
                for _ in batch:
                    self._waiting.popleft()

    async def cycle(self, cycle_id: str) -> CycleRecord | None:
        """One decision, whole."""
        row = await self._database.row("cycle", cycle_id=cycle_id)
        return None if row is None else CycleRecord.model_validate_json(row["record"])

    async def cycles(
        self, symbol: str | None = None, limit: int = 50, before: str | None = None
    ) -> tuple[CycleRecord, ...]:
        """Decisions, newest first, previews left out; only those older than the one called `before`."""
        rows = await self._database.rows(
            "newest_cycles", symbol=symbol or "", before=before or "", count=limit
        )
        return tuple(CycleRecord.model_validate_json(row["record"]) for row in rows)

    async def closes(self, symbol: str, timeframe: str, limit: int, until_ms: int) -> tuple[Stamps, Floats]:
        """Opening times and closes of the newest `limit` bars that closed by `until_ms`, oldest first."""
        rows = await self._database.rows(
            "newest_closes",
            symbol=symbol,
            timeframe=timeframe,
            newest_ms=until_ms - timeframe_ms(timeframe),
            count=limit,
        )
        rows.reverse()
        return (
            np.array([row["timestamp_ms"] for row in rows], dtype=np.int64),
            np.array([row["close"] for row in rows], dtype=np.float64),
        )

    async def candles(self, symbol: str, timeframe: str, limit: int, until_ms: int) -> Candles:
        """The newest `limit` bars that closed by `until_ms`, oldest first."""
        rows = await self._database.rows(
            "newest_candles",
            symbol=symbol,
            timeframe=timeframe,
            newest_ms=until_ms - timeframe_ms(timeframe),
            count=limit,
        )
        rows.reverse()
        return Candles.from_columns(
            symbol, timeframe, {name: [row[name] for row in rows] for name in COLUMNS}
        )

    async def quotes(self, symbol: str, limit: int = 50) -> tuple[Quote, ...]:
        """Quotes of decisions, newest first."""
        rows = await self._database.rows("newest_quotes", symbol=symbol, count=limit)
        return tuple(Quote.model_validate(dict(row) | {"at": from_ms(row["at"])}) for row in rows)

    async def health(self, limit: int = 50) -> tuple[ServerStatus, ...]:
        """Changes of the servers' states, newest first."""
        rows = await self._database.rows("newest_health", count=limit)
        return tuple(
            ServerStatus(
                at=from_ms(row["at"]),
                name=row["server"],
                state=row["state"],
                latency_ms=row["latency_ms"],
                restarts=row["restarts"],
                detail=row["detail"],
            )
            for row in rows
        )

    async def equity(self, account: str, limit: int) -> EquityCurve:
        """The newest `limit` points of an account's curve."""
        rows = await self._database.rows("newest_equity", account=account, count=limit)
        timeframe = rows[0]["timeframe"] if rows else None
        rows.reverse()
        return EquityCurve(
            np.array([row["at"] for row in rows], dtype=np.int64),
            np.array([row["equity"] for row in rows], dtype=np.float64),
            np.array([row["exposure"] for row in rows], dtype=np.float64),
            timeframe,
        )

    async def decided_symbols(self) -> tuple[str, ...]:
        """Every symbol that was ever decided on."""
        return tuple(row["symbol"] for row in await self._database.rows("decided_symbols"))

    async def closes_at(
        self, symbols: Sequence[str], timeframe: str, opened_ms: Sequence[int]
    ) -> dict[str, dict[int, float]]:
        """Closes of the bars that opened at these times, by symbol and opening time, as far as known."""
        rows = await self._database.rows(
            "closes_at",
            symbols=json.dumps(symbols),
            timeframe=timeframe,
            stamps=json.dumps(opened_ms),
        )
        closes: dict[str, dict[int, float]] = {symbol: {} for symbol in symbols}
        for row in rows:
            closes[row["symbol"]][row["timestamp_ms"]] = row["close"]
        return closes

    async def agent_records(
        self, symbols: Sequence[str], timeframe: str, horizon_bars: int, limit: int
    ) -> tuple[AgentRecord, ...]:
        """How often each agent said BUY or SELL in the newest `limit` decisions of each symbol, and how often
        the close `horizon_bars` later lay that way. Decisions whose later bar is not known yet do not count,
        nor do those made within a bar."""
        bar_ms = timeframe_ms(timeframe)
        rows = await self._database.rows(
            "agent_calls",
            symbols=json.dumps(symbols),
            timeframe=timeframe,
            bar_ms=bar_ms,
            horizon_ms=horizon_bars * bar_ms,
            count=limit,
        )
        return tuple(AgentRecord(agent=row["agent"], calls=row["calls"], hits=row["hits"]) for row in rows)

    def _add(self, query: str, values: dict[str, Any]) -> None:
        if len(self._waiting) >= MOST_WAITING:
            raise StorageError(
                f"{self._database.path}: {MOST_WAITING} rows wait to be written; free the disk and flush"
            )
        self._waiting.append((query, values))


def _reasons(reasons: tuple[str, ...]) -> dict[str, str]:
    return {"reasons": json.dumps(reasons, ensure_ascii=False)}
