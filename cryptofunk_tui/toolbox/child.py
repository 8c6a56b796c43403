"""A server's process: its own session, its own environment, JSON-RPC lines on stdin and stdout."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import anyio
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

if TYPE_CHECKING:
    from mcp.shared.message import SessionMessage

INHERITED = ("HOME", "LOGNAME", "PATH", "SHELL", "TERM", "USER")
"""The variables that every child sees, as in the MCP SDK; all others are given to it by name."""

LONGEST_LINE = 32 * 1024 * 1024
LONGEST_LOG = 1024 * 1024
READ_AHEAD = 256 * 1024
QUEUED_MESSAGES = 4096
"""Messages that may wait for a child that does not read, so that no caller ever blocks on its pipe."""
GRACE_S = 1.0
POLL_S = 0.01


class Child:
    """A running process. `stop` ends it and its descendants for sure, politely while `grace_s` allows."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.grace_s = 0.0
        """Seconds for each polite step of `stop`; none for a child that never answered or no longer does."""

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        status = self._process.returncode
        if status is None:
            return "still running"
        if status < 0:
            return f"killed by {signal.Signals(-status).name}"
        return f"exited with status {status}"

    def kill(self) -> None:
        """SIGKILL to the whole process group, stopped or not."""
        self._signal(signal.SIGKILL)

    async def stop(self) -> None:
        """Close its stdin, then SIGTERM, then SIGKILL."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        if not await self._ended(self.grace_s):
            self._signal(signal.SIGTERM)
            await self._ended(self.grace_s)
        self.kill()
        await self._ended(GRACE_S)

    async def _ended(self, within_s: float) -> bool:
        """Polls, because waiting on the process also waits for everyone who inherited its pipes."""
        end = anyio.current_time() + within_s
        while self._process.returncode is None and anyio.current_time() < end:  # noqa: ASYNC110
            await anyio.sleep(POLL_S)
        return self._process.returncode is not None

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    @asynccontextmanager
    async def streams(
        self, on_end: Callable[[], None]
    ) -> AsyncIterator[
        tuple[
            "MemoryObjectReceiveStream[SessionMessage | Exception]", "MemoryObjectSendStream[SessionMessage]"
        ]
    ]:
        """The MCP SDK's transport over this child's pipes; `on_end` tells that it closed one of them."""
        inbox, received = anyio.create_memory_object_stream["SessionMessage | Exception"](64)
        sent, outbox = anyio.create_memory_object_stream["SessionMessage"](QUEUED_MESSAGES)
        async with inbox, received, sent, outbox, anyio.create_task_group() as tasks:
            tasks.start_soon(self._read, inbox, on_end)
            tasks.start_soon(self._write, outbox, on_end)
            try:
                yield received, sent
            finally:
                tasks.cancel_scope.cancel()

    async def _read(
        self, inbox: "MemoryObjectSendStream[SessionMessage | Exception]", on_end: Callable[[], None]
    ) -> None:
        from mcp.shared.message import SessionMessage
        from mcp_types import jsonrpc_message_adapter

        stdout = self._process.stdout
        assert stdout is not None
        pending = bytearray()
        async with inbox:
            while chunk := await stdout.read(READ_AHEAD):
                *lines, rest = chunk.split(b"\n")
                for line in lines:
                    pending += line
                    try:
                        message = SessionMessage(
                            jsonrpc_message_adapter.validate_json(bytes(pending), by_name=False)
                        )
                    except ValueError as error:
                        await inbox.send(error)
                    else:
                        await inbox.send(message)
                    pending.clear()
                pending += rest
                if len(pending) > LONGEST_LINE:
                    self.kill()
                    break
        on_end()

    async def _write(
        self, outbox: "MemoryObjectReceiveStream[SessionMessage]", on_end: Callable[[], None]
    ) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        try:
            async for item in outbox:
                stdin.write(item.message.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n")
                await stdin.drain()
        except OSError:
            on_end()


@asynccontextmanager
async def running(command: tuple[str, ...], env: Mapping[str, str], log: Path) -> AsyncIterator[Child]:
    """Run `command` with its stderr appended to `log`; nothing of it is left when the block ends.
    Raises OSError where it cannot be started."""
    inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
    log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LONGEST_LOG:
        log.replace(log.with_suffix(".old.log"))
    with log.open("ab") as stderr, anyio.CancelScope(shield=True):
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            env={**inherited, **env},
            start_new_session=True,
            limit=READ_AHEAD,
        )
    child = Child(process)
    try:
        yield child
    finally:
        try:
            with anyio.CancelScope(shield=True):
                await child.stop()
        except asyncio.CancelledError:
            child.kill()
            raise
