"""Which state of an order may follow which."""

from cryptofunk_tui.domain.orders import OPEN_STATUSES, TRANSITIONS, OrderStatus


def test_an_end_is_left_by_no_step() -> None:
    for status in OrderStatus:
        assert bool(TRANSITIONS[status]) is (status in OPEN_STATUSES)


def test_nothing_returns_to_where_it_was_not_yet_sent() -> None:
    for after in TRANSITIONS.values():
        assert OrderStatus.INTENT not in after
    before = [status for status, after in TRANSITIONS.items() if OrderStatus.SENT in after]
    assert before == [OrderStatus.INTENT]


def test_what_the_venue_told_of_never_becomes_unknown() -> None:
    before = {status for status, after in TRANSITIONS.items() if OrderStatus.UNKNOWN in after}
    assert before == {OrderStatus.INTENT, OrderStatus.SENT}
