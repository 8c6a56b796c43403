"""What the actions on the engine do: ask according to their danger, call the controls, say what came."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

from cryptofunk_tui.tui.actions import BY_ID, FLATTEN_WORD, RESUME_WORD
from cryptofunk_tui.tui.text import clean, money, quantity
from cryptofunk_tui.tui.view_state import (
    approvals,
    chosen,
    is_halted,
    open_pnl,
    orders,
    position_value,
    positions,
    selected,
)

if TYPE_CHECKING:
    from cryptofunk_tui.tui.app import CryptoFunkApp
    from cryptofunk_tui.tui.engine_handle import Controls

DEADLINE_S = 20.0
"""How long a control may take before the screen says that no answer came."""
SELLING_S = 60.0
"""The same for selling everything, for which an executor may have to be started."""


class Operations:
    """The actions by their id. Each has been found possible before it is called."""

    def __init__(self, app: CryptoFunkApp, actor: str) -> None:
        self._app = app
        self._desk = app.desk
        self._actor = actor
        self._running: set[asyncio.Task[None]] = set()

    def kill(self) -> None:
        """Stop all trading."""
        self._kill(flatten=False)

    def flatten(self) -> None:
        """Stop all trading and sell what is held, by typed word."""
        from cryptofunk_tui.tui.screens.typed import TypedDialog

        held = positions(self._desk.state)
        worth = sum((position_value(self._desk.state, each) for each in held), start=Decimal(0))
        names = ", ".join(clean(each.symbol, 31) for each in held)
        question = (
            f"Kills, then sells {names} at the market, worth {money(worth)} now. Nothing is traded after it."
        )

        def answered(word: str | None) -> None:
            if word is not None:
                self._kill(flatten=True)

        dialog = TypedDialog(self._desk, "Sell everything?", question, FLATTEN_WORD)
        self._app.push_screen(dialog, answered)

    def _kill(self, *, flatten: bool) -> None:
        """The kill file first, at once, whatever else is broken; then the engine is told. Twice is once."""
        try:
            self._app.life.kill_now(self._actor)
        except Exception as error:
            self._app.tell(f"THE KILL FILE COULD NOT BE WRITTEN: {error}; run `cryptofunk kill`", "error")
        state = self._desk.state
        if state.kill is None:
            self._desk.state = replace(state, kill="asked", kill_actor=self._actor)
        if self._app.engine is not None:
            what = "kill and sell all" if flatten else "kill"
            about, deadline_s = ("flatten", SELLING_S) if flatten else ("", DEADLINE_S)
            self._ask(what, lambda controls: controls.kill(self._actor, flatten=flatten), about, deadline_s)
        self._app.repaint()

    def pause(self) -> None:
        account = self._desk.state.account
        if account is not None and account.state == "RUNNING":
            self._ask("pause", lambda controls: controls.pause(self._actor), "trading")
        else:
            self._ask("go on", lambda controls: controls.resume(RESUME_WORD, self._actor), "trading")

    def reduce(self) -> None:
        self._confirm(
            "reduce",
            "trading",
            "Exits only?",
            "No entry is made until trading is resumed; stops, targets and exits go on.",
            "Exits only",
            lambda controls: controls.reduce(self._actor),
        )

    def resume(self) -> None:
        """After a halt by typed word; from a pause it was asked for already."""
        state = self._desk.state
        if not is_halted(state):
            self._ask("resume", lambda controls: controls.resume(RESUME_WORD, self._actor), "trading")
            return
        from cryptofunk_tui.tui.screens.typed import TypedDialog

        reason = state.account.state_reason if state.account else ""
        question = (
            f"Trading is halted: {reason or 'by a kill'}. It starts again, and drawdown is measured from now."
        )

        def answered(word: str | None) -> None:
            if word is not None:
                self._ask("resume", lambda controls: self._resume(controls, word), "trading")

        self._app.push_screen(TypedDialog(self._desk, "Resume trading?", question, RESUME_WORD), answered)

    async def _resume(self, controls: Controls, word: str) -> None:
        await controls.resume(word, self._actor)
        self._desk.state = replace(self._desk.state, kill=None, kill_actor="")

    def approve(self) -> None:
        """Open the approval that is chosen; approve and reject are answered there."""
        approval_id = chosen(self._desk.state, "approval")
        if approval_id is None:
            return
        about = f"answer {approval_id}"
        from cryptofunk_tui.tui.screens.approval import ApprovalDialog

        def answered(answer: str | None) -> None:
            if answer == "approve":
                self._ask("approve", lambda controls: controls.approve(approval_id, self._actor), about)
            elif answer == "reject":
                self._ask("reject", lambda controls: controls.reject(approval_id, self._actor), about)
            elif answer == "resize":
                self._resize(approval_id)

        self._app.push_screen(ApprovalDialog(self._desk, approval_id), answered)

    reject = approve

    def _resize(self, approval_id: str) -> None:
        """Ask for less of a waiting order; the smaller one comes as an approval of its own."""
        from cryptofunk_tui.tui.screens.amount import AmountDialog

        waiting = approvals(self._desk.state)
        approval = next((each for each in waiting if each.approval_id == approval_id), None)
        if approval is None:
            return

        def answered(amount: str | None) -> None:
            if amount is not None:
                wanted = Decimal(amount)
                self._ask(
                    f"ask for {quantity(wanted)} instead",
                    lambda controls: controls.resize(approval_id, wanted, self._actor),
                    f"answer {approval_id}",
                )

        self._app.push_screen(AmountDialog(self._desk, approval), answered)

    def close(self) -> None:
        state = self._desk.state
        symbol = selected(state)
        held = next((position for position in positions(state) if position.symbol == symbol), None)
        if symbol is None or held is None:
            return
        stands = money(open_pnl(state, held), signed=True)
        self._confirm(
            "close",
            f"close {symbol}",
            f"Close {symbol}?",
            f"Sells {quantity(held.quantity)} at market; it stands at {stands}.",
            "Close it",
            lambda controls: controls.close_position(symbol, self._actor),
        )

    def cancel(self) -> None:
        wanted = chosen(self._desk.state, "order")
        order = next((known for known in orders(self._desk.state) if known.client_order_id == wanted), None)
        if order is None:
            return
        self._confirm(
            "cancel",
            f"cancel {order.client_order_id}",
            "Cancel this order?",
            f"{order.side} {quantity(order.quantity)} {order.symbol}, {order.type}, {order.status}.",
            "Cancel it",
            lambda controls: controls.cancel_order(order.client_order_id, self._actor),
        )

    def toggle_agent(self) -> None:
        name = (chosen(self._desk.state, "part") or "").removeprefix("agent ")
        status = self._desk.state.agents.get(name)
        if status is None:
            return
        if status.state == "stopped":
            start = f"start {name}"
            self._ask(start, lambda controls: controls.start_agent(name, self._actor), f"agent {name}")
            return
        self._confirm(
            "toggle_agent",
            f"agent {name}",
            f"Stop {name}?",
            "It abstains until it is started again, which may leave votes without a quorum.",
            "Stop it",
            lambda controls: controls.stop_agent(name, self._actor),
        )

    def restart_server(self) -> None:
        name = (chosen(self._desk.state, "part") or "").removeprefix("server ")
        self._confirm(
            "restart_server",
            f"server {name}",
            f"Restart {name}?",
            "It is away for a few seconds; what needs it waits or abstains.",
            "Restart it",
            lambda controls: controls.restart_server(name, self._actor),
        )

    def _confirm(
        self,
        action_id: str,
        about: str,
        title: str,
        question: str,
        act: str,
        call: Callable[[Controls], Awaitable[None]],
    ) -> None:
        """Ask first; what is no longer possible by the time of the answer is not done, and said so."""
        from cryptofunk_tui.tui.screens.dialog import ConfirmDialog

        def answered(answer: str | None) -> None:
            if answer != "act":
                return
            if reason := BY_ID[action_id].blocked(self._desk.state):
                self._app.tell(f"{act.lower()}: {reason}", "warning")
            else:
                self._ask(act.lower(), call, about)

        self._app.push_screen(ConfirmDialog(self._desk, title, question, act), answered)

    def _ask(
        self,
        what: str,
        call: Callable[[Controls], Awaitable[None]],
        about: str,
        deadline_s: float = DEADLINE_S,
    ) -> None:
        """Call a control without waiting for it; its failure is said, never raised. Until it has answered,
        nobody asks for the same `about` again."""
        self._put_asking(self._desk.state.asking | {about} if about else self._desk.state.asking)
        task = asyncio.get_running_loop().create_task(self._asked(what, call, about, deadline_s))
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _asked(
        self, what: str, call: Callable[[Controls], Awaitable[None]], about: str, deadline_s: float
    ) -> None:
        controls = self._app.engine
        try:
            if controls is None:
                self._app.tell(f"{what}: the engine is not there", "warning")
                return
            async with asyncio.timeout(deadline_s):
                await call(controls)
        except TimeoutError:
            self._app.tell(f"{what}: no answer within {deadline_s:g} s", "error")
        except Exception as error:
            self._app.tell(f"{what}: {clean(str(error)) or type(error).__name__}", "error")
        else:
            self._desk.log("info", "console", f"{what}: done, asked by {self._actor}")
        finally:
            self._put_asking(self._desk.state.asking - {about})

    def _put_asking(self, asking: frozenset[str]) -> None:
        self._desk.state = replace(self._desk.state, asking=asking)
