import time
from decimal import Decimal
from pathlib import Path

import pytest

from cryptofunk_tui.domain.sources import ExchangeConfig, NewsConfig, RecordedConfig, SimulatedConfig
from cryptofunk_tui.market.open import FALLEN_NOTICE, SIMULATED_NOTICE, Kind, OpenedSource, open_source
from cryptofunk_tui.market.simulated import SIMULATED_START
from cryptofunk_tui.market.source import MarketError, MarketSource
from tests.market.scene import StandIn
from tests.market.test_files import GOOD_ROW, write_csv

pytestmark = pytest.mark.anyio
DEAD = ExchangeConfig(venues=("binance",), base_urls={"binance": "http://127.0.0.1:9"})


async def opened(
    kind: Kind,
    *,
    exchange: ExchangeConfig = DEAD,
    candles: tuple[str, ...] = (),
    symbols: tuple[str, ...] = ("BTC/USDT",),
    timeframe: str = "1h",
    paper: bool = True,
) -> OpenedSource:
    return await open_source(
        kind,
        venue=None,
        symbols=symbols,
        timeframe=timeframe,
        spread=Decimal("0.0005"),
        exchange=exchange,
        recorded=RecordedConfig(candles=candles),
        simulated=SimulatedConfig(seed=3),
        news=NewsConfig(fear_greed_url="http://127.0.0.1:9/"),
        paper=paper,
    )


def kind_of(source: MarketSource) -> tuple[str, str, str]:
    return source.kind, source.venue, source.resolution


async def test_simulated_says_so() -> None:
    market = await opened("simulated")
    assert kind_of(market.source) == ("simulated", "simulated", "1m")
    assert market.notice == SIMULATED_NOTICE


async def test_recorded(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "x_BTC-EUR_1h.csv", GOOD_ROW)
    market = await opened("recorded", candles=(str(path),))
    assert kind_of(market.source) == ("recorded", "recorded", "1h")
    assert market.notice is None
    with pytest.raises(MarketError, match="bars of 15m cannot be made of 1h bars"):
        await opened("recorded", candles=(str(path),), timeframe="15m")


async def test_auto_is_the_exchange_that_answers(binance: StandIn) -> None:
    market = await opened("auto", exchange=binance.config())
    assert kind_of(market.source) == ("exchange", "binance", "1m")
    assert market.notice is None
    await market.source.close()


async def test_auto_falls_to_simulated_and_never_back() -> None:
    started = time.monotonic()
    market = await opened("auto")
    assert time.monotonic() - started < 3
    assert kind_of(market.source)[0] == "simulated"
    assert market.notice == FALLEN_NOTICE
    assert (await market.source.quote("BTC/USDT", SIMULATED_START)).venue == "simulated"


@pytest.mark.parametrize("path", ["*", "/exchangeInfo"])
async def test_auto_falls_within_three_seconds_of_an_exchange_that_hangs(binance: StandIn, path: str) -> None:
    binance.break_path(path, fault="hang")
    started = time.monotonic()
    market = await opened("auto", exchange=binance.config())
    assert time.monotonic() - started < 3
    assert market.notice == FALLEN_NOTICE


@pytest.mark.parametrize("fault", [{"fault": "429"}, {"fault": "500"}, {"body": "<html>"}, {"body": "{}"}])
async def test_auto_falls_from_an_exchange_that_is_of_no_use(binance: StandIn, fault: dict[str, str]) -> None:
    binance.break_path("*", **fault)
    assert (await opened("auto", exchange=binance.config())).notice == FALLEN_NOTICE


async def test_a_symbol_that_no_exchange_trades_is_an_error_not_a_simulation(binance: StandIn) -> None:
    with pytest.raises(MarketError, match="BTX/USDT is not traded on binance"):
        await opened("auto", exchange=binance.config(), symbols=("BTX/USDT",))


@pytest.mark.parametrize(("kind", "paper"), [("exchange", True), ("auto", False)])
async def test_who_asked_for_an_exchange_never_gets_a_simulation(kind: Kind, paper: bool) -> None:
    with pytest.raises(MarketError, match="no exchange could be reached: binance cannot be reached"):
        await opened(kind, paper=paper)
