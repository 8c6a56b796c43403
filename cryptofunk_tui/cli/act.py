"""Commands that act on a running or a dead engine through the state directory: kill, close, cancel, pause,
reduce, resume, approve, reject."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from cryptofunk_tui.cli.actor import actor
from cryptofunk_tui.cli.options import StateDir
from cryptofunk_tui.domain.base import WallClock
from cryptofunk_tui.domain.errors import ProductError, Refused, WrongUse
from cryptofunk_tui.domain.orders import ApprovalStatus
from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.orchestrator.answers import check_cancelled, check_sold
from cryptofunk_tui.orchestrator.emergency import carry_out, held, is_real
from cryptofunk_tui.settings import RUN_CONFIG, load_settings
from cryptofunk_tui.settings import state_dir as resolve_state_dir
from cryptofunk_tui.storage.acts import Acts
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.control import Control, touch_kill
from cryptofunk_tui.storage.journal import JOURNAL_FILE, Journal

T = TypeVar("T")
ApprovalId = Annotated[
    str, typer.Argument(metavar="ID", help="The approval, as `cryptofunk approvals` lists it.")
]
SymbolName = Annotated[str, typer.Argument(metavar="SYMBOL", help="What is held, such as BTC/USDT.")]
OrderId = Annotated[str, typer.Argument(metavar="ORDER", help="The order, as `cryptofunk orders` lists it.")]
ANSWERED_WITHIN_S = 5.0
CLEANED_WITHIN_S = 10.0


def register(app: typer.Typer) -> None:
    """Add the commands of this file."""
    for command in (kill, close, cancel, pause, reduce, resume, approve, reject):
        app.command()(command)


def kill(
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Sell everything that is held, too. Needs a readable journal.")
    ] = False,
    state_dir: StateDir = None,
) -> None:
    """Stop all trading now, cancel our open orders, and stay stopped until a person resumes."""
    directory = resolve_state_dir(state_dir)
    asked_at = WallClock().now()
    touch_kill(directory, f"killed by {_actor()}")
    typer.echo("killed: no order leaves any more; resume with `cryptofunk resume --confirm RESUME`")
    if not (directory / JOURNAL_FILE).exists() and not is_real(directory):
        raise ProductError(f"{directory}: no engine ever ran here; look at --state-dir")
    report = asyncio.run(carry_out(directory, asked_at, _actor(), WallClock(), flatten=flatten))
    typer.echo(f"cancelled {report.cancelled}, sold {report.sold}")
    if kept := asyncio.run(held(directory)):
        typer.echo(f"still held, and nothing protects it: {', '.join(kept)}; `kill --flatten` sells it")
    if report.undone:
        raise ProductError("not all could be done: " + "; ".join(report.undone))


def close(symbol: SymbolName, state_dir: StateDir = None) -> None:
    """Sell all that is held of a symbol, at the market."""
    arguments = {"symbol": symbol, "reason": f"closed by {_actor()}"}
    order = _tell_executor(resolve_state_dir(state_dir), "close_position", arguments, check_sold)
    typer.echo(f"{order['status'].lower()}: sold {order['filled']} {symbol} at {order['price']}")


def cancel(order: OrderId, state_dir: StateDir = None) -> None:
    """Take an open order back, by the id that `cryptofunk orders` shows."""
    answer = _tell_executor(
        resolve_state_dir(state_dir), "cancel_order", {"client_order_id": order}, check_cancelled
    )
    typer.echo(f"{answer['status'].lower()} {order}")


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
    _act(
        directory,
        lambda journal: Control(journal, directory).resume(confirm, _actor(), WallClock().now()),
        "resume",
    )
    typer.echo("resumed")


def approve(approval: ApprovalId, state_dir: StateDir = None) -> None:
    """Grant an order that waits for a person."""
    _answer(resolve_state_dir(state_dir), approval, ApprovalStatus.GRANTED)


def reject(approval: ApprovalId, state_dir: StateDir = None) -> None:
    """Refuse an order that waits for a person."""
    _answer(resolve_state_dir(state_dir), approval, ApprovalStatus.REJECTED)


def _tell_executor(
    directory: Path, tool: str, arguments: dict[str, str], check: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Have an executor of our own do what the engine's would: the journal and the venue are the same."""
    from cryptofunk_tui.orchestrator.launch import lone_executor
    from cryptofunk_tui.toolbox.errors import ToolboxError

    async def ask(_: Journal) -> dict[str, Any]:
        async with lone_executor(directory) as toolbox:
            answer: dict[str, Any] = await toolbox.call("order_executor", tool, arguments, deadline_s=15.0)
            check(answer)
            return answer

    name, subject = tool.partition("_")[0], next(iter(arguments.values()))
    try:
        return _act(directory, ask, name, subject)
    except ToolboxError as error:
        raise Refused(str(error)) from None


def _set(directory: Path, state: TradingState) -> None:
    async def change(journal: Journal) -> None:
        control = Control(journal, directory)
        now, reason = await control.state()
        if now is TradingState.HALTED:
            raise Refused(f"trading is halted ({reason}); first `cryptofunk resume --confirm RESUME`")
        await control.set(state, f"asked for by {_actor()}", _actor(), WallClock().now())

    _act(directory, change, "pause" if state is TradingState.PAUSED else "exits only")
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

    _act(directory, decide, "approve" if answer is ApprovalStatus.GRANTED else "reject", approval_id)
    typer.echo(f"{answer.lower()} {approval_id}")


def _act(directory: Path, act: Callable[[Journal], Awaitable[T]], name: str, subject: str = "") -> T:
    """Do something to the journal, and keep who did it."""
    if not (directory / JOURNAL_FILE).exists():
        raise ProductError(f"{directory}: no engine ever ran here; look at --state-dir")

    async def with_journal() -> T:
        journal = await Journal.open(directory)
        try:
            async with Acts(journal).recorded(WallClock(), _actor(), name, subject):
                return await act(journal)
        finally:
            await journal.close()

    return asyncio.run(with_journal())


def _actor() -> str:
    return actor("cli")
