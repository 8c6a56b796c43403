"""How far the market may go from an entry that waits, and what is said when it has gone further."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.domain.base import from_ms
from cryptofunk_tui.domain.market import Quote
from cryptofunk_tui.domain.orders import Approval, Protection
from cryptofunk_tui.domain.rules import ApprovalRules
from cryptofunk_tui.risk.drift import corridor, left_behind
from tests.storage.books import approval, request

AT = from_ms(0)


def quote(ask: str | Decimal, spread: str = "0.1") -> Quote:
    ask = Decimal(ask)
    return Quote(symbol="BTC/USDT", venue="simulated", bid=ask - Decimal(spread), ask=ask, last=ask, at=AT)


def asked(stop: str | None = None, target: str | None = None, collar: str = "101") -> Approval:
    plan = None
    if stop is not None:
        plan = Protection(
            reference=Decimal(100), stop=Decimal(stop), target=None if target is None else Decimal(target)
        )
    order = request("cf1").model_copy(update={"protection": plan})
    return approval("a1", order).model_copy(update={"collar": Decimal(collar)})


def bounds(waiting: Approval, **rules: float) -> tuple[Decimal, str, Decimal, str]:
    found = corridor(waiting, quote("100"), ApprovalRules(**rules))
    return found.low, found.why_low, found.high, found.why_high


@pytest.mark.parametrize(
    ("waiting", "low", "why_low", "high", "why_high"),
    [
        (asked(), "99", "1 % from", "101", "1 % from"),
        (asked(collar="100.5"), "99", "1 % from", "100.5", "its collar"),
        (asked("97", "106"), "99", "1 % from", "101", "1 % from"),
        (asked("99.2"), "99.3", "its stop", "101", "1 % from"),
        (asked("99", "101.5"), "99.1", "its stop", "100.25", "reward over risk below 1"),
        (asked("99.5", "100.1"), "99.6", "its stop", "100", "reward over risk below 1"),
    ],
)
def test_the_nearest_bound_counts_and_says_why(
    waiting: Approval, low: str, why_low: str, high: str, why_high: str
) -> None:
    found = bounds(waiting)
    assert (found[0], found[2]) == (Decimal(low), Decimal(high))
    assert found[1].startswith(why_low) and found[3].startswith(why_high)


def test_the_rules_move_the_bounds() -> None:
    plan = asked("99", "101.5")
    assert bounds(plan, reward_risk=0)[2] == 101
    assert bounds(asked(collar="110"), drift=0.02)[::2] == (Decimal(98), Decimal(102))
    with pytest.raises(ValueError, match="greater than 0"):
        ApprovalRules(drift=0)


@pytest.mark.parametrize(
    ("ask", "words"),
    [
        ("100.25", ""),
        ("99.11", ""),
        ("100.26", "the price rose to 100.26 while it waited, beyond 100.25 (reward over risk below 1)"),
        ("99.1", "the price fell to 99.1 while it waited, beyond 99.1 (its stop)"),
    ],
)
def test_a_price_beyond_a_bound_is_said_with_the_bound(ask: str, words: str) -> None:
    waiting = corridor(asked("99", "101.5"), quote("100"), ApprovalRules())
    assert left_behind(waiting, quote(ask)) == words


@given(st.decimals("50", "99.8", places=2), st.decimals("100.01", "200", places=2))
def test_an_order_is_not_left_behind_by_a_price_that_stands_still(stop: Decimal, target: Decimal) -> None:
    waiting = corridor(asked(str(stop), str(target)), quote("100"), ApprovalRules())
    assert left_behind(waiting, quote("100")) == ""
