"""The simulated market's prices: minute bars of any symbol and day as a pure function of the seed.

The logarithm of a price is β × the market's walk + the symbol's own. A walk goes through daily anchors: daily
returns whose drift and volatility change in regimes, summed up with a slow pull back to the middle. From one
anchor to the next leads a Brownian bridge with volatility that clusters within the day; swings of hours on
top make ranges and short trends.
"""

from collections import OrderedDict
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from cryptofunk_tui.domain.candles import Candles, Floats
from cryptofunk_tui.domain.market import split_symbol
from cryptofunk_tui.market.bars import aggregate
from cryptofunk_tui.market.noise import normals, smooth, stream, uniforms

MINUTE_MS = 60_000
DAY_MS = 86_400_000
EPOCH_DAY = 17_897
"""2019-01-01, in days since 1970."""
END_DAY = 25_567
"""2040-01-01."""
START_DAY = 20_089
"""2025-01-01: where a run begins, and where the known symbols cost their start price."""

_MINUTES = 1440
_BATCH_DAYS = 32
_MINUTE_DAYS_KEPT = 16
_HOUR_DAYS_KEPT = 512
_MARKET_SIGMA = 0.022
_PULL = 0.99
"""What is left of a walk's distance from zero after a day, so that no price drifts away for good."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One symbol: price at START_DAY in quote currency, pull of the market, own daily volatility, decimals
    of its prices and quantities, and its turnover a day in quote currency."""

    start: float
    beta: float
    sigma: float
    price_decimals: int
    quantity_decimals: int
    turnover: float


_KNOWN = {
    "BTC": Profile(94_000.0, 1.0, 0.012, 2, 5, 1.6e9),
    "ETH": Profile(3_350.0, 1.1, 0.016, 2, 4, 9e8),
    "SOL": Profile(190.0, 1.5, 0.028, 2, 3, 3e8),
    "XRP": Profile(2.1, 1.1, 0.024, 4, 1, 2.5e8),
    "ADA": Profile(0.85, 1.2, 0.021, 4, 1, 9e7),
}
_MONEY = frozenset({"USDT", "USDC", "USD", "EUR", "GBP", "FDUSD", "DAI"})


def profile(symbol: str) -> Profile:
    """The known five against a currency that is money; any other symbol gets parameters from its name."""
    base, quote = split_symbol(symbol)
    if base in _KNOWN and quote in _MONEY:
        return _KNOWN[base]
    shares = uniforms(stream("profile", symbol), np.arange(4))
    start = float(10.0 ** (3.5 * shares[0] - 1.0))
    decimals = int(np.clip(5 - np.floor(np.log10(start)), 2, 8))
    return Profile(
        round(start, decimals),
        0.6 + float(shares[1]),
        0.015 + 0.025 * float(shares[2]),
        decimals,
        max(6 - decimals, 0),
        float(10.0 ** (7.0 + 1.5 * shares[3])),
    )


class Walk:
    """One logarithmic walk from EPOCH_DAY to END_DAY, by the minute; `sigma` is its daily volatility."""

    def __init__(self, key: int, sigma: float) -> None:
        self._key = key
        self._sigma = sigma
        days = np.arange(EPOCH_DAY, END_DAY + 1)
        calm = 0.55 * smooth(stream(key, "weeks"), days, 9) + 0.35 * smooth(stream(key, "months"), days, 45)
        drift = 0.45 * smooth(stream(key, "drift"), days, 6)
        self.volatility: Floats = sigma * np.exp(calm)
        returns = self.volatility * (normals(stream(key, "days"), days) * 0.85 + drift)
        self.anchors: Floats = np.array(
            list(accumulate(returns[:-1].tolist(), lambda level, move: _PULL * level + move, initial=0.0))
        )

    def days(self, first: int, last: int) -> tuple[Floats, Floats]:
        """The walk at each minute of the days from `first` to before `last`, with the next midnight as the
        1,441st column; and the volatility of each minute (1,440 columns)."""
        places = np.arange(first, last)[:, None] * _MINUTES + np.arange(_MINUTES + 1)[None, :]
        row = slice(first - EPOCH_DAY, last - EPOCH_DAY)
        begin, end = self.anchors[row, None], self.anchors[first - EPOCH_DAY + 1 : last - EPOCH_DAY + 1, None]
        cluster = np.exp(0.8 * smooth(stream(self._key, "hours"), places[:, :-1], 170))
        volatility = self.volatility[row, None] * cluster / np.sqrt(_MINUTES)
        moves = volatility * normals(stream(self._key, "minutes"), places[:, :-1])
        share = np.arange(_MINUTES + 1)[None, :] / _MINUTES
        walk = np.concatenate([np.zeros((last - first, 1)), np.cumsum(moves, axis=1)], axis=1)
        walk = begin + (end - begin) * share + walk - walk[:, -1:] * share
        walk[:, -1:] = end
        swings = smooth(stream(self._key, "swings"), places, 660) * smooth(
            stream(self._key, "moods"), places, 5 * _MINUTES
        )
        return walk + 0.9 * self._sigma * swings + self._shocks(places), volatility

    def _shocks(self, places: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Floats:
        """Now and then a jump that fades until noon or midnight: half-days in fifty, 1 to 3 times sigma."""
        halves, rest = np.divmod(places, _MINUTES // 2)
        first = int(halves.min())
        every = np.arange(first, int(halves.max()) + 1)
        chance, size, moment = (
            uniforms(stream(self._key, name), every) for name in ("shock", "size", "moment")
        )
        height = np.where(
            chance < 0.02, self._sigma * np.sign(size - 0.5) * (1 + 4 * np.abs(size - 0.5)), 0.0
        )
        begin = np.floor(moment * 0.8 * (_MINUTES // 2))[halves - first]
        fade = (_MINUTES // 2 - rest) / (_MINUTES // 2 - begin)
        return np.where(rest >= begin, height[halves - first] * fade, 0.0)


class Tape:
    """Minute and hour bars of one symbol, made a few days at a time, the latest days kept."""

    def __init__(self, seed: int, symbol: str, market: Walk) -> None:
        self.profile = profile(symbol)
        self._symbol = symbol
        self._key = stream(seed, symbol)
        self._market = market
        self._own = Walk(stream(self._key, "walk"), self.profile.sigma)
        at_start, _ = self._walks(START_DAY, START_DAY + 1)
        self._level = np.log(self.profile.start) - float(at_start[0, 0])
        self._minute_days: OrderedDict[int, Candles] = OrderedDict()
        self._hour_days: OrderedDict[int, Candles] = OrderedDict()

    @property
    def kept_days(self) -> tuple[int, int]:
        """How many days of minute bars and of hour bars are kept."""
        return len(self._minute_days), len(self._hour_days)

    def minutes(self, first_ms: int, last_ms: int) -> Candles:
        """The minute bars that open from `first_ms` to before `last_ms`."""
        return self._between("1m", first_ms, last_ms)

    def hours(self, first_ms: int, last_ms: int) -> Candles:
        """The hour bars that open from `first_ms` to before `last_ms`: their minutes, aggregated."""
        return self._between("1h", first_ms, last_ms)

    def price(self, moment_ms: int) -> float:
        """The middle of the market at a moment: from a minute's open straight to its close."""
        bar = self.minutes(moment_ms // MINUTE_MS * MINUTE_MS, moment_ms // MINUTE_MS * MINUTE_MS + 1)
        share = moment_ms % MINUTE_MS / MINUTE_MS
        return float(bar.open[0] + (bar.close[0] - bar.open[0]) * share)

    def _between(self, timeframe: str, first_ms: int, last_ms: int) -> Candles:
        days = range(first_ms // DAY_MS, max(-(-last_ms // DAY_MS), first_ms // DAY_MS + 1))
        parts = self._days(timeframe, days)
        stamps = np.concatenate([part.timestamp_ms for part in parts])
        rows = slice(*np.searchsorted(stamps, [first_ms, last_ms]))
        columns = (
            np.concatenate([getattr(part, name) for part in parts])[rows]
            for name in ("open", "high", "low", "close", "volume")
        )
        return Candles(self._symbol, timeframe, stamps[rows], *columns)

    def _days(self, timeframe: str, days: range) -> list[Candles]:
        kept, most = (
            (self._minute_days, _MINUTE_DAYS_KEPT)
            if timeframe == "1m"
            else (self._hour_days, _HOUR_DAYS_KEPT)
        )
        made: dict[int, Candles] = {day: kept[day] for day in days if day in kept}
        missing = [day for day in days if day not in made]
        while missing:
            first = missing[0]
            batch = [day for day in missing[:_BATCH_DAYS] if day < first + _BATCH_DAYS]
            missing = missing[len(batch) :]
            made.update(self._make(timeframe, first, batch[-1] + 1))
        for day in days:
            kept[day] = made[day]
            kept.move_to_end(day)
            if len(kept) > most:
                kept.popitem(last=False)
        return [made[day] for day in days]

    def _make(self, timeframe: str, first: int, last: int) -> dict[int, Candles]:
        bars = aggregate(self._bars(first, last), timeframe)
        a_day = len(bars) // (last - first)
        made = (bars.rows(i * a_day, (i + 1) * a_day) for i in range(last - first))
        return {first + i: _owned(candles) for i, candles in enumerate(made)}

    def _bars(self, first: int, last: int) -> Candles:
        walk, volatility = self._walks(first, last)
        prices = np.round(np.exp(walk + self._level), self.profile.price_decimals)
        opens, closes = prices[:, :-1].ravel(), prices[:, 1:].ravel()
        places = np.arange(first * _MINUTES, last * _MINUTES)
        wick = 0.6 * volatility.ravel()
        up = 1.0 + wick * np.abs(normals(stream(self._key, "high"), places))
        down = 1.0 - wick * np.abs(normals(stream(self._key, "low"), places))
        usual = (self.profile.beta * _MARKET_SIGMA + self.profile.sigma) / np.sqrt(_MINUTES)
        stir = 0.3 + 0.7 * (volatility.ravel() + np.abs(np.log(closes / opens))) / usual
        amount = self.profile.turnover / _MINUTES / opens * stir
        amount *= np.exp(0.5 * normals(stream(self._key, "volume"), places))
        decimals = self.profile.price_decimals
        return Candles(
            self._symbol,
            "1m",
            places * MINUTE_MS,
            opens,
            np.round(np.maximum(opens, closes) * up, decimals),
            np.round(np.minimum(opens, closes) * down, decimals),
            closes,
            np.round(amount, self.profile.quantity_decimals),
        )

    def _walks(self, first: int, last: int) -> tuple[Floats, Floats]:
        market, market_volatility = self._market.days(first, last)
        own, own_volatility = self._own.days(first, last)
        beta = self.profile.beta
        return beta * market + own, np.hypot(beta * market_volatility, own_volatility)


def market_walk(seed: int) -> Walk:
    """The walk that all symbols share."""
    return Walk(stream(seed, "market"), _MARKET_SIGMA)


def _owned(view: Candles) -> Candles:
    """A copy, so that a kept day does not keep its whole batch alive."""
    columns = (
        getattr(view, name).copy() for name in ("timestamp_ms", "open", "high", "low", "close", "volume")
    )
    return Candles(view.symbol, view.timeframe, *columns)
