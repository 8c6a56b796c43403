"""Examines a set-up: every finding says what it saw and what to do."""

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path

from cryptofunk_tui.domain.base import WallClock
from cryptofunk_tui.domain.errors import ProductError
from cryptofunk_tui.domain.models import GATEWAY
from cryptofunk_tui.domain.parts import Finding
from cryptofunk_tui.orchestrator.launch import (
    SERVERS,
    START_TIMEOUT_S,
    describe_market,
    gateway_spec,
    server_specs,
    why_rules_alone,
    write_run_config,
)
from cryptofunk_tui.settings import Settings, SettingsError, load_settings
from cryptofunk_tui.storage.audit import audit
from cryptofunk_tui.storage.control import Control
from cryptofunk_tui.storage.errors import StorageError
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.lock import holder
from cryptofunk_tui.storage.venue_state import venue_state
from cryptofunk_tui.toolbox.errors import ToolboxError
from cryptofunk_tui.toolbox.toolbox import Toolbox

LEAST_FREE_MB = 200


async def examine(directory: Path, config: Path | None) -> list[Finding]:
    """Settings, state directory, journal, then every server as a real process in a folder of its own."""
    findings = [Finding(name="python", ok=sys.version_info >= (3, 11), detail=sys.version.split()[0])]
    try:
        settings = load_settings(config)
    except SettingsError as error:
        return [*findings, Finding(name="settings", ok=False, detail=str(error))]
    findings.append(
        Finding(name="settings", ok=True, detail=f"{', '.join(settings.symbols)} on {settings.timeframe}")
    )
    findings.append(_state_directory(directory))
    if (directory / "journal.sqlite3").exists():
        findings.append(await _journal(directory))
    return findings + await _servers(settings)


async def examine_run(
    settings: Settings, directory: Path, journal: Journal, toolbox: Toolbox
) -> list[Finding]:
    """The same of a run that goes on, without disturbing it: its servers are looked at, not started."""
    free_mb = shutil.disk_usage(directory).free / 1e6
    detail = f"{free_mb:,.0f} MB free" + (
        "" if free_mb >= LEAST_FREE_MB else "; make room, or nothing is kept"
    )
    findings = [
        Finding(name="settings", ok=True, detail=f"{', '.join(settings.symbols)} on {settings.timeframe}"),
        _state_directory(directory),
        Finding(name="disk", ok=free_mb >= LEAST_FREE_MB, detail=detail),
        await _books(journal, directory),
    ]
    for status in toolbox.status():
        words = f"{len(toolbox.tools(status.name))} tools" if status.state == "ready" else status.detail
        findings.append(
            Finding(name=status.name, ok=status.state == "ready", detail=f"{status.state}, {words}")
        )
    venue = await venue_state(journal)
    if venue is not None:
        findings.append(
            Finding(name="venue", ok=not venue.problem, detail=venue.problem or "agrees with the journal")
        )
    return findings


def _state_directory(directory: Path) -> Finding:
    where = directory if directory.exists() else next(each for each in directory.parents if each.exists())
    try:
        with tempfile.TemporaryDirectory(dir=where):
            pass
    except OSError as error:
        detail = f"{where} cannot be written ({error.strerror}); mend it or name another --state-dir"
        return Finding(name="state directory", ok=False, detail=detail)
    pid = holder(directory)
    used = f"in use by process {pid}" if pid else "not in use"
    return Finding(name="state directory", ok=True, detail=f"{directory}, {used}")


async def _journal(directory: Path) -> Finding:
    try:
        journal = await Journal.open(directory, readonly=True)
        try:
            return await _books(journal, directory)
        finally:
            await journal.close()
    except StorageError as error:
        return Finding(name="journal", ok=False, detail=str(error))


async def _books(journal: Journal, directory: Path) -> Finding:
    """Whether the books of an open journal add up. Raises StorageError."""
    state, reason = await Control(journal, directory).state()
    account = await journal.account()
    wrong = await audit(journal) if account else ()
    if wrong:
        detail = f"the books do not add up: {'; '.join(wrong)}; stop trading and compare with the venue"
        return Finding(name="journal", ok=False, detail=detail)
    name = account.account if account else "no account yet"
    return Finding(name="journal", ok=True, detail=f"{name}, {state}" + (f" ({reason})" if reason else ""))


async def _servers(settings: Settings) -> list[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        async with _toolbox(settings, Path(folder)) as toolbox:
            checks = [_check(name, _server(toolbox, name)) for name in SERVERS]
            found = [*await asyncio.gather(*checks), await _check("market", _market(toolbox))]
            return [*found, await _models(settings, toolbox)]


async def _server(toolbox: Toolbox, name: str) -> str:
    await toolbox.ready(name, START_TIMEOUT_S)
    return f"{len(toolbox.tools(name))} tools"


async def _models(settings: Settings, toolbox: Toolbox) -> Finding:
    """Who would be asked, and what to know of them; that rules decide alone is no fault."""
    if GATEWAY not in {status.name for status in toolbox.status()}:
        return Finding(
            name="models", ok=True, detail=f"rules decide alone: {why_rules_alone(settings, settings.market)}"
        )
    try:
        await toolbox.ready(GATEWAY, START_TIMEOUT_S)
        answer = await toolbox.call(GATEWAY, "providers", {}, deadline_s=START_TIMEOUT_S)
    except ToolboxError as error:
        return Finding(name="models", ok=False, detail=str(error))
    each = answer["providers"]
    words = [
        f"{one['name']} {one['state']}"
        + "".join(f", {one[key]}" for key in ("detail", "warning") if one[key])
        for one in each
    ]
    well = any(one["state"] == "ready" for one in each) and not any(one["warning"] for one in each)
    return Finding(name="models", ok=well, detail="; ".join(words))


async def _market(toolbox: Toolbox) -> str:
    facts = await describe_market(toolbox)
    return facts.notice or f"{facts.kind}: {facts.venue}"


async def _check(name: str, look: Awaitable[str]) -> Finding:
    try:
        return Finding(name=name, ok=True, detail=await look)
    except (ToolboxError, ProductError) as error:
        return Finding(name=name, ok=False, detail=str(error))


@asynccontextmanager
async def _toolbox(settings: Settings, folder: Path) -> AsyncIterator[Toolbox]:
    config = write_run_config(settings, folder)
    gateway = gateway_spec(settings, config, folder)
    toolbox = Toolbox(
        [*server_specs(config, folder), *([gateway] if gateway else [])],
        lambda _: None,
        WallClock(),
        state_dir=folder,
    )
    await toolbox.start()
    try:
        yield toolbox
    finally:
        await toolbox.close()
