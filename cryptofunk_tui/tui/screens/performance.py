"""What the account made, bar by bar, and who made it: strategies, symbols, exits, agents."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.panels.base import heading, quiet
from cryptofunk_tui.tui.screens.list_sheet import Asking
from cryptofunk_tui.tui.screens.performance_parts import agents, equity_curve, figures, groups, trades
from cryptofunk_tui.tui.text import (
    BLANK,
    WARN,
    Line,
    Span,
    change_glyph,
    change_tone,
    clean,
    money,
    percent,
    width_of,
    wrap,
)

if TYPE_CHECKING:
    from cryptofunk_tui.domain.performance import Performance
    from cryptofunk_tui.tui.engine_handle import EngineHandle

WIDE = 110
"""Cells from which on parts stand side by side."""
GAP = 3
FOLLOW_S = 5.0
"""Wall seconds between two questions while bars close."""
CONVENTIONS = (
    "The curve starts with the first decided bar, trades and fees with the account. Sharpe, Sortino and "
    "Calmar are of the returns bar by bar, annualised by the mean time between bars: 365 days, no risk-free "
    "rate. Buy and hold: as much money in each symbol that was traded at the first bar. Turnover: all fills "
    "over mean equity. PF: all wins over all losses. R: result over the equity at risk at entry. What too "
    "little is known of is not guessed. `cryptofunk performance --json` prints all of this."
)


class PerformanceScreen(Asking["Performance"]):
    """The account's report; asked for again as bars close."""

    def __init__(self, desk: Desk, engine: Callable[[], EngineHandle | None]) -> None:
        super().__init__(engine)
        self.desk = desk
        self._decided: object = None
        self._asked_at = 0.0

    def on_mount(self) -> None:
        self.set_interval(0.5, self.follow)

    async def ask(self, engine: EngineHandle) -> Performance:
        return await engine.performance()

    def action_ask_again(self) -> None:
        self._decided, self._asked_at = self.desk.state.history[:1], self.desk.monotonic()
        super().action_ask_again()

    def follow(self) -> None:
        """Ask again where decisions were made since."""
        waited = self.desk.monotonic() - self._asked_at >= FOLLOW_S
        if waited and self.is_current and self.desk.state.history[:1] != self._decided:
            self.action_ask_again()

    def heading_text(self) -> tuple[str, str]:
        report = self.answer
        if report is None:
            return "Performance", ""
        if report.since is None or report.until is None:
            return "Performance", clean(report.account, 40)
        span = f"{report.since:%Y-%m-%d} to {report.until:%Y-%m-%d %H:%M}Z"
        return "Performance", f"{span}, {report.bars:,} bars of {clean(report.timeframe or '', 4)}"

    def lines(self, width: int) -> Sequence[Line]:
        report = self.answer
        if report is None:
            return quiet(self.status(), width=width)
        told: list[Line] = [_headline(report)]
        if self.problem:
            words = f"{WARN} not newer than the last bar named above: {self.status()}"
            told += [(Span(line, "warn"),) for line in wrap(words, width)]
        return [*told, BLANK, *_sheet(report, width, self.size.height)]


def _headline(report: Performance) -> Line:
    change = report.equity - report.start
    fraction = change / report.start if report.start else 0
    return (
        Span(f"{change_glyph(change)} {percent(fraction, True, 2)}", change_tone(change)),
        Span(f"  {money(change, True)} {clean(report.quote_asset, 10)}", "bold"),
        Span(f"  {money(report.start)} became {money(report.equity)}", "dim"),
    )


def _sheet(report: Performance, width: int, height: int) -> list[Line]:
    if not report.bars and not report.trades.trades:
        start = quiet("No closed trade yet; the curve starts with the first bar.", width=width)
        return [*start, BLANK, *_conventions(width)]
    if width < WIDE:
        parts = [*_left(report, width, height), BLANK, *_right(report, width)]
    else:
        left = (width - GAP) * 59 // 100
        parts = _beside(_left(report, left, height), _right(report, width - GAP - left), left)
    newest = [heading("Newest trades"), *trades(report, width)]
    return [*parts, BLANK, *newest, BLANK, *_conventions(width)]


def _left(report: Performance, width: int, height: int) -> list[Line]:
    rows = max(6, min(16, height - 32)) if width >= 50 else 6
    return [*figures(report, width), BLANK, *equity_curve(report.curve, width, rows)]


def _right(report: Performance, width: int) -> list[Line]:
    return [
        *groups("By strategy", report.by_strategy, width),
        BLANK,
        *groups("By symbol", report.by_symbol, width),
        BLANK,
        *groups("By exit", report.by_exit, width),
        BLANK,
        *agents(report, width),
    ]


def _beside(left: Sequence[Line], right: Sequence[Line], width: int) -> list[Line]:
    """Two columns, the left one `width` cells wide."""
    rows = max(len(left), len(right))
    pairs = zip([*left, *[BLANK] * (rows - len(left))], [*right, *[BLANK] * (rows - len(right))], strict=True)
    return [(*line, Span(" " * (width + GAP - width_of(line))), *other) for line, other in pairs]


def _conventions(width: int) -> list[Line]:
    return [(Span(line, "dim"),) for line in wrap(CONVENTIONS, width)]
