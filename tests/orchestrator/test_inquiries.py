"""What a screen may ask of a run, on real servers."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from cryptofunk_tui.domain.errors import ProductError, Refused, WrongUse
from cryptofunk_tui.domain.events import AnyEvent, CycleFinished, LogLine
from cryptofunk_tui.orchestrator.engine import Engine
from cryptofunk_tui.orchestrator.explain import HIDDEN, explain
from cryptofunk_tui.settings import Settings, load_settings, origins
from cryptofunk_tui.toolbox.errors import ToolRefused

pytestmark = pytest.mark.anyio
CHOSEN: dict[str, Any] = {
    "market": "simulated",
    "symbols": ["BTC/USDT"],
    "simulated": {"speed": 3600},
    "coingecko": {"enabled": False},
}


@pytest.fixture(scope="module")
async def asked(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[Engine, list[AnyEvent]]]:
    told: list[AnyEvent] = []
    engine = Engine(load_settings(None, CHOSEN), tmp_path_factory.mktemp("asked") / "state", told.append)
    with pytest.raises(ProductError, match="still starting"):
        await engine.server("market_data")
    run = asyncio.create_task(engine.run())
    async with asyncio.timeout(40):
        while not any(isinstance(event, CycleFinished) for event in told):
            assert not run.done()
            await asyncio.sleep(0.05)
    yield engine, told
    await engine.stop()
    await run


async def test_tools_say_what_they_take_and_which_may_be_called_by_hand(
    asked: tuple[Engine, list[AnyEvent]],
) -> None:
    engine, _ = asked
    facts = await engine.server("order_executor")
    assert facts.pid
    by_hand = {tool.name for tool in facts.tools if not tool.forbidden}
    assert "get_positions" in by_hand or "get_portfolio" in by_hand
    for name in ("place_market_order", "close_position", "cancel_order", "process_market"):
        assert name not in by_hand, name
    market = await engine.server("market_data")
    quote = next(tool for tool in market.tools if tool.name == "get_candles")
    assert "symbol" in quote.arguments["properties"]


async def test_a_call_by_hand_is_answered_and_logged(asked: tuple[Engine, list[AnyEvent]]) -> None:
    engine, told = asked
    answer = await engine.call_tool("market_data", "describe_market", {}, "tester")
    assert json.loads(answer.text)["kind"] == "simulated"
    assert answer.took_ms > 0
    lines = [event.text for event in told if isinstance(event, LogLine)]
    assert "market_data.describe_market called by tester" in lines


@pytest.mark.parametrize(
    ("server", "tool"),
    [
        ("order_executor", "place_market_order"),
        ("risk_analyzer", "request_approval"),
        ("market_data", "nope"),
    ],
)
async def test_nothing_that_changes_something_is_called_by_hand(
    asked: tuple[Engine, list[AnyEvent]], server: str, tool: str
) -> None:
    with pytest.raises(Refused):
        await asked[0].call_tool(server, tool, {}, "tester")


async def test_a_tool_s_own_refusal_comes_through(asked: tuple[Engine, list[AnyEvent]]) -> None:
    with pytest.raises(ToolRefused):
        await asked[0].call_tool("market_data", "get_candles", {"symbol": "NOPE"}, "tester")


async def test_the_doctor_looks_at_a_run_that_goes_on(asked: tuple[Engine, list[AnyEvent]]) -> None:
    found = {finding.name: finding for finding in await asked[0].examine()}
    assert all(finding.ok for finding in found.values()), found
    assert {"settings", "state directory", "disk", "journal", "market_data", "order_executor"} <= set(found)


def test_settings_know_their_origin_and_their_words(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "capital: '5000'\nrules: {limits: {position: 0.05}}\nnotify: {webhook: {url: https://a.b/c}}"
    )
    given = {"symbols": ["BTC/USDT"], "venue": None}
    rows = {row.key: row for row in explain(load_settings(path, given), origins(path, given))}
    assert (rows["capital"].value, rows["capital"].default) == ("'5000'", "'10000'")
    assert rows["capital"].origin == str(path)
    assert rows["symbols"].origin == "command line"
    assert rows["venue"].origin == "default"
    assert rows["rules.limits.position"].origin == str(path)
    assert rows["rules.limits.position"].words == "Largest value of one position, of equity."
    assert rows["notify.webhook.url"].value == HIDDEN
    assert "a.b" not in repr(rows)
    assert set(rows) == {row.key for row in explain(Settings(), {})}


async def test_a_changed_weight_counts_from_the_next_decision_and_is_recorded(
    asked: tuple[Engine, list[AnyEvent]],
) -> None:
    engine, told = asked
    (before,) = {
        ballot.weight
        for event in told
        if isinstance(event, CycleFinished)
        for ballot in event.record.ballots
        if ballot.agent == "trend_following"
    }
    assert before == 6
    with pytest.raises(WrongUse):
        await engine.tune_agent("trend_following", "weight", "none", "anna")
    await engine.tune_agent("trend_following", "weight", "9", "anna")
    numbers = {row.key: row for row in await engine.agent_numbers("trend_following")}
    assert numbers["rules.council.trend_following.weight"].value == "9"
    assert await engine.agent_numbers("risk") == ()
    count = len(told)
    async with asyncio.timeout(30):
        while not any(isinstance(event, CycleFinished) and not event.preview for event in told[count:]):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    newest = next(
        event.record for event in reversed(told) if isinstance(event, CycleFinished) and not event.preview
    )
    assert {ballot.agent: ballot.weight for ballot in newest.ballots} == {
        "trend_following": 9,
        "mean_reversion": 5,
        "arbitrage": 4,
    }
    done, refused = await engine.acts(2)
    assert (done.actor, done.act, done.subject, done.outcome) == (
        "anna",
        "set weight to 9",
        "trend_following",
        "done",
    )
    assert refused.outcome != "done"
