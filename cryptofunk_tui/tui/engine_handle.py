"""The engine as the console knows it: what a person may do to it, and what a screen may ask."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from decimal import Decimal

    from cryptofunk_tui.domain.acts import Act
    from cryptofunk_tui.domain.cycle import CycleRecord
    from cryptofunk_tui.domain.events import AnyEvent
    from cryptofunk_tui.domain.parts import Finding, ServerFacts, SettingFacts, ToolAnswer
    from cryptofunk_tui.domain.performance import Performance


class Controls(Protocol):
    """What a person may ask of the engine. `actor` is who asked, and is recorded."""

    def kill_now(self, actor: str) -> None:
        """Put the kill file in place: at once, without waiting and without failing."""

    async def kill(self, actor: str, *, flatten: bool = False) -> None: ...
    async def pause(self, actor: str) -> None: ...
    async def reduce(self, actor: str) -> None: ...
    async def resume(self, confirm: str, actor: str) -> None: ...
    async def approve(self, approval_id: str, actor: str) -> None: ...
    async def reject(self, approval_id: str, actor: str) -> None: ...
    async def resize(self, approval_id: str, quantity: Decimal, actor: str) -> None:
        """Ask for a waiting order anew, with less of it."""

    async def close_position(self, symbol: str, actor: str) -> None: ...
    async def cancel_order(self, client_order_id: str, actor: str) -> None: ...
    async def stop_agent(self, name: str, actor: str) -> None: ...
    async def start_agent(self, name: str, actor: str) -> None: ...
    async def tune_agent(self, name: str, field: str, value: str, actor: str) -> None:
        """Set a number of an agent from the next decision on."""

    async def restart_server(self, name: str, actor: str) -> None: ...


class Inquiries(Protocol):
    """What a screen may ask of the engine. Each raises where there is no answer, in words for a person."""

    async def server(self, name: str) -> ServerFacts:
        """A server's process and its tools."""

    async def call_tool(self, server: str, name: str, arguments: dict[str, Any], actor: str) -> ToolAnswer:
        """Call a tool that only reads."""

    async def export(self, name: str, text: str) -> str:
        """Write a file for a person; its path."""

    async def acts(self, limit: int) -> tuple[Act, ...]:
        """What people did, newest first."""

    async def agent_numbers(self, name: str) -> tuple[SettingFacts, ...]:
        """An agent's numbers as they are now."""

    async def settings(self) -> tuple[SettingFacts, ...]:
        """Every setting in force, and where it comes from."""

    async def examine(self) -> tuple[Finding, ...]:
        """What is well and what is not."""

    async def decisions(self, before: str | None, limit: int) -> tuple[CycleRecord, ...]:
        """Decisions older than the one called `before`, newest first; the newest of all where None."""

    async def performance(self) -> Performance:
        """How the account did up to the newest decided bar."""


class EngineHandle(Controls, Inquiries, Protocol):
    """An engine as the console runs it."""

    async def run(self) -> None:
        """Work until `stop`, or until there is nothing left to do. Raises what it cannot go on with."""

    async def stop(self) -> None:
        """End after the step in hand; everything on disk is whole when this returns."""


Publish = Callable[["AnyEvent"], None]
EngineFactory = Callable[[Publish], "Awaitable[EngineHandle] | EngineHandle"]
