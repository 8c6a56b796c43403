"""What the tests of this room stand on: the chaos server's spec, and a toolbox with all that it told."""

import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptofunk_tui.domain.events import ServerStatus
from cryptofunk_tui.toolbox.spec import Patience, ServerSpec
from cryptofunk_tui.toolbox.toolbox import Toolbox

STAND_INS = Path(__file__).parents[1] / "stand_ins"
QUICK = Patience(ping_after_s=0.4, ping_deadline_s=0.8, longest_backoff_s=0.5)


@dataclass
class Chaos:
    """The chaos server's spec for one test, and what the server wrote."""

    folder: Path

    @property
    def journal(self) -> list[str]:
        path = self.folder / "journal"
        return path.read_text().splitlines() if path.exists() else []

    @property
    def mute(self) -> Path:
        """While this file exists, a starting server never answers."""
        return self.folder / "mute"

    def spec(self, env: dict[str, str] | None = None, **options: Any) -> ServerSpec:
        return ServerSpec(
            "chaos",
            command=(sys.executable, str(STAND_INS / "chaos_server.py")),
            env={
                "CHAOS_JOURNAL": str(self.folder / "journal"),
                "CHAOS_MUTE": str(self.mute),
                **(env or {}),
            },
            **options,
        )


@dataclass
class Watched:
    """A toolbox with all that it told."""

    toolbox: Toolbox
    told: list[ServerStatus] = field(default_factory=list)

    def states(self) -> list[str]:
        """The states told, repetitions left out."""
        states = [status.state for status in self.told]
        return [state for index, state in enumerate(states) if index == 0 or state != states[index - 1]]

    def pid(self) -> int:
        pid = self.toolbox.pid("chaos")
        assert pid is not None
        return pid


Watch = Callable[..., Watched]
"""Makes a toolbox of the specs that it is given."""


class Time:
    """A monotonic clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now
