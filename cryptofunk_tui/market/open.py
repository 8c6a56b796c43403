"""Opens the market that a run asked for."""

import asyncio
import os
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from cryptofunk_tui.domain.base import WallClock
from cryptofunk_tui.domain.sources import (
    CRYPTOPANIC_KEY,
    ExchangeConfig,
    NewsConfig,
    RecordedConfig,
    SimulatedConfig,
)
from cryptofunk_tui.market.bars import checked_multiple
from cryptofunk_tui.market.recorded import RecordedMarket
from cryptofunk_tui.market.simulated import SimulatedMarket
from cryptofunk_tui.market.source import MarketError, MarketSource, Unreachable

Kind = Literal["auto", "exchange", "recorded", "simulated"]

SIMULATED_NOTICE = "SIMULATED MARKET, prices are invented"
FALLEN_NOTICE = f"no exchange could be reached: {SIMULATED_NOTICE}"

_AUTO_DEADLINE_S = 2.5
_EXCHANGE_DEADLINE_S = 8.0


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """A market that answers, and what a person must know of it."""

    source: MarketSource
    notice: str | None


async def open_source(
    kind: Kind,
    *,
    venue: str | None,
    symbols: tuple[str, ...],
    timeframe: str,
    spread: Decimal,
    exchange: ExchangeConfig,
    recorded: RecordedConfig,
    simulated: SimulatedConfig,
    news: NewsConfig,
    paper: bool = True,
) -> OpenedSource:
    """`auto` is the first live venue that answers; on a paper account, within 3 s of nobody's answer, the
    simulated market. It never changes afterwards. Raises MarketError."""
    if kind == "recorded":
        recording = await asyncio.to_thread(RecordedMarket.read, recorded.candles, spread)
        checked_multiple(recording.resolution, timeframe)
        return OpenedSource(recording, None)
    if kind == "simulated":
        return OpenedSource(SimulatedMarket(simulated.seed, symbols), SIMULATED_NOTICE)
    may_fall = kind == "auto" and paper
    try:
        return await _live(
            exchange, venue, symbols, news, _AUTO_DEADLINE_S if may_fall else _EXCHANGE_DEADLINE_S
        )
    except Unreachable as error:
        if may_fall:
            return OpenedSource(SimulatedMarket(simulated.seed, symbols), FALLEN_NOTICE)
        raise MarketError(f"no exchange could be reached: {error}; or choose --market simulated") from None


async def _live(
    exchange: ExchangeConfig, venue: str | None, symbols: tuple[str, ...], news: NewsConfig, deadline_s: float
) -> OpenedSource:
    from cryptofunk_tui.market.exchange import connect_first
    from cryptofunk_tui.market.feeds import Feeds
    from cryptofunk_tui.market.news import FearGreedIndex

    source = await connect_first(
        exchange,
        symbols,
        venue=venue,
        deadline_s=deadline_s,
        fear_greed=FearGreedIndex(news.fear_greed_url),
        feeds=Feeds(news, os.environ.get(CRYPTOPANIC_KEY) or None, symbols, WallClock()),
        clock=WallClock(),
    )
    return OpenedSource(source, None)
