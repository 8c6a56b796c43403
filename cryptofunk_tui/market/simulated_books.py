"""The simulated market's best prices, order books and other venues, as pure functions of the moment."""

from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from cryptofunk_tui.domain.base import from_ms
from cryptofunk_tui.domain.candles import Floats
from cryptofunk_tui.domain.market import Level, OrderBook, Quote
from cryptofunk_tui.market.noise import normals, smooth, stream, uniforms
from cryptofunk_tui.market.simulated_prices import Profile
from cryptofunk_tui.market.source import exact

HOME = "simulated"
VENUES = (HOME, "simulated-east", "simulated-west")

_HALF_SPREAD = 0.0002
_LEVEL_GAP = 0.00012
_LEVEL_SHARE = 4e-5
_DISLOCATION_MS = 8 * 3_600_000


@dataclass(frozen=True, slots=True)
class Touch:
    """Best prices in whole price steps."""

    bid: int
    ask: int


def touch(key: int, profile: Profile, middle: float, moment_ms: int) -> Touch:
    """Best bid and ask around `middle`: one to three basis points each, drifting over minutes."""
    half = middle * _HALF_SPREAD * (1.0 + 0.5 * _curve(key, "spread", moment_ms, 600_000))
    scale = 10.0**profile.price_decimals
    bid = max(int(np.floor((middle - half) * scale)), 1)
    return Touch(bid, max(int(np.ceil((middle + half) * scale)), bid + 1))


def quote(symbol: str, venue: str, profile: Profile, best: Touch, middle: float, moment_ms: int) -> Quote:
    """`best` in quote currency, with `middle` as the last price, held between them."""
    step = Decimal(1).scaleb(-profile.price_decimals)
    bid, ask = best.bid * step, best.ask * step
    last = min(max(exact(round(middle, profile.price_decimals)), bid), ask)
    return Quote(symbol=symbol, venue=venue, bid=bid, ask=ask, last=last, at=from_ms(moment_ms))


def venue_quote(symbol: str, venue: str, key: int, profile: Profile, middle: float, moment_ms: int) -> Quote:
    """One venue's quote. Other venues drift some basis points around ours, up to 1.5 s late; in one third
    of a day out of seventeen they part by .9 to 1.6 % for 40 minutes: an edge for the arbitrage rule."""
    if venue == HOME:
        return quote(symbol, venue, profile, touch(key, profile, middle, moment_ms), middle, moment_ms)
    there = stream(key, venue)
    drift = 0.0004 * _curve(there, "drift", moment_ms, 40 * 60_000)
    parted = middle * (1.0 + drift + _dislocation(there, moment_ms))
    late = int(50 + 1450 * uniforms(stream(there, "late"), np.array([moment_ms // 1000]))[0])
    return quote(symbol, venue, profile, touch(there, profile, parted, moment_ms), parted, moment_ms - late)


def order_book(
    symbol: str, key: int, profile: Profile, middle: float, depth: int, moment_ms: int
) -> OrderBook:
    """`depth` levels a side that change every second, sometimes heavier on one side, now and then with a
    wall that stands for minutes or one that vanishes within seconds."""
    best = touch(key, profile, middle, moment_ms)
    scale = 10.0**profile.price_decimals
    gap = max(round(middle * _LEVEL_GAP * scale), 1)
    lean = 0.5 * _curve(key, "lean", moment_ms, 90_000) + 0.35 * _curve(key, "tide", moment_ms, 1_200_000)
    usual = profile.turnover * _LEVEL_SHARE / middle
    sides = []
    for name, first, direction, weight in (("bid", best.bid, -1, 1 + lean), ("ask", best.ask, 1, 1 - lean)):
        place = (moment_ms // 1000) * 1024
        drawn = normals(stream(key, name), np.arange(place, place + depth))
        amounts = usual * weight * np.exp(0.6 * drawn) * (1.0 + 0.1 * np.arange(depth))
        amounts *= _walls(stream(key, name, "wall"), depth, moment_ms, 300_000, 0.12)
        amounts *= _walls(stream(key, name, "flash"), depth, moment_ms, 15_000, 0.05)
        sides.append(_levels(first + direction * gap * np.arange(depth), amounts, profile))
    return OrderBook(symbol=symbol, venue=HOME, bids=sides[0], asks=sides[1], at=from_ms(moment_ms))


def _levels(
    steps: np.ndarray[tuple[int, ...], np.dtype[np.int64]], amounts: Floats, profile: Profile
) -> tuple[Level, ...]:
    price_step = Decimal(1).scaleb(-profile.price_decimals)
    quantity_step = Decimal(1).scaleb(-profile.quantity_decimals)
    lots = np.maximum(np.rint(amounts * 10.0**profile.quantity_decimals), 1).astype(np.int64)
    return tuple(
        Level(price=price * price_step, quantity=lot * quantity_step)
        for price, lot in zip(steps.tolist(), lots.tolist(), strict=True)
        if price > 0
    )


def _walls(key: int, depth: int, moment_ms: int, bucket_ms: int, chance: float) -> Floats:
    """Factors a level: 1, but for one level of a bucket of time in `1 / chance`, 10 to 30 times as large."""
    happens, where, size = uniforms(key, np.arange(3) + 3 * (moment_ms // bucket_ms))
    factors = np.ones(depth)
    if happens < chance:
        factors[min(2 + int(where * 12), depth - 1)] = 10.0 + 20.0 * size
    return factors


def _dislocation(key: int, moment_ms: int) -> float:
    bucket, rest = divmod(moment_ms, _DISLOCATION_MS)
    happens, size, begin = uniforms(stream(key, "apart"), np.arange(3) + 3 * bucket)
    if happens >= 0.06:
        return 0.0
    minutes = (rest - begin * 0.85 * _DISLOCATION_MS) / 60_000
    shape = float(np.clip(min(minutes, 50 - minutes) / 5, 0, 1))
    return shape * float(np.sign(size - 0.5) * (0.009 + 0.014 * abs(size - 0.5)))


def _curve(key: int, name: str, moment_ms: int, step_ms: int) -> float:
    return float(smooth(stream(key, name), np.array([moment_ms]), step_ms)[0])
