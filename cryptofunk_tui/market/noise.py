"""Random numbers by place instead of by turn: any element of any stream, at once and in any order."""

import hashlib

import numpy as np
from numpy.typing import NDArray

from cryptofunk_tui.domain.candles import Floats

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def stream(*parts: object) -> int:
    """The key of a stream, from whatever names it."""
    return int.from_bytes(hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=8).digest(), "big")


def bits(key: int, places: NDArray[np.int64]) -> NDArray[np.uint64]:
    """64 random bits a place: SplitMix64 (Steele, Lea & Flood 2014) at `key` plus the place."""
    mixed = (places.astype(np.uint64) + np.uint64(1)) * _GOLDEN + np.uint64(key)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX[0]
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX[1]
    return mixed ^ (mixed >> np.uint64(31))


def uniforms(key: int, places: NDArray[np.int64]) -> Floats:
    """Evenly spread in (0, 1)."""
    return ((bits(key, places) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53


def normals(key: int, places: NDArray[np.int64]) -> Floats:
    """Standard normal, after Box & Muller (1958), from the two halves of the bits; within ±6.7."""
    drawn = bits(key, places)
    radius = ((drawn >> np.uint64(32)).astype(np.float64) + 0.5) * 2.0**-32
    angle = (drawn & np.uint64(0xFFFFFFFF)).astype(np.float64) * (2.0**-31 * np.pi)
    return np.sqrt(-2.0 * np.log(radius)) * np.cos(angle)


def smooth(key: int, places: NDArray[np.int64], step: int) -> Floats:
    """A smooth curve through random knots in (−1, 1), one every `step` places."""
    knots, rest = np.divmod(places, step)
    share = rest / step
    share = share * share * (3.0 - 2.0 * share)
    first = int(knots.min()) if knots.size else 0
    last = int(knots.max()) if knots.size else 0
    heights = 2.0 * uniforms(key, np.arange(first, last + 2)) - 1.0
    left: Floats = heights[knots - first]
    right: Floats = heights[knots - first + 1]
    return left + (right - left) * share
