import re

from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.domain.cycle import cycle_id
from cryptofunk_tui.domain.orders import ORDER_ID_PREFIX, OrderStatus, order_id

PARTS = st.tuples(*[st.text(max_size=40)] * 4)
PLAIN = st.text("abc:/0", max_size=6)


@given(PARTS)
def test_the_same_decision_has_the_same_order_id_and_venues_accept_it(parts: tuple[str, ...]) -> None:
    name = order_id(*parts)
    assert name == order_id(*parts)
    assert re.fullmatch(r"[A-Za-z0-9]{1,32}", name)
    assert name.startswith(ORDER_ID_PREFIX)


@given(st.tuples(*[PLAIN] * 4), st.tuples(*[PLAIN] * 4))
def test_other_decisions_have_other_order_ids(first: tuple[str, ...], second: tuple[str, ...]) -> None:
    assert (order_id(*first) == order_id(*second)) == (first == second)


@given(PLAIN, PLAIN, st.integers(0, 10**13))
def test_a_cycle_is_named_by_run_symbol_and_bar(run: str, symbol: str, as_of_ms: int) -> None:
    name = cycle_id(run, symbol, as_of_ms)
    assert name == cycle_id(run, symbol, as_of_ms)
    assert name not in (cycle_id(run, symbol, as_of_ms + 1), cycle_id(run + "x", symbol, as_of_ms))
    assert re.fullmatch(r"c[0-9a-f]{15}", name)


def test_an_unknown_outcome_is_not_the_end_of_an_order() -> None:
    assert {status for status in OrderStatus if status.is_terminal} == {
        OrderStatus.FILLED,
        OrderStatus.CANCELED,
        OrderStatus.REJECTED,
        OrderStatus.EXPIRED,
    }
