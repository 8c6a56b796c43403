"""The executor accepts nothing without the risk officer's leave, whoever calls: forged, reused, bent."""

import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest
from mcp import Client, StdioServerParameters

from tests.end_to_end.runs import environment, headless, rise_and_fall, write_candles

pytestmark = pytest.mark.anyio


async def test_forged_and_reused_approvals_are_refused(tmp_path: Path) -> None:
    candles = write_candles(tmp_path / "TEST_BTC-EUR_1h_2024.csv", rise_and_fall())
    run = headless(tmp_path, "--candles", str(candles))
    used = next(record["approval"]["approval_id"] for record in run.records if record["orders"])
    before = _orders(run.state)
    env = {
        **environment(tmp_path),
        "CRYPTOFUNK_CONFIG": str(run.state / "run.yaml"),
        "CRYPTOFUNK_STATE_DIR": str(run.state),
    }
    server = StdioServerParameters(
        command=sys.executable, args=["-P", "-m", "servers.order_executor"], env=env
    )
    order = {"symbol": "BTC/EUR", "side": "BUY", "quantity": "1", "client_order_id": "cf" + "0" * 30}
    async with Client(server) as client:
        for approval in ("a" + "0" * 15, used, "' or 1=1 --", None):
            result = await client.call_tool("place_market_order", {"approval_id": approval, **order})
            assert result.is_error, f"{approval!r} was accepted: {_text(result)}"
            assert "approval" in _text(result)
    assert _orders(run.state) == before


def _text(result: Any) -> str:
    return json.dumps([block.text for block in result.content])


def _orders(state: Path) -> int:
    with sqlite3.connect(state / "journal.sqlite3") as journal:
        (count,) = journal.execute("select count(*) from orders").fetchone()
    return int(count)
