"""The screens as they look, at three sizes, in every situation that matters. `make snapshots` renews them."""

from collections.abc import Callable, Iterable

import pytest
from textual.pilot import Pilot

from cryptofunk_tui.domain.events import AnyEvent
from tests.tui import scenes
from tests.tui.stage import LARGE, MEDIUM, SMALL, Stage

Snapshot = Callable[..., bool]
SIZES = {"small": SMALL, "medium": MEDIUM, "large": LARGE}


def taken(snap_compare: Snapshot, events: Iterable[AnyEvent], size: tuple[int, int], *keys: str) -> bool:
    """Compare the console after the scene and the keys."""
    stage = Stage(events)

    async def before(pilot: Pilot[None]) -> None:
        await stage.settle(pilot)
        await pilot.press(*keys)
        await stage.show(pilot)

    return snap_compare(stage.app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize(
    ("scene", "keys"),
    [
        (scenes.starting, ()),
        (scenes.normal, ()),
        (scenes.pending, ("a",)),
        (scenes.vetoed, ()),
        (scenes.halted, ("ctrl+k",)),
        (scenes.server_down, ("7",)),
        (scenes.venue_unwell, ("4",)),
        (scenes.killed_in_part, ()),
        (scenes.hostile, ()),
    ],
    ids=[
        "starting",
        "normal",
        "pending",
        "vetoed",
        "halted",
        "server_down",
        "venue_unwell",
        "killed_in_part",
        "hostile",
    ],
)
def test_main(
    snap_compare: Snapshot, scene: Callable[[], list[AnyEvent]], keys: tuple[str, ...], size: str
) -> None:
    assert taken(snap_compare, scene(), SIZES[size], *keys)


@pytest.mark.parametrize(
    "keys", [("t",), ("question_mark",), ("c",), ("1", "z")], ids=["trace", "help", "confirm", "zoom"]
)
def test_screens(snap_compare: Snapshot, keys: tuple[str, ...]) -> None:
    assert taken(snap_compare, scenes.normal(), SMALL, *keys)


def test_typed_word(snap_compare: Snapshot) -> None:
    assert taken(snap_compare, scenes.halted(), SMALL, "r")


def test_light_theme(snap_compare: Snapshot) -> None:
    assert taken(snap_compare, scenes.normal(), MEDIUM, "T")


def test_without_colour(snap_compare: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert taken(snap_compare, scenes.pending(), MEDIUM)
