"""`cryptofunk keys` as a person types it."""

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.scene import Command
from tests.stand_ins.venue import KEY, SECRET
from tests.stand_ins.venue.process import StandIn, started


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with started() as process:
        yield process


@pytest.fixture
def config(stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    stand_in.reset()
    path = tmp_path / "mine.yaml"
    path.write_text(f"symbols: [BTC/USDT]\nexchange: {{base_urls: {{binance: '{stand_in.url}'}}}}\n")
    return path


def give(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(lines)))


def test_a_key_is_kept_checked_and_removed(
    command: Command, config: Path, stand_in: StandIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, KEY, SECRET)
    done = command("keys", "set", "binance", "--stdin")
    assert (done.code, "keys.json" in done.out) == (0, True)
    assert KEY not in done.out
    told = command("keys", "check", "binance", "--config", config, "--json")
    assert told.code == 0, told.err
    rights = json.loads(told.out)
    assert (rights["trade"], rights["withdraw"], rights["ip_bound"]) == (True, False, False)
    assert "bind the key to your address" in command("keys", "check", "binance", "--config", config).out
    stand_in.reset({}, withdrawals=True)
    refused = command("keys", "check", "binance", "--config", config)
    assert (refused.code, "may withdraw or transfer" in refused.err) == (3, True)
    assert command("keys", "remove", "binance").code == 0
    assert "no key of binance is kept here" in command("keys", "remove", "binance").complaint()
    assert "no key for binance" in command("keys", "check", "binance", "--config", config).complaint()


def test_what_is_no_key_and_no_venue_is_refused(
    command: Command, config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(monkeypatch, "only a key")
    assert command("keys", "set", "binance", "--stdin").code == 2
    assert command("keys", "set", "../x", "--stdin").code == 2
    assert "three lines with --stdin" in command("keys", "set", "binance").complaint()
