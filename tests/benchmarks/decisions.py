"""A decision through the real servers, for one symbol and for twenty, beside a bare call over stdio."""

import sys
import tempfile
import time
from pathlib import Path

from mcp import Client, StdioServerParameters

from cryptofunk_tui.domain.candles import COLUMNS, Candles
from cryptofunk_tui.domain.events import AnyEvent, CycleFinished
from cryptofunk_tui.orchestrator.engine import Engine
from cryptofunk_tui.orchestrator.feed import WINDOW_BARS, Feed
from cryptofunk_tui.settings import Settings
from tests.benchmarks.figures import BASELINE, line, percentile, spread

WARM = 30
BARS = 400
MANY = 20
MANY_BARS = 40
CALLS = 300


async def run() -> list[str]:
    bare = await _bare_calls()
    one = await _decisions(("BTC/USDT",), BARS)
    gaps = [(after - before) * 1000 for before, after in zip(one[WARM:], one[WARM + 1 :], strict=False)]
    many = await _decisions(tuple(f"C{index}/USDT" for index in range(MANY)), MANY_BARS)
    steady = many[5 * MANY :]
    rate = (len(steady) - 1) / (steady[-1] - steady[0]) * 60
    ratio = percentile(gaps, 0.5) / percentile(bare, 0.5)
    return [
        line("bare stdio call", spread(bare), BASELINE),
        line("one decision, warm", f"{spread(gaps)}, {ratio:.1f} bare calls", "p50 25 ms, p99 60 ms"),
        line(f"{MANY} symbols", f"{rate:,.0f} decisions a minute", "3,000"),
        line("market data from the cache", f"{_cache_read_us():.2f} µs", "1 ms"),
    ]


async def _bare_calls() -> list[float]:
    server = StdioServerParameters(command=sys.executable, args=["-m", "servers.technical_indicators"])
    arguments = {"prices": [100 + index % 7 for index in range(30)], "period": 5}
    took = []
    async with Client(server) as client:
        for _ in range(CALLS):
            started = time.perf_counter()
            await client.call_tool("calculate_ema", arguments)
            took.append((time.perf_counter() - started) * 1000)
    return took[WARM:]


async def _decisions(symbols: tuple[str, ...], bars: int) -> list[float]:
    """When each decision was finished, by the monotonic clock."""
    finished: list[float] = []

    def listen(event: AnyEvent) -> None:
        if isinstance(event, CycleFinished):
            finished.append(time.perf_counter())

    settings = Settings(market="simulated", symbols=symbols)
    with tempfile.TemporaryDirectory() as folder:
        await Engine(settings, Path(folder), listen, cycles=bars).run()
    return finished


def _cache_read_us() -> float:
    stamps = [bar * 3_600_000 for bar in range(WINDOW_BARS)]
    columns = {name: [1.0] * WINDOW_BARS for name in COLUMNS} | {"timestamp_ms": stamps}
    feed = Feed.__new__(Feed)
    feed._candles = {"BTC/USDT": Candles.from_columns("BTC/USDT", "1h", columns)}
    started = time.perf_counter()
    for _ in range(100_000):
        feed.candles("BTC/USDT")
    return (time.perf_counter() - started) * 10
