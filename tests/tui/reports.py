"""A report for scenes, from fixed numbers through the real figures."""

import math
from datetime import timedelta
from decimal import Decimal

import numpy as np

from cryptofunk_tui.domain.base import to_ms
from cryptofunk_tui.domain.events import AgentRecord
from cryptofunk_tui.domain.performance import Curve, Figure, Performance
from cryptofunk_tui.domain.portfolio import Trade
from cryptofunk_tui.quant import track_record
from tests.tui.props import MARKET, SYMBOLS

STRATEGIES = ("trend_following", "mean_reversion", "arbitrage")
EXITS = ("stop", "target", "trail", "vote", "person")


def trade(number: int) -> Trade:
    pnl = Decimal(str(round(40 * math.sin(1.7 * number) + 3, 2)))
    at = MARKET - timedelta(hours=5 * number)
    return Trade(
        symbol=SYMBOLS[number % len(SYMBOLS)],
        strategy=STRATEGIES[number % 3],
        quantity=Decimal("0.5"),
        entry_price=Decimal(100),
        exit_price=Decimal(100) + pnl,
        pnl=pnl,
        fees=Decimal("0.2"),
        r_multiple=float(pnl) / 20,
        opened_at=at - timedelta(hours=3),
        closed_at=at,
        exit_purpose=EXITS[number % len(EXITS)],
    )


def report(bars: int = 800, trades: int = 30) -> Performance:
    """An account that rose on waves, beside a market that rose less."""
    steps = np.arange(bars)
    at_ms = to_ms(MARKET) - 3_600_000 * steps[::-1]
    equity = 10_000 * (1 + 0.00004 * steps + 0.012 * np.sin(steps / 60))
    exposure = np.where(steps % 3 == 0, equity * 0.2, 0.0)
    rows = track_record.thinned(bars, 400)
    closed = tuple(map(trade, range(trades)))
    moments = tuple(MARKET - timedelta(hours=int(bars - 1 - row)) for row in rows)
    hold = tuple(1 + 0.00002 * float(row) for row in rows)
    return Performance(
        account="paper:simulated:simulated",
        quote_asset="USDT",
        timeframe="1h" if bars else None,
        symbols=SYMBOLS,
        since=moments[0] if bars else None,
        until=moments[-1] if bars else None,
        bars=bars,
        start=Decimal(10000),
        equity=Decimal(str(round(equity[-1], 2))) if bars else Decimal(10000),
        figures=track_record.curve_figures(at_ms, equity, exposure),
        hold_return=track_record.figure(hold[-1] - 1 if bars else None, "needs 1 more bar"),
        turnover=Figure(value=3.2) if bars else Figure(value=None, needs="needs 1 more bar"),
        fees=sum((each.fees for each in closed), Decimal(0)),
        trades=track_record.trade_figures("all", closed),
        by_strategy=track_record.grouped(closed, lambda each: each.strategy or "none"),
        by_symbol=track_record.grouped(closed, lambda each: each.symbol),
        by_exit=track_record.grouped(closed, lambda each: each.exit_purpose),
        agents=(
            AgentRecord(agent="technical", calls=240, hits=131),
            AgentRecord(agent="order_book", calls=90, hits=38),
            AgentRecord(agent="sentiment", calls=0, hits=0),
        )
        if bars
        else (),
        horizon_bars=12,
        newest=closed[:50],
        curve=Curve(
            at=moments,
            equity=tuple(equity[rows].tolist()),
            drawdown=tuple(track_record.falls(equity, rows).tolist()),
            hold=hold,
        ),
    )
