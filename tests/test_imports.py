"""What a process loads, seen from inside a fresh one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPORT = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
HEAVY = {"numpy", "mcp", "ccxt", "plotext", "talib", "pyarrow", "litellm"}
SERVERS = ("market_data", "technical_indicators", "risk_analyzer", "order_executor")


def loaded(program: str, folder: Path, *, until: str = REPORT) -> set[str]:
    """The packages that a process has loaded once it has run `program`."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", f"{program}\n{until}"],
        capture_output=True,
        text=True,
        timeout=60,
        cwd=folder,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "module",
    [
        "cryptofunk_tui.headless.runner",
        "cryptofunk_tui.orchestrator.engine",
        *(f"servers.{name}" for name in SERVERS),
    ],
)
def test_what_has_no_screen_never_loads_one(module: str, tmp_path: Path) -> None:
    packages = loaded(f"import {module}", tmp_path)
    assert not packages & {"textual", "textual_plotext", "plotext", "rich", "litellm"}


def test_before_its_first_paint_the_console_has_loaded_nothing_heavy(tmp_path: Path) -> None:
    """The real way in: `main` without a command, at a terminal, up to the moment that the app runs."""
    program = (
        "import json, os, pty, sys\n"
        "ours, theirs = pty.openpty()\n"
        "sys.stdin = os.fdopen(os.dup(theirs)); out = sys.stdout\n"
        "sys.stdout = os.fdopen(os.dup(theirs), 'w')\n"
        "sys.argv = ['cryptofunk', '--market', 'simulated']\n"
        "from textual.app import App\n"
        "class Painting(BaseException): pass\n"
        "def run(self, *args, **kwargs): raise Painting\n"
        "App.run = run\n"
        "from cryptofunk_tui.cli import main\n"
        "try:\n"
        "    main()\n"
        "except Painting:\n"
        "    sys.stdout = out\n"
        "    " + REPORT + "\n"
    )
    packages = loaded(program, tmp_path, until="")
    assert "textual" in packages
    assert not packages & HEAVY


def test_the_console_with_its_engine_leaves_the_venues_to_their_own_processes(tmp_path: Path) -> None:
    packages = loaded(
        "import cryptofunk_tui.cli.console, cryptofunk_tui.cli.runs, cryptofunk_tui.orchestrator.engine\n"
        "import cryptofunk_tui.tui.screens.main, cryptofunk_tui.tui.screens.trace",
        tmp_path,
    )
    assert "numpy" in packages
    assert not packages & {"ccxt", "litellm", "talib", "pyarrow"}


@pytest.mark.parametrize("name", ["risk_analyzer", "order_executor"])
def test_servers_that_need_no_venue_and_no_indicators_load_none(name: str, tmp_path: Path) -> None:
    assert not loaded(f"import servers.{name}", tmp_path) & {"ccxt", "talib", "pyarrow"}


def test_looking_at_a_state_directory_loads_no_numbers(tmp_path: Path) -> None:
    packages = loaded("from cryptofunk_tui.cli import app; app.all_commands()", tmp_path)
    assert not packages & (HEAVY | {"textual"})
