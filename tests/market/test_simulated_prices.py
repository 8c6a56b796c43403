import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptofunk_tui.domain.candles import COLUMNS, Candles
from cryptofunk_tui.market.bars import aggregate
from cryptofunk_tui.market.simulated_prices import (
    DAY_MS,
    END_DAY,
    EPOCH_DAY,
    MINUTE_MS,
    START_DAY,
    Tape,
    market_walk,
    profile,
)

SYMBOLS = st.sampled_from(["BTC/USDT", "ETH/EUR", "SOL/USDT", "XRP/USDT", "ADA/USDT", "DOGE/USDT", "ETH/BTC"])
DAYS = st.integers(EPOCH_DAY, END_DAY - 4)
MARKET = market_walk(7)


def same(left: Candles, right: Candles) -> bool:
    return all(np.array_equal(getattr(left, name), getattr(right, name)) for name in COLUMNS)


@settings(max_examples=15, deadline=None)
@given(SYMBOLS, DAYS, st.integers(0, 1439), st.integers(1, 3 * 1440))
def test_a_bar_depends_on_its_time_alone(symbol: str, day: int, minute: int, count: int) -> None:
    begin = day * DAY_MS + minute * MINUTE_MS
    end = min(begin + count * MINUTE_MS, (day + 4) * DAY_MS)
    wide = Tape(7, symbol, MARKET).minutes(day * DAY_MS, (day + 4) * DAY_MS)
    narrow = Tape(7, symbol, MARKET).minutes(begin, end)
    assert len(narrow) == (end - begin) // MINUTE_MS
    assert same(narrow, wide.rows(minute, minute + len(narrow)))


@settings(max_examples=15, deadline=None)
@given(SYMBOLS, DAYS, st.integers(0, 2**32))
def test_every_bar_is_valid_and_opens_at_the_last_close(symbol: str, day: int, seed: int) -> None:
    bars = Tape(seed, symbol, market_walk(seed)).minutes(day * DAY_MS, (day + 2) * DAY_MS)
    Candles.from_columns(symbol, "1m", bars.columns())
    assert np.array_equal(bars.open[1:], bars.close[:-1])
    assert len(bars) == 2 * 1440


@settings(max_examples=10, deadline=None)
@given(SYMBOLS, DAYS)
def test_an_hour_is_its_sixty_minutes(symbol: str, day: int) -> None:
    tape = Tape(7, symbol, MARKET)
    minutes = tape.minutes(day * DAY_MS, (day + 1) * DAY_MS)
    assert same(tape.hours(day * DAY_MS, (day + 1) * DAY_MS), aggregate(minutes, "1h"))


def test_known_symbols_start_at_their_price() -> None:
    for symbol, price in {"BTC/USDT": 94_000.0, "ADA/EUR": 0.85}.items():
        assert Tape(3, symbol, market_walk(3)).price(START_DAY * DAY_MS) == price


def test_prices_go_straight_through_a_minute() -> None:
    tape = Tape(7, "BTC/USDT", MARKET)
    bar = tape.minutes(START_DAY * DAY_MS, START_DAY * DAY_MS + MINUTE_MS)
    half = tape.price(START_DAY * DAY_MS + MINUTE_MS // 2)
    assert half == pytest.approx((bar.open[0] + bar.close[0]) / 2)


def test_assets_move_together_and_volatility_clusters() -> None:
    begin, end = (START_DAY - 200) * DAY_MS, START_DAY * DAY_MS
    moves = [
        np.diff(np.log(Tape(7, symbol, MARKET).hours(begin, end).close))
        for symbol in ("BTC/USDT", "ETH/USDT", "SOL/USDT")
    ]
    together = np.corrcoef(moves)
    assert together[np.triu_indices(3, 1)].min() > 0.4
    assert together[np.triu_indices(3, 1)].max() < 0.95
    sizes = np.abs(moves[0])
    assert np.corrcoef(sizes[1:], sizes[:-1])[0, 1] > 0.15
    assert 0.01 < moves[0].std() * np.sqrt(24) < 0.06


def test_seeds_make_other_markets() -> None:
    first, second = (Tape(seed, "BTC/USDT", market_walk(seed)) for seed in (1, 2))
    day = (START_DAY + 5) * DAY_MS
    assert first.price(day) != second.price(day)


@pytest.mark.parametrize("seed", range(8))
def test_no_price_drifts_away_in_twenty_years(seed: int) -> None:
    market = market_walk(seed)
    for symbol in ("BTC/USDT", "SOL/USDT", "XRP/USDT", "ADA/USDT"):
        tape = Tape(seed, symbol, market)
        prices = [tape.price(day * DAY_MS) for day in range(EPOCH_DAY, END_DAY, 500)]
        assert tape.profile.start / 12 < min(prices)
        assert max(prices) < tape.profile.start * 12


def test_memory_is_bounded() -> None:
    tape = Tape(7, "BTC/USDT", MARKET)
    tape.hours((START_DAY - 530) * DAY_MS, START_DAY * DAY_MS)
    tape.minutes((START_DAY - 40) * DAY_MS, START_DAY * DAY_MS)
    assert tape.kept_days == (16, 512)


def test_parameters_of_unknown_symbols_come_from_their_name() -> None:
    assert profile("DOGE/USDT") == profile("DOGE/USDT")
    assert profile("DOGE/USDT") != profile("SHIB/USDT")
    for symbol in ("DOGE/USDT", "SHIB/USDT", "ETH/BTC", "A/B"):
        made = profile(symbol)
        assert 0.1 <= made.start <= 320
        assert made.start >= 10.0 ** (3 - made.price_decimals)
