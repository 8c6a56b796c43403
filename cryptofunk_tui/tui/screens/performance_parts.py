"""The parts of the report: figures, the curve, tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from cryptofunk_tui.tui.panels.base import heading, quiet
from cryptofunk_tui.tui.text import (
    BLANK,
    NOTHING,
    Line,
    Number,
    Span,
    age,
    change_tone,
    clean,
    fit,
    money,
    percent,
    price,
    ratio,
    spread,
    width_of,
)
from cryptofunk_tui.tui.widgets.bars import bar
from cryptofunk_tui.tui.widgets.curves import Dots, area, hanging, row_of
from cryptofunk_tui.tui.widgets.table import Column, table

if TYPE_CHECKING:
    from cryptofunk_tui.domain.events import AgentRecord
    from cryptofunk_tui.domain.performance import Curve, Figure, Performance, TradeFigures
    from cryptofunk_tui.domain.portfolio import Trade

LABEL, VALUE = 14, 10
SCALE = 11
HIT_CELLS = 14
FEW_CALLS = 30
REACH = 1.0
"""How far beyond the equity's own range, in that range, buy and hold still widens the picture."""

GROUP_COLUMNS = (
    Column("trades", 6, 3, right=True),
    Column("won", 4, 1, right=True),
    Column("result", 9, right=True),
    Column("PF", 5, 2, right=True),
    Column("R", 6, 3, right=True),
    Column("a trade", 8, 4, right=True),
    Column("mean win", 8, 6, right=True),
    Column("mean loss", 9, 6, right=True),
    Column("best", 8, 7, right=True),
    Column("worst", 8, 7, right=True),
    Column("fees", 8, 5, right=True),
)
TRADE_COLUMNS = (
    Column("closed", 11),
    Column("symbol", 8, most=14),
    Column("strategy", 15, 3, most=18),
    Column("by", 6, 1),
    Column("held", 4, 4, right=True),
    Column("quantity", 10, 6, right=True),
    Column("entry", 10, 5, right=True),
    Column("exit", 10, 5, right=True),
    Column("result", 9, right=True),
    Column("R", 6, 2, right=True),
    Column("fees", 8, 7, right=True),
)
AGENT_COLUMNS = (
    Column("", 15, most=18),
    Column("calls", 6, right=True),
    Column("right", 6, right=True),
)


def figures(report: Performance, width: int) -> list[Line]:
    """The headline numbers, in two columns."""
    curve, closed = report.figures, report.trades
    half = (width - 2) // 2
    none = "no trade yet" if not closed.trades else "no loss yet"
    left = [
        heading("Return"),
        _figure("total", curve.total_return, half, signed=True),
        _figure("a year", curve.yearly_return, half, signed=True),
        _figure("buy and hold", report.hold_return, half, signed=True),
        BLANK,
        heading("Trades"),
        _pair("closed", f"{closed.trades:,}", "", half),
        _pair(
            "won",
            percent(closed.win_rate),
            none if closed.win_rate is None else f"{closed.wins:,} of them",
            half,
        ),
        _pair("profit factor", ratio(closed.profit_factor), _when(closed.profit_factor, none), half),
        _pair("a trade", money(closed.expectancy, True), _in_r(closed.expectancy_r), half),
        _pair("mean win", money(closed.average_win, True), "", half),
        _pair("mean loss", money(closed.average_loss, True), "", half),
        _pair(
            "best, worst", money(closed.best, True), money(closed.worst, True) if closed.trades else "", half
        ),
    ]
    right = [
        heading("Risk"),
        _figure("max drawdown", curve.max_drawdown, half, _lasted(curve.max_drawdown_s)),
        _figure("drawdown now", curve.drawdown, half, _lasted(curve.drawdown_s)),
        _figure("Sharpe", curve.sharpe, half, plain=True),
        _figure("Sortino", curve.sortino, half, plain=True),
        _figure("Calmar", curve.calmar, half, plain=True),
        BLANK,
        heading("Activity"),
        _figure("time in market", curve.time_exposed, half),
        _figure("mean exposure", curve.mean_exposure, half),
        _figure("turnover", report.turnover, half, "× equity", plain=True),
        _pair("fees paid", money(report.fees), "", half),
        BLANK,
    ]
    return [
        (*one, Span(" " * (half + 2 - width_of(one))), *other) for one, other in zip(left, right, strict=True)
    ]


def equity_curve(curve: Curve, width: int, height: int) -> list[Line]:
    """Equity beside buy and hold, the drawdown hanging below, and time."""
    if len(curve.equity) < 2:
        return [heading("Equity"), *quiet("The curve is drawn from the second bar on.", width=width)]
    cells = width - SCALE - 1
    hold = [None if each is None else each * curve.equity[0] for each in curve.hold]
    bounds, seen = _bounds(curve.equity, [each for each in hold if each is not None])
    over = [Dots([curve.equity[0]], "dim", "┄", behind=True)]
    if seen:
        over.append(Dots(hold, "warn", "•"))
    labels = _scale(bounds, height) | {
        row_of(curve.equity[-1], bounds, height): _price(curve.equity[-1], "bold")
    }
    deepest = min(curve.drawdown)
    below = max(2, height // 4)
    floor: dict[int | None, Span] = {0: _label("drawdown"), below - 1: _label(percent(deepest, digits=2))}
    legend = Span("  • buy and hold", "warn") if seen else Span("  buy and hold is out of the picture", "dim")
    return [
        (Span("Equity", "heading"), Span("  █ equity", "spark"), Span("  ┄ start", "dim"), legend),
        *_labelled(area(curve.equity, bounds, cells, height, "spark", over), labels),
        *_labelled(hanging(curve.drawdown, deepest, cells, below, "down"), floor),
        _times(curve, cells),
    ]


def groups(title: str, parts: Sequence[TradeFigures], width: int) -> list[Line]:
    """Closed trades of each group."""
    if not parts:
        return [heading(title), *quiet("No closed trade yet.", width=width)]
    columns = (Column(title, 15, most=18), *GROUP_COLUMNS)
    head, body = table(columns, [_group(each) for each in parts], width)
    return [head, *body]


def agents(report: Performance, width: int) -> list[Line]:
    """How often each agent's BUY and SELL were right."""
    title = f"Agents: BUY or SELL, right {report.horizon_bars} bars later"
    called = [each for each in report.agents if each.calls]
    if not called:
        return [heading(title), *quiet("No call is old enough to be judged.", width=width)]
    called.sort(key=lambda each: -each.hits / each.calls)
    rows = [
        [
            Span(clean(each.agent, 24)),
            Span(f"{each.calls:,}"),
            Span(percent(each.hits / each.calls), _rated(each)),
        ]
        for each in called
    ]
    head, body = table(AGENT_COLUMNS, rows, width - HIT_CELLS - 2)
    strips = (bar(each.hits / each.calls, HIT_CELLS, mark=0.5) for each in called)
    silent = [clean(each.agent, 24) for each in report.agents if not each.calls]
    none = quiet(f"no call to be judged: {', '.join(silent)}", width=width) if silent else []
    return [
        heading(title),
        (*head, Span("  half is chance", "dim")),
        *((*line, Span("  "), *strip) for line, strip in zip(body, strips, strict=True)),
        *none,
    ]


def _rated(each: AgentRecord) -> str:
    """Few calls say nothing yet."""
    return "dim" if each.calls < FEW_CALLS else "up" if each.hits * 2 > each.calls else "down"


def trades(report: Performance, width: int) -> list[Line]:
    """The newest closed trades."""
    if not report.newest:
        return quiet("No closed trade yet.", width=width)
    head, body = table(TRADE_COLUMNS, [_trade(each) for each in report.newest], width)
    return [head, *body]


def _group(each: TradeFigures) -> list[Span]:
    return [
        Span(clean(each.name, 24), "bold"),
        Span(f"{each.trades:,}"),
        Span(percent(each.win_rate, digits=0)),
        _signed(each.pnl),
        Span(ratio(each.profit_factor)),
        Span(NOTHING if each.expectancy_r is None else _r(each.expectancy_r)),
        Span(money(each.expectancy, True)),
        Span(money(each.average_win, True)),
        Span(money(each.average_loss, True)),
        Span(money(each.best, True)),
        Span(money(each.worst, True)),
        Span(money(each.fees), "dim"),
    ]


def _trade(each: Trade) -> list[Span]:
    return [
        Span(f"{each.closed_at:%m-%d %H:%M}"),
        Span(clean(each.symbol, 31), "bold"),
        Span(clean(each.strategy or NOTHING, 24), "dim"),
        Span(clean(each.exit_purpose, 12)),
        Span(age((each.closed_at - each.opened_at).total_seconds())),
        Span(f"{each.quantity:f}", "dim"),
        Span(price(each.entry_price)),
        Span(price(each.exit_price)),
        _signed(each.pnl),
        Span(NOTHING if each.r_multiple is None else _r(each.r_multiple)),
        Span(money(each.fees), "dim"),
    ]


def _pair(name: str, value: str, note: str, width: int) -> Line:
    """A name, its number, and what belongs to it where there is room; a note takes the place of a number that
    is not there."""
    room = max(0, width - LABEL)
    label = Span(fit(name, LABEL), "dim")
    if value == NOTHING and note:
        return spread((Span(name, "dim"),), (Span(note, "dim"),), width)
    number = Span(fit(value, VALUE, right=True), "bold")
    return (label, number, Span(f" {note}", "dim")) if note and len(note) < room - VALUE else (label, number)


def _figure(
    name: str, known: Figure, width: int, note: str = "", *, plain: bool = False, signed: bool = False
) -> Line:
    if known.value is None:
        return _pair(name, NOTHING, known.needs, width)
    text = ratio(known.value) if plain else percent(known.value, signed, 2 if signed else 1)
    return _pair(name, text, note, width)


def _when(value: object, reason: str) -> str:
    return reason if value is None else ""


def _in_r(value: float | None) -> str:
    return "" if value is None else f"{_r(value)} R"


def _r(value: float) -> str:
    return f"{value:+.2f}".replace("-", "−")


def _lasted(seconds: float | None) -> str:
    return "" if seconds is None else f"for {age(seconds)}"


def _signed(amount: Number) -> Span:
    return Span(money(amount, True), change_tone(amount))


def _bounds(equity: Sequence[float], hold: Sequence[float]) -> tuple[tuple[float, float], bool]:
    """The picture's lowest and highest value, and whether buy and hold is in it: not where it would press the
    equity flat."""
    low, high = min(equity), max(equity)
    reach = (high - low or high * 0.01) * REACH
    inside = [each for each in hold if low - reach <= each <= high + reach]
    seen = len(inside) * 2 > len(hold)
    if seen:
        low, high = min([low, *inside]), max([high, *inside])
    margin = (high - low or high) * 0.02
    return (low - margin, high + margin), seen


def _labelled(rows: Sequence[Line], labels: Mapping[int | None, Span]) -> list[Line]:
    return [(*line, labels.get(row, Span(""))) for row, line in enumerate(rows)]


def _scale(bounds: tuple[float, float], rows: int) -> dict[int | None, Span]:
    """Labels of some rows, from the top."""
    low, high = bounds
    step = max(2, rows // 3)
    return {row: _price(high - (high - low) * row / max(1, rows - 1)) for row in range(0, rows, step)}


def _price(value: float, tone: str = "dim") -> Span:
    return _label(money(value), tone)


def _label(text: str, tone: str = "dim") -> Span:
    return Span(f" {fit(text, SCALE, right=True)}", tone)


def _times(curve: Curve, cells: int) -> Line:
    """The first, the middle and the last moment below the curve."""
    days = (curve.at[-1] - curve.at[0]).total_seconds() / 86_400
    form = "%Y-%m-%d" if days > 20 else "%m-%d %H:%M"
    first, middle, last = (
        moment.strftime(form) for moment in (curve.at[0], curve.at[len(curve.at) // 2], curve.at[-1])
    )
    gap = cells - len(first) - len(last)
    if gap < len(middle) + 4:
        return (Span(first + " " * max(1, gap) + last, "dim"),)
    left = (cells - len(middle)) // 2 - len(first)
    return (Span(first + " " * left + middle + " " * (gap - left - len(middle)) + last, "dim"),)
