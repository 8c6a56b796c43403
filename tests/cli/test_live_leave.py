"""Real money: the flag, a person's word or the file's, and a person's approval."""

from pathlib import Path
from typing import Any

import pytest

from cryptofunk_tui.cli.console import open_console
from cryptofunk_tui.cli.options import ApproveChoice, ModeChoice
from cryptofunk_tui.cli.runs import run_options
from cryptofunk_tui.domain.errors import Refused, WrongUse
from tests.cli.scene import Command

NAMES = ("market", "venue", "candles", "symbols", "cycles", "seed", "speed", "jsonl", "state_dir", "approve")


def given(tmp_path: Path, text: str = "", **changes: Any) -> dict[str, Any]:
    config = tmp_path / "mine.yaml"
    config.write_text(text)
    return dict.fromkeys(NAMES) | {"mode": None, "resume": False, "config": config} | changes


def test_the_file_alone_does_not_trade_real_money(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="on the command line as well: --mode live"):
        run_options(given(tmp_path, "mode: live\nvenue: binance\n"))


@pytest.mark.parametrize("words", ["", "I trade real money on kraken", "i trade real money on binance"])
def test_without_the_words_in_the_file_nothing_starts_headless(tmp_path: Path, words: str) -> None:
    text = f"venue: binance\nlive: {{confirm: '{words}'}}\n"
    with pytest.raises(Refused, match="I trade real money on binance"):
        run_options(given(tmp_path, text, mode=ModeChoice.LIVE))


def test_a_person_approves_unless_the_file_says_otherwise(tmp_path: Path) -> None:
    text = "venue: binance\nlive: {confirm: 'I trade real money on binance'}\n"
    assert run_options(given(tmp_path, text, mode=ModeChoice.LIVE)).settings.approval == "manual"
    with pytest.raises(Refused, match="approved by a person"):
        run_options(given(tmp_path, text, mode=ModeChoice.LIVE, approve=ApproveChoice.AUTO))
    text = text.replace("binance'}", "binance', approve: auto}")
    assert run_options(given(tmp_path, text, mode=ModeChoice.LIVE)).settings.approval == "auto"


def test_a_real_venue_is_named_and_never_simulated(tmp_path: Path) -> None:
    with pytest.raises(WrongUse, match="needs the venue by name"):
        run_options(given(tmp_path, mode=ModeChoice.SANDBOX))
    with pytest.raises(WrongUse, match="never on a simulated market"):
        run_options(given(tmp_path, "market: simulated\n", mode=ModeChoice.SANDBOX, venue="binance"))
    assert run_options(given(tmp_path, mode=ModeChoice.SANDBOX, venue="binance")).settings.approval == "auto"


@pytest.mark.parametrize("typed", ["", "live", "LIVE!", "yes"])
def test_the_console_asks_for_the_word_before_it_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    monkeypatch.setattr("typer.prompt", lambda *_, **__: typed)
    with pytest.raises(Refused, match="nothing was started"):
        open_console(given(tmp_path, mode=ModeChoice.LIVE, venue="binance"))


def test_headless_says_what_to_write(command: Command, tmp_path: Path) -> None:
    done = command("headless", "--mode", "live", "--venue", "binance", "--state-dir", tmp_path / "s")
    assert done.code == 3
    assert 'live: {confirm: "I trade real money on binance"}' in done.complaint()
    assert not (tmp_path / "s").exists()
