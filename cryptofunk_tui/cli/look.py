"""Commands that only look: status, positions, orders, performance, trace, doctor. They read the state
directory and never need a running engine."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from cryptofunk_tui.cli.options import AsJson, Config, StateDir
from cryptofunk_tui.domain.base import plain
from cryptofunk_tui.domain.errors import ProductError, WrongUse
from cryptofunk_tui.domain.orders import OPEN_STATUSES
from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.settings import state_dir as resolve_state_dir
from cryptofunk_tui.storage.acts import Acts
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.control import Control
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.lock import holder
from cryptofunk_tui.storage.venue_state import venue_state

T = TypeVar("T")
CycleId = Annotated[
    str,
    typer.Argument(metavar="CYCLE", help="The cycle_id of a --jsonl line, or as the console shows it."),
]
WELL = (TradingState.RUNNING, TradingState.PAUSED)


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (status, positions, orders, approvals, acts, performance, trace, doctor):
        app.command()(command)


def status(state_dir: StateDir = None, as_json: AsJson = False) -> None:
    """How the engine and its account stand. Exit code 1 unless it is RUNNING or PAUSED."""
    report = asyncio.run(_status(resolve_state_dir(state_dir)))
    _show(report, as_json, [f"{name:<18} {_cell(value)}" for name, value in report.items()])
    if report["state"] not in WELL:
        raise typer.Exit(1)


def positions(state_dir: StateDir = None, as_json: AsJson = False) -> None:
    """What is held and where it is protected."""
    rows = asyncio.run(_with_journal(resolve_state_dir(state_dir), _positions))
    _show(
        rows,
        as_json,
        _table(rows, ("symbol", "quantity", "entry_price", "mark", "stop", "target", "strategy")),
    )


def orders(
    limit: Annotated[int, typer.Option(min=1, help="So many, the newest first.")] = 50,
    state_dir: StateDir = None,
    as_json: AsJson = False,
) -> None:
    """The newest orders with their fills."""
    rows = asyncio.run(_with_journal(resolve_state_dir(state_dir), lambda journal: _orders(journal, limit)))
    columns = ("created_at", "symbol", "purpose", "side", "quantity", "price", "status", "client_order_id")
    _show(rows, as_json, _table(rows, columns))


def approvals(state_dir: StateDir = None, as_json: AsJson = False) -> None:
    """Orders that wait for a person: `cryptofunk approve ID` or `reject ID`."""
    rows = asyncio.run(_with_journal(resolve_state_dir(state_dir), _approvals))
    columns = ("approval_id", "symbol", "side", "quantity", "stop", "target", "strategy", "expires_at")
    _show(rows, as_json, _table(rows, columns))


def performance(state_dir: StateDir = None, as_json: AsJson = False) -> None:
    """What the account made, and which strategies, symbols, exits and agents made it."""
    from cryptofunk_tui.cli.performance import lines, read_report

    report = asyncio.run(read_report(resolve_state_dir(state_dir)))
    _show(report, as_json, lines(report, _table))


def acts(state_dir: StateDir = None, as_json: AsJson = False) -> None:
    """Who did what and when, newest first, from whatever terminal."""
    rows = asyncio.run(_with_journal(resolve_state_dir(state_dir), _acts))
    _show(rows, as_json, _table(rows, ("at", "actor", "act", "subject", "outcome")))


def trace(cycle: CycleId, state_dir: StateDir = None, as_json: AsJson = False) -> None:
    """Everything that one decision rests on and led to."""
    record = asyncio.run(_trace(resolve_state_dir(state_dir), cycle))
    _show(record, as_json, [json.dumps(record, indent=2, ensure_ascii=False)])


def doctor(state_dir: StateDir = None, config: Config = None, as_json: AsJson = False) -> None:
    """Examine the set-up: settings, state directory, servers. Exit code 1 where something is not well."""
    from cryptofunk_tui.orchestrator.doctor import examine

    findings = asyncio.run(examine(resolve_state_dir(state_dir), config))
    rows = [finding.model_dump() for finding in findings]
    _show(rows, as_json, [f"{'✓' if each.ok else '✗'} {each.name:<22} {each.detail}" for each in findings])
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


async def _status(directory: Path) -> dict[str, Any]:
    async def report(journal: Journal) -> dict[str, Any]:
        account, engine = await journal.account(), await journal.engine()
        if account is None:
            raise ProductError(f"{directory}: no account was opened here yet; start one with `cryptofunk`")
        portfolio = await journal.portfolio()
        state, reason = await Control(journal, directory).state()
        venue = await venue_state(journal)
        pid = holder(directory)
        live = engine if pid else None
        return {
            "state": state if pid or state is TradingState.HALTED else TradingState.STOPPED,
            "reason": reason if pid or state is TradingState.HALTED else "no engine runs here",
            "mode": account.mode,
            "market": account.market,
            "venue": account.venue,
            "equity": plain(portfolio.equity),
            "drawdown": portfolio.drawdown,
            "exposure": float(portfolio.exposure / portfolio.equity) if portfolio.equity else 0.0,
            "positions": len(portfolio.positions),
            "open_orders": len(await journal.orders(statuses=OPEN_STATUSES)),
            "pending_approvals": len(await Approvals(journal).pending()),
            "servers": {each.name: each.state for each in live.servers} if live else {},
            "feed_age_s": live.feed_age_s if live else None,
            "market_time": _iso(account.market_time),
            "venue_problem": venue.problem or None if venue else None,
            "attention": list(venue.attention) if venue else [],
            "foreign_orders": list(venue.foreign_orders) if venue else [],
            "clock_offset_s": venue.clock_offset_s if venue else None,
            "reconciled_at": _iso(venue.reconciled_at) if venue else None,
            "pid": pid,
            "since": _iso(engine.since) if engine else None,
        }

    return await _with_journal(directory, report)


async def _positions(journal: Journal) -> list[dict[str, Any]]:
    portfolio = await journal.portfolio()
    rows = []
    for position in portfolio.positions:
        mark = portfolio.mark(position.symbol)
        rows.append({**position.model_dump(mode="json"), "mark": None if mark is None else plain(mark)})
    return rows


async def _orders(journal: Journal, limit: int) -> list[dict[str, Any]]:
    return [order.model_dump(mode="json") for order in await journal.orders(limit=limit)]


async def _approvals(journal: Journal) -> list[dict[str, Any]]:
    rows = []
    for approval in await Approvals(journal).pending():
        row = approval.model_dump(mode="json")
        order = row.pop("order")
        rows.append({**row, **order, **(order["protection"] or {"stop": None, "target": None})})
    return rows


async def _acts(journal: Journal) -> list[dict[str, Any]]:
    return [act.model_dump(mode="json") for act in await Acts(journal).newest()]


async def _trace(directory: Path, cycle: str) -> dict[str, Any]:
    from cryptofunk_tui.storage.records import Records

    records = await Records.open(directory, readonly=True)
    try:
        record = await records.cycle(cycle)
    finally:
        await records.close()
    if record is None:
        raise WrongUse(
            f"no cycle {cycle!r} in {directory}; `cryptofunk headless --jsonl` and the console show the ids"
        )
    return record.model_dump(mode="json")


async def _with_journal(directory: Path, read: Callable[[Journal], Awaitable[T]]) -> T:
    journal = await Journal.open(directory, readonly=True)
    try:
        return await read(journal)
    finally:
        await journal.close()


def _show(data: Any, as_json: bool, lines: Iterable[str]) -> None:
    typer.echo(json.dumps(data) if as_json else "\n".join(lines))


def _table(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> list[str]:
    if not rows:
        return ["none"]
    cells = [columns, *([_cell(row[name]) for name in columns] for row in rows)]
    widths = [max(len(line[index]) for line in cells) for index in range(len(columns))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.4f}"
    return (
        ", ".join(f"{name} {state}" for name, state in value.items())
        if isinstance(value, dict)
        else str(value)
    )


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
