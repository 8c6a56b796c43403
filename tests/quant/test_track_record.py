"""Figures of a curve and of trades against hand-computed numbers, and what must hold of any."""

import math
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.domain.portfolio import Trade
from cryptofunk_tui.quant.track_record import (
    curve_figures,
    falls,
    grouped,
    held,
    missing,
    thinned,
    trade_figures,
)

AT = datetime(2025, 1, 1, tzinfo=UTC)
DAY = 86_400_000
CENTS = st.decimals(-10_000, 10_000, places=2, allow_nan=False)
CURVES = st.lists(st.floats(0.01, 1e9), min_size=1, max_size=300)


def trade(
    pnl: str,
    strategy: str | None = "trend",
    symbol: str = "BTC/USDT",
    fees: str = "1",
    r: float | None = None,
) -> Trade:
    return Trade(
        symbol=symbol,
        strategy=strategy,
        quantity=Decimal(1),
        entry_price=Decimal(100),
        exit_price=Decimal(100) + Decimal(pnl),
        pnl=Decimal(pnl),
        fees=Decimal(fees),
        r_multiple=r,
        opened_at=AT,
        closed_at=AT,
        exit_purpose="stop",
    )


def days(count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.arange(count, dtype=np.int64) * DAY


def figures(equity: list[float], step_ms: int = DAY, exposure: list[float] | None = None):  # type: ignore[no-untyped-def]
    times = np.arange(len(equity), dtype=np.int64) * step_ms
    return curve_figures(times, np.array(equity), np.array(exposure or [0.0] * len(equity)))


def test_trades_by_hand() -> None:
    found = trade_figures(
        "all",
        [
            trade("30", r=2.0),
            trade("-10", r=-1.0),
            trade("-5.5", r=-0.5),
            trade("0"),
            trade("12", fees="2.5"),
        ],
    )
    assert (found.trades, found.wins, found.losses) == (5, 2, 2)
    assert (found.pnl, found.fees) == (Decimal("26.5"), Decimal("6.5"))
    assert found.win_rate == 0.4
    assert (found.average_win, found.average_loss) == (Decimal(21), Decimal("-7.75"))
    assert (found.best, found.worst) == (Decimal(30), Decimal(-10))
    assert found.profit_factor == pytest.approx(42 / 15.5)
    assert found.expectancy == Decimal("5.3")
    assert found.expectancy_r == pytest.approx(0.5 / 3)


def test_what_no_trade_tells_is_unknown_and_never_zero() -> None:
    none = trade_figures("all", [])
    assert (none.trades, none.pnl) == (0, Decimal(0))
    unknown = (none.win_rate, none.average_win, none.average_loss, none.best, none.worst)
    assert {*unknown, none.profit_factor, none.expectancy, none.expectancy_r} == {None}
    won = trade_figures("all", [trade("3")])
    assert (won.win_rate, won.profit_factor, won.average_loss, won.expectancy_r) == (1.0, None, None, None)
    lost = trade_figures("all", [trade("-3")])
    assert (lost.win_rate, lost.profit_factor, lost.average_win) == (0.0, 0.0, None)


TRADES = st.lists(
    st.builds(
        lambda pnl, strategy, symbol: trade(str(pnl), strategy, symbol),
        CENTS,
        st.sampled_from(["a", "b", "c"]),
        st.sampled_from(["A/U", "B/U"]),
    ),
    max_size=40,
)


@given(TRADES)
def test_every_way_to_group_has_the_same_sum(trades: list[Trade]) -> None:
    whole = trade_figures("all", trades)
    for groups in (grouped(trades, lambda t: t.strategy or ""), grouped(trades, lambda t: t.symbol)):
        assert sum((each.pnl for each in groups), Decimal(0)) == whole.pnl
        assert sum((each.fees for each in groups), Decimal(0)) == whole.fees
        assert sum(each.trades for each in groups) == whole.trades
        assert sum(each.wins for each in groups) == whole.wins


@given(TRADES)
def test_figures_agree_with_each_other(trades: list[Trade]) -> None:
    found = trade_figures("all", trades)
    assert found.wins + found.losses <= found.trades
    assert found.profit_factor is None or found.profit_factor >= 0
    assert (found.profit_factor is None) == (found.losses == 0)
    assert found.win_rate is None or 0 <= found.win_rate <= 1
    if found.best is not None and found.worst is not None and found.expectancy is not None:
        assert found.worst <= found.best
        assert abs(found.expectancy * found.trades - found.pnl) < Decimal("1e-5")
    if found.profit_factor is not None and found.profit_factor > 1:
        assert found.pnl > 0


def test_a_curve_by_hand() -> None:
    curve = [100.0, 120.0, 90.0, 120.0, 110.0, 99.0]
    found = figures(curve, exposure=[0, 60, 45, 0, 0, 99])
    assert found.total_return.value == pytest.approx(-0.01)
    assert found.max_drawdown.value == pytest.approx(-0.25)
    assert found.max_drawdown_s == 2 * 86_400
    assert found.drawdown.value == pytest.approx(99 / 120 - 1)
    assert found.drawdown_s == 2 * 86_400, "since the newest bar at the peak"
    assert found.time_exposed.value == 0.5
    assert found.mean_exposure.value == pytest.approx((0.5 + 0.5 + 1) / 6)


def test_ratios_take_the_time_that_really_lies_between_bars() -> None:
    hourly = [100 * 1.001**n * (0.998 if n % 2 else 1.0) for n in range(0, 721)]
    returns = np.diff(hourly) / np.array(hourly[:-1])
    found = figures(hourly, DAY // 24)
    mean, deviation = returns.mean(), returns.std(ddof=1)
    down = math.sqrt(np.mean(np.minimum(returns, 0) ** 2))
    assert found.sharpe.value == pytest.approx(mean / deviation * math.sqrt(365 * 24))
    assert found.sortino.value == pytest.approx(mean / down * math.sqrt(365 * 24))
    assert found.yearly_return.value == pytest.approx((hourly[-1] / 100) ** (365 / 30) - 1)
    fall = abs(found.max_drawdown.value)
    assert found.calmar.value == pytest.approx(found.yearly_return.value / fall)
    gaps = figures(hourly, DAY // 12)
    assert gaps.sharpe.value == pytest.approx(found.sharpe.value / math.sqrt(2))


def test_too_little_is_said_and_not_guessed() -> None:
    few = figures([100.0 + n for n in range(25)], DAY // 24)
    assert (few.sharpe.value, few.sharpe.needs) == (None, "needs 76 more bars")
    assert (few.yearly_return.value, few.yearly_return.needs) == (None, "needs 29 more days")
    assert (few.calmar.value, few.calmar.needs) == (None, "needs 29 more days")
    assert few.total_return.value == pytest.approx(0.24)
    flat = figures([100.0] * 200)
    assert (flat.sharpe.value, flat.sharpe.needs) == (None, "equity never moved")
    assert (flat.calmar.value, flat.calmar.needs) == (None, "never fell yet")
    assert (flat.yearly_return.value, flat.drawdown.value, flat.drawdown_s) == (0.0, 0.0, None)
    empty = figures([])
    assert (empty.total_return.value, empty.total_return.needs) == (None, "needs 1 more bar")
    assert empty.max_drawdown_s is None
    one = figures([100.0])
    assert (one.total_return.value, one.sharpe.needs) == (0.0, "needs 100 more bars")


@given(CURVES)
def test_a_curve_never_fails(curve: list[float]) -> None:
    found = figures(curve)
    assert found.max_drawdown.value <= found.drawdown.value <= 0
    assert (found.drawdown_s is None) == (found.drawdown.value == 0)
    for name in ("yearly_return", "sharpe", "sortino", "calmar"):
        each = getattr(found, name)
        assert (each.value is None) == bool(each.needs)
        assert each.value is None or math.isfinite(each.value)


@given(CURVES, st.integers(2, 40))
def test_a_thinned_curve_keeps_its_ends_and_its_deepest_fall(curve: list[float], most: int) -> None:
    equity = np.array(curve)
    rows = thinned(len(curve), most)
    assert len(rows) <= max(1, most)
    assert (rows[0], rows[-1]) == (0, len(curve) - 1)
    depths = falls(equity, rows)
    assert len(depths) == len(rows)
    assert depths.min() == (equity / np.maximum.accumulate(equity) - 1).min()


def test_falls_are_those_since_the_row_before() -> None:
    found = falls(np.array([100.0, 90.0, 80.0, 100.0, 100.0]), np.array([0, 2, 4]))
    assert found == pytest.approx([0.0, -0.2, 0.0])


def test_nothing_is_thinned_to_nothing() -> None:
    assert thinned(0, 10).tolist() == []
    assert falls(np.array([]), thinned(0, 10)).tolist() == []


def test_holding_is_the_mean_of_the_symbols() -> None:
    assert held([[100, 10], [110, 10], [120, None], [50, 20]]) == pytest.approx([1.0, 1.05, None, 1.25])
    assert held([[100, None], [110, 10]]) == [None, None]
    assert held([]) == []
    assert held([[]]) == [None]


def test_what_is_missing_in_words() -> None:
    assert [missing(count, "day") for count in (-1, 0, 0.2, 1, 1.01)] == [
        "",
        "",
        "needs 1 more day",
        "needs 1 more day",
        "needs 2 more days",
    ]
