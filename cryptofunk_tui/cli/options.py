"""The options that the commands share. Light: they are read before the console's first paint."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class MarketChoice(StrEnum):
    AUTO = "auto"
    EXCHANGE = "exchange"
    RECORDED = "recorded"
    SIMULATED = "simulated"


class ModeChoice(StrEnum):
    PAPER = "paper"
    SANDBOX = "sandbox"
    LIVE = "live"


class ApproveChoice(StrEnum):
    AUTO = "auto"
    MANUAL = "manual"


class ThemeChoice(StrEnum):
    DARK = "dark"
    LIGHT = "light"
    CONTRAST = "contrast"
    COLOUR_BLIND = "colour-blind"


Market = Annotated[MarketChoice | None, typer.Option(help="Where prices come from; auto tries live venues.")]
Mode = Annotated[
    ModeChoice | None,
    typer.Option(help="paper: money that is made up; sandbox: the venue's test net; live: real money."),
]
Venue = Annotated[str | None, typer.Option(help="The exchange whose prices are traded on (a ccxt name).")]
CandleFiles = Annotated[
    list[str] | None,
    typer.Option(
        "--candles",
        metavar="FILE",
        help="Parquet or CSV for --market recorded; repeat it. SYMBOL=FILE names it.",
    ),
]
Symbols = Annotated[str | None, typer.Option(metavar="A/B,…", help="Symbols, separated by commas.")]
Cycles = Annotated[int | None, typer.Option(min=1, help="Stop after so many bars.")]
Seed = Annotated[int | None, typer.Option(help="Seed of the simulated market.")]
Speed = Annotated[float | None, typer.Option(min=1, help="Simulated market seconds in a second.")]
Jsonl = Annotated[Path | None, typer.Option(help="Append every decision as a line of JSON.")]
StateDir = Annotated[
    Path | None, typer.Option(help="Journal, records and kill file. Default: the user's data folder.")
]
Config = Annotated[Path | None, typer.Option(help="A YAML file over the defaults.")]
Approve = Annotated[ApproveChoice | None, typer.Option(help="manual asks a person before every entry.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with the run that the state directory holds.")]
Theme = Annotated[ThemeChoice | None, typer.Option(help="The console's colours.")]
Ascii = Annotated[bool, typer.Option("--ascii", help="Draw with ASCII characters alone.")]
NoMouse = Annotated[bool, typer.Option("--no-mouse", help="Leave the mouse to the terminal.")]
LowBandwidth = Annotated[bool, typer.Option("--low-bandwidth", help="Paint seldom, for a slow SSH line.")]
Record = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="Write what is shown, for `cryptofunk demo FILE`."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
