"""Any MCP client can use our servers: the public inspector's command line lists and calls each of them."""

import asyncio
import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import pytest

from cryptofunk_tui.market.simulated import SIMULATED_START
from cryptofunk_tui.storage.journal import Journal

VERSION = "0.15.0"
PACKAGE = f"@modelcontextprotocol/inspector@{VERSION}"
INSTALL_S, CALL_S = 180, 60

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.xdist_group("inspector"),
    pytest.mark.timeout(INSTALL_S + 2 * CALL_S),
]


@pytest.fixture(scope="session")
def inspector() -> Path:
    """The inspector's program, installed once a machine; workers that come later wait and share it."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        pytest.skip("npm and node are not installed; the public MCP inspector needs them")
    folder = Path(tempfile.gettempdir()) / f"mcp-inspector-{VERSION}-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        pytest.skip(f"{folder} belongs to somebody else; remove it to install the MCP inspector")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder / "installed"
        if not done.exists():
            _install(npm, folder)
            done.touch()
    return folder / "node_modules" / ".bin" / "mcp-inspector"


def _install(npm: str, folder: Path) -> None:
    quietly = ["--ignore-scripts", "--no-audit", "--no-fund"]
    at_most_twice = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
    command = [npm, "install", *quietly, *at_most_twice, "--prefix", str(folder), PACKAGE]
    try:
        result = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=INSTALL_S)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install {PACKAGE} within {INSTALL_S} s")
    if result.returncode:
        reason = next((line for line in result.stderr.splitlines() if line.startswith("npm error")), "")
        pytest.skip(f"npm could not install {PACKAGE}: {reason}")


@pytest.fixture
async def environment(tmp_path: Path) -> dict[str, str]:
    """A simulated market, and a state directory with a paper account."""
    config, state = tmp_path / "config.yaml", tmp_path / "state"
    config.write_text("market: simulated\n", encoding="utf-8")
    state.mkdir()
    journal = await Journal.open(state)
    await journal.open_account(
        mode="paper",
        market="simulated",
        venue="simulated",
        run_id="inspected",
        quote_asset="USDT",
        capital=Decimal(10_000),
        at=SIMULATED_START,
    )
    await journal.close()
    return {"CRYPTOFUNK_CONFIG": str(config), "CRYPTOFUNK_STATE_DIR": str(state)}


async def inspect(program: Path, environment: dict[str, str], server: str, *arguments: str) -> dict[str, Any]:
    variables = [part for name, value in environment.items() for part in ("-e", f"{name}={value}")]
    target = [sys.executable, "-m", f"servers.{server}"]
    with anyio.fail_after(CALL_S):
        result = await anyio.run_process(
            [str(program), "--cli", *variables, *target, *arguments], check=False
        )
    assert result.returncode == 0, result.stderr.decode()
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


@pytest.mark.parametrize(
    ("server", "tool", "arguments", "expected"),
    [
        (
            "technical_indicators",
            "calculate_ema",
            ["prices=[1,2,3,4]", "period=3"],
            {"value": 3, "trend": "rising"},
        ),
        (
            "risk_analyzer",
            "calculate_drawdown",
            ["equity_curve=[100,120,90,130]"],
            {"max_drawdown": -0.25, "peak_index": 1, "trough_index": 2, "recovery_index": 3},
        ),
        ("order_executor", "get_balance", [], {"start": "10000", "balances": {"USDT": "10000"}}),
        ("market_data", "describe_market", [], {"kind": "simulated", "timeframe": "1h"}),
    ],
)
async def test_the_inspector_lists_and_calls(
    inspector: Path,
    environment: dict[str, str],
    server: str,
    tool: str,
    arguments: list[str],
    expected: dict[str, Any],
) -> None:
    passed = [part for argument in arguments for part in ("--tool-arg", argument)]
    call = ["--method", "tools/call", "--tool-name", tool, *passed]
    listed, answer = await asyncio.gather(
        inspect(inspector, environment, server, "--method", "tools/list"),
        inspect(inspector, environment, server, *call),
    )
    tools = {each["name"]: each for each in listed["tools"]}
    assert tool in tools
    assert all(each["description"] and each["annotations"] and each["inputSchema"] for each in tools.values())
    assert not answer.get("isError"), answer
    content = answer["structuredContent"]
    assert {name: content[name] for name in expected} == expected
