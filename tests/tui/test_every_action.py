"""Every action by its key, by the palette and by the mouse: the same comes of it."""

from dataclasses import replace
from typing import Any

import pytest
from textual.pilot import Pilot

from cryptofunk_tui.tui.actions import ACTIONS, BY_ID
from cryptofunk_tui.tui.screens.sheet import Sheet
from tests.tui import scenes
from tests.tui.stage import MEDIUM, Stage

NO_CHANGE = ("page_up", "page_down", "shorter_bars")
"""Those that have nowhere to go in the scene."""
ELSEWHERE = ("palette", "help", "back", "suspend")
"""Those that open what the others are done by, leave it, or hand the terminal away."""
WAYS = ("key", "palette", "mouse")


async def act(stage: Stage, pilot: Pilot[None], action_id: str, way: str) -> None:
    action = BY_ID[action_id]
    if way == "key":
        await pilot.press(action.keys[0])
    elif way == "palette":
        await pilot.press("ctrl+p")
        await pilot.pause(0.2)
        await pilot.press(*action.label.lower())
        await pilot.pause(0.6)
        await pilot.press("enter")
    else:
        await pilot.press("question_mark")
        await stage.show(pilot)
        sheet = stage.app.screen
        assert isinstance(sheet, Sheet)
        row = next(
            index
            for index, line in enumerate(sheet.view.body)
            if any(span.action == action_id for span in line)
        )
        sheet.view.scroll_lines(row - sheet.view.top)
        await pilot.click(sheet.view, offset=(14, len(sheet.view.head) + row - sheet.view.top))
    await pilot.pause()
    await stage.app.workers.wait_for_complete()
    await pilot.pause()


def came_of_it(stage: Stage) -> dict[str, Any]:
    """All that an action can have changed."""
    app = stage.app
    state = replace(app.desk.state, log=(), logged=0, notices=(), noticed=0)
    return {
        "screens": [type(screen).__name__ for screen in app.screen_stack],
        "calls": list(stage.calls),
        "state": state,
        "focused": app.focused and (app.focused.id or type(app.focused).__name__),
        "theme": app.theme,
        "slow": app.desk.is_slow,
        "zoomed": app.get_default_screen().board.zoomed,
        "front": [panel.id for panel in app.get_default_screen().board.children if panel.display],
    }


@pytest.mark.parametrize("action_id", [action.id for action in ACTIONS if action.id not in ELSEWHERE])
async def test_the_same_comes_of_it_by_every_way(action_id: str) -> None:
    outcomes = []
    for way in WAYS:
        stage = Stage(scenes.normal() if action_id == "welcome" else scenes.pending())
        async with stage.open(MEDIUM) as pilot:
            before = came_of_it(stage)
            await act(stage, pilot, action_id, way)
            outcomes.append(came_of_it(stage))
            if BY_ID[action_id].blocked(stage.app.desk.state) is None and action_id not in NO_CHANGE:
                told = bool(stage.said)
                assert outcomes[-1] != before or told, f"nothing came of {action_id} by {way}"
    assert outcomes[1] == outcomes[0], "by the palette as by the key"
    assert outcomes[2] == outcomes[0], "by the mouse as by the key"


def test_every_label_is_found_by_the_palette_as_itself() -> None:
    labels = [action.label.casefold() for action in ACTIONS]
    assert len(set(labels)) == len(labels)
