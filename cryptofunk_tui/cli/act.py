"""Commands that act on a running or a dead engine through the state directory: kill, pause, reduce,
resume, approve, reject."""

import asyncio
import getpass
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from cryptofunk_tui.cli.options import StateDir
from cryptofunk_tui.domain.base import WallClock
from cryptofunk_tui.domain.errors import ProductError, Refused, WrongUse
from cryptofunk_tui.domain.orders import OPEN_STATUSES, ApprovalStatus
from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.settings import RUN_CONFIG, load_settings
from cryptofunk_tui.settings import state_dir as resolve_state_dir
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.control import Control, touch_kill
from cryptofunk_tui.storage.journal import JOURNAL_FILE, Journal
from cryptofunk_tui.storage.lock import holder

T = TypeVar("T")
ApprovalId = Annotated[
    str, typer.Argument(metavar="ID", help="The approval, as `cryptofunk approvals` lists it.")
]
CLEANED_WITHIN_S = 5.0


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (kill, pause, reduce, resume, approve, reject):
        app.command()(command)


def kill(state_dir: StateDir = None) -> None:
    """Stop all trading now, cancel our open orders, and stay stopped until a person resumes."""
    directory = resolve_state_dir(state_dir)
    touch_kill(directory, f"killed by {_actor()}")
    typer.echo("killed: no order leaves any more; resume with `cryptofunk resume --confirm RESUME`")
    left = _act(directory, lambda journal: _kill(journal, directory))
    if left:
        raise ProductError(
            f"{left} open orders could not be cancelled within {CLEANED_WITHIN_S:g} s; look at `orders`"
        )


def pause(state_dir: StateDir = None) -> None:
    """No new entries; exits and protection go on."""
    _set(resolve_state_dir(state_dir), TradingState.PAUSED)


def reduce(state_dir: StateDir = None) -> None:
    """Exits only: positions may shrink and never grow."""
    _set(resolve_state_dir(state_dir), TradingState.REDUCING)


def resume(
    confirm: Annotated[str, typer.Option(help="Type RESUME: nobody resumes by accident.")] = "",
    state_dir: StateDir = None,
) -> None:
    """Trade again after a pause, a halt or a kill."""
    directory = resolve_state_dir(state_dir)
    if confirm != "RESUME":
        raise Refused("resuming takes the typed word: --confirm RESUME")
    _act(directory, lambda journal: Control(journal, directory).resume(confirm, _actor(), WallClock().now()))
    typer.echo("resumed")


def approve(approval: ApprovalId, state_dir: StateDir = None) -> None:
    """Grant an order that waits for a person."""
    _answer(resolve_state_dir(state_dir), approval, ApprovalStatus.GRANTED)


def reject(approval: ApprovalId, state_dir: StateDir = None) -> None:
    """Refuse an order that waits for a person."""
    _answer(resolve_state_dir(state_dir), approval, ApprovalStatus.REJECTED)


async def _kill(journal: Journal, directory: Path) -> int:
    await Control(journal, directory).kill(f"killed by {_actor()}", _actor(), WallClock().now())
    async with AsyncExitStack() as stack:
        if holder(directory) is None and await journal.orders(statuses=OPEN_STATUSES, limit=1):
            from cryptofunk_tui.orchestrator.launch import lone_executor

            await stack.enter_async_context(lone_executor(directory))
        deadline = time.monotonic() + CLEANED_WITHIN_S
        while left := len(await journal.orders(statuses=OPEN_STATUSES)):
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(0.05)
    return left


def _set(directory: Path, state: TradingState) -> None:
    async def change(journal: Journal) -> None:
        control = Control(journal, directory)
        now, reason = await control.state()
        if now is TradingState.HALTED:
            raise Refused(f"trading is halted ({reason}); first `cryptofunk resume --confirm RESUME`")
        await control.set(state, f"asked for by {_actor()}", _actor(), WallClock().now())

    _act(directory, change)
    typer.echo(state.lower())


def _answer(directory: Path, approval_id: str, answer: ApprovalStatus) -> None:
    async def decide(journal: Journal) -> None:
        approvals = Approvals(journal)
        await approvals.expire(WallClock().now())
        approval = await approvals.get(approval_id)
        if approval is None:
            waiting = ", ".join(each.approval_id for each in await approvals.pending()) or "none"
            raise WrongUse(f"no approval {approval_id!r}; waiting: {waiting}")
        now = WallClock().now()
        use = timedelta(seconds=load_settings(directory / RUN_CONFIG).rules.approvals.use_s)
        reason = f"{answer.lower()} by {_actor()}"
        await approvals.decide(approval_id, answer, _actor(), reason, now, expires_at=now + use)

    _act(directory, decide)
    typer.echo(f"{answer.lower()} {approval_id}")


def _act(directory: Path, act: Callable[[Journal], Awaitable[T]]) -> T:
    if not (directory / JOURNAL_FILE).exists():
        raise ProductError(f"{directory}: no engine ever ran here; look at --state-dir")

    async def with_journal() -> T:
        journal = await Journal.open(directory)
        try:
            return await act(journal)
        finally:
            await journal.close()

    return asyncio.run(with_journal())


def _actor() -> str:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container's user that has no name
        user = f"uid {os.getuid()}"
    return f"{user}@cli"
