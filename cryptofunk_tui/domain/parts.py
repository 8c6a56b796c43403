"""What a person may look into: servers and their tools, settings and where they come from, findings."""

from typing import Any

from cryptofunk_tui.domain.base import Record


class Finding(Record):
    """One thing that was looked at."""

    name: str
    ok: bool
    detail: str


class ToolFacts(Record):
    """A tool as its server lists it."""

    name: str
    description: str
    arguments: dict[str, Any]
    """JSON schema."""
    forbidden: str
    """Why it cannot be called by hand; empty where it can."""


class ServerFacts(Record):
    """A server beyond its state."""

    name: str
    pid: int | None
    """None where it is remote or not running."""
    tools: tuple[ToolFacts, ...]


class ToolAnswer(Record):
    """What a call by hand came to: JSON, indented."""

    text: str
    took_ms: float


class SettingFacts(Record):
    """A setting in force; values as YAML writes them."""

    key: str
    value: str
    default: str
    origin: str
    words: str
