"""An account's report, read from its state directory and written as lines."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cryptofunk_tui.orchestrator import report
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.records import Records

Rows = list[dict[str, Any]]
GROUPS = ("by_strategy", "by_symbol", "by_exit")
GROUP_COLUMNS = ("name", "trades", "win_rate", "pnl", "profit_factor", "expectancy", "expectancy_r", "fees")


async def read_report(directory: Path) -> dict[str, Any]:
    """The report as JSON knows it. Raises StorageError, NotFound before the first account."""
    journal = await Journal.open(directory, readonly=True)
    try:
        records = await Records.open(directory, readonly=True)
        try:
            found = await report.performance(journal, records)
        finally:
            await records.close()
    finally:
        await journal.close()
    return found.model_dump(mode="json")


def lines(found: dict[str, Any], table: Callable[[Rows, tuple[str, ...]], list[str]]) -> Iterable[str]:
    """One line a figure, then a table a group and one of the agents."""
    for name in ("account", "timeframe", "since", "until", "bars", "start", "equity", "fees"):
        yield _line(name, found[name])
    figures = found["figures"] | {name: found[name] for name in ("hold_return", "turnover")}
    figures |= {f"trades_{name}": value for name, value in found["trades"].items() if name != "name"}
    for name, value in figures.items():
        yield _line(name, value)
    for group in GROUPS:
        yield from ("", group, *table(found[group], GROUP_COLUMNS))
    yield from ("", f"agents, right {found['horizon_bars']} bars later")
    yield from table([_share(each) for each in found["agents"]], ("agent", "calls", "hits", "share"))


def _share(agent: dict[str, Any]) -> dict[str, Any]:
    return agent | {"share": agent["hits"] / agent["calls"] if agent["calls"] else None}


def _line(name: str, value: Any) -> str:
    if isinstance(value, dict):
        value = value["needs"] if value["value"] is None else value["value"]
    shown = "–" if value is None else f"{value:.4f}" if isinstance(value, float) else str(value)
    return f"{name:<22} {shown}"
