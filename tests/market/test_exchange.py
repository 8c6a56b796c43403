import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from cryptofunk_tui.domain.base import WallClock
from cryptofunk_tui.domain.sources import ExchangeConfig, NewsConfig
from cryptofunk_tui.market.exchange import ExchangeMarket, connect_first
from cryptofunk_tui.market.exchange_venue import NotTraded
from cryptofunk_tui.market.feeds import Feeds
from cryptofunk_tui.market.news import FearGreedIndex
from cryptofunk_tui.market.source import MarketError, Unreachable
from tests.market.scene import StandIn, stand_in

pytestmark = pytest.mark.anyio
NOW = datetime(2024, 1, 1, tzinfo=UTC)
DEAD = "http://127.0.0.1:9"
NO_FEEDS = Feeds(NewsConfig(feeds=()), None, (), WallClock())


async def connected(
    config: ExchangeConfig, *, venue: str | None = None, deadline_s: float = 5.0
) -> ExchangeMarket:
    return await connect_first(
        config,
        ("BTC/USDT", "ETH/USDT"),
        venue=venue,
        deadline_s=deadline_s,
        fear_greed=FearGreedIndex(f"{DEAD}/fng"),
        feeds=NO_FEEDS,
        clock=WallClock(),
    )


@pytest.fixture
async def market(binance: StandIn) -> AsyncIterator[ExchangeMarket]:
    # binanceus speaks the same protocol, so that one stand-in can be two venues.
    config = ExchangeConfig(
        venues=("binance", "binanceus"), base_urls={"binance": binance.url, "binanceus": binance.url}
    )
    opened = await connected(config)
    yield opened
    await opened.close()


async def test_the_moment_is_now_whatever_is_asked(market: ExchangeMarket) -> None:
    quote = await market.quote("BTC/USDT", NOW)
    assert abs((quote.at - datetime.now(UTC)).total_seconds()) < 5
    bars = await market.candles("BTC/USDT", "1h", until=NOW, limit=3)
    assert bars.timestamp_ms[0] > NOW.timestamp() * 1000
    assert (await market.order_book("BTC/USDT", 3, NOW)).venue == "binance"
    assert (await market.instrument("BTC/USDT")).min_notional == 5
    assert await market.headlines(("BTC/USDT",), 24, NOW) == ()
    assert await market.fear_greed(NOW) is None
    assert market.span() is None


async def test_quotes_of_all_venues_our_own_first(market: ExchangeMarket) -> None:
    quotes = await market.venue_quotes("BTC/USDT", None, NOW)
    assert [quote.venue for quote in quotes] == ["binance", "binanceus"]
    [other] = await market.venue_quotes("BTC/USDT", ("binanceus",), NOW)
    assert other.venue == "binanceus"
    with pytest.raises(MarketError, match="venue 'kraken' is not configured; there are binance, binanceus"):
        await market.venue_quotes("BTC/USDT", ("kraken",), NOW)


async def test_a_venue_that_fails_is_left_out(binance: StandIn) -> None:
    config = ExchangeConfig(
        venues=("binance", "binanceus"), base_urls={"binance": binance.url, "binanceus": DEAD}
    )
    market = await connected(config)
    try:
        quotes = await market.venue_quotes("BTC/USDT", None, NOW)
        assert [quote.venue for quote in quotes] == ["binance"]
        with pytest.raises(MarketError, match="no quote of BTC/USDT: binanceus cannot be reached"):
            await market.venue_quotes("BTC/USDT", ("binanceus",), NOW)
    finally:
        await market.close()


async def test_a_venue_that_hangs_costs_no_more_than_the_deadline(
    binance: StandIn, market: ExchangeMarket
) -> None:
    binance.break_path("/ticker/24hr", fault="hang")
    started = time.monotonic()
    with pytest.raises(MarketError, match=r"no venue answered within 2\.5 s"):
        await market.venue_quotes("BTC/USDT", None, NOW)
    assert time.monotonic() - started < 3.5


async def test_the_first_that_answers_is_home(binance: StandIn) -> None:
    config = ExchangeConfig(
        venues=("binanceus", "binance"), base_urls={"binanceus": DEAD, "binance": binance.url}
    )
    market = await connected(config)
    assert market.venue == "binance"
    await market.close()


async def test_one_that_hangs_does_not_keep_the_next_from_being_home(binance: StandIn) -> None:
    with stand_in() as stuck:
        stuck.break_path("*", fault="hang")
        config = ExchangeConfig(
            venues=("binanceus", "binance"), base_urls={"binanceus": stuck.url, "binance": binance.url}
        )
        market = await connected(config, deadline_s=3.0)
        assert market.venue == "binance"
        await market.close()


async def test_a_venue_that_answers_nonsense_is_passed_over(binance: StandIn) -> None:
    with stand_in() as confused:
        confused.break_path("/exchangeInfo", body="<html>")
        config = ExchangeConfig(
            venues=("binanceus", "binance"), base_urls={"binanceus": confused.url, "binance": binance.url}
        )
        market = await connected(config)
        assert market.venue == "binance"
        await market.close()


async def test_the_named_venue_or_none(binance: StandIn) -> None:
    config = ExchangeConfig(venues=("binance",), base_urls={"binance": binance.url, "binanceus": DEAD})
    with pytest.raises(Unreachable, match="binanceus cannot be reached"):
        await connected(config, venue="binanceus")


async def test_a_symbol_that_nobody_trades_is_named(binance: StandIn) -> None:
    with pytest.raises(NotTraded, match="DOGE/USDT is not traded on binance"):
        await connect_first(
            binance.config(),
            ("BTC/USDT", "DOGE/USDT"),
            venue=None,
            deadline_s=5.0,
            fear_greed=FearGreedIndex(DEAD),
            feeds=NO_FEEDS,
            clock=WallClock(),
        )
