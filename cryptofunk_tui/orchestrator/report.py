"""The report of an account, from its journal and records. Only reads, so a dead engine has one as well."""

import asyncio
from collections.abc import Mapping

from cryptofunk_tui.domain.base import from_ms
from cryptofunk_tui.domain.events import AgentRecord
from cryptofunk_tui.domain.market import timeframe_ms
from cryptofunk_tui.domain.performance import Curve, Figure, Performance
from cryptofunk_tui.domain.portfolio import Portfolio, Trade
from cryptofunk_tui.quant import track_record
from cryptofunk_tui.quant.track_record import Rows
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.records import EquityCurve, Records
from cryptofunk_tui.storage.track import Traded, closed_trades, traded

HORIZON_BARS = 12
"""Bars after which an agent's BUY or SELL is held against the market."""
HEARD = 500
"""Decisions of each symbol over which that is done."""
MOST_POINTS = 20_000
MOST_TRADES = 5_000
DRAWN = 400
NEWEST = 50


async def performance(journal: Journal, records: Records) -> Performance:
    """The active account's report. What costs time is done beside the loop. Raises StorageError, NotFound
    before the first account."""
    portfolio = await journal.portfolio()
    curve = await records.equity(portfolio.account, MOST_POINTS)
    symbols = await records.decided_symbols()
    rows = track_record.thinned(len(curve.at_ms), DRAWN)
    closes: Mapping[str, Mapping[int, float]] = {}
    opened: list[int] = []
    agents: tuple[AgentRecord, ...] = ()
    if curve.timeframe is not None:
        opened = [int(at) - timeframe_ms(curve.timeframe) for at in curve.at_ms[rows]]
        closes = await records.closes_at(symbols, curve.timeframe, opened)
        agents = await records.agent_records(symbols, curve.timeframe, HORIZON_BARS, HEARD)
    trades = await closed_trades(journal, MOST_TRADES)
    spent = await traded(journal)

    def assemble() -> Performance:
        priced = [symbol for symbol, known in closes.items() if opened[0] in known]
        hold = track_record.held([[closes[symbol].get(at) for symbol in priced] for at in opened])
        return _report(portfolio, curve, rows, symbols, hold, agents, trades, spent)

    return await asyncio.to_thread(assemble)


def _report(
    portfolio: Portfolio,
    curve: EquityCurve,
    rows: Rows,
    symbols: tuple[str, ...],
    hold: list[float | None],
    agents: tuple[AgentRecord, ...],
    trades: tuple[Trade, ...],
    spent: Traded,
) -> Performance:
    count = len(curve.at_ms)
    end = hold[-1] if hold else None
    return Performance(
        account=portfolio.account,
        quote_asset=portfolio.quote_asset,
        timeframe=curve.timeframe,
        symbols=symbols,
        since=from_ms(int(curve.at_ms[0])) if count else None,
        until=from_ms(int(curve.at_ms[-1])) if count else None,
        bars=count,
        start=portfolio.start,
        equity=portfolio.equity,
        figures=track_record.curve_figures(curve.at_ms, curve.equity, curve.exposure),
        hold_return=track_record.figure(
            None if end is None else end - 1, "needs candles" if count else "needs 1 more bar"
        ),
        turnover=Figure(value=float(spent.value) / float(curve.equity.mean()))
        if count
        else Figure(value=None, needs="needs 1 more bar"),
        fees=spent.fees,
        trades=track_record.trade_figures("all", trades),
        by_strategy=track_record.grouped(trades, lambda trade: trade.strategy or "none"),
        by_symbol=track_record.grouped(trades, lambda trade: trade.symbol),
        by_exit=track_record.grouped(trades, lambda trade: trade.exit_purpose),
        agents=agents,
        horizon_bars=HORIZON_BARS,
        newest=trades[:NEWEST],
        curve=Curve(
            at=tuple(from_ms(int(at)) for at in curve.at_ms[rows]),
            equity=tuple(curve.equity[rows].tolist()),
            drawdown=tuple(track_record.falls(curve.equity, rows).tolist()),
            hold=tuple(hold),
        ),
    )
