import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cryptofunk_tui.domain.base import WallClock
from cryptofunk_tui.domain.candles import Candles
from cryptofunk_tui.market.exchange_venue import ExchangeVenue, NotTraded
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.market.venue_clients import venue_client
from tests.market.scene import HOUR_MS, StandIn

pytestmark = pytest.mark.anyio
SYMBOLS = ("BTC/USDT", "ETH/USDT")


@pytest.fixture
async def venue(binance: StandIn) -> AsyncIterator[ExchangeVenue]:
    made = ExchangeVenue(venue_client("binance", binance.url), WallClock())
    await made.load(SYMBOLS)
    yield made
    await made.close()


async def test_closed_bars_and_the_forming_one(venue: ExchangeVenue) -> None:
    closed = await venue.candles("BTC/USDT", "1h", 5, None, False)
    now = venue.now_ms()
    assert len(closed) == 5
    assert closed.close_ms[-1] <= now < closed.close_ms[-1] + HOUR_MS
    forming = await venue.candles("BTC/USDT", "1h", 5, None, True)
    assert len(forming) == 5
    assert forming.timestamp_ms[-1] <= now < forming.close_ms[-1]
    Candles.from_columns("BTC/USDT", "1h", closed.columns())


async def test_more_bars_than_the_venue_gives_at_once(venue: ExchangeVenue, binance: StandIn) -> None:
    before = len(binance.seen())
    bars = await venue.candles("BTC/USDT", "1h", 2500, None, False)
    assert len(bars) == 2500
    assert set((bars.timestamp_ms[1:] - bars.timestamp_ms[:-1]).tolist()) == {HOUR_MS}
    assert len([path for path in binance.seen()[before:] if path.startswith("/klines")]) == 3


async def test_bars_since_a_moment(venue: ExchangeVenue) -> None:
    since = venue.now_ms() // HOUR_MS * HOUR_MS - 4 * HOUR_MS
    bars = await venue.candles("BTC/USDT", "1h", 500, since - 1, False)
    assert bars.timestamp_ms.tolist() == [since + i * HOUR_MS for i in range(4)]
    assert len(await venue.candles("BTC/USDT", "1h", 2, since, False)) == 2
    assert len(await venue.candles("BTC/USDT", "1h", 2, since + 90 * HOUR_MS, True)) == 0


async def test_quotes_and_books_are_exact_decimals(venue: ExchangeVenue) -> None:
    quote = await venue.quote("BTC/USDT")
    assert quote.bid < quote.last < quote.ask
    assert abs((datetime.now(UTC) - quote.at).total_seconds()) < 5
    book = await venue.order_book("BTC/USDT", 7)
    assert (len(book.bids), len(book.asks)) == (7, 7)
    assert book.bids[0].quantity == Decimal("0.1")
    assert book.bids[0].price > book.bids[-1].price
    assert book.asks[0].price < book.asks[-1].price


async def test_a_ticker_without_prices_falls_back_to_the_book(venue: ExchangeVenue, binance: StandIn) -> None:
    binance.break_path("/ticker/24hr", body='{"symbol": "BTCUSDT", "lastPrice": "60000"}')
    quote = await venue.quote("BTC/USDT")
    assert quote.bid < quote.ask
    assert quote.last == 60_000


async def test_steps_and_least_notional(venue: ExchangeVenue) -> None:
    instrument = venue.instrument("BTC/USDT")
    assert instrument.price_step == Decimal("0.0001")
    assert instrument.quantity_step == Decimal("0.00001")
    assert instrument.min_notional == 5


async def test_a_bar_that_cannot_be_true_is_refused_with_its_row(
    venue: ExchangeVenue, binance: StandIn
) -> None:
    binance.break_path("/klines", fault="high")
    with pytest.raises(MarketError, match="binance: BTC/USDT 1h bars are refused: row 2: high is below low"):
        await venue.candles("BTC/USDT", "1h", 5, None, False)


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ({"fault": "429"}, "too many requests"),
        ({"fault": "500"}, "cannot be reached"),
        ({"body": "<html>maintenance</html>"}, "binance"),
        ({"body": "[]"}, "binance"),
        ({"body": '{"bids": [["1", "1"]], "asks": [["0.5", "1"]]}'}, "crossed"),
        ({"body": '{"bids": [["nan", "1"]], "asks": []}'}, "binance"),
        (
            {"body": '{"code": -1000, "msg": "see https://api.binance.com/api?signature=secret"}'},
            "answered with an error",
        ),
    ],
)
async def test_failures_are_one_line_without_an_address(
    venue: ExchangeVenue, binance: StandIn, fault: dict[str, str], told: str
) -> None:
    binance.break_path("/depth", **fault)
    with pytest.raises(MarketError, match=told) as refused:
        await venue.order_book("BTC/USDT", 5)
    assert "http" not in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "body", ["<html>", "{}", "[[1]]", '[["x", "y"]]', "[null]", '[[1.5, "1", "1", "1", "1", "1"]]']
)
async def test_garbage_candles_are_no_candles(venue: ExchangeVenue, binance: StandIn, body: str) -> None:
    binance.break_path("/klines", body=body)
    with pytest.raises(MarketError, match="binance"):
        await venue.candles("BTC/USDT", "1h", 5, None, False)


async def test_crossed_tickers_are_refused(venue: ExchangeVenue, binance: StandIn) -> None:
    ticker = {
        "symbol": "BTCUSDT",
        "bidPrice": "2",
        "askPrice": "1",
        "lastPrice": "1",
        "closeTime": 1_700_000_000_000,
    }
    binance.break_path("/ticker/24hr", body=json.dumps(ticker))
    with pytest.raises(MarketError, match=r"bid 2\.0 and ask 1\.0 are crossed"):
        await venue.quote("BTC/USDT")


async def test_unknown_symbols_and_timeframes_are_named(venue: ExchangeVenue) -> None:
    with pytest.raises(NotTraded, match="DOGE/USDT is not traded on binance"):
        await venue.quote("DOGE/USDT")
    with pytest.raises(MarketError, match="binance has no 7m bars; it has 1s, 1m"):
        await venue.candles("BTC/USDT", "7m", 5, None, False)
    with pytest.raises(MarketError, match="limit is 10001"):
        await venue.candles("BTC/USDT", "1h", 10_001, None, False)


async def test_loading_names_the_symbol_that_is_missing(binance: StandIn) -> None:
    made = ExchangeVenue(venue_client("binance", binance.url), WallClock())
    try:
        with pytest.raises(NotTraded, match="DOGE/USDT is not traded on binance"):
            await made.load(("BTC/USDT", "DOGE/USDT"))
    finally:
        await made.close()
