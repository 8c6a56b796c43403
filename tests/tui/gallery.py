"""Every place of the console that a person can look at: the scene, and the keys that lead there."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from cryptofunk_tui.domain.events import AnyEvent
from cryptofunk_tui.tui.screens.dialog import ARMED_AFTER_S
from tests.tui import reports, scenes
from tests.tui.stage import Stage

Scene = Callable[[], Iterable[AnyEvent]]


@dataclass(frozen=True, slots=True)
class Place:
    """A scene and the keys after it; a group of keys is pressed once the one before it has settled."""

    scene: Scene
    keys: tuple[tuple[str, ...], ...] = ()

    def stage(self) -> Stage:
        """A console whose engine knows what the place needs."""
        stage = Stage(self.scene())
        stage.prepare = _knowing
        return stage


def _knowing(stage: Stage) -> None:
    assert stage.engine is not None
    stage.engine.report = reports.report()
    stage.clock.move(2 * ARMED_AFTER_S)


STATES = {
    "starting": Place(scenes.starting),
    "normal": Place(scenes.normal),
    "pending": Place(scenes.pending),
    "vetoed": Place(scenes.vetoed),
    "halted": Place(scenes.halted, (("ctrl+k",),)),
    "server_down": Place(scenes.server_down, (("7",),)),
    "venue_unwell": Place(scenes.venue_unwell, (("4",),)),
    "killed_in_part": Place(scenes.killed_in_part),
    "stale": Place(scenes.stale),
    "long_log": Place(scenes.long_log, (("9",),)),
    "extreme": Place(scenes.extreme),
    "empty": Place(scenes.empty),
    "hostile": Place(scenes.hostile),
}
"""The main screen in every situation that matters."""

SCREENS = {
    "approval": Place(scenes.pending, (("a",),)),
    "less": Place(scenes.pending, (("a", "e"),)),
    "confirm": Place(scenes.normal, (("c",),)),
    "resume": Place(scenes.halted, (("r",),)),
    "flatten": Place(scenes.normal, (("F",),)),
    "quit": Place(scenes.normal, (("ctrl+q",),)),
    "welcome": Place(scenes.normal, (("W",),)),
    "help": Place(scenes.normal, (("question_mark",),)),
    "trace": Place(scenes.normal, (("t",),)),
    "found": Place(scenes.normal, (("t",), ("slash",), tuple("quorum"), ("enter",))),
    "history": Place(scenes.vetoed, (("h",),)),
    "performance": Place(scenes.normal, (("p",),)),
    "agents": Place(scenes.server_down, (("A",),)),
    "numbers": Place(scenes.normal, (("A",), ("down", "down", "down", "enter"))),
    "change": Place(scenes.normal, (("A",), ("down", "down", "down", "enter"), ("enter",))),
    "servers": Place(scenes.server_down, (("S",),)),
    "tools": Place(scenes.normal, (("S",), ("enter",))),
    "arguments": Place(scenes.normal, (("S",), ("enter",), ("enter",))),
    "answer": Place(scenes.normal, (("S",), ("enter",), ("enter",), ("enter",))),
    "settings": Place(scenes.normal, (("comma",),)),
    "doctor": Place(scenes.normal, (("D",),)),
    "acts": Place(scenes.normal, (("L",),)),
    "zoom": Place(scenes.normal, (("1", "z"),)),
    "log_filter": Place(scenes.normal, (("v",), ("slash",), tuple("order"))),
}
"""Every screen, dialog and input beside it."""
