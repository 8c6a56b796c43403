"""A wheel built from the tree works outside it: config and SQL travel inside."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
pytest.importorskip("hatchling", reason="hatchling, the build backend, is not installed")


def run(*words: str | Path, cwd: Path, home: Path) -> str:
    env = {"PATH": os.environ["PATH"], "HOME": str(home)}
    done = subprocess.run(
        [str(word) for word in words],
        capture_output=True,
        text=True,
        cwd=cwd,
        env=env,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", target, cwd=REPOSITORY, home=target)
    (built,) = target.glob("*.whl")
    return built


def test_what_travels_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    for folder in ("cryptofunk_tui", "servers", "config", "sql"):
        for path in (REPOSITORY / folder).rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                assert path.relative_to(REPOSITORY).as_posix() in inside
    assert not [name for name in inside if name.startswith(("tests/", ".")) or "__pycache__" in name]


def test_it_runs_where_there_is_no_tree(wheel: Path, tmp_path: Path) -> None:
    """The dependencies are this environment's own; a fresh one sees them but not the tree, which is left out
    because an editable install is a .pth file, and those work in site directories alone."""
    python = tmp_path / "venv" / "bin" / "python"
    run(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv", cwd=tmp_path, home=tmp_path)
    site = Path(
        run(
            python,
            "-c",
            "import sysconfig; print(sysconfig.get_path('purelib'))",
            cwd=tmp_path,
            home=tmp_path,
        ).strip()
    )
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    foreign = tmp_path / "elsewhere"
    foreign.mkdir()
    where = run(
        python, "-c", "import servers, cryptofunk_tui as c; print(c.__file__)", cwd=foreign, home=foreign
    )
    assert where.startswith(str(site))
    words = ("headless", "--market", "simulated", "--symbols", "BTC/USDT", "--cycles", "1")
    told = run(
        python, "-P", "-m", "cryptofunk_tui", *words, "--state-dir", "state", cwd=foreign, home=foreign
    )
    assert told.count("\n") == 1
    assert "BTC/USDT" in told
