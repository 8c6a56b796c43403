"""A provider that fails is asked by one probe at a time."""

import pytest

from cryptofunk_tui.llm.breaker import BAD_IN_A_ROW, FIRST_S, LONGEST_S, REFUSED_S, Breaker


class Time:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


def test_it_opens_at_once_lets_one_probe_through_and_waits_longer_each_time(time: Time) -> None:
    breaker = Breaker(time)
    assert breaker.allows()
    wait = FIRST_S
    for _ in range(8):
        breaker.failed("down", "503")
        assert not breaker.allows()
        time.now += min(wait, LONGEST_S)
        assert [breaker.allows() for _ in range(3)] == [True, False, False]
        wait *= 2
    breaker.answered()
    assert breaker.allows()
    breaker.failed("down", "503")
    assert breaker.waits_s == FIRST_S


def test_a_probe_that_was_given_up_leaves_room_for_the_next(time: Time) -> None:
    breaker = Breaker(time)
    breaker.failed("late", "no answer")
    time.now += FIRST_S
    assert breaker.allows()
    breaker.left()
    assert breaker.allows()


def test_a_refused_key_rests_long_and_a_limit_as_long_as_it_says(time: Time) -> None:
    breaker = Breaker(time)
    breaker.failed("refused", "401")
    assert breaker.waits_s == REFUSED_S
    breaker.failed("limited", "429", 7.0)
    assert breaker.waits_s == 7.0
    breaker.failed("limited", "429", 1e9)
    assert breaker.waits_s == REFUSED_S


def test_useless_answers_open_it_only_in_a_row(time: Time) -> None:
    breaker = Breaker(time)
    for _ in range(BAD_IN_A_ROW - 1):
        breaker.failed("bad", "prose")
        assert breaker.allows()
    breaker.answered()
    for _ in range(BAD_IN_A_ROW):
        assert breaker.allows()
        breaker.failed("bad", "prose")
    assert not breaker.allows()
