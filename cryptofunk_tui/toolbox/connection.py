"""One server, one owner task: it alone opens, watches and closes the connection; calls go through it."""

import asyncio
import importlib
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.events import ServerState, ServerStatus
from cryptofunk_tui.toolbox.child import GRACE_S, Child, running
from cryptofunk_tui.toolbox.errors import (
    ServerDown,
    ToolRefused,
    ToolTimeout,
    WrongAnswer,
    describe,
    one_line,
)
from cryptofunk_tui.toolbox.spec import ServerSpec, Tool

if TYPE_CHECKING:
    from mcp import Client
    from mcp_types import CallToolResult

FIRST_BACKOFF_S = 0.1
LATENCY_WEIGHT = 0.2
"""Of the newest call in the mean that is shown."""
STATUS_EVERY_S = 1.0
CLOSE_TIMEOUT_S = 6.0
HTTP_TIMEOUT_S = 60.0
"""Beyond every deadline of a call, so that a call ends by its own."""
MOST_PAGES = 20
"""Pages of tools/list that are read; a server that lists for ever does not hold us."""

PROCESS_ENDED = "its process ended"

Inspect = Callable[[Iterable[Tool]], Mapping[str, str]]
"""Looks at the listed tools and says which are refused, and why."""


@dataclass
class _Live:
    """A connection that answered, with what it offers."""

    client: "Client"
    tools: Mapping[str, Tool]
    refused: Mapping[str, str]


class _Lost(Exception):
    """The connection closed under a call."""


class Connection:
    """Keeps one server reachable: starts it, restarts it with growing pauses, kills it when it is stuck."""

    def __init__(
        self,
        spec: ServerSpec,
        on_status: Callable[[ServerStatus], None],
        clock: Clock,
        log: Path,
        inspect: Inspect,
    ) -> None:
        self._spec = spec
        self._on_status = on_status
        self._clock = clock
        self._log = log
        self._inspect = inspect
        self._owner: asyncio.Task[None] | None = None
        self._scope: anyio.CancelScope | None = None
        self._child: Child | None = None
        self._live: _Live | None = None
        self._was_ready = False
        self._restarts = 0
        self._reason = ""
        self._backoff_s = FIRST_BACKOFF_S
        self._latency_ms: float | None = None
        self._heard = 0.0
        self._suspected = False
        self._closing = False
        self._wake = asyncio.Event()
        self._changed = asyncio.Event()
        self._status = self._describe("starting", "")

    @property
    def status(self) -> ServerStatus:
        """As of now; `on_status` is told of changes of the latency once a second."""
        return self._describe(self._status.state, self._status.detail)

    @property
    def pid(self) -> int | None:
        """The process behind it; None where it is remote or not running."""
        return self._child.pid if self._child is not None else None

    @property
    def tools(self) -> tuple[Tool, ...]:
        """What the server offers now; empty while it is not reachable."""
        return tuple(self._live.tools.values()) if self._live is not None else ()

    @property
    def refused(self) -> Mapping[str, str]:
        """Tools that may not be called, with the reason."""
        return self._live.refused if self._live is not None else {}

    def start(self) -> None:
        """Begin connecting; returns at once."""
        self._on_status(self._status)
        self._owner = asyncio.create_task(self._own(), name=f"connection {self._spec.name}")

    async def ready(self, timeout_s: float) -> None:
        """Wait until the server answers. Raises ServerDown, with what is known, when it does not in time."""
        await self._connected(time.monotonic() + timeout_s, patient=True)

    async def settled(self, timeout_s: float) -> None:
        """Wait until it is known whether the server answers, or the time is up; not at all before start."""
        end = time.monotonic() + timeout_s
        while self._owner is not None and self._status.state in ("starting", "restarting"):
            if not await self._changes(end):
                return

    def restart(self) -> None:
        """Close and connect anew, at once; calls in flight fail as with any lost connection."""
        self._backoff_s = 0.0
        self._end("restarted on request")
        self._wake.set()

    def reinspect(self) -> None:
        """Look at the tools again: the pins have changed."""
        if self._live is not None:
            self._live.refused = self._inspect(self._live.tools.values())
            self._set("ready", self._doubts(self._live))

    async def close(self) -> None:
        """Stop for good; no process is left."""
        self._closing = True
        self._end("closed")
        self._wake.set()
        if self._owner is not None:
            _, unfinished = await asyncio.wait([self._owner], timeout=CLOSE_TIMEOUT_S)
            for task in unfinished:
                task.cancel()
            await asyncio.gather(self._owner, return_exceptions=True)

    async def call(self, tool: str, arguments: Mapping[str, Any], deadline_s: float) -> "CallToolResult":
        """The server's result for one call, error results included. A read-only tool is asked once more
        when the connection breaks; any other raises with `outcome_unknown`."""
        end = time.monotonic() + deadline_s
        live = await self._connected(end)
        listed = self._permitted(live, tool)
        try:
            return await self._send(live, listed, arguments, end)
        except _Lost as lost:
            if not listed.read_only:
                raise ServerDown(
                    f"{self._spec.name} went away during {tool} ({lost}); it may have acted, ask it before "
                    "anything else",
                    outcome_unknown=True,
                ) from None
        live = await self._connected(end)
        try:
            return await self._send(live, self._permitted(live, tool), arguments, end)
        except _Lost as lost:
            raise ServerDown(f"{self._spec.name} went away twice during {tool} ({lost})") from None

    def _permitted(self, live: _Live, tool: str) -> Tool:
        if tool in live.refused:
            raise ToolRefused(f"{self._spec.name}.{tool}: {live.refused[tool]}")
        if tool not in live.tools:
            offered = one_line(", ".join(sorted(live.tools)) or "none")
            raise ToolRefused(f"{self._spec.name} has no tool {tool}; it offers {offered}")
        return live.tools[tool]

    async def _connected(self, end: float, *, patient: bool = False) -> _Live:
        """The live connection. Waits while the server starts or restarts; one that failed to start is
        waited for by the patient only."""
        while self._live is None:
            state = self._status.state
            if state == "stopped" or self._owner is None or (state == "failed" and not patient):
                await asyncio.sleep(0)  # a caller that tries again at once must not starve the owner
                raise ServerDown(self._plight())
            if not await self._changes(end):
                raise ServerDown(f"{self._plight()}; not ready in time")
        return self._live

    async def _changes(self, end: float) -> bool:
        """Wait for the next word on the state; False when there was none in time."""
        with anyio.move_on_after(max(0.0, end - time.monotonic())):
            await self._changed.wait()
            return True
        return False

    def _plight(self) -> str:
        detail = self._status.detail
        return f"{self._spec.name} is {self._status.state}{': ' if detail else ''}{detail}"

    async def _send(
        self, live: _Live, tool: Tool, arguments: Mapping[str, Any], end: float
    ) -> "CallToolResult":
        from mcp import MCPError
        from mcp_types import (
            CONNECTION_CLOSED,
            INVALID_PARAMS,
            INVALID_REQUEST,
            METHOD_NOT_FOUND,
            REQUEST_TIMEOUT,
        )

        began = time.monotonic()
        if began >= end:
            raise ToolTimeout(f"{self._spec.name}.{tool.name} was not sent: its deadline had passed")
        unknown = not tool.read_only
        try:
            with anyio.fail_after(end - began):
                result = await live.client.call_tool(tool.name, dict(arguments))
        except TimeoutError:
            self._suspect(live)
            raise ToolTimeout(
                f"{self._spec.name}.{tool.name} did not answer within its deadline", outcome_unknown=unknown
            ) from None
        except anyio.ClosedResourceError:
            self._end("connection closed", live)
            raise _Lost("connection closed") from None
        except MCPError as error:
            if error.code == CONNECTION_CLOSED or error.message == "Session terminated":
                reason = one_line(error.message)
                self._end(reason, live)
                raise _Lost(reason) from None
            if error.code == REQUEST_TIMEOUT:
                self._suspect(live)
                raise ToolTimeout(
                    f"{self._spec.name}.{tool.name}: {one_line(error.message)}", outcome_unknown=unknown
                ) from None
            unrun = error.code in (INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND)
            raise ToolRefused(
                f"{self._spec.name}.{tool.name}: {one_line(error.message)}",
                outcome_unknown=unknown and not unrun,
            ) from None
        except (RuntimeError, ValueError) as error:
            raise WrongAnswer(
                f"{self._spec.name}.{tool.name}: {one_line(str(error))}", outcome_unknown=unknown
            ) from None
        self._hear((time.monotonic() - began) * 1000)
        return result

    def _hear(self, elapsed_ms: float) -> None:
        self._heard = time.monotonic()
        before = self._latency_ms
        self._latency_ms = elapsed_ms if before is None else before + LATENCY_WEIGHT * (elapsed_ms - before)

    def _suspect(self, live: _Live) -> None:
        if live is self._live:
            self._suspected = True
            self._wake.set()

    def _end(self, reason: str, live: _Live | None = None) -> None:
        """Have the owner close what is open: all of it, or only if `live` still is the connection."""
        if (live is None or live is self._live) and self._scope is not None:
            self._reason = self._reason or reason
            self._live = None
            self._scope.cancel()

    async def _own(self) -> None:
        """The owner's life: connect, watch, lose, pause, again."""
        try:
            while not self._closing:
                reason = await self._serve()
                if self._closing:
                    break
                self._set("restarting" if self._was_ready else "failed", reason)
                self._wake.clear()
                with anyio.move_on_after(self._backoff_s):
                    await self._wake.wait()
                self._backoff_s = min(
                    max(self._backoff_s, FIRST_BACKOFF_S) * 2, self._spec.patience.longest_backoff_s
                )
                self._restarts += 1
        finally:
            self._set("stopped", "")

    async def _serve(self) -> str:
        """One connection from its opening to its end. Returns why it ended."""
        self._reason = ""
        self._was_ready = False
        failure = ""
        try:
            with anyio.CancelScope() as self._scope:
                self._scope.deadline = anyio.current_time() + self._spec.start_timeout_s
                async with self._opened() as client:
                    tools = await self._list(client)
                    self._scope.deadline = float("inf")
                    await self._watch(self._publish(client, tools))
        except Exception as error:
            failure = describe(error)
        finally:
            self._scope = None
            self._live = None
        child, self._child = self._child, None
        if child is not None and self._reason == PROCESS_ENDED:
            self._reason = f"{child.ending}, see {self._log.name}"
        silent = f"did not answer within {self._spec.start_timeout_s:g} s of its start"
        return self._reason or failure or silent

    def _publish(self, client: "Client", tools: Mapping[str, Tool]) -> _Live:
        live = _Live(client, tools, self._inspect(tools.values()))
        self._was_ready = True
        self._backoff_s = FIRST_BACKOFF_S
        self._suspected = False
        self._heard = time.monotonic()
        if self._child is not None:
            self._child.grace_s = GRACE_S
        self._live = live
        self._set("ready", self._doubts(live))
        return live

    def _doubts(self, live: _Live) -> str:
        return one_line("; ".join(f"{tool}: {reason}" for tool, reason in sorted(live.refused.items())))

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator["Client"]:
        """The client, entered. The SDK takes a second to import, so that happens beside the loop and
        while the child starts."""
        if self._spec.command is not None:
            async with running(self._spec.command, self._spec.env, self._log) as self._child:
                await asyncio.to_thread(importlib.import_module, "mcp")
                from mcp import Client

                child = self._child
                async with Client(child.streams(lambda: self._child_ended(child)), cache=None) as client:
                    yield client
            return
        await asyncio.to_thread(importlib.import_module, "mcp")
        from httpx2 import AsyncClient
        from mcp import Client
        from mcp.client.streamable_http import streamable_http_client

        url = self._spec.url
        assert url is not None
        async with (
            AsyncClient(headers=dict(self._spec.headers), timeout=HTTP_TIMEOUT_S) as http,
            Client(streamable_http_client(url, http_client=http), cache=None) as client,
        ):
            yield client

    def _child_ended(self, child: Child) -> None:
        child.grace_s = GRACE_S
        if child is self._child:
            self._end(PROCESS_ENDED)

    async def _list(self, client: "Client") -> dict[str, Tool]:
        tools: dict[str, Tool] = {}
        cursor = None
        for _ in range(MOST_PAGES):
            page = await client.list_tools(cursor=cursor, cache_mode="bypass")
            for tool in page.tools:
                hints = tool.annotations
                read_only = hints is not None and hints.read_only_hint is True
                tools[tool.name] = Tool(tool.name, tool.description or "", tool.input_schema, read_only)
            cursor = page.next_cursor
            if cursor is None:
                break
        return tools

    async def _watch(self, live: _Live) -> None:
        """Ask for a sign of life when the server was silent or late; returns when there is none."""
        patience = self._spec.patience
        while True:
            self._wake.clear()
            if self._suspected or time.monotonic() - self._heard >= patience.ping_after_s:
                self._suspected = False
                began = time.monotonic()
                with anyio.move_on_after(patience.ping_deadline_s) as ping:
                    live.tools = await self._list(live.client)
                if ping.cancelled_caught:
                    self._end(f"no sign of life within {patience.ping_deadline_s:g} s")
                    if self._child is not None:
                        self._child.grace_s = 0.0
                        self._child.kill()
                    return
                self._hear((time.monotonic() - began) * 1000)
                live.refused = self._inspect(live.tools.values())
            self._set("ready", self._doubts(live))
            with anyio.move_on_after(min(STATUS_EVERY_S, patience.ping_after_s)):
                await self._wake.wait()

    def _describe(self, state: ServerState, detail: str) -> ServerStatus:
        return ServerStatus(
            at=self._clock.now(),
            name=self._spec.name,
            state=state,
            latency_ms=None if self._latency_ms is None else round(self._latency_ms, 1),
            restarts=self._restarts,
            detail=detail,
        )

    def _set(self, state: ServerState, detail: str) -> None:
        status = self._describe(state, detail)
        self._changed.set()
        self._changed = asyncio.Event()
        if status.model_copy(update={"at": self._status.at}) != self._status:
            self._status = status
            self._on_status(status)
