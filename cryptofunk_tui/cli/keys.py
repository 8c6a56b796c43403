"""Keys of venues: kept in the system's keyring, or in a file that nobody else can read. Never an option's
value, which a shell would remember."""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from cryptofunk_tui.cli.options import AsJson, Config
from cryptofunk_tui.domain.errors import ProductError, Refused, WrongUse
from cryptofunk_tui.settings import load_settings

app = typer.Typer(help="Keep, check and remove the keys of a venue.", no_args_is_help=True)
VenueName = Annotated[str, typer.Argument(metavar="VENUE", help="The exchange's ccxt name, such as binance.")]
Sandbox = Annotated[bool, typer.Option("--sandbox", help="The keys of the venue's test net.")]
CHECK_S = 30.0


@app.command("set")
def set_keys(
    venue: VenueName,
    sandbox: Sandbox = False,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read key, secret and password from three lines of stdin.")
    ] = False,
) -> None:
    """Keep a key: it is asked for without being shown. Make one that may trade and not withdraw."""
    from cryptofunk_tui.execution.keys import keep_keys
    from cryptofunk_tui.market.venue_clients import Credentials

    _check_name(venue)
    key, secret, password = _from_stdin() if stdin else _from_terminal()
    if not key or not secret:
        raise WrongUse("a key and its secret are needed; nothing was kept")
    place = keep_keys(venue, Credentials(key, secret, password or None), sandbox=sandbox)
    typer.echo(f"kept in {place}; look at what it may do: cryptofunk keys check {venue}{_option(sandbox)}")


@app.command("check")
def check_keys(
    venue: VenueName, sandbox: Sandbox = False, config: Config = None, as_json: AsJson = False
) -> None:
    """Ask the venue what the key may do. Exit code 3 where real money would not be traded with it."""
    _check_name(venue)
    told = asyncio.run(_ask(venue, config, sandbox=sandbox))
    if as_json:
        import json

        typer.echo(json.dumps(told))
    else:
        typer.echo(f"key in {told['place']}")
        for name, words in (
            ("trade", "trade"),
            ("withdraw", "withdraw or transfer"),
            ("ip_bound", "bound to an IP"),
        ):
            typer.echo(f"  {words:22}{_word(told[name])}")
        if told["ip_bound"] is False:
            typer.echo("! bind the key to your address at the venue: whoever has it can use it from anywhere")
    if told["refused"]:
        raise Refused(told["refused"])


@app.command("remove")
def remove_keys(venue: VenueName, sandbox: Sandbox = False) -> None:
    """Forget a key on this machine. Revoke it at the venue as well."""
    from cryptofunk_tui.execution.keys import remove_keys as forget

    _check_name(venue)
    places = forget(venue, sandbox=sandbox)
    if not places:
        raise ProductError(f"no key of {venue}{_option(sandbox)} is kept here")
    typer.echo(f"removed from {' and '.join(places)}")


async def _ask(venue: str, config: Path | None, *, sandbox: bool) -> dict[str, Any]:
    from cryptofunk_tui.orchestrator.launch import executor_alone, write_run_config
    from cryptofunk_tui.toolbox.errors import ToolRefused

    settings = load_settings(config)
    with tempfile.TemporaryDirectory() as folder:
        state_dir = Path(folder)
        async with executor_alone(write_run_config(settings, state_dir), state_dir) as toolbox:
            arguments = {"venue": venue, "sandbox": sandbox}
            try:
                told: dict[str, Any] = await toolbox.call(
                    "order_executor", "check_keys", arguments, deadline_s=CHECK_S
                )
            except ToolRefused as error:
                raise ProductError(str(error)) from None
            return told


def _from_stdin() -> tuple[str, str, str]:
    lines = [line.strip() for line in sys.stdin.read().splitlines()]
    key, secret, password = (*lines, "", "", "")[:3]
    return key, secret, password


def _from_terminal() -> tuple[str, str, str]:
    if not sys.stdin.isatty():
        raise WrongUse("no terminal to ask at; give three lines with --stdin")
    asked = [
        typer.prompt(name, hide_input=True, default="", show_default=False)
        for name in ("API key", "API secret", "Password (enter for none)")
    ]
    return asked[0].strip(), asked[1].strip(), asked[2].strip()


def _check_name(venue: str) -> None:
    if not (venue.isascii() and venue.isalnum() and venue == venue.lower()):
        raise WrongUse(f"{venue!r} is no venue's name; write it small, such as binance or kraken")


def _word(flag: bool | None) -> str:
    return "the venue does not say" if flag is None else "yes" if flag else "no"


def _option(sandbox: bool) -> str:
    return " --sandbox" if sandbox else ""
