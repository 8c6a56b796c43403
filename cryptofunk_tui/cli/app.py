"""`cryptofunk` and its commands. Imports are late: the console paints before anything heavy is loaded."""

import sys
from functools import cache
from typing import Any, TextIO

import typer

from cryptofunk_tui.cli.options import (
    Approve,
    Ascii,
    CandleFiles,
    Config,
    Cycles,
    Jsonl,
    LowBandwidth,
    Market,
    Mode,
    NoMouse,
    Record,
    Resume,
    Seed,
    Speed,
    StateDir,
    Symbols,
    Theme,
    Venue,
)
from cryptofunk_tui.domain.errors import ProductError, WrongUse

HELP = ("-h", "--help")

app = typer.Typer(
    help=(
        "A council of agents reads the crypto markets, votes, is checked by a risk officer, and trades a "
        "paper account. Without a command it opens the console; ctrl+k stops all trading."
    ),
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": list(HELP)},
)


@app.callback(invoke_without_command=True)
def console(
    context: typer.Context,
    market: Market = None,
    mode: Mode = None,
    venue: Venue = None,
    candles: CandleFiles = None,
    symbols: Symbols = None,
    cycles: Cycles = None,
    seed: Seed = None,
    speed: Speed = None,
    jsonl: Jsonl = None,
    state_dir: StateDir = None,
    config: Config = None,
    approve: Approve = None,
    resume: Resume = False,
    theme: Theme = None,
    ascii: Ascii = False,
    no_mouse: NoMouse = False,
    low_bandwidth: LowBandwidth = False,
    record: Record = None,
) -> None:
    """Open the console; where the output is no terminal, run headless."""
    given = {name: value for name, value in locals().items() if name != "context"}
    if context.invoked_subcommand is not None:
        misplaced = [name for name, value in given.items() if value]
        if misplaced:
            option = misplaced[0].replace("_", "-")
            raise WrongUse(f"--{option} goes after the command: {context.invoked_subcommand} --{option} …")
        return
    if not (_is_terminal(sys.stdout) and _is_terminal(sys.stdin)):
        if record is not None:
            raise WrongUse("--record writes what the console is told; it needs a terminal")
        typer.echo("no terminal here: running headless (stop with ctrl+c)", err=True)
        _headless(given)
    from cryptofunk_tui.cli.console import open_console

    raise typer.Exit(open_console(given))


@app.command()
def headless(
    market: Market = None,
    mode: Mode = None,
    venue: Venue = None,
    candles: CandleFiles = None,
    symbols: Symbols = None,
    cycles: Cycles = None,
    seed: Seed = None,
    speed: Speed = None,
    jsonl: Jsonl = None,
    state_dir: StateDir = None,
    config: Config = None,
    approve: Approve = None,
    resume: Resume = False,
) -> None:
    """Run without a screen: one line a decision.

    On recorded candles and, without --speed, on the simulated market a cycle is one bar, as fast as it goes.
    """
    _headless(dict(locals()))


def _is_terminal(stream: TextIO | None) -> bool:
    """Whether a person sits there; a stream that the parent closed is None."""
    return stream is not None and stream.isatty()


def _headless(given: dict[str, Any]) -> None:
    from cryptofunk_tui.cli.runs import run_options
    from cryptofunk_tui.headless.runner import run_headless

    options = run_options(given)
    raise typer.Exit(
        run_headless(
            options.settings,
            options.state_dir,
            cycles=options.cycles,
            jsonl=options.jsonl,
            resume=options.resume,
        )
    )


@cache
def all_commands() -> typer.Typer:
    """The console, headless, and the commands of the other files."""
    from cryptofunk_tui.cli import act, demo, keys, look

    app.add_typer(keys.app, name="keys")
    act.register(app)
    demo.register(app)
    look.register(app)
    return app


def main() -> None:
    """Run a command; an error is one line on stderr and an exit code. Options alone open the console, which
    paints before the other commands are loaded."""
    words = sys.argv[1:]
    alone = not words or (words[0].startswith("-") and words[0] not in HELP)
    try:
        (app if alone else all_commands())()
    except ProductError as error:
        typer.echo(f"cryptofunk: {error}", err=True)
        sys.exit(error.exit_code)
