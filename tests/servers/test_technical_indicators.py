"""The technical_indicators server, as its callers see it."""

import json
import math
import statistics
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pyarrow.parquet as pq
import pytest
from mcp import Client, StdioServerParameters
from mcp_types import CallToolResult, TextContent

from servers.technical_indicators import server

pytestmark = pytest.mark.anyio

HOUR_MS = 3_600_000
START_MS = 1_700_000_000_000
TOOLS = {
    "calculate_rsi",
    "calculate_macd",
    "calculate_bollinger_bands",
    "calculate_ema",
    "calculate_adx",
    "detect_patterns",
    "list_indicators",
    "calculate_indicator",
    "compute_indicators",
}
COUNCIL = [
    {"name": "rsi", "parameters": {"period": 14}},
    {"name": "macd", "parameters": {"fast_period": 12, "slow_period": 26, "signal_period": 9}},
    {"name": "bollinger", "parameters": {"period": 20, "std_dev": 2}},
    *({"name": "ema", "parameters": {"period": period}} for period in (9, 21, 50, 200)),
    {"name": "adx", "parameters": {"period": 14}},
    {"name": "atr", "parameters": {"period": 14}},
    {"name": "reversal"},
]


def candles(rows: int) -> dict[str, list[Any]]:
    random = np.random.default_rng(7)
    close = 30_000 * np.exp(np.cumsum(random.normal(0, 0.005, rows)))
    opened = np.concatenate((close[:1], close[:-1]))
    return {
        "timestamp_ms": [START_MS + row * HOUR_MS for row in range(rows)],
        "open": opened.tolist(),
        "high": (np.maximum(opened, close) * 1.001).tolist(),
        "low": (np.minimum(opened, close) * 0.999).tolist(),
        "close": close.tolist(),
        "volume": random.lognormal(1, 1, rows).tolist(),
    }


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    async with Client(server) as connected:
        yield connected


def text(answer: CallToolResult) -> str:
    (block,) = answer.content
    assert isinstance(block, TextContent)
    return block.text


async def ask(client: Client, tool: str, **arguments: Any) -> Any:
    answer = await client.call_tool(tool, arguments)
    assert not answer.is_error, text(answer)
    return answer.structured_content or json.loads(text(answer))


async def refusal(client: Client, tool: str, **arguments: Any) -> str:
    answer = await client.call_tool(tool, arguments)
    assert answer.is_error and "\n" not in text(answer)
    return text(answer).removeprefix(f"Error executing tool {tool}: ")


async def test_every_tool_is_there_described_and_read_only(client: Client) -> None:
    tools = (await client.list_tools()).tools
    assert {tool.name for tool in tools} == TOOLS
    for tool in tools:
        assert tool.description and tool.annotations
        assert tool.annotations.read_only_hint and tool.annotations.idempotent_hint
    period = next(tool for tool in tools if tool.name == "calculate_rsi").input_schema["properties"]["period"]
    assert (period["type"], period["minimum"], period["default"]) == ("integer", 2, 14)


async def test_rsi(client: Client) -> None:
    rising = [100 + row for row in range(40)]
    assert await ask(client, "calculate_rsi", prices=rising) == {
        "value": 100.0,
        "signal": "overbought",
        "period": 14,
        "series": None,
        "bars": 40,
        "warm_up": 500,
        "warm_up_full": False,
    }
    answer = await ask(client, "calculate_rsi", prices=[100.0] * 600, period=10, series=True)
    assert (answer["value"], answer["signal"], answer["warm_up_full"]) == (50, "neutral", True)
    assert answer["series"] == [None] * 10 + [50.0] * 590


async def test_macd(client: Client) -> None:
    prices = [100.0] * 300
    still = await ask(client, "calculate_macd", prices=prices)
    assert still["crossover"] == "none"
    up = await ask(client, "calculate_macd", prices=[*prices, 105.0])
    assert up["crossover"] == "bullish"
    assert up["macd"] - up["signal"] == pytest.approx(up["histogram"])
    assert (up["fast_period"], up["slow_period"], up["signal_period"]) == (12, 26, 9)
    assert (await ask(client, "calculate_macd", prices=[*prices, 95.0]))["crossover"] == "bearish"


async def test_bollinger_bands(client: Client) -> None:
    prices = [100 + (row % 2) for row in range(40)]
    bands = await ask(client, "calculate_bollinger_bands", prices=prices, std_dev=3)
    assert bands["middle"] == pytest.approx(100.5)
    assert bands["upper"] == pytest.approx(102) and bands["lower"] == pytest.approx(99)
    assert bands["width"] == pytest.approx(3 / 100.5)
    assert bands["percent_b"] == pytest.approx(2 / 3)
    assert bands["signal"] == "neutral" and bands["std_dev"] == 3 and bands["warm_up_full"]
    fallen = await ask(client, "calculate_bollinger_bands", prices=[*prices, 90])
    assert fallen["signal"] == "oversold" and fallen["percent_b"] < 0


async def test_ema(client: Client) -> None:
    answer = await ask(client, "calculate_ema", prices=[1, 2, 3, 4], period=3)
    assert (answer["value"], answer["trend"]) == (3.0, "rising")
    assert (await ask(client, "calculate_ema", prices=[1, 2, 3], period=3))["trend"] == "unknown"
    assert (await ask(client, "calculate_ema", prices=[4, 4, 4, 4], period=3))["trend"] == "flat"


async def test_adx(client: Client) -> None:
    close = [100 + row for row in range(60)]
    high, low = [price + 0.5 for price in close], [price - 0.5 for price in close]
    answer = await ask(client, "calculate_adx", high=high, low=low, close=close)
    assert answer["adx"] == pytest.approx(100)
    assert answer["strength"] == "extreme"
    assert answer["plus_di"] > 50 and answer["minus_di"] == 0


async def test_patterns_are_a_list_of_sightings(client: Client) -> None:
    bars = candles(400)
    everything = await ask(client, "detect_patterns", candles=bars)
    assert everything and {seen["direction"] for seen in everything} == {-1, 0, 1}
    for seen in everything:
        assert seen["timestamp_ms"] == bars["timestamp_ms"][seen["index"]]
    engulfing = await ask(client, "detect_patterns", candles=bars, patterns=["engulfing"])
    assert engulfing == [seen for seen in everything if seen["name"] == "engulfing"]


async def test_the_catalog_calculates_what_it_lists(client: Client) -> None:
    catalog = await ask(client, "list_indicators")
    assert len(catalog["indicators"]) >= 60 and len(catalog["patterns"]) == 61
    bars = candles(600)
    for entry in catalog["indicators"]:
        answer = await ask(client, "calculate_indicator", name=entry["name"], candles=bars)
        assert list(answer["columns"]) == entry["columns"]
        for column in answer["columns"].values():
            assert len(column) == 600 and column[entry["bars"] - 1] is not None
            assert column[: entry["bars"] - 1] == [None] * (entry["bars"] - 1)


async def test_compute_returns_the_last_rows_and_how_settled_they_are(client: Client) -> None:
    bars = candles(720)
    whole = await ask(client, "compute_indicators", candles=bars, indicators=COUNCIL)
    last = await ask(client, "compute_indicators", candles=bars, indicators=COUNCIL, last=3)
    assert (whole["count"], last["count"], last["bars"]) == (720, 3, 720)
    assert last["timestamp_ms"] == bars["timestamp_ms"][-3:]
    for key, column in last["columns"].items():
        assert column == whole["columns"][key][-3:]
        assert last["warm_up_full"][key] and last["warm_up"][key] <= 720
    short = await ask(client, "compute_indicators", candles=candles(250), indicators=COUNCIL, last=999)
    assert short["count"] == 250
    assert short["warm_up_full"]["bollinger_20_2.upper"] and not short["warm_up_full"]["rsi_14"]
    rsi = await ask(client, "calculate_rsi", prices=bars["close"])
    assert rsi["value"] == last["columns"]["rsi_14"][-1]


@pytest.mark.parametrize(
    ("tool", "arguments", "reason"),
    [
        ("calculate_rsi", {"prices": [1.0] * 14}, "prices: rsi_14 needs at least 15 bars, 14 are given"),
        ("calculate_rsi", {"prices": [1.0, None, 2.0]}, "prices row 1: null is not a number"),
        ("calculate_rsi", {"prices": [1.0] * 30, "period": 1}, "rsi: period must be a whole number from 2"),
        (
            "calculate_rsi",
            {"prices": [1.0] * 30, "period": "14"},
            "rsi: period must be a whole number from 2",
        ),
        ("calculate_macd", {"prices": [1.0] * 99, "fast_period": 30}, "macd: fast_period 30 must be below"),
        ("calculate_ema", {"prices": [1.0, -1.0], "period": 2}, "prices row 1: -1 is no price"),
        ("calculate_bollinger_bands", {"prices": [1.0] * 30, "std_dev": 0}, "bollinger: std_dev must be"),
        ("calculate_adx", {"high": [2.0], "low": [3.0], "close": [2.0]}, "row 0: high is below low"),
        ("calculate_adx", {"high": [2.0], "low": [1.0], "close": [2.0]}, "high, low, close: adx_14 needs"),
        ("detect_patterns", {"candles": {"open": [1.0]}}, "candles: candles lack the column"),
        ("detect_patterns", {"candles": candles(5)}, "candles: abandoned_baby needs at least 13"),
        (
            "detect_patterns",
            {"candles": candles(50), "patterns": ["hamer"]},
            "patterns: unknown pattern 'hamer'",
        ),
        ("detect_patterns", {"candles": candles(50), "patterns": [["doji"]]}, "patterns[0] must be a text"),
        ("calculate_indicator", {"name": [], "candles": candles(50)}, "unknown indicator []"),
        ("calculate_indicator", {"name": "rsy", "candles": candles(50)}, "unknown indicator 'rsy'; did you"),
        (
            "calculate_indicator",
            {"name": "rsi", "candles": candles(50), "parameters": {"length": 3}},
            "rsi has no parameter 'length'",
        ),
        ("compute_indicators", {"candles": candles(50), "indicators": []}, "indicators must be a list"),
        (
            "compute_indicators",
            {"candles": candles(50), "indicators": [{"name": "x"}]},
            "indicators[0]: unkn",
        ),
        (
            "compute_indicators",
            {"candles": candles(50), "indicators": [{"name": "rsi"}, {"name": "rsi", "period": 3}]},
            "indicators[1]: unknown field 'period'",
        ),
        ("compute_indicators", {"candles": candles(50), "indicators": ["rsi"]}, "indicators[0]: each"),
        (
            "compute_indicators",
            {"candles": candles(50), "indicators": [{"name": "rsi"}], "last": 0},
            "last must be at least 1 row",
        ),
        (
            "compute_indicators",
            {"candles": candles(50), "indicators": [{"name": "ema", "parameters": {"period": 200}}]},
            "candles: ema_200 needs at least 200 bars, 50 are given",
        ),
    ],
)
async def test_bad_input_is_refused_in_one_line(
    client: Client, tool: str, arguments: dict[str, Any], reason: str
) -> None:
    assert (await refusal(client, tool, **arguments)).startswith(reason)


async def test_a_real_process_refuses_answers_fast_and_leaves_nothing_behind(market_data_dir: Path) -> None:
    table = pq.read_table(market_data_dir / "ohlcv" / "BITVAVO_ETH-EUR_1h_20211222_20231231.parquet")
    bars = {name: table[name].to_pylist()[:720] for name in table.column_names}
    others = set(psutil.Process().children(recursive=True))
    parameters = StdioServerParameters(command=sys.executable, args=["-m", "servers.technical_indicators"])
    async with Client(parameters) as client:
        reason = await refusal(client, "calculate_rsi", prices=[1.0] * 20 + [math.nan])
        assert reason == "prices row 20: null is not a number"
        answer = await ask(client, "compute_indicators", candles=bars, indicators=COUNCIL, last=1)
        assert all(math.isfinite(column[0]) for column in answer["columns"].values())
        bare = await median_ms(client, "calculate_ema", prices=[1, 2, 3], period=2)
        work = await median_ms(client, "compute_indicators", candles=bars, indicators=COUNCIL, last=1)
        assert work < 10 + 4 * bare
    assert set(psutil.Process().children(recursive=True)) <= others


async def median_ms(client: Client, tool: str, **arguments: Any) -> float:
    """Median time of a warm call in milliseconds."""
    times = []
    for _ in range(30):
        start = time.perf_counter()
        await ask(client, tool, **arguments)
        times.append((time.perf_counter() - start) * 1_000)
    return statistics.median(times)
