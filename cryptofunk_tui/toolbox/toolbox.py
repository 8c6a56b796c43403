"""All servers behind one `call`."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.events import ServerStatus
from cryptofunk_tui.toolbox.connection import Connection
from cryptofunk_tui.toolbox.errors import ServerDown, ToolRefused, WrongAnswer, one_line
from cryptofunk_tui.toolbox.pins import Pins
from cryptofunk_tui.toolbox.spec import ServerSpec, Tool

if TYPE_CHECKING:
    from mcp_types import CallToolResult

__all__ = ["ServerSpec", "Toolbox"]

SDK_PREFIX = "Error executing tool {tool}: "
"""What Python servers put before a tool's own words."""


class Toolbox:
    """Starts the servers of `specs`, keeps them alive and carries calls to them. Logs of the children go to
    `state_dir/logs`, pins to `state_dir/pins.json`. `on_status` is told of every change of a server."""

    def __init__(
        self,
        specs: Iterable[ServerSpec],
        on_status: Callable[[ServerStatus], None],
        clock: Clock,
        *,
        state_dir: Path,
    ) -> None:
        self._pins = Pins(state_dir / "pins.json")
        self._connections = {
            spec.name: Connection(
                spec, on_status, clock, state_dir / "logs" / f"{spec.name}.log", self._inspection(spec)
            )
            for spec in specs
        }

    async def start(self) -> None:
        """Begin to start every server, side by side; returns at once."""
        for connection in self._connections.values():
            connection.start()

    async def ready(self, name: str, timeout_s: float) -> None:
        """Wait until a server answers. Raises ServerDown, saying what is known, when it does not in time."""
        await self._of(name).ready(timeout_s)

    async def settled(self, name: str, timeout_s: float) -> None:
        """Wait until it is known whether a server answers, or the time is up."""
        await self._of(name).settled(timeout_s)

    async def call(
        self, server: str, tool: str, arguments: Mapping[str, Any], *, deadline_s: float = 5.0
    ) -> Any:
        """The tool's structured result, else the JSON of its first text. Waits for a server that is coming
        up. Raises ToolRefused (the tool's own words), ToolTimeout, ServerDown, WrongAnswer; where
        `outcome_unknown` is set the server may have acted: query it, never send the call again."""
        connection = self._of(server)
        result = await connection.call(tool, arguments, deadline_s)
        return _content(server, tool, result)

    def tools(self, server: str) -> tuple[Tool, ...]:
        """What the server offers now; empty while it cannot be reached."""
        return self._of(server).tools

    def refused(self, server: str) -> Mapping[str, str]:
        """Tools that changed since they were pinned, with the reason."""
        return self._of(server).refused

    def accept(self, server: str) -> None:
        """A person trusts the server's tools as they are now. Raises PinError."""
        connection = self._of(server)
        self._pins.accept(server, connection.tools)
        connection.reinspect()

    def pid(self, server: str) -> int | None:
        """The server's process; None where it is remote or not running."""
        return self._of(server).pid

    async def restart(self, server: str) -> None:
        """Close a server and start it anew at once."""
        self._of(server).restart()

    def status(self) -> tuple[ServerStatus, ...]:
        return tuple(connection.status for connection in self._connections.values())

    async def close(self) -> None:
        """End every server; no process is left."""
        await asyncio.gather(*(connection.close() for connection in self._connections.values()))

    def _of(self, name: str) -> Connection:
        try:
            return self._connections[name]
        except KeyError:
            known = ", ".join(sorted(self._connections)) or "none"
            raise ServerDown(f"no server {name} is configured; there are: {known}") from None

    def _inspection(self, spec: ServerSpec) -> Callable[[Iterable[Tool]], Mapping[str, str]]:
        if not spec.pinned:
            return lambda _: {}
        return lambda tools: self._pins.check(spec.name, tools)


def _content(server: str, tool: str, result: "CallToolResult") -> Any:
    name = f"{server}.{tool}"
    text = next((block.text for block in result.content if block.type == "text"), None)
    if result.is_error:
        words = (text or f"{name} failed without saying why").removeprefix(SDK_PREFIX.format(tool=tool))
        raise ToolRefused(one_line(words))
    if result.structured_content is not None:
        return result.structured_content
    if text is None:
        raise WrongAnswer(f"{name} answered without content")
    try:
        return orjson.loads(text)
    except ValueError:
        raise WrongAnswer(f"{name} answered text that is not JSON: {one_line(text, 80)}") from None
