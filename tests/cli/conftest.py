"""The command line as a person meets it, and a state directory that a real run has left."""

import json
import shutil
import sys
from pathlib import Path

import pytest

from cryptofunk_tui.cli import main
from tests.cli.scene import Command, Done
from tests.end_to_end.runs import Run, cryptofunk, rise_and_fall, write_candles

CRASH_BARS = 7


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Command:
    """Runs a command to its end, in this process: a traceback fails the test."""
    for name in ("CRYPTOFUNK_CONFIG", "CRYPTOFUNK_STATE_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))

    def run(*words: object) -> Done:
        monkeypatch.setattr(sys, "argv", ["cryptofunk", *map(str, words)])
        capsys.readouterr()
        code: object = 0
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
        assert isinstance(code, int)
        return Done(code, *capsys.readouterr())

    return run


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A run on candles that rise: one entry, still held. Nobody sits at a terminal."""
    home = tmp_path_factory.mktemp("finished")
    candles = write_candles(home / "TEST_BTC-EUR_1h_2024.csv", rise_and_fall()[:-CRASH_BARS])
    state, jsonl = home / "state", home / "run.jsonl"
    words = ("--candles", candles, "--state-dir", state, "--jsonl", jsonl)
    done = cryptofunk(home, *map(str, words))
    records = [json.loads(line) for line in jsonl.read_text().splitlines()]
    return Run(records, state, done.stdout + done.stderr)


@pytest.fixture
def copied(finished: Run, tmp_path: Path) -> Path:
    """That run's state directory, to be changed."""
    return Path(shutil.copytree(finished.state, tmp_path / "state"))
