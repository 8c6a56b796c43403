"""How a server is reached, and what it offers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Patience:
    """Seconds granted to a server before it counts as stuck, and between attempts to bring it back."""

    ping_after_s: float
    """Silence after which it is asked for a sign of life."""
    ping_deadline_s: float
    longest_backoff_s: float


LOCAL = Patience(ping_after_s=5.0, ping_deadline_s=2.0, longest_backoff_s=5.0)
REMOTE = Patience(ping_after_s=120.0, ping_deadline_s=10.0, longest_backoff_s=30.0)


@dataclass(frozen=True)
class ServerSpec:
    """One MCP server: either a `command` to run over stdio, or a `url` of Streamable HTTP."""

    name: str
    command: tuple[str, ...] | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    """The child's environment, besides PATH, HOME and the like; nothing else of ours reaches it."""
    url: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    pinned: bool = False
    """Not ours: its tools are pinned on first use, a changed one is refused."""
    start_timeout_s: float = 15.0
    patience: Patience = LOCAL

    def __post_init__(self) -> None:
        if (self.command is None) == (self.url is None):
            raise ValueError(f"server {self.name}: give either a command or a url")


@dataclass(frozen=True)
class Tool:
    """A tool as its server lists it. `read_only` is the server's own annotation."""

    name: str
    description: str
    input_schema: Mapping[str, Any]
    read_only: bool
