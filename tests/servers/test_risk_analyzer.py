"""The risk analyzer as any MCP client meets it: a process on stdio beside a real journal."""

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest
from mcp import Client, StdioServerParameters

from cryptofunk_tui.domain.orders import ApprovalStatus
from cryptofunk_tui.settings import CONFIG_VARIABLE, STATE_DIR_VARIABLE, dump_settings
from tests.risk.scene import entry, quote
from tests.servers.account_scene import SYMBOLS, open_scene, settings
from tests.servers.test_what_if import MARKET, PORTFOLIO, PROPOSAL

pytestmark = pytest.mark.anyio
READ_ONLY = {
    "calculate_position_size",
    "calculate_var",
    "calculate_sharpe",
    "calculate_drawdown",
    "check_portfolio_limits",
    "size_entry",
}


class Analyzer:
    def __init__(self, client: Client) -> None:
        self.client = client

    async def ask(self, tool: str, **arguments: Any) -> dict[str, Any]:
        result = await self.client.call_tool(tool, arguments)
        assert not result.is_error, result.content
        answer = result.structured_content
        assert isinstance(answer, dict)
        return answer

    async def refusal(self, tool: str, **arguments: Any) -> str:
        result = await self.client.call_tool(tool, arguments)
        assert result.is_error
        text = str(getattr(result.content[0], "text", ""))
        return text.removeprefix(f"Error executing tool {tool}: ")


@asynccontextmanager
async def analyzer(state_dir: Path, **changes: Any) -> AsyncIterator[Analyzer]:
    config = state_dir / "config.yaml"
    config.write_text(dump_settings(settings(**changes)), encoding="utf-8")
    env = {CONFIG_VARIABLE: str(config), STATE_DIR_VARIABLE: str(state_dir)}
    process = StdioServerParameters(command=sys.executable, args=["-m", "servers.risk_analyzer"], env=env)
    with anyio.fail_after(60):
        async with Client(process) as client:
            yield Analyzer(client)


def request(i: int = 1, symbol: str = "BTC/EUR", quantity: str = "5") -> dict[str, Any]:
    order = entry(quantity, symbol).model_copy(update={"client_order_id": f"cf{i}"})
    return {
        "decision_id": f"c{i}",
        "order": order.model_dump(mode="json"),
        "quote": quote(symbol).model_dump(mode="json"),
    }


async def test_what_needs_no_account_and_how_it_refuses(tmp_path: Path) -> None:
    async with analyzer(tmp_path) as risk:
        tools = {tool.name: tool for tool in (await risk.client.list_tools()).tools}
        assert set(tools) == READ_ONLY | {"request_approval", "check_breakers"}
        for name, tool in tools.items():
            assert tool.description
            assert tool.annotations is not None
            assert tool.annotations.read_only_hint is (name in READ_ONLY)
            assert tool.annotations.idempotent_hint

        size = await risk.ask("calculate_position_size", win_rate=0.6, avg_win=2, avg_loss=1, capital=1000)
        assert size["kelly_percentage"] == pytest.approx(0.4)
        assert size["adjusted_kelly"] == pytest.approx(0.1)
        assert size["position_size"] == pytest.approx(100)
        assert size["has_positive_edge"] is True
        none = await risk.ask("calculate_position_size", win_rate=0.2, avg_win=1, avg_loss=1, capital=1000)
        assert (none["kelly_percentage"], none["position_size"], none["has_positive_edge"]) == (0, 0, False)

        returns = np.random.default_rng(1).normal(0, 0.02, 300).tolist()
        for method in ("historical", "normal", "cornish_fisher"):
            var = await risk.ask("calculate_var", returns=returns, method=method)
            assert 0 < var["var"] <= var["cvar"]
            assert (var["observations"], var["method"]) == (300, method)
        sharpe = await risk.ask("calculate_sharpe", returns=returns)
        assert sharpe["annualized_sharpe"] == pytest.approx(sharpe["sharpe"] * 365**0.5)
        fall = await risk.ask("calculate_drawdown", equity_curve=[100, 120, 90, 130])
        assert fall == {
            "max_drawdown": pytest.approx(-0.25),
            "current_drawdown": 0.0,
            "peak_index": 1,
            "trough_index": 2,
            "recovery_index": 3,
            "calmar": pytest.approx((1.3 ** (365 / 3) - 1) / 0.25),
            "observations": 4,
            "periods_per_year": 365.0,
        }

        good = {"win_rate": 0.6, "avg_win": 2, "avg_loss": 1, "capital": 1000}
        for argument, wrong in {
            "win_rate": 1.5,
            "avg_win": 0,
            "avg_loss": -1,
            "capital": -1,
            "kelly_fraction": 0.6,
        }.items():
            text = await risk.refusal("calculate_position_size", **(good | {argument: wrong}))
            assert text.startswith(argument)
        assert "numbers only" in await risk.refusal("calculate_var", returns=[0.1, None])
        assert (await risk.refusal("calculate_var", returns=[0.1])).startswith("returns has 1 values")
        assert (await risk.refusal("calculate_var", returns=returns, method="x")).startswith("method must be")
        assert "row 0" in await risk.refusal("calculate_drawdown", equity_curve=[0, 1])

        given = {"portfolio": PORTFOLIO, "market": MARKET}
        sound = await risk.ask("check_portfolio_limits", proposal=PROPOSAL, **given)
        assert (sound["approved"], sound["violations"]) == (True, [])
        large = await risk.ask("check_portfolio_limits", proposal=PROPOSAL | {"quantity": "11"}, **given)
        assert (large["approved"], large["violations"]) == (False, ["position"])
        wider = await risk.ask(
            "check_portfolio_limits",
            proposal=PROPOSAL | {"quantity": "11"},
            limits={"position": 0.2},
            **given,
        )
        assert wider["approved"] is True
        assert {"name", "value", "limit", "ok", "detail"} == set(sound["checks"][0])
        text = await risk.refusal("check_portfolio_limits", proposal={}, portfolio=PORTFOLIO)
        assert text.startswith("proposal.symbol: Field required")
        assert "no account is open" in await risk.refusal("request_approval", **request())
        assert "no account is open" in await risk.refusal("check_breakers")


async def test_from_size_to_grant(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene, analyzer(tmp_path) as risk:
        size = await risk.ask(
            "size_entry",
            symbol="BTC/EUR",
            strategy="trend_following",
            reference="100",
            stop="97",
            quote=quote().model_dump(mode="json"),
        )
        assert (size["quantity"], size["kelly"]) == ("9.89851547", pytest.approx(0.4 - 0.6 / 1.7))
        asked_at = datetime.now(UTC)
        answer = await risk.ask("request_approval", **request(quantity=size["quantity"]))
        assert answer["decision"] == "GRANTED"
        life = datetime.fromisoformat(answer["expires_at"]) - asked_at
        assert timedelta(seconds=29) < life < timedelta(seconds=40)
        kept = await scene.approvals.get(answer["approval_id"])
        assert kept is not None
        assert (kept.order.quantity, kept.status) == (Decimal("9.89851547"), ApprovalStatus.GRANTED)
        assert await risk.ask("request_approval", **request(quantity=size["quantity"])) == answer
        over = await risk.ask("request_approval", **request(2, quantity="1"))
        assert over["decision"] == "REJECTED"
        assert over["reason"].startswith("position 0.11")
        alarm = await risk.ask("check_breakers")
        assert (alarm["state"], alarm["effect"]) == ("RUNNING", "NONE")
        assert len(alarm["breakers"]) == 14
        bad = request(3) | {"quote": quote("ETH/EUR").model_dump(mode="json")}
        assert (await risk.refusal("request_approval", **bad)).startswith("quote.symbol: ETH/EUR")


async def test_two_processes_and_forty_requests_never_pass_a_limit_together(tmp_path: Path) -> None:
    async with (
        open_scene(tmp_path) as scene,
        analyzer(tmp_path) as one,
        analyzer(tmp_path) as other,
    ):
        decisions: list[str] = []

        async def ask(i: int) -> None:
            asked = request(i, SYMBOLS[i % 5], "4")
            decisions.append((await (one, other)[i % 2].ask("request_approval", **asked))["decision"])

        async with anyio.create_task_group() as group:
            for i in range(40):
                group.start_soon(ask, i)
        assert sorted(set(decisions)) == ["GRANTED", "REJECTED"]
        assert decisions.count("GRANTED") == 10
        reserved = await scene.approvals.reserved(datetime.now(UTC))
        assert all(worth <= 1000 for worth in reserved.values())
        assert sum(reserved.values()) <= 5000
