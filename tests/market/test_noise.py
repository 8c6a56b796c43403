import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.market.noise import normals, smooth, stream, uniforms

KEYS = st.integers(0, 2**64 - 1)
PLACES = st.integers(0, 2**44)


@given(KEYS, PLACES, st.integers(1, 50), st.integers(0, 49))
def test_a_place_is_the_same_in_any_window(key: int, first: int, count: int, offset: int) -> None:
    window = np.arange(first, first + count)
    alone = window[min(offset, count - 1) :][:1]
    row = int(alone[0]) - first
    assert uniforms(key, window)[row] == uniforms(key, alone)[0]
    assert smooth(key, window, 7)[row] == smooth(key, alone, 7)[0]


def test_uniforms_are_even_and_normals_normal() -> None:
    places = np.arange(200_000)
    even = uniforms(stream("even"), places)
    assert even.min() > 0
    assert even.max() < 1
    assert abs(even.mean() - 0.5) < 0.005
    drawn = normals(stream("normal"), places)
    assert abs(drawn.mean()) < 0.01
    assert abs(drawn.std() - 1) < 0.01
    assert abs(np.corrcoef(drawn[1:], drawn[:-1])[0, 1]) < 0.01


def test_streams_differ_by_each_part_of_their_name() -> None:
    assert (
        len({stream(7, "BTC/USDT"), stream(8, "BTC/USDT"), stream(7, "ETH/USDT"), stream("7BTC/USDT")}) == 4
    )


def test_a_smooth_curve_goes_through_knots_without_jumps() -> None:
    curve = smooth(stream("curve"), np.arange(0, 10_000), 100)
    assert np.abs(curve).max() < 1
    assert np.abs(np.diff(curve)).max() < 0.04
    assert curve.std() > 0.3
