from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.market.recorded import RecordedMarket
from cryptofunk_tui.market.source import MarketError
from tests.market.scene import HOUR_MS, START_MS, candles, hours

pytestmark = pytest.mark.anyio
SPREAD = Decimal("0.0005")


def market(*closes: float, spread: Decimal = SPREAD, skip: tuple[int, ...] = ()) -> RecordedMarket:
    return RecordedMarket([candles(closes, skip=skip)], spread)


async def test_candles_closed_by_a_moment() -> None:
    source = market(1, 2, 3, 4, 5)
    known = await source.candles("BTC/EUR", "1h", until=hours(3))
    assert known.close.tolist() == [1, 2, 3]
    known = await source.candles("BTC/EUR", "1h", until=hours(3) - timedelta(milliseconds=1))
    assert known.close.tolist() == [1, 2]
    known = await source.candles("BTC/EUR", "1h", until=hours(5), limit=2)
    assert known.close.tolist() == [4, 5]
    known = await source.candles("BTC/EUR", "1h", until=hours(5), since_ms=START_MS + HOUR_MS, limit=2)
    assert known.close.tolist() == [2, 3]


async def test_coarser_bars_appear_when_their_last_part_closed() -> None:
    source = market(*range(1, 13), skip=(5,))
    assert (await source.candles("BTC/EUR", "4h", until=hours(7))).close.tolist() == [4]
    assert (await source.candles("BTC/EUR", "4h", until=hours(8))).close.tolist() == [4, 8]


async def test_the_forming_bar_is_made_of_what_closed() -> None:
    source = market(*range(1, 13))
    bars = await source.candles("BTC/EUR", "4h", until=hours(6.5), forming=True)
    assert bars.close.tolist() == [4, 6]
    assert bars.timestamp_ms.tolist() == [START_MS, START_MS + 4 * HOUR_MS]
    finest = await source.candles("BTC/EUR", "1h", until=hours(6.5), forming=True)
    assert finest.close.tolist() == [1, 2, 3, 4, 5, 6]


async def test_gaps_stay_gaps() -> None:
    source = market(1, 2, 3, 4, 5, skip=(2, 3))
    bars = await source.candles("BTC/EUR", "1h", until=hours(5))
    assert bars.timestamp_ms.tolist() == [START_MS, START_MS + HOUR_MS, START_MS + 4 * HOUR_MS]


async def test_a_quote_is_the_next_open_with_half_the_spread_on_either_side() -> None:
    source = market(100, 200, 300, spread=Decimal("0.001"))
    quote = await source.quote("BTC/EUR", hours(1))
    assert (quote.bid, quote.ask, quote.last) == (Decimal("99.95"), Decimal("100.05"), Decimal(100))
    assert quote.at == hours(1)
    between = await source.quote("BTC/EUR", hours(1.5))
    assert between.last == 200
    at_the_end = await source.quote("BTC/EUR", hours(3))
    assert at_the_end.last == 300


async def test_a_quote_in_a_gap_is_the_open_after_it() -> None:
    source = market(1, 2, 3, 4, 5, skip=(2, 3))
    assert (await source.quote("BTC/EUR", hours(2))).last == 4


async def test_no_price_before_the_recording() -> None:
    with pytest.raises(MarketError, match="recorded from 2024-03-01T00:00:00"):
        await market(1).quote("BTC/EUR", hours(-1))


@given(
    st.decimals(min_value="0.00001", max_value=200_000, places=5),
    st.decimals(min_value=0, max_value="0.01", places=4),
)
async def test_quotes_are_ordered_exact_and_close(price: Decimal, spread: Decimal) -> None:
    source = market(float(price), spread=spread)
    quote = await source.quote("BTC/EUR", hours(0))
    step = (await source.instrument("BTC/EUR")).price_step
    assert quote.last == price
    assert quote.bid <= quote.last <= quote.ask
    assert quote.bid % step == quote.ask % step == 0
    assert quote.last * (1 - spread / 2) - quote.bid < step
    assert quote.ask - quote.last * (1 + spread / 2) < step


async def test_no_spread_is_no_spread() -> None:
    quote = await market(38468.123, spread=Decimal(0)).quote("BTC/EUR", hours(0))
    assert quote.bid == quote.ask == quote.last == Decimal("38468.123")


async def test_what_candles_cannot_tell_is_refused_or_empty() -> None:
    source = market(1, 2)
    with pytest.raises(MarketError, match="no order book"):
        await source.order_book("BTC/EUR", 5, hours(1))
    with pytest.raises(MarketError, match="no other venue"):
        await source.venue_quotes("BTC/EUR", None, hours(1))
    assert await source.headlines(("BTC/EUR",), 24, hours(1)) == ()
    assert await source.fear_greed(hours(1)) is None
    with pytest.raises(MarketError, match=r"ETH/EUR is not recorded; there are BTC/EUR"):
        await source.quote("ETH/EUR", hours(1))
    with pytest.raises(MarketError, match="bars of 1m cannot be made"):
        await source.candles("BTC/EUR", "1m", until=hours(1))
    with pytest.raises(MarketError, match="limit is 0"):
        await source.candles("BTC/EUR", "1h", until=hours(1), limit=0)


def test_recordings_must_fit_together() -> None:
    hourly, minutes = candles([1, 2]), candles([1, 2], symbol="ETH/EUR", timeframe="1m")
    with pytest.raises(MarketError, match="mix the timeframes 1m, 1h"):
        RecordedMarket([hourly, minutes], SPREAD)
    with pytest.raises(MarketError, match="BTC/EUR is recorded twice"):
        RecordedMarket([hourly, hourly], SPREAD)
    with pytest.raises(MarketError, match="name a file with --candles"):
        RecordedMarket([], SPREAD)


def test_the_span_is_what_all_symbols_share() -> None:
    first = candles([1, 2, 3, 4], skip=(0,))
    second = candles([1, 2, 3], symbol="ETH/EUR")
    assert RecordedMarket([first, second], SPREAD).span() == (hours(1), hours(3))
    with pytest.raises(MarketError, match="share no time"):
        RecordedMarket([first.rows(2), second.rows(0, 1)], SPREAD).span()


async def test_real_recordings(market_data_dir: Path) -> None:
    files = sorted(str(path) for path in (market_data_dir / "ohlcv").glob("BITVAVO*"))
    source = RecordedMarket.read(files, SPREAD)
    assert source.symbols == ("BTC/EUR", "ETH/EUR", "XRP/EUR")
    span = source.span()
    assert span is not None
    bars = await source.candles("XRP/EUR", "1h", until=span[1], limit=1_000_000)
    assert len(bars) == 17_706
    in_gap = await source.candles("BTC/EUR", "1h", until=span[1], since_ms=1_690_070_400_000, limit=24)
    assert int(max(in_gap.timestamp_ms[1:] - in_gap.timestamp_ms[:-1])) == 7 * HOUR_MS
