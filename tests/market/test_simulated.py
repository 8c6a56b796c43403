from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptofunk_tui.domain.base import to_ms
from cryptofunk_tui.domain.candles import Candles
from cryptofunk_tui.market.simulated import SIMULATED_START, SimulatedMarket
from cryptofunk_tui.market.source import MarketError

pytestmark = pytest.mark.anyio
SYMBOLS = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT", "ADA/USDT")
HOUR = timedelta(hours=1)
MOMENTS = st.datetimes(datetime(2021, 12, 31), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


def market(seed: int = 7) -> SimulatedMarket:
    return SimulatedMarket(seed, SYMBOLS)


@settings(max_examples=15, deadline=None)
@given(
    MOMENTS,
    st.sampled_from(SYMBOLS),
    st.sampled_from(["1m", "15m", "1h", "4h", "1d", "1w"]),
    st.integers(1, 9),
)
async def test_any_window_at_any_time_is_valid_closed_and_repeatable(
    at: datetime, symbol: str, timeframe: str, limit: int
) -> None:
    source = market()
    bars = await source.candles(symbol, timeframe, until=at, limit=limit)
    assert len(bars) == limit
    assert (
        int(bars.close_ms[-1])
        <= to_ms(at)
        < int(bars.close_ms[-1]) + int(bars.close_ms[-1] - bars.timestamp_ms[-1])
    )
    Candles.from_columns(symbol, timeframe, bars.columns())
    again = await market().candles(symbol, timeframe, until=at, limit=limit)
    assert again.columns() == bars.columns()


@settings(max_examples=15, deadline=None)
@given(MOMENTS, st.sampled_from(SYMBOLS))
async def test_quotes_lie_around_the_minute_and_repeat(at: datetime, symbol: str) -> None:
    source = market()
    quote = await source.quote(symbol, at)
    minute = await source.candles(symbol, "1m", until=at + timedelta(minutes=1), limit=1)
    assert Decimal(repr(float(minute.low[0]))) <= quote.ask and quote.bid <= Decimal(
        repr(float(minute.high[0]))
    )
    assert (quote.ask - quote.bid) / quote.mid < Decimal("0.002")
    assert quote == await market().quote(symbol, at)
    book = await source.order_book(symbol, 5, at)
    assert (book.bids[0].price, book.asks[0].price) == (quote.bid, quote.ask)
    assert quote in await source.venue_quotes(symbol, None, at)


async def test_a_quote_at_a_bars_open_is_around_its_open() -> None:
    source = market()
    hour = await source.candles("BTC/USDT", "1h", until=SIMULATED_START + HOUR, limit=1)
    quote = await source.quote("BTC/USDT", SIMULATED_START)
    assert quote.last == Decimal(repr(float(hour.open[0])))
    assert quote.bid < quote.last < quote.ask


async def test_since_and_forming() -> None:
    source = market()
    now = SIMULATED_START + timedelta(minutes=90, seconds=30)
    since = to_ms(SIMULATED_START - HOUR)
    closed = await source.candles("BTC/USDT", "1h", until=now, since_ms=since)
    assert closed.timestamp_ms.tolist() == [since, since + 3_600_000]
    forming = await source.candles("BTC/USDT", "1h", until=now, since_ms=since, forming=True)
    assert forming.timestamp_ms.tolist() == [since, since + 3_600_000, since + 7_200_000]
    half = await source.candles("BTC/USDT", "30m", until=now, limit=1)
    assert (forming.open[2], forming.close[2], forming.high[2]) == (half.open[0], half.close[0], half.high[0])
    newest = await source.candles("BTC/USDT", "1h", until=now, limit=2, forming=True)
    assert newest.columns() == forming.rows(1).columns()
    first = await source.candles("BTC/USDT", "1h", until=now, since_ms=since, limit=1, forming=True)
    assert first.timestamp_ms.tolist() == [since]
    at_close = await source.candles("BTC/USDT", "1h", until=SIMULATED_START, limit=1, forming=True)
    assert at_close.timestamp_ms.tolist() == [since]
    later = await source.candles("BTC/USDT", "1h", until=now, since_ms=to_ms(now) + 10**12, forming=True)
    assert len(later) == 0


async def test_history_reaches_back_to_2019_and_no_further() -> None:
    source = market()
    assert datetime(2025, 1, 1, tzinfo=UTC) == SIMULATED_START
    assert SIMULATED_START - datetime(2019, 1, 1, tzinfo=UTC) > timedelta(days=3 * 365)
    oldest = await source.candles("BTC/USDT", "1h", until=datetime(2019, 1, 9, tzinfo=UTC), limit=20_000)
    assert oldest.timestamp_ms[0] == to_ms(datetime(2019, 1, 1, tzinfo=UTC))
    assert len(oldest) == 8 * 24
    for outside in (datetime(2018, 12, 31, tzinfo=UTC), datetime(2040, 1, 1, tzinfo=UTC)):
        with pytest.raises(MarketError, match="runs from 2019-01-01 to 2040-01-01"):
            await source.quote("BTC/USDT", outside)
    last = datetime(2039, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert (await source.candles("BTC/USDT", "1h", until=last, limit=2, forming=True)).timestamp_ms.size == 2


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"limit": 0}, "limit is 0"),
        ({"limit": 20_001}, "limit is 20001"),
        ({"since_ms": -1}, "since is -1"),
        ({"timeframe": "1s"}, "unknown timeframe"),
        ({"symbol": "btc"}, "BASE/QUOTE"),
    ],
)
async def test_bad_questions_are_refused(arguments: dict[str, object], told: str) -> None:
    asked = {"symbol": "BTC/USDT", "timeframe": "1h", **arguments}
    with pytest.raises(MarketError, match=told):
        await market().candles(**asked, until=SIMULATED_START)  # type: ignore[arg-type]


async def test_bad_depths_venues_and_hours_are_refused() -> None:
    source = market()
    with pytest.raises(MarketError, match="depth is 201"):
        await source.order_book("BTC/USDT", 201, SIMULATED_START)
    with pytest.raises(MarketError, match="venue 'binance' is not simulated"):
        await source.venue_quotes("BTC/USDT", ("binance",), SIMULATED_START)
    with pytest.raises(MarketError, match="hours is -1"):
        await source.headlines(SYMBOLS, -1, SIMULATED_START)


async def test_news() -> None:
    source = market()
    news = await source.headlines(SYMBOLS, 24, SIMULATED_START)
    assert news == tuple(sorted(news, key=lambda each: each.at, reverse=True))
    assert {symbol for each in news for symbol in each.symbols} <= set(SYMBOLS)
    assert all(SIMULATED_START - timedelta(hours=24) < each.at <= SIMULATED_START for each in news)
    assert len(news) > 3
    index = await source.fear_greed(SIMULATED_START)
    assert index is not None
    assert 0 < index.value < 100


async def test_steps_fit_the_quotes() -> None:
    source = market()
    for symbol in (*SYMBOLS, "DOGE/USDT"):
        instrument, quote = await source.instrument(symbol), await source.quote(symbol, SIMULATED_START)
        assert quote.bid % instrument.price_step == quote.ask % instrument.price_step == 0
        assert instrument.quantity_step * quote.ask < instrument.min_notional
