"""The simulated market's headlines and its Fear & Greed index, as pure functions of the moment."""

from collections.abc import Callable

import numpy as np

from cryptofunk_tui.domain.base import from_ms
from cryptofunk_tui.domain.market import FearGreed, Headline, split_symbol
from cryptofunk_tui.market.noise import normals, smooth, stream, uniforms
from cryptofunk_tui.market.simulated_prices import DAY_MS, EPOCH_DAY, Walk

_SLOT_MS = 4 * 3_600_000
_LOOK_BACK_MS = 6 * 3_600_000
_CHANCE = 0.35
_TEXTS = {
    "up": (
        "{base} climbs as buyers return",
        "Funds add {base} for a third week",
        "{base} network upgrade goes live without a hitch",
        "Exchange reserves of {base} fall to a yearly low",
    ),
    "down": (
        "{base} slides as large holders sell",
        "Regulator opens inquiry into {base} products",
        "{base} transfers delayed after a fault",
        "Leveraged {base} positions unwound",
    ),
    "flat": (
        "{base} trades sideways in thin volume",
        "Analysts split over the next move of {base}",
        "{base} options expire with little reaction",
    ),
}
_LABELS = ((25, "Extreme Fear"), (46, "Fear"), (55, "Neutral"), (76, "Greed"), (101, "Extreme Greed"))


def headlines(
    key: int, symbol: str, price: Callable[[int], float], begin_ms: int, end_ms: int
) -> list[Headline]:
    """Headlines of one symbol after `begin_ms` and up to `end_ms`, about two a day. The tone follows the
    move of the six hours before, and chance; `price` gives the price at a moment."""
    slots = np.arange(begin_ms // _SLOT_MS, end_ms // _SLOT_MS + 1)
    happens = uniforms(stream(key, "happens"), slots)
    moments = slots * _SLOT_MS + (uniforms(stream(key, "moment"), slots) * _SLOT_MS).astype(np.int64)
    luck = normals(stream(key, "tone"), slots)
    words = uniforms(stream(key, "words"), slots)
    chosen = (happens < _CHANCE) & (moments > begin_ms) & (moments <= end_ms)
    found = []
    for i in np.flatnonzero(chosen):
        moment = int(moments[i])
        move = np.log(price(moment) / price(moment - _LOOK_BACK_MS))
        score = float(np.clip(0.6 * np.tanh(move / 0.015) + 0.3 * luck[i], -1.0, 1.0))
        found.append(_headline(symbol, moment, round(score, 3), float(words[i])))
    return found


def _headline(symbol: str, moment_ms: int, score: float, word: float) -> Headline:
    texts = _TEXTS["up" if score > 0.15 else "down" if score < -0.15 else "flat"]
    base, _ = split_symbol(symbol)
    return Headline(
        title=texts[int(word * len(texts))].format(base=base),
        source="simulated",
        url=f"simulated:{base}/{moment_ms}",
        at=from_ms(moment_ms),
        symbols=(symbol,),
        score=score,
    )


def fear_greed(key: int, market: Walk, moment_ms: int) -> FearGreed:
    """The day's index, from the market's 30 days until its midnight and chance. Bounds of the words as
    alternative.me uses them."""
    day = moment_ms // DAY_MS
    row = day - EPOCH_DAY
    month = market.anchors[row] - market.anchors[max(row - 30, 0)]
    mood = 50.0 + 38.0 * np.tanh(month / 0.2) + 12.0 * smooth(stream(key, "mood"), np.array([day]), 5)[0]
    value = int(np.clip(round(float(mood)), 1, 99))
    label = next(text for below, text in _LABELS if value < below)
    return FearGreed(value=value, classification=label, at=from_ms(day * DAY_MS))
