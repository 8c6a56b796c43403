"""Kelly: known values, and never a size without an edge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.quant.kelly import Edge, edge_of, kelly


def tempered(results: list[float], prior_trades: int = 30) -> Edge:
    return edge_of(results, prior_trades=prior_trades, prior_win_rate=0.40, prior_payoff=1.7)


def test_known_values() -> None:
    assert kelly(0.6, 1.0) == pytest.approx(0.2)
    assert kelly(0.5, 2.0) == pytest.approx(0.25)
    assert kelly(0.40, 1.7) == pytest.approx(0.40 - 0.60 / 1.7)


def test_without_an_edge_it_is_zero_and_never_negative() -> None:
    assert kelly(0.3, 1.0) == 0
    assert kelly(0.5, 1.0) == 0


@given(st.floats(0, 1), st.floats(1e-6, 1e6))
def test_it_lies_between_nothing_and_the_win_rate(win_rate: float, payoff: float) -> None:
    assert 0 <= kelly(win_rate, payoff) <= win_rate


@pytest.mark.parametrize(
    ("win_rate", "payoff", "named"),
    [
        (-0.1, 1, "win_rate"),
        (1.1, 1, "win_rate"),
        (float("nan"), 1, "win_rate"),
        (0.5, 0, "payoff"),
        (0.5, float("nan"), "payoff"),
    ],
)
def test_bad_input_is_named(win_rate: float, payoff: float, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        kelly(win_rate, payoff)


def test_without_trades_the_prior_speaks() -> None:
    edge = tempered([])
    assert edge.trades == 0
    assert edge.win_rate == pytest.approx(0.40)
    assert edge.payoff == pytest.approx(1.7)
    assert edge.kelly == pytest.approx(0.40 - 0.60 / 1.7)


def test_trades_are_pooled_with_the_prior() -> None:
    """Ten wins of 2 R and ten losses of 1 R beside 12 wins of 1.7 R and 18 losses of 1 R."""
    edge = tempered([2.0, -1.0] * 10)
    assert edge.win_rate == pytest.approx(22 / 50)
    assert edge.payoff == pytest.approx((20 + 12 * 1.7) / 22)
    assert edge.kelly == pytest.approx(22 / 50 - (28 / 50) / ((20 + 12 * 1.7) / 22))


def test_a_losing_strategy_has_no_edge() -> None:
    assert tempered([-1.0] * 20).kelly == 0


def test_without_prior_only_wins_or_only_losses_have_no_payoff() -> None:
    assert tempered([1.0], 0).payoff is None
    assert tempered([1.0], 0).kelly == 1.0
    assert tempered([-1.0], 0).kelly == 0.0
    assert tempered([], 0).kelly == 0.0


@given(st.lists(st.floats(-10, 10), max_size=100))
def test_the_edge_is_a_share(results: list[float]) -> None:
    edge = tempered(results)
    assert 0 <= edge.kelly <= edge.win_rate <= 1


@given(st.lists(st.floats(-5, 5), max_size=50))
def test_one_more_loss_never_raises_it(results: list[float]) -> None:
    assert tempered([*results, -1.0]).win_rate <= tempered(results).win_rate


def test_a_result_that_is_no_number_is_named_with_its_row() -> None:
    with pytest.raises(ValueError, match=r"r_multiples row 1"):
        tempered([1.0, float("inf")])
