"""The screens as they look: every state, screen, dialog and input, at three sizes, in two themes and without
colour. `make snapshots` renews the pictures."""

import asyncio
import os
import re
from collections.abc import Callable, Sequence

import pytest
from textual.pilot import Pilot

from tests.tui.gallery import SCREENS, STATES, Place
from tests.tui.stage import LARGE, MEDIUM, SMALL, Stage

Snapshot = Callable[..., bool]
SIZES = {"small": SMALL, "medium": MEDIUM, "large": LARGE}
PLACES = STATES | SCREENS
DARK, LIGHT = "cryptofunk-dark", "cryptofunk-light"


async def arrive(stage: Stage, pilot: Pilot[None], place: Place) -> None:
    """Go to a place, and let it settle."""
    await stage.settle(pilot)
    for keys in place.keys:
        await pilot.press(*keys)
        await stage.app.workers.wait_for_complete()
        await stage.show(pilot)


def taken(snap_compare: Snapshot, place: Place, size: tuple[int, int], theme: str | None = None) -> bool:
    """Compare the console at a place with its picture."""
    stage = place.stage()
    if theme is not None:
        stage.app.theme = theme

    async def before(pilot: Pilot[None]) -> None:
        await arrive(stage, pilot, place)

    return snap_compare(stage.app, terminal_size=size, run_before=before)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", PLACES)
def test_place(snap_compare: Snapshot, name: str, size: str) -> None:
    assert taken(snap_compare, PLACES[name], SIZES[size])


@pytest.mark.parametrize("name", ["pending", "halted", "approval", "performance", "history", "welcome"])
def test_light_theme(snap_compare: Snapshot, name: str) -> None:
    assert taken(snap_compare, PLACES[name], MEDIUM, LIGHT)


@pytest.mark.parametrize("name", ["pending", "halted", "approval", "performance"])
def test_without_colour(snap_compare: Snapshot, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    assert taken(snap_compare, PLACES[name], MEDIUM)


def words(stage: Stage) -> str:
    """What stands on the screen."""
    return "\n".join(re.findall(r">([^<]*)</text>", stage.app.export_screenshot(simplify=True)))


async def steady_words(stage: Stage, pilot: Pilot[None], cells: tuple[int, int]) -> str:
    """The same once the new size has reached every widget: when nothing changes any more."""
    seen = ""
    async with asyncio.timeout(20):
        while stage.app.size != cells or seen != (seen := words(stage)):
            await stage.show(pilot)
    return seen


def colours(stage: Stage) -> set[str]:
    """The colours that the words are drawn in; the picture's own of text without a style does not count."""
    drawn = re.findall(r"-r\d+ {[^}]*fill: (#[0-9a-f]{6})", stage.app.export_screenshot(simplify=True))
    return set(drawn) - {"#c5c8c6"}


async def seen(place: Place, themes: Sequence[str]) -> dict[tuple[str, str], str]:
    """The words at a place, by size and theme, on one screen that is resized and recoloured."""
    stage = place.stage()
    shown = {}
    async with stage.app.run_test(size=SMALL) as pilot:
        await arrive(stage, pilot, place)
        for size, cells in SIZES.items():
            await pilot.resize_terminal(*cells)
            for theme in themes:
                stage.app.theme = theme
                shown[size, theme] = await steady_words(stage, pilot, cells)
        if "NO_COLOR" in os.environ:
            drawn = colours(stage)
            assert all(len({each[1:3], each[3:5], each[5:7]}) == 1 for each in drawn), drawn
    return shown


@pytest.mark.parametrize("name", sorted(PLACES.keys() - {"doctor"}))  # which tells the colours in words
async def test_colour_never_says_what_words_do_not(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The same words stand there in both themes and without colour, and without colour there is none."""
    in_colour = await seen(PLACES[name], [DARK, LIGHT])
    monkeypatch.setenv("NO_COLOR", "1")
    plain = await seen(PLACES[name], [DARK])
    for size in SIZES:
        assert in_colour[size, DARK] == in_colour[size, LIGHT] == plain[size, DARK], size
