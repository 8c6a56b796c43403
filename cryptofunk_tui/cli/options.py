"""The options that the console and the headless runner share, and the settings that come of them."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from cryptofunk_tui.domain.errors import WrongUse
from cryptofunk_tui.domain.market import timeframe_ms
from cryptofunk_tui.settings import Settings, SettingsError, load_settings, state_dir


class MarketChoice(StrEnum):
    AUTO = "auto"
    EXCHANGE = "exchange"
    RECORDED = "recorded"
    SIMULATED = "simulated"


class ModeChoice(StrEnum):
    PAPER = "paper"


class ApproveChoice(StrEnum):
    AUTO = "auto"
    MANUAL = "manual"


Market = Annotated[MarketChoice | None, typer.Option(help="Where prices come from; auto tries live venues.")]
Mode = Annotated[ModeChoice | None, typer.Option(help="paper trades an account that is made up.")]
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
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]

CONSOLE_SPEED = 360.0


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What one run was asked for."""

    settings: Settings
    state_dir: Path
    cycles: int | None
    jsonl: Path | None
    resume: bool


def run_options(given: dict[str, Any]) -> RunOptions:
    """Settings from defaults, file and options. Raises WrongUse."""
    candles, symbols = given["candles"] or [], given["symbols"]
    market = given["market"] or (MarketChoice.RECORDED if candles else None)
    if candles and market is not MarketChoice.RECORDED:
        raise WrongUse("--candles goes with --market recorded; leave one of them out")
    overrides: dict[str, Any] = {
        "market": market and market.value,
        "mode": given["mode"] and given["mode"].value,
        "venue": given["venue"],
        "symbols": [part.strip() for part in symbols.split(",")] if symbols else None,
        "approve": given["approve"] and given["approve"].value,
        "recorded": {"candles": [_absolute(name) for name in candles] or None},
        "simulated": {"seed": given["seed"], "speed": given["speed"]},
    }
    try:
        settings = load_settings(given["config"], overrides)
        if candles:
            found = _from_names(candles, settings.timeframe)
            overrides["timeframe"] = found["timeframe"]
            overrides["symbols"] = overrides["symbols"] or found["symbols"]
            settings = load_settings(given["config"], overrides)
    except SettingsError as error:
        raise WrongUse(str(error)) from None
    if settings.market == "recorded" and not settings.recorded.candles:
        raise WrongUse("--market recorded needs at least one --candles FILE")
    return RunOptions(
        settings, state_dir(given["state_dir"]), given["cycles"], given["jsonl"], given["resume"]
    )


def _absolute(name: str) -> str:
    symbol, separator, path = name.rpartition("=")
    return symbol + separator + str(Path(path).expanduser().absolute())


def _from_names(candles: list[str], timeframe: str) -> dict[str, Any]:
    """Symbols as the files name them, and a timeframe no finer than theirs."""
    from cryptofunk_tui.market.files import named

    try:
        names = [named(name)[1:] for name in candles]
        lengths = [timeframe, *(each for _, each in names if each)]
        return {
            "symbols": list(dict.fromkeys(symbol for symbol, _ in names)),
            "timeframe": max(lengths, key=timeframe_ms),
        }
    except ValueError as error:
        raise WrongUse(str(error)) from None
