"""The console on a recording, and pictures of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual.widgets import Input

from cryptofunk_tui.tui.app import CryptoFunkApp
from cryptofunk_tui.tui.engine_handle import Publish
from cryptofunk_tui.tui.panels.chart import Chart
from cryptofunk_tui.tui.player import Player, Playhead
from cryptofunk_tui.tui.screens.dialog import Dialog
from cryptofunk_tui.tui.screens.sheet import Sheet

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from cryptofunk_tui.storage.recording import Recording

SETTLE_S = 30.0
"""How long a picture may take to stand."""


class DemoApp(CryptoFunkApp):
    """The console with a player for an engine: space pauses the playing, and leaving asks nothing.

    `start_s` is where the playing begins, in seconds, or stands where `still`; `monotonic` the clock that
    moves it."""

    def __init__(
        self,
        recording: Recording,
        *,
        speed: float = 1.0,
        start_s: float = 0.0,
        still: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
        only_ascii: bool = False,
    ) -> None:
        head = Playhead(recording.began, monotonic, speed)
        self.player: Player | None = None

        def make_player(publish: Publish) -> Player:
            self.player = Player(recording, publish, head, start_s=start_s, still=still)
            return self.player

        super().__init__(
            make_player,
            kill_switch=lambda _: None,
            now=head.now,
            monotonic=monotonic,
            only_ascii=only_ascii,
        )

    def action_run(self, action_id: str) -> None:
        if action_id == "quit":
            self._insist()
        elif action_id == "pause" and self.player is not None and self.desk.state.stage == "running":
            self.player.turn()
            self.repaint()
        else:
            super().action_run(action_id)


async def picture(
    recording: Recording, at_s: float, size: tuple[int, int], keys: Sequence[str] = (), theme: str = "dark"
) -> str:
    """The screen at a second of a recording, as SVG: the same bytes for the same arguments. `size` is columns
    and rows; `keys`, as Textual names them, are pressed first. Raises what the console ended with."""
    app = DemoApp(recording, start_s=at_s, still=True, monotonic=lambda: 0.0)
    app.theme = f"cryptofunk-{theme}"
    async with app.run_test(size=size) as pilot:
        async with asyncio.timeout(SETTLE_S):
            while not _stands(app):
                await pilot.pause(0.01)
        await _painted(app, pilot)
        for key in keys:
            await pilot.press(key)
            await _painted(app, pilot)
        return app.export_screenshot(title=app.TITLE)


def _stands(app: DemoApp) -> bool:
    """Whether all is told and the chart can be drawn; or the recording cannot be played."""
    charts = app.get_default_screen().query(Chart)
    started = app.player is not None and app.player.started.is_set()
    return (started and bool(charts) and charts.first().is_loaded) or app.last_error is not None


async def _painted(app: DemoApp, pilot: Pilot[None]) -> None:
    """Paint what has changed until it stands; a cursor that blinks is held still."""
    for _ in range(3):
        for field in app.screen.query(Input):
            field.cursor_blink = False
        app.repaint()
        if isinstance(app.screen, Dialog | Sheet):
            app.screen.repaint()
        await pilot.pause()
