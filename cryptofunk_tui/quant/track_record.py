"""What an equity curve and closed trades say of an account.

Ratios are of the returns from bar to bar, annualised by the mean time that really lay between them, with 365
days a year and no risk-free rate. Nothing is told from less than LEAST_RETURNS returns, and nothing about a
year from less than LEAST_DAYS days."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Context, Decimal, localcontext

import numpy as np
import numpy.typing as npt

from cryptofunk_tui.domain.candles import Floats, Stamps
from cryptofunk_tui.domain.performance import CurveFigures, Figure, TradeFigures
from cryptofunk_tui.domain.portfolio import Trade
from cryptofunk_tui.quant.performance import DAYS_A_YEAR, calmar, drawdown, ratios, yearly_growth

LEAST_RETURNS = 100
LEAST_DAYS = 30.0
_DAY_MS = 86_400_000
_CENT = Decimal("1e-8")
_EXACT = Context(prec=200)
Rows = npt.NDArray[np.intp]


def curve_figures(at_ms: Stamps, equity: Floats, exposure: Floats) -> CurveFigures:
    """The figures of a curve of at least 0 points, oldest first, with equity above 0. Raises ValueError for
    other numbers."""
    count = len(equity)
    if not count:
        none = Figure(value=None, needs="needs 1 more bar")
        names = CurveFigures.model_fields
        return CurveFigures(**{name: None if name.endswith("_s") else none for name in names})
    returns = equity[1:] / equity[:-1] - 1
    days = float(at_ms[-1] - at_ms[0]) / _DAY_MS
    a_year = DAYS_A_YEAR / days * (count - 1) if days else DAYS_A_YEAR
    few = missing(LEAST_RETURNS - len(returns), "bar")
    short = missing(LEAST_DAYS - days, "day")
    found = ratios(returns, 0.0, a_year) if not few else None
    fall = drawdown(equity)
    growth = yearly_growth(equity, a_year) if count > 1 and not short else None
    grown = calmar(equity, a_year) if count > 1 and not short else None
    peak = count - 1 - int(np.argmax(equity[::-1]))
    end = fall.recovery_index if fall.recovery_index is not None else count - 1
    return CurveFigures(
        total_return=Figure(value=float(equity[-1] / equity[0] - 1)),
        yearly_return=figure(growth, short or "beyond all numbers"),
        sharpe=figure(found.annualized_sharpe if found else None, few or "equity never moved"),
        sortino=figure(found.annualized_sortino if found else None, few or "no bar lost yet"),
        calmar=figure(grown, short or ("never fell yet" if not fall.max_drawdown else "beyond all numbers")),
        max_drawdown=Figure(value=fall.max_drawdown),
        max_drawdown_s=None if fall.peak_index is None else _seconds(at_ms, fall.peak_index, end),
        drawdown=Figure(value=fall.current_drawdown),
        drawdown_s=_seconds(at_ms, peak, count - 1) if fall.current_drawdown < 0 else None,
        time_exposed=Figure(value=float(np.mean(exposure > 0))),
        mean_exposure=Figure(value=float(np.mean(exposure / equity))),
    )


def trade_figures(name: str, trades: Sequence[Trade]) -> TradeFigures:
    """What these trades came to."""
    wins = [trade.pnl for trade in trades if trade.pnl > 0]
    losses = [trade.pnl for trade in trades if trade.pnl < 0]
    results = [trade.pnl for trade in trades]
    in_r = [trade.r_multiple for trade in trades if trade.r_multiple is not None]
    return TradeFigures(
        name=name,
        trades=len(trades),
        wins=len(wins),
        losses=len(losses),
        pnl=total(results),
        fees=total(trade.fees for trade in trades),
        win_rate=len(wins) / len(trades) if trades else None,
        average_win=_mean(wins),
        average_loss=_mean(losses),
        best=max(results, default=None),
        worst=min(results, default=None),
        profit_factor=float(total(wins) / -total(losses)) if losses else None,
        expectancy=_mean(results),
        expectancy_r=float(np.mean(in_r)) if in_r else None,
    )


def grouped(trades: Iterable[Trade], by: Callable[[Trade], str]) -> tuple[TradeFigures, ...]:
    """The same of each group, the most traded first."""
    groups: dict[str, list[Trade]] = {}
    for trade in trades:
        groups.setdefault(by(trade), []).append(trade)
    figures = [trade_figures(name, group) for name, group in groups.items()]
    return tuple(sorted(figures, key=lambda each: (-each.trades, each.name)))


def thinned(count: int, most: int) -> Rows:
    """At most `most` rows of `count`, spread evenly, the first and the last among them."""
    return np.unique(np.linspace(0, count - 1, min(count, most)).astype(np.intp)) if count else np.arange(0)


def falls(equity: Floats, rows: Rows) -> Floats:
    """The deepest drawdown since the row before, at each of these rows of a curve."""
    if not len(rows):
        return np.array([], dtype=np.float64)
    depths = equity / np.maximum.accumulate(equity) - 1
    return np.minimum.reduceat(depths, np.concatenate(([0], rows[:-1] + 1)))


def held(closes: Sequence[Sequence[float | None]]) -> list[float | None]:
    """As much money in each symbol, as a multiple of what it was at the first moment. `closes` is one row a
    moment, one close a symbol; a moment at which one is missing is None, and so are all where one of the
    first is."""
    if not closes or not closes[0] or not all(closes[0]):
        return [None] * len(closes)
    first = [close for close in closes[0] if close]
    return [
        float(np.mean([close / base for close, base in zip(row, first, strict=True) if close]))
        if all(row)
        else None
        for row in closes
    ]


def missing(count: float, unit: str) -> str:
    """How many more are needed, in words; nothing where there are enough."""
    whole = int(np.ceil(count))
    return f"needs {whole} more {unit}{'s' * (whole > 1)}" if whole > 0 else ""


def figure(value: float | None, needs: str) -> Figure:
    """A figure, or what it needs."""
    return Figure(value=value) if value is not None else Figure(value=None, needs=needs)


def total(amounts: Iterable[Decimal]) -> Decimal:
    """Their sum, without loss."""
    with localcontext(_EXACT):
        return sum(amounts, Decimal(0))


def _mean(amounts: Sequence[Decimal]) -> Decimal | None:
    if not amounts:
        return None
    with localcontext(_EXACT):
        return (total(amounts) / len(amounts)).quantize(_CENT)


def _seconds(at_ms: Stamps, start: int, end: int) -> float:
    return float(at_ms[end] - at_ms[start]) / 1000
