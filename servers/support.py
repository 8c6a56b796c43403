"""What every server needs: the run's settings, tools that refuse in words, and a stdout that stays clean."""

import functools
import gc
import logging
import resource
import sys
import traceback
import types
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import anyio
import orjson
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ToolError
from mcp_types import ToolAnnotations

from cryptofunk_tui.domain.plain_text import redacted
from cryptofunk_tui.market.open import Kind, OpenedSource, open_source
from cryptofunk_tui.settings import Settings, load_settings, state_dir
from cryptofunk_tui.storage.errors import StorageError

P = ParamSpec("P")
R = TypeVar("R")

READ = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
READ_WORLD = ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=True)
WRITE = ToolAnnotations(
    read_only_hint=False, destructive_hint=True, idempotent_hint=True, open_world_hint=False
)


def settings() -> Settings:
    """The settings that CRYPTOFUNK_CONFIG names, defaults without it."""
    return load_settings()


def state_directory() -> Path:
    """The state directory that CRYPTOFUNK_STATE_DIR names, or the user's."""
    return state_dir()


async def open_market(settings: Settings, kind: Kind, venue: str | None) -> OpenedSource:
    """The market of a run, or the one that an account names by kind and venue. Raises MarketError."""
    return await open_source(
        kind,
        venue=venue,
        symbols=settings.symbols,
        timeframe=settings.timeframe,
        spread=settings.rules.costs.spread,
        exchange=settings.exchange,
        recorded=settings.recorded,
        simulated=settings.simulated,
        news=settings.news,
        paper=settings.mode == "paper",
    )


def tool(
    server: MCPServer, hints: ToolAnnotations, *, bulk: bool = False
) -> Callable[[Callable[P, Awaitable[R]]], Callable[P, Awaitable[Any]]]:
    """Register a tool. A ValueError, OSError or StorageError reaches the caller as text; `bulk` results
    travel as one compact JSON text, without the second, structured copy that the client would check line by
    line."""

    def register(function: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[Any]]:
        @functools.wraps(function)
        async def guarded(*args: P.args, **kwargs: P.kwargs) -> Any:
            try:
                result = await function(*args, **kwargs)
            except (ValueError, OSError, StorageError) as error:
                raise ToolError(redacted(str(error))) from None
            return orjson.dumps(result).decode() if bulk else result

        server.tool(annotations=hints, structured_output=not bulk)(guarded)
        return guarded

    return register


class _Redacting(logging.Formatter):
    """Messages and tracebacks without what must not be read."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))


def _tell_of_the_end(
    kind: type[BaseException], error: BaseException, trace: types.TracebackType | None
) -> None:
    """An error that ends the process, on stderr."""
    sys.stderr.write(redacted("".join(traceback.format_exception(kind, error, trace))))


def run(server: MCPServer) -> None:
    """Serve on stdio until the other side closes; logs go to stderr, and no secret into them or a core."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, force=True)
    for handler in logging.getLogger().handlers:
        handler.setFormatter(_Redacting("%(name)s: %(message)s"))
    sys.excepthook = _tell_of_the_end
    gc.freeze()
    gc.enable()
    anyio.run(server.run_stdio_async, backend_options={"use_uvloop": True})
