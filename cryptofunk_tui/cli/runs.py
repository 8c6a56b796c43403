"""What a run was asked for: settings from defaults, file and options."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptofunk_tui.cli.options import MarketChoice
from cryptofunk_tui.domain.errors import Refused, WrongUse
from cryptofunk_tui.domain.market import timeframe_ms
from cryptofunk_tui.market.files import named
from cryptofunk_tui.settings import Settings, load_settings, origins, state_dir


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What one run was asked for."""

    settings: Settings
    state_dir: Path
    cycles: int | None
    jsonl: Path | None
    resume: bool
    origins: dict[str, str]
    """Where each setting that is not a default comes from."""


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
    settings = load_settings(given["config"], overrides)
    if candles:
        found = _from_names(candles, settings.timeframe)
        overrides["timeframe"] = found["timeframe"]
        overrides["symbols"] = overrides["symbols"] or found["symbols"]
        settings = load_settings(given["config"], overrides)
    _check_leave(settings, given)
    if settings.market == "recorded" and not settings.recorded.candles:
        raise WrongUse("--market recorded needs at least one --candles FILE")
    return RunOptions(
        settings,
        state_dir(given["state_dir"]),
        given["cycles"],
        given["jsonl"],
        given["resume"],
        origins(given["config"], overrides),
    )


def _check_leave(settings: Settings, given: dict[str, Any]) -> None:
    """Real money is traded by the flag, by a person's word or the file's, and with a person's approval unless
    the file says otherwise. Raises Refused."""
    if settings.mode != "live":
        return
    if not (given["mode"] and given["mode"].value == "live"):
        raise Refused("the file asks for mode live; say it on the command line as well: --mode live")
    words = live_words(settings.venue or "")
    if not given.get("confirmed") and settings.live.confirm != words:
        raise Refused(f'real money: write into the file of --config: live: {{confirm: "{words}"}}')
    if given["approve"] and given["approve"].value == "auto" and settings.approval != "auto":
        raise Refused(
            "real money is approved by a person; to change it write live: {approve: auto} into the file"
        )


def live_words(venue: str) -> str:
    """What a run without a screen must find in its configuration."""
    return f"I trade real money on {venue}"


def _absolute(name: str) -> str:
    symbol, separator, path = name.rpartition("=")
    return symbol + separator + str(Path(path).expanduser().absolute())


def _from_names(candles: list[str], timeframe: str) -> dict[str, Any]:
    """Symbols as the files name them, and a timeframe no finer than theirs."""
    try:
        names = [named(name)[1:] for name in candles]
        lengths = [timeframe, *(each for _, each in names if each)]
        return {
            "symbols": list(dict.fromkeys(symbol for symbol, _ in names)),
            "timeframe": max(lengths, key=timeframe_ms),
        }
    except ValueError as error:
        raise WrongUse(str(error)) from None
