"""The console on a recording: it plays, pauses, trades nothing, and draws the same picture each time."""

import asyncio
import re
import shlex
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from textual.pilot import Pilot
from typer.testing import CliRunner

from cryptofunk_tui.cli.app import all_commands
from cryptofunk_tui.cli.console import keeping_loaded
from cryptofunk_tui.cli.demo import SHIPPED
from cryptofunk_tui.domain.errors import Refused, WrongUse
from cryptofunk_tui.domain.events import AnyEvent
from cryptofunk_tui.storage.recording import Recorder, Recording
from cryptofunk_tui.tui.demo import DemoApp, picture
from cryptofunk_tui.tui.player import Player, Playhead
from tests.tui import props, scenes
from tests.tui.pty_terminal import Terminal
from tests.tui.stage import MEDIUM, plain

BEGAN = datetime(2025, 3, 14, 15, 0, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
PICTURES = re.findall(r"cryptofunk demo --picture (docs/\w+\.svg) (.*)", (ROOT / "Makefile").read_text())


class Hand:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def recorded(path: Path, *moments: tuple[float, list[AnyEvent]]) -> Recording:
    hand = Hand()
    recorder = Recorder(path, lambda: BEGAN, hand)
    for seconds, events in moments:
        hand.seconds = seconds
        for event in events:
            recorder.hear(event)
    recorder.close()
    return Recording(path)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    return recorded(
        tmp_path / "run.jsonl",
        (1, scenes.pending()),
        (20, [props.log("twenty seconds on")]),
        (30, [props.log("the last line")]),
    )


class Show:
    """A demo, its clock, and what it shows."""

    def __init__(self, app: DemoApp, hand: Hand, pilot: Pilot[None]) -> None:
        self.app, self.hand, self.pilot = app, hand, pilot

    def text(self) -> str:
        views = self.app.get_default_screen().query("StatusBar, Banner, #log")
        return "\n".join(plain([*view.head, *view.body]) for view in views)  # type: ignore[attr-defined]

    async def until(self, seen: Callable[[], bool]) -> None:
        async with asyncio.timeout(10):
            while not seen():
                self.app.repaint()
                await self.pilot.pause(0.01)

    async def shows(self, words: str) -> None:
        await self.until(lambda: words in self.text())

    async def at(self, seconds: float) -> None:
        """Let time pass; the player wakes from its wait as from any."""
        self.hand.seconds = seconds
        assert self.app.player is not None
        self.app.player._turned.set()
        self.app.repaint()
        await self.pilot.pause(0.05)


@asynccontextmanager
async def shown(recording: Recording, start_s: float = 5.0) -> AsyncIterator[Show]:
    hand = Hand()
    app = DemoApp(recording, start_s=start_s, monotonic=hand)
    async with app.run_test(size=MEDIUM) as pilot:
        show = Show(app, hand, pilot)
        await show.shows("space pauses")
        yield show


async def test_it_says_what_it_is_and_plays_as_time_passes(recording: Recording) -> None:
    async with shown(recording) as show:
        assert " DEMO " in show.text()
        assert "DEMO, RECORDED" in show.text()
        assert "paper account, simulated market, 14 Mar 2025" in show.text()
        assert " PAPER " not in show.text()
        assert show.app.desk.now() == BEGAN.replace(second=5)
        await show.at(14.9)
        assert "twenty seconds on" not in show.text()
        await show.at(15.1)
        await show.shows("twenty seconds on")
        assert "the last line" not in show.text()


async def test_space_stops_the_clock_and_lets_it_go_on(recording: Recording) -> None:
    async with shown(recording) as show:
        await show.at(5)
        await show.pilot.press("space")
        await show.shows("PAUSED at 0:10, space goes on")
        await show.at(500)
        assert "twenty seconds on" not in show.text()
        assert show.app.desk.now() == BEGAN.replace(second=10)
        await show.pilot.press("space")
        await show.shows("space pauses")
        await show.at(511)
        await show.shows("twenty seconds on")


async def test_it_ends_with_a_banner_and_its_clock_stands(recording: Recording) -> None:
    async with shown(recording) as show:
        await show.at(3600)
        await show.shows("THE RUN HAS ENDED")
        assert "the last line" in show.text()
        assert "this is its end" in show.text()
        assert show.app.desk.now() == BEGAN.replace(second=30)
        await show.pilot.press("space")
        await show.pilot.press("ctrl+k")
        await show.shows("KILLED")
        await show.pilot.press("ctrl+q")
        await show.until(lambda: show.app.return_code is not None)
        assert show.app.return_code == 0


async def test_the_kill_key_shows_its_banner_and_says_that_nothing_was_stopped(recording: Recording) -> None:
    async with shown(recording) as show:
        await show.pilot.press("ctrl+k")
        await show.shows("KILLED by console")
        assert "This is a recording: nothing was stopped" in show.text()
        assert "kill file" not in show.text()
        await show.shows("nothing runs here, so nothing was stopped")
        await show.pilot.press("r", *"RESUME", "enter")
        await show.until(lambda: "KILLED" not in show.text().split("Log")[0].splitlines()[0])
        assert show.app.desk.state.kill is None


async def test_an_order_cannot_be_approved(recording: Recording) -> None:
    async with shown(recording) as show:
        await show.pilot.press("a")
        await show.at(2)
        await show.pilot.press("y")
        await show.shows("approve: this is a recording")


def stopped(recording: Recording) -> tuple[Player, list[AnyEvent]]:
    told: list[AnyEvent] = []
    return Player(recording, told.append, Playhead(BEGAN, Hand()), start_s=5), told


async def test_every_control_refuses(recording: Recording) -> None:
    player, _ = stopped(recording)
    player.kill_now("me")
    acts = [
        player.kill("me"),
        player.pause("me"),
        player.reduce("me"),
        player.approve("a", "me"),
        player.reject("a", "me"),
        player.resize("a", Decimal(1), "me"),
        player.close_position("BTC/USDT", "me"),
        player.cancel_order("o", "me"),
        player.stop_agent("technical", "me"),
        player.start_agent("technical", "me"),
        player.restart_server("market_data", "me"),
        player.server("market_data"),
        player.call_tool("market_data", "get_quote", {}, "me"),
        player.acts(5),
        player.settings(),
        player.examine(),
        player.performance(),
    ]
    for act in acts:
        with pytest.raises(Refused, match="recording"):
            await act
    await player.resume("RESUME", "me")
    with pytest.raises(Refused, match="recording"):
        await player.resume("RESUME", "me")


async def test_what_was_decided_so_far_can_be_listed(recording: Recording) -> None:
    player, told = stopped(recording)
    running = asyncio.create_task(player.run())
    await player.started.wait()
    everything = await player.decisions(None, 100)
    assert everything[0].symbol == "ETH/USDT"
    assert len({record.cycle_id for record in everything}) == len(everything) == 5
    assert await player.decisions(everything[1].cycle_id, 2) == everything[2:4]
    assert len(told) == len(scenes.pending()) + 1
    await player.stop()
    await running


def test_a_playhead_runs_at_its_speed_and_stands() -> None:
    hand = Hand()
    head = Playhead(BEGAN, hand, 4.0)
    head.set(10, runs=True)
    hand.seconds = 5
    assert head.at_s == 30
    assert head.left_s(50) == 5
    assert head.now() == BEGAN.replace(second=30)
    head.set(head.at_s, runs=False)
    hand.seconds = 500
    assert head.at_s == 30
    assert head.left_s(31) == float("inf")


def test_what_ships_is_small_and_shows_all_that_matters() -> None:
    assert SHIPPED.stat().st_size < 200_000
    events = [event for _, event in Recording(SHIPPED).events()]
    kinds = {type(event).__name__ for event in events}
    assert {"EngineStarted", "PriceTick", "Bars", "CycleFinished", "AccountChanged", "LogLine"} <= kinds
    said = " ".join(event.model_dump_json() for event in events if type(event).__name__ == "LogLine")
    for words in ("risk PENDING", "risk REJECTED", "ENTRY BUY", "STOP SELL", "restarting killed by SIGKILL"):
        assert words in said, words


async def test_a_picture_is_the_same_to_the_byte(recording: Recording) -> None:
    first = await picture(recording, 5, MEDIUM, ["a"])
    assert first == await picture(Recording(recording.path), 5, MEDIUM, ["a"])
    assert first != await picture(recording, 5, MEDIUM)
    assert first != await picture(recording, 5, MEDIUM, ["a"], "light")
    assert "Approve" in first


def demo(*words: str) -> Exception | None:
    done = CliRunner().invoke(all_commands(), ["demo", *words])
    error = done.exception
    assert error is None or isinstance(error, Exception)
    return error


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--at", "soon"), "--at soon"),
        (("--size", "big"), "--size big"),
        ((), "needs a terminal"),
        (("--picture", "/nowhere/at/all.svg"), "name a writable file"),
        (("/nowhere/run.jsonl", "--picture", "x.svg"), "name a recording"),
    ],
)
def test_wrong_use_is_said_in_a_line(words: tuple[str, ...], why: str) -> None:
    error = demo(*words)
    assert isinstance(error, WrongUse)
    assert why in str(error)


@pytest.mark.parametrize(("kept", "words"), PICTURES, ids=[name for name, _ in PICTURES])
def test_the_pictures_are_what_the_command_draws(tmp_path: Path, kept: str, words: str) -> None:
    """`make pictures` renews them."""
    assert demo("--picture", str(tmp_path / "new.svg"), *shlex.split(words)) is None
    assert (tmp_path / "new.svg").read_bytes() == (ROOT / kept).read_bytes()


def test_the_readme_shows_pictures_of_the_command_alone() -> None:
    shown = re.findall(r"\((docs/\w+\.svg)\)", (ROOT / "README.md").read_text())
    assert shown
    assert {*shown} <= {name for name, _ in PICTURES}


def test_it_plays_on_a_real_terminal_and_leaves_it_sane() -> None:
    terminal = Terminal(sys.executable, "-m", "cryptofunk_tui", "demo", "--at", "20s", "--speed", "5")
    try:
        assert terminal.read_until(b"DEMO, RECORDED")
        assert terminal.read_until(b"TO APPROVE")
        terminal.press(b"\x0b")
        assert terminal.read_until(b"nothing was stopped")
        terminal.press(b"\x11")
        assert terminal.wait() == 0
        assert terminal.modes() == terminal.modes_before
        assert b"Traceback" not in terminal.output
    finally:
        terminal.end()


def test_a_real_run_is_recorded_and_played_again(tmp_path: Path) -> None:
    kept = tmp_path / "run.jsonl.gz"
    words = ("--market", "simulated", "--state-dir", str(tmp_path / "state"), "--record", str(kept))
    terminal = Terminal(sys.executable, "-m", "cryptofunk_tui", *words)
    try:
        assert terminal.read_until(b"RUNNING")
        terminal.press(b"\x1b")
        terminal.read_for(2)
        terminal.press(b"\x11")
        assert terminal.wait() == 0
    finally:
        terminal.end()
    told = [event for _, event in Recording(kept).events()]
    assert {"EngineStarted", "AccountChanged", "ServerStatus"} <= {type(event).__name__ for event in told}
    drawn = tmp_path / "end.svg"
    assert demo(str(kept), "--picture", str(drawn), "--at", "1:00") is None
    assert "RECORDED" in drawn.read_text()


def test_what_is_loaded_is_set_apart_once_the_run_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[AnyEvent] = []
    frozen: list[int] = []
    monkeypatch.setattr("gc.freeze", lambda: frozen.append(len(told)))
    listen = keeping_loaded(told.append)
    for event in (props.log("early"), props.started(), props.cycle(), props.cycle(), props.started()):
        listen(event)
    assert len(told) == 5
    assert frozen == [2, 3]
