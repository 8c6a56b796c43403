"""Help that teaches, options that are refused, and where each of them ends up."""

from pathlib import Path
from typing import Any

import pytest
import typer

from cryptofunk_tui.cli.app import all_commands
from cryptofunk_tui.cli.runs import run_options
from cryptofunk_tui.domain.errors import WrongUse
from tests.cli.scene import Command

COMMANDS = (
    "demo",
    "headless",
    "keys",
    "kill",
    "close",
    "cancel",
    "pause",
    "reduce",
    "resume",
    "approve",
    "reject",
    "status",
    "positions",
    "orders",
    "approvals",
    "acts",
    "performance",
    "trace",
    "doctor",
)


def commands() -> dict[str, Any]:
    group: Any = typer.main.get_command(all_commands())
    return dict(group.commands)


def test_these_are_the_commands_and_each_teaches() -> None:
    assert set(commands()) == set(COMMANDS)
    for name, command in commands().items():
        assert command.help, name
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name} {parameter.name}"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_shows_its_help(command: Command, name: str) -> None:
    for word in ("--help", "-h"):
        done = command(name, word)
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith(f"Usage: cryptofunk {name}")


def test_the_program_shows_its_help(command: Command) -> None:
    done = command("--help")
    assert (done.code, done.err) == (0, "")
    for name in (*COMMANDS, "--market", "--approve", "ctrl+k"):
        assert name in done.out


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("--market", "stocks"), "simulated"),
        (("--mode", "real"), "paper"),
        (("--approve", "maybe"), "manual"),
        (("--cycles", "0"), "--cycles"),
        (("--cycles", "many"), "--cycles"),
        (("--seed", "x"), "--seed"),
        (("--speed", "0.5"), "--speed"),
        (("--speed", "nan"), "--speed"),
        (("--symbols", "btc"), "symbols"),
        (("--symbols", ","), "symbols"),
        (("--symbols", "BTC/EUR,BTC/EUR"), "named twice"),
        (("--symbols", "BTC/EUR,BTC/USDT"), "one quote currency"),
        (("--market", "recorded"), "--candles"),
        (("--market", "simulated", "--candles", "x_BTC-EUR_1h_.csv"), "--market recorded"),
        (("--candles", "prices.csv"), "BASE/QUOTE=FILE"),
        (("--candles", "prices.csv"), "no such file"),
        (("--config", "missing.yaml"), "missing.yaml"),
        (("--jsonl", "missing/run.jsonl"), "missing/run.jsonl"),
        (("--colour",), "--colour"),
        (("now",), "now"),
    ],
)
def test_what_makes_no_sense_is_wrong_use_and_starts_nothing(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], hint: str
) -> None:
    monkeypatch.chdir(tmp_path)
    done = command("headless", *words, "--state-dir", "state")
    assert (done.code, done.out) == (2, "")
    assert hint in done.err
    assert not (tmp_path / "state").exists()


def test_no_such_command(command: Command) -> None:
    done = command("flatten")
    assert done.code == 2
    assert "flatten" in done.err


def test_options_before_a_command_are_not_dropped_silently(command: Command, tmp_path: Path) -> None:
    done = command("--market", "simulated", "headless", "--state-dir", tmp_path / "state")
    assert (done.code, done.out) == (2, "")
    assert "--market goes after the command: headless --market" in done.complaint()
    assert command("--state-dir", tmp_path, "status").code == 2
    assert not (tmp_path / "state").exists()


GIVEN = {
    **dict.fromkeys(("market", "mode", "venue", "candles", "symbols", "cycles", "seed", "speed", "jsonl")),
    **dict.fromkeys(("config", "approve")),
    "state_dir": Path("state"),
    "resume": False,
}


def test_symbols_and_timeframe_come_from_the_names_of_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["A_BTC-EUR_1h_x.csv", "A_ETH-EUR_4h_x.csv", "XRP/EUR=odd name.csv"]
    settings = run_options({**GIVEN, "candles": names}).settings
    assert settings.market == "recorded"
    assert settings.symbols == ("BTC/EUR", "ETH/EUR", "XRP/EUR")
    assert settings.timeframe == "4h"
    assert settings.recorded.candles == (
        str(tmp_path / names[0]),
        str(tmp_path / names[1]),
        f"XRP/EUR={tmp_path / 'odd name.csv'}",
    )


def test_options_go_over_the_file(tmp_path: Path) -> None:
    config = tmp_path / "mine.yaml"
    config.write_text("market: simulated\nsymbols: [ETH/EUR]\nsimulated: {seed: 3, speed: 60}\n")
    options = run_options({**GIVEN, "config": config, "seed": 5, "symbols": " BTC/EUR , ADA/EUR "})
    assert options.settings.symbols == ("BTC/EUR", "ADA/EUR")
    assert (options.settings.simulated.seed, options.settings.simulated.speed) == (5, 60)
    assert options.state_dir == Path("state")
    with pytest.raises(WrongUse, match=r"mine\.yaml"):
        config.write_text("market: bazaar")
        run_options({**GIVEN, "config": config})
