import json
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from mcp import Client, StdioServerParameters

from cryptofunk_tui.domain.base import to_ms
from cryptofunk_tui.domain.candles import Candles
from cryptofunk_tui.domain.market import Instrument, OrderBook, Quote
from cryptofunk_tui.market.open import FALLEN_NOTICE, SIMULATED_NOTICE
from cryptofunk_tui.market.simulated import SIMULATED_START
from tests.market.scene import HOUR_MS, START_MS, stand_in
from tests.market.test_files import GOOD_ROW, write_csv

pytestmark = pytest.mark.anyio
DEAD = "http://127.0.0.1:9"
SYMBOLS = ["BTC/USDT", "ETH/USDT"]


class Server:
    """A market_data process and its client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def call(self, tool: str, **arguments: Any) -> Any:
        result = await self._client.call_tool(tool, arguments)
        text = result.content[0].text  # type: ignore[union-attr]
        assert not result.is_error, text
        return json.loads(text)

    async def refusal(self, tool: str, **arguments: Any) -> str:
        result = await self._client.call_tool(tool, arguments)
        text: str = result.content[0].text  # type: ignore[union-attr]
        assert result.is_error, text
        assert "\n" not in text
        return text


@asynccontextmanager
async def served(folder: Path, **config: Any) -> AsyncIterator[Server]:
    path = folder / "run.yaml"
    path.write_text(yaml.safe_dump({"news": {"fear_greed_url": DEAD}, **config}))
    parameters = StdioServerParameters(
        command=sys.executable,
        args=["-P", "-m", "servers.market_data"],
        env={"CRYPTOFUNK_CONFIG": str(path), "CRYPTOFUNK_STATE_DIR": str(folder)},
    )
    async with Client(parameters, read_timeout_seconds=20) as client:
        yield Server(client)


async def test_a_simulated_market_through_all_tools(tmp_path: Path) -> None:
    async with served(tmp_path, market="simulated", symbols=SYMBOLS) as server:
        facts = await server.call("describe_market")
        assert facts == {
            "kind": "simulated",
            "venue": "simulated",
            "symbols": SYMBOLS,
            "timeframe": "1h",
            "resolution": "1m",
            "has_book": True,
            "has_venue_quotes": True,
            "has_news": True,
            "notice": SIMULATED_NOTICE,
            "span_ms": None,
        }
        answer = await server.call("get_candles", symbol="BTC/USDT")
        bars = Candles.from_columns("BTC/USDT", answer["timeframe"], answer["candles"])
        assert (len(bars), answer["count"], answer["forming"]) == (500, 500, False)
        assert bars.close_ms[-1] == to_ms(SIMULATED_START)

        at = "2025-01-01T01:30:00Z"
        answer = await server.call("get_candles", symbol="BTC/USDT", at=at, limit=2, forming=True)
        assert answer["forming"]
        assert answer["candles"]["timestamp_ms"][-1] == to_ms(SIMULATED_START) + HOUR_MS
        since = await server.call("get_candles", symbol="BTC/USDT", at=at, since=to_ms(SIMULATED_START))
        assert since["candles"]["timestamp_ms"] == [to_ms(SIMULATED_START)]

        quote = Quote.model_validate(await server.call("get_quote", symbol="BTC/USDT", at=at))
        in_ms = await server.call(
            "get_quote", symbol="BTC/USDT", at=to_ms(SIMULATED_START) + HOUR_MS * 3 // 2
        )
        assert Quote.model_validate(in_ms) == quote
        book = OrderBook.model_validate(
            await server.call("get_order_book", symbol="BTC/USDT", depth=5, at=at)
        )
        assert (len(book.bids), book.bids[0].price, book.asks[0].price) == (5, quote.bid, quote.ask)
        venues = (await server.call("get_venue_quotes", symbol="BTC/USDT", at=at))["quotes"]
        assert Quote.model_validate(venues[0]) == quote
        assert len(venues) == 3
        named = await server.call("get_venue_quotes", symbol="BTC/USDT", venues=["simulated-east"], at=at)
        assert named["quotes"] == [venues[1]]
        assert (await server.call("get_headlines", hours=48, at=at))["count"] > 0
        assert 0 < (await server.call("get_fear_greed", at=at))["value"] < 100
        instrument = Instrument.model_validate(await server.call("get_instrument", symbol="BTC/USDT"))
        assert quote.bid % instrument.price_step == 0


async def test_bad_arguments_are_refused_by_name_in_one_line(tmp_path: Path) -> None:
    async with served(tmp_path, market="simulated", symbols=SYMBOLS) as server:
        for arguments, told in (
            ({"symbol": "btc"}, "BASE/QUOTE"),
            ({"symbol": 7}, "symbol must be a text, not 7"),
            ({"symbol": "BTC/USDT", "limit": "x"}, "limit must be a whole number, not 'x'"),
            ({"symbol": "BTC/USDT", "limit": True}, "limit must be a whole number"),
            ({"symbol": "BTC/USDT", "limit": 10_001}, "limit is 10001; it must be from 1 to 10000"),
            ({"symbol": "BTC/USDT", "since": -1}, "since is -1"),
            ({"symbol": "BTC/USDT", "since": 10**30}, "since is"),
            ({"symbol": "BTC/USDT", "timeframe": "1s"}, "unknown timeframe '1s'"),
            ({"symbol": "BTC/USDT", "forming": "yes"}, "forming must be true or false"),
            ({"symbol": "BTC/USDT", "at": "soon"}, "at 'soon' is no time"),
            ({"symbol": "BTC/USDT", "at": "2025-01-01T00:00:00"}, "has no zone"),
            ({"symbol": "BTC/USDT", "at": 10**18}, "is no time"),
            ({"symbol": "BTC/USDT", "at": 0}, "is outside"),
            ({"symbol": "BTC/USDT", "at": [1]}, "is no time"),
        ):
            assert told in await server.refusal("get_candles", **arguments)
        assert "depth is 0" in await server.refusal("get_order_book", symbol="BTC/USDT", depth=0)
        assert "venues must be a list" in await server.refusal(
            "get_venue_quotes", symbol="BTC/USDT", venues="x"
        )
        assert "symbols[0] must be a text" in await server.refusal("get_headlines", symbols=[1])
        assert "hours must be a finite number" in await server.refusal("get_headlines", hours="x")
        assert await server.call("get_quote", symbol="BTC/USDT")


async def test_a_recorded_market(tmp_path: Path) -> None:
    rows = (GOOD_ROW, f"{START_MS + HOUR_MS},10.5,12,10,11,4")
    path = write_csv(tmp_path / "x_BTC-EUR_1h_.csv", *rows)
    config = {"market": "recorded", "symbols": ["BTC/EUR"], "recorded": {"candles": [str(path)]}}
    async with served(tmp_path, **config) as server:
        facts = await server.call("describe_market")
        assert facts["span_ms"] == [START_MS, START_MS + 2 * HOUR_MS]
        assert (facts["kind"], facts["resolution"], facts["has_book"]) == ("recorded", "1h", False)
        assert (await server.call("get_candles", symbol="BTC/EUR"))["candles"]["close"] == [10.5, 11]
        quote = await server.call("get_quote", symbol="BTC/EUR", at=START_MS + HOUR_MS)
        assert (quote["bid"], quote["last"], quote["ask"]) == ("10.497375", "10.5", "10.502625")
        assert "no order book" in await server.refusal("get_order_book", symbol="BTC/EUR")
        assert "ETH/EUR is not recorded" in await server.refusal("get_quote", symbol="ETH/EUR")
        assert await server.call("get_fear_greed") == {"value": None, "classification": None, "at": None}


async def test_a_defective_file_is_refused_with_its_row_and_can_be_mended(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "x_BTC-EUR_1h_.csv", GOOD_ROW, f"{START_MS + HOUR_MS},10.5,10,11,10,4")
    config = {"market": "recorded", "symbols": ["BTC/EUR"], "recorded": {"candles": [str(path)]}}
    async with served(tmp_path, **config) as server:
        refused = await server.refusal("describe_market")
        assert f"{path}: row 1: high is below low" in refused
        write_csv(path, GOOD_ROW)
        assert (await server.call("describe_market"))["kind"] == "recorded"


async def test_a_live_exchange_and_its_faults(tmp_path: Path) -> None:
    with stand_in() as binance:
        exchange = {"venues": ["binance"], "base_urls": {"binance": binance.url}}
        async with served(tmp_path, market="auto", symbols=SYMBOLS, exchange=exchange) as server:
            facts = await server.call("describe_market")
            assert (facts["kind"], facts["venue"], facts["notice"]) == ("exchange", "binance", None)
            answer = await server.call("get_candles", symbol="ETH/USDT", limit=3, forming=True)
            assert answer["forming"]
            assert (answer["candles"]["timestamp_ms"][-1] + HOUR_MS) / 1000 > time.time()
            assert Quote.model_validate(await server.call("get_quote", symbol="ETH/USDT")).venue == "binance"
            binance.break_path("*", fault="429")
            assert "too many requests" in await server.refusal("get_quote", symbol="ETH/USDT")
            binance.break_path("*", fault="500")
            assert "binance cannot be reached" in await server.refusal("get_quote", symbol="ETH/USDT")
            binance.mend()
            assert await server.call("get_quote", symbol="ETH/USDT")


async def test_without_an_exchange_auto_is_simulated_within_three_seconds(tmp_path: Path) -> None:
    exchange = {"venues": ["binance"], "base_urls": {"binance": DEAD}}
    async with served(tmp_path, market="auto", symbols=SYMBOLS, exchange=exchange) as server:
        started = time.monotonic()
        facts = await server.call("describe_market")
        assert time.monotonic() - started < 3
        assert (facts["kind"], facts["notice"]) == ("simulated", FALLEN_NOTICE)
        assert (await server.call("get_quote", symbol="BTC/USDT"))["venue"] == "simulated"
    async with served(tmp_path, market="exchange", symbols=SYMBOLS, exchange=exchange) as server:
        assert "no exchange could be reached: binance cannot be reached" in await server.refusal(
            "describe_market"
        )
