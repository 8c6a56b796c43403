"""Stop, target and trail of a position."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.domain.orders import Purpose
from cryptofunk_tui.domain.portfolio import Position
from cryptofunk_tui.execution.fills import Bar
from cryptofunk_tui.execution.protect import anchor, exit_on_bar, trailed
from tests.execution.scene import protection

D = Decimal


def held(**fields: object) -> Position:
    values: dict[str, object] = {
        "symbol": "A/B",
        "quantity": D(1),
        "entry_price": D(100),
        "fees": D(0),
        "strategy": None,
        "opened_at": datetime(2025, 1, 1, tzinfo=UTC),
        "entry_order": "entry",
        "initial_stop": D(95),
        "stop": D(95),
        "target": D(110),
        "high": D(100),
    }
    return Position.model_validate({**values, **fields})


def bar(open: str, high: str, low: str, close: str) -> Bar:
    return Bar(0, 60_000, D(open), D(high), D(low), D(close), D(1))


def test_the_fill_shifts_stop_and_target_and_leaves_the_distances() -> None:
    armed = anchor(protection("95", "110", trail="4", after="5"), D("101.5"))
    assert (armed.stop, armed.target, armed.trail, armed.trail_after) == (D("96.5"), D("111.5"), D(4), D(5))


@pytest.mark.parametrize(
    ("shape", "purpose", "price"),
    [
        (("100", "101", "95", "99"), Purpose.STOP, "95"),
        (("94", "101", "93", "99"), Purpose.STOP, "94"),
        (("100", "110", "99", "101"), Purpose.TARGET, "110"),
        (("112", "115", "111", "113"), Purpose.TARGET, "112"),
        (("100", "111", "94", "101"), Purpose.STOP, "95"),
    ],
    ids=["stop", "gap down", "target", "gap up", "both: the stop"],
)
def test_a_bar_closes_a_position(shape: tuple[str, str, str, str], purpose: Purpose, price: str) -> None:
    found = exit_on_bar(held(), bar(*shape))
    assert found is not None and (found.purpose, found.price) == (purpose, D(price))


def test_a_bar_within_stop_and_target_closes_nothing() -> None:
    assert exit_on_bar(held(), bar("100", "109.9", "95.1", "100")) is None


def test_a_stop_that_was_moved_is_a_trail() -> None:
    found = exit_on_bar(held(stop=D(97)), bar("100", "101", "96", "99"))
    assert found is not None and (found.purpose, found.price) == (Purpose.TRAIL, D(97))


def test_the_trail_waits_for_its_gain_and_never_loosens() -> None:
    waiting = trailed(held(trail=D(3), trail_after=D(5)), D("104.99"))
    assert (waiting.stop, waiting.high) == (D(95), D("104.99"))
    raised = trailed(waiting, D(106))
    assert raised.stop == D(103)
    assert trailed(raised, D(104)) is raised


def test_a_trail_without_a_threshold_follows_at_once() -> None:
    assert trailed(held(trail=D(2)), D(100)).stop == D(98)


prices = st.decimals(80, 120, places=2)


@given(
    shape=st.tuples(prices, prices, prices, prices),
    stop=st.decimals(85, 99, places=2),
    gap=st.decimals(1, 20, places=2),
)
def test_where_a_bar_reaches_both_it_is_the_stop(
    shape: tuple[Decimal, Decimal, Decimal, Decimal], stop: Decimal, gap: Decimal
) -> None:
    first, last = shape[:2]
    low, high = min(shape), max(shape)
    found = exit_on_bar(
        held(stop=stop, initial_stop=stop, target=stop + gap), Bar(0, 1, first, high, low, last, D(1))
    )
    if low <= stop:
        assert found is not None and found.purpose is Purpose.STOP and found.price == min(first, stop)
    elif high >= stop + gap:
        assert found is not None and found.purpose is Purpose.TARGET and found.price == max(first, stop + gap)
    else:
        assert found is None
    assert found is None or low <= found.price <= high


@given(highs=st.lists(prices, min_size=1, max_size=20))
def test_a_trailing_stop_only_rises_and_stays_below_the_high(highs: list[Decimal]) -> None:
    position = held(trail=D(3), trail_after=D(4))
    for high in highs:
        before, position = position, trailed(position, high)
        assert before.stop is not None and position.stop is not None
        assert position.stop >= before.stop
        assert position.stop in (D(95), position.high - 3)
