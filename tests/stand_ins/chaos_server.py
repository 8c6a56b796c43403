"""A stdio MCP server that misbehaves on demand. It writes a line per invocation to the file CHAOS_JOURNAL."""

import asyncio
import os
import sys
import time
from pathlib import Path
from typing import Any

from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

READ = ToolAnnotations(read_only_hint=True, idempotent_hint=True)
WRITE = ToolAnnotations(read_only_hint=False, destructive_hint=True)

server = MCPServer("chaos")


def note(line: str) -> None:
    """One atomic append, on the disk before the answer leaves."""
    journal = os.open(os.environ["CHAOS_JOURNAL"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(journal, f"{line}\n".encode())
    os.close(journal)


@server.tool(annotations=READ)
async def echo(value: str, delay_s: float = 0.0) -> dict[str, Any]:
    """Give back what came."""
    note(f"echo {value}")
    await asyncio.sleep(delay_s)
    return {"value": value, "pid": os.getpid()}


@server.tool(annotations=WRITE)
async def place(order: str, delay_s: float = 0.0) -> dict[str, Any]:
    """Act: every invocation counts."""
    note(f"place {order}")
    await asyncio.sleep(delay_s)
    return {"order": order, "pid": os.getpid()}


@server.tool(annotations=READ)
async def hang() -> dict[str, Any]:
    """Never answer, and let others be answered."""
    await asyncio.sleep(3600)
    return {}


@server.tool(annotations=READ)
async def block() -> dict[str, Any]:
    """Never answer, nor let anyone else be answered."""
    note("block")
    time.sleep(3600)  # noqa: ASYNC251
    return {}


@server.tool(annotations=WRITE)
async def die(status: int = 3) -> dict[str, Any]:
    """End the process in the middle of the call."""
    os._exit(status)


@server.tool(annotations=READ)
async def refuse(reason: str) -> dict[str, Any]:
    """Say no."""
    raise ToolError(reason)


@server.tool(annotations=READ, structured_output=False)
async def text(content: str) -> str:
    """Answer with a text as it is."""
    return content


@server.tool(annotations=READ)
async def environment() -> dict[str, Any]:
    """What this process sees, and a line on stderr."""
    print("a line on stderr", file=sys.stderr, flush=True)
    return dict(os.environ)


@server.tool(annotations=READ, description=os.environ.get("CHAOS_DESCRIPTION", "A pinned tool."))
async def described() -> dict[str, Any]:
    return {"description": "seen"}


if __name__ == "__main__":
    mute = os.environ.get("CHAOS_MUTE")
    if mute and Path(mute).exists():
        time.sleep(3600)
    server.run("stdio")
