"""Opens the console: the screen first; settings and engine after its first paint."""

import gc
import os
import signal
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from cryptofunk_tui.cli.actor import actor
from cryptofunk_tui.cli.options import ThemeChoice
from cryptofunk_tui.domain.errors import ProductError, Refused
from cryptofunk_tui.tui.app import CryptoFunkApp
from cryptofunk_tui.tui.engine_handle import EngineHandle, Publish
from cryptofunk_tui.tui.terminal import has_shell

if TYPE_CHECKING:
    from cryptofunk_tui.domain.events import AnyEvent
    from cryptofunk_tui.storage.recording import Recorder

SPEED = 360.0
"""Market seconds in a wall second where nobody set a speed: a simulated hour in ten seconds."""


def open_console(given: dict[str, Any]) -> int:
    """Run the console until the person leaves; the exit code. It goes on with the run that the state
    directory holds. Raises ProductError for options that cannot be used."""
    if given["mode"] is not None and given["mode"].value == "live":
        _ask_for_real_money(given["venue"])
        given = given | {"confirmed": True}
    refused: list[ProductError] = []
    recorder = _recorder(given["record"])

    def make_engine(publish: Publish) -> EngineHandle:
        from cryptofunk_tui.cli.runs import run_options
        from cryptofunk_tui.orchestrator.engine import Engine
        from cryptofunk_tui.storage.journal import JOURNAL_FILE

        try:
            options = run_options(given)
        except ProductError as error:
            refused.append(error)
            app.call_from_thread(app.exit, return_code=error.exit_code)
            raise
        if not (options.state_dir / JOURNAL_FILE).exists():
            app.welcome()
        simulated = options.settings.simulated
        paced = simulated.model_copy(update={"speed": simulated.speed or SPEED})
        return Engine(
            options.settings.model_copy(update={"simulated": paced}),
            options.state_dir,
            keeping_loaded(recorder.beside(publish) if recorder else publish),
            cycles=options.cycles,
            resume=True,
            origins=options.origins,
            watched=True,
        )

    def kill_switch(by: str) -> None:
        from cryptofunk_tui.settings import state_dir
        from cryptofunk_tui.storage.control import touch_kill

        touch_kill(state_dir(given["state_dir"]), f"killed by {by}")

    signal.signal(signal.SIGUSR1, lambda *_: kill_switch("SIGUSR1"))
    looks = _looks(given)
    app = CryptoFunkApp(
        make_engine, kill_switch=kill_switch, actor=actor("console"), only_ascii=looks["ascii"]
    )
    app.theme = f"cryptofunk-{looks['theme']}"
    app.desk.is_slow = looks["low_bandwidth"]
    app.desk.state = replace(app.desk.state, has_shell=has_shell())
    app.run(mouse=looks["mouse"])
    if recorder:
        recorder.close()
    if refused:
        raise refused[0]
    if app.crash is not None:
        _keep_crash(app.crash, given["state_dir"])
    if app.last_error is not None:
        typer.echo(f"cryptofunk: {app.last_error}", err=True)
    return app.return_code or 0


def keeping_loaded(publish: Publish) -> Publish:
    """A listener that tells the collector what stays: all that is there when the engine has started, and when
    it has first decided. Looking through it every few seconds makes the screen stumble for 50 to 100 ms."""
    moments = {"EngineStarted", "CycleFinished"}

    def listen(event: "AnyEvent") -> None:
        publish(event)
        if (kind := type(event).__name__) in moments:
            moments.remove(kind)
            gc.freeze()

    return listen


def _recorder(path: Path | None) -> "Recorder | None":
    if path is None:
        return None
    from cryptofunk_tui.storage.recording import Recorder

    return Recorder(path)


def _looks(given: dict[str, Any]) -> dict[str, Any]:
    """How the console looks, from the options, then the file. Read apart from the settings, which are loaded
    after the first paint, and which say what is wrong with a file."""
    found: dict[str, Any] = {"theme": "dark", "ascii": False, "mouse": True, "low_bandwidth": False}
    path = given["config"] or os.environ.get("CRYPTOFUNK_CONFIG")
    if path:
        import yaml

        with suppress(OSError, ValueError, AttributeError, yaml.YAMLError):
            section = yaml.safe_load(Path(path).read_text(encoding="utf-8")).get("console") or {}
            found |= {name: value for name, value in section.items() if type(value) is type(found.get(name))}
    if given["theme"]:
        found["theme"] = given["theme"].value
    if found["theme"] not in tuple(ThemeChoice):
        found["theme"] = "dark"
    speaks_utf8 = (getattr(sys.__stderr__, "encoding", "") or "").lower() == "utf-8"
    found["ascii"] = found["ascii"] or given["ascii"] or not speaks_utf8
    found["mouse"] = found["mouse"] and not given["no_mouse"]
    found["low_bandwidth"] = found["low_bandwidth"] or given["low_bandwidth"]
    return found


def _keep_crash(text: str, given: Path | None) -> None:
    """Keep where the console broke, for a report of it."""
    from cryptofunk_tui.settings import state_dir

    path = state_dir(given) / "logs" / "crash.log"
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        typer.echo(f"cryptofunk: where it broke is in {path}", err=True)


def _ask_for_real_money(venue: str | None) -> None:
    """A person's word before anything is started. Raises Refused for any other."""
    typer.echo(
        f"Real money on {venue or 'the venue of the file'}: orders that you approve are sent and paid for."
    )
    if typer.prompt("Type LIVE to go on", default="", show_default=False) != "LIVE":
        raise Refused("nothing was started; --mode paper trades money that is made up")
