"""How an account did: the figures of its report. Fractions are 0.1 for 10 %, money is in quote currency."""

from cryptofunk_tui.domain.base import Money, Record, Utc
from cryptofunk_tui.domain.events import AgentRecord
from cryptofunk_tui.domain.portfolio import Trade


class Figure(Record):
    """A number; where it is None, `needs` says in words what it waits for."""

    value: float | None
    needs: str = ""


class CurveFigures(Record):
    """What an equity curve says, from its first point to its last. Lengths are seconds of market time."""

    total_return: Figure
    yearly_return: Figure
    sharpe: Figure
    sortino: Figure
    calmar: Figure
    max_drawdown: Figure
    """At most 0."""
    max_drawdown_s: float | None
    """From the peak until equity was back there, until now where it is not; None where it never fell."""
    drawdown: Figure
    """Of now."""
    drawdown_s: float | None
    """Since the peak; None at the peak."""
    time_exposed: Figure
    """Share of the bars at whose close something was held."""
    mean_exposure: Figure
    """Worth of what was held, as a share of equity, over all bars."""


class TradeFigures(Record):
    """What closed trades came to; a break-even trade neither won nor lost. What no trade tells is None."""

    name: str
    trades: int
    wins: int
    losses: int
    pnl: Money
    """Net of fees."""
    fees: Money
    win_rate: float | None
    average_win: Money | None
    average_loss: Money | None
    best: Money | None
    worst: Money | None
    profit_factor: float | None
    """All wins over all losses; None while nothing was lost."""
    expectancy: Money | None
    """Mean result of a trade."""
    expectancy_r: float | None
    """The same in units of the equity that was at risk at entry, of the trades whose risk is known."""


class Curve(Record):
    """The equity curve thinned for drawing, as columns. `drawdown` is the deepest since the point before;
    `hold` is 1 at the first point and None where a price is missing."""

    at: tuple[Utc, ...]
    equity: tuple[float, ...]
    drawdown: tuple[float, ...]
    hold: tuple[float | None, ...]


class Performance(Record):
    """An account's report. `since` and `until` are the ends of the curve, whose first point is the first
    decided bar; trades and fees are all of the account's."""

    account: str
    quote_asset: str
    timeframe: str | None
    symbols: tuple[str, ...]
    since: Utc | None
    until: Utc | None
    bars: int
    start: Money
    equity: Money
    figures: CurveFigures
    hold_return: Figure
    """Of as much money in each symbol that had a price at the curve's first bar, bought there and held."""
    turnover: Figure
    """Worth of all fills, bought and sold, over the mean equity."""
    fees: Money
    """All that were paid, those of open positions as well."""
    trades: TradeFigures
    by_strategy: tuple[TradeFigures, ...]
    by_symbol: tuple[TradeFigures, ...]
    by_exit: tuple[TradeFigures, ...]
    agents: tuple[AgentRecord, ...]
    horizon_bars: int
    newest: tuple[Trade, ...]
    """The newest closed trades, newest first."""
    curve: Curve
