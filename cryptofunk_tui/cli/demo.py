"""`cryptofunk demo`: the console on a recorded run, or one picture of it."""

import asyncio
import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from cryptofunk_tui.cli.options import Ascii, LowBandwidth, NoMouse, Theme, ThemeChoice
from cryptofunk_tui.domain.errors import ProductError, WrongUse

SHIPPED = Path(__file__).parents[1] / "tui" / "demo.jsonl.gz"
"""Two minutes of a simulated market; `make recording` makes it anew."""

File = Annotated[Path | None, typer.Argument(help="What `cryptofunk --record FILE` wrote; else a short run.")]
Faster = Annotated[float, typer.Option("--speed", min=0.1, help="How many times as fast as it was.")]
At = Annotated[str, typer.Option(help="Begin there: 95s or 1:35.")]
Picture = Annotated[Path | None, typer.Option(metavar="OUT.svg", help="Draw one screen instead, at --at.")]
Size = Annotated[str, typer.Option(help="Columns and rows of the picture.")]
Keys = Annotated[str, typer.Option(help="Keys to press before the picture, by comma: 1,z or ctrl+k.")]


def demo(
    file: File = None,
    speed: Faster = 1.0,
    at: At = "0s",
    picture: Picture = None,
    size: Size = "120x40",
    keys: Keys = "",
    theme: Theme = None,
    ascii: Ascii = False,
    no_mouse: NoMouse = False,
    low_bandwidth: LowBandwidth = False,
) -> None:
    """Show a recorded run: no server, no network, nothing can be traded. Space pauses."""
    from cryptofunk_tui.storage.recording import Recording
    from cryptofunk_tui.tui import demo as screen

    start_s, columns_rows = _second(at), _size(size)
    if picture is None and not (sys.stdout.isatty() and sys.stdin.isatty()):
        raise WrongUse("a demo needs a terminal; --picture OUT.svg draws without one")
    recording = Recording(file or SHIPPED)
    colours = theme.value if theme else ThemeChoice.DARK.value
    if picture is not None:
        pressed = [key.strip() for key in keys.split(",") if key.strip()]
        drawn = asyncio.run(screen.picture(recording, start_s, columns_rows, pressed, colours))
        try:
            picture.write_text(drawn, encoding="utf-8")
        except OSError as error:
            raise WrongUse(f"{picture}: {error.strerror}; name a writable file with --picture") from None
        return
    app = screen.DemoApp(recording, speed=speed, start_s=start_s, only_ascii=ascii)
    app.theme = f"cryptofunk-{colours}"
    app.desk.is_slow = low_bandwidth
    app.run(mouse=not no_mouse)
    if app.last_error is not None:
        raise ProductError(app.last_error)


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def _second(text: str) -> float:
    found = re.fullmatch(r"(?:(\d+):)?(\d+(?:\.\d+)?)s?", text)
    if found is None:
        raise WrongUse(f"--at {text}: name a second, as 95s or 1:35")
    return int(found[1] or 0) * 60 + float(found[2])


def _size(text: str) -> tuple[int, int]:
    found = re.fullmatch(r"(\d{2,3})x(\d{2,3})", text)
    if found is None:
        raise WrongUse(f"--size {text}: name columns and rows, as 120x40")
    return int(found[1]), int(found[2])
