"""A kill carried out where no engine does it: by the engine's executor while it answers, else by one of our
own."""

import asyncio
import time
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path

from cryptofunk_tui.domain.base import Clock, plain
from cryptofunk_tui.domain.errors import ProductError
from cryptofunk_tui.domain.orders import OPEN_STATUSES
from cryptofunk_tui.settings import RUN_CONFIG, SettingsError, load_settings
from cryptofunk_tui.storage.acts import Acts
from cryptofunk_tui.storage.control import Control
from cryptofunk_tui.storage.errors import StorageError
from cryptofunk_tui.storage.journal import JOURNAL_FILE, Journal
from cryptofunk_tui.storage.kill_report import KillReport, read_report
from cryptofunk_tui.storage.lock import holder

ANSWERED_WITHIN_S = 5.0
CLEANED_WITHIN_S = 10.0


async def carry_out(
    directory: Path, asked_at: datetime, actor: str, clock: Clock, *, flatten: bool
) -> KillReport:
    """Enter the kill into the journal and wait for the report of what came of it. With no engine, or one
    whose executor does not answer in time, an executor of our own does the work."""
    problem, work = await _enter(directory, actor, clock, flatten=flatten)
    told = (problem,) if problem else ()
    if not work and holder(directory) is None:
        return KillReport(at=asked_at, reason="nothing was open", verified=True, problems=told)
    async with AsyncExitStack() as stack:
        report = None
        if holder(directory) is not None:
            report = await _report(directory, asked_at, ANSWERED_WITHIN_S)
        if report is None or not report.is_done:
            from cryptofunk_tui.orchestrator.launch import lone_executor

            await stack.enter_async_context(lone_executor(directory))
            report = await _report(directory, asked_at, CLEANED_WITHIN_S)
    if report is None:
        raise ProductError(
            f"no executor told within {CLEANED_WITHIN_S:g} s what became of open orders; look at `orders`"
        )
    return report.model_copy(update={"problems": (*report.problems, *told)})


async def _enter(directory: Path, actor: str, clock: Clock, *, flatten: bool) -> tuple[str | None, bool]:
    """The kill in the journal: why it is not there where that fails (the file alone blocks as well), and
    whether an executor has something to do: on paper only where orders, or what is to be sold, are open."""
    try:
        if not (directory / JOURNAL_FILE).exists():
            return f"{directory / JOURNAL_FILE} is gone; nothing is sold", True
        journal = await Journal.open(directory)
    except StorageError as error:
        return f"{error}; nothing is sold" if flatten else str(error), is_real(directory)
    try:
        control = Control(journal, directory)
        name = "kill and sell all" if flatten else "kill"
        async with Acts(journal).recorded(clock, actor, name):
            await control.kill(f"killed by {actor}", actor, clock.now(), flatten=flatten)
        account = await journal.account()
        if account is not None and account.mode != "paper":
            return None, True
        left = await journal.orders(OPEN_STATUSES, limit=1)
        return None, bool(left or (flatten and await journal.positions()))
    except StorageError as error:
        return str(error), True
    finally:
        await journal.close()


async def held(directory: Path) -> list[str]:
    """What is held by the journal; nothing where that cannot be read."""
    try:
        journal = await Journal.open(directory, readonly=True)
    except StorageError:
        return []
    try:
        return [f"{plain(each.quantity)} {each.symbol}" for each in await journal.positions()]
    finally:
        await journal.close()


def is_real(directory: Path) -> bool:
    """Whether the run's orders lie at a real venue; taken for so where that cannot be read."""
    if not (directory / RUN_CONFIG).exists():
        return False
    try:
        return load_settings(directory / RUN_CONFIG).mode != "paper"
    except SettingsError:
        return True


async def _report(directory: Path, since: datetime, within_s: float) -> KillReport | None:
    """The newest report that was written since then, once all is done or the time is over."""
    deadline = time.monotonic() + within_s
    while True:
        report = read_report(directory)
        fresh = report if report is not None and report.at >= since else None
        if (fresh is not None and fresh.is_done) or time.monotonic() > deadline:
            return fresh
        await asyncio.sleep(0.05)
