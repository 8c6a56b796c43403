"""What a process loads, seen from inside a fresh one."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

REPORT = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
HEAVY = {"numpy", "mcp", "ccxt", "plotext", "talib", "pyarrow", "litellm"}
SCREEN = {"textual", "textual_plotext", "plotext"}
VENUES = {"ccxt", "litellm"}


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


def test_what_has_no_screen_never_loads_one(tmp_path: Path) -> None:
    packages = loaded("import cryptofunk_tui.headless.runner, cryptofunk_tui.orchestrator.engine", tmp_path)
    assert not packages & {*SCREEN, *VENUES, "talib"}


@pytest.mark.parametrize(
    ("names", "own"),
    [
        (("market_data", "risk_analyzer", "order_executor"), set()),
        (("technical_indicators",), {"talib", "pyarrow"}),
    ],
)
def test_servers_load_no_screen_and_nothing_heavy_but_their_own(
    names: tuple[str, ...], own: set[str], tmp_path: Path
) -> None:
    """TA-Lib looks for data frame libraries, and where a developer has one it brings pyarrow."""
    packages = loaded("\n".join(f"import servers.{name}" for name in names), tmp_path)
    assert not packages & ({*SCREEN, *VENUES, "talib", "pyarrow"} - own)


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


def test_looking_at_a_state_directory_loads_no_numbers(tmp_path: Path) -> None:
    packages = loaded("from cryptofunk_tui.cli import app; app.all_commands()", tmp_path)
    assert not packages & (HEAVY | {"textual"})
