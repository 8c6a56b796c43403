"""Breadth beside the traded markets, from CoinGecko: never the price of a fill."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from cryptofunk_tui.tui.panels.base import Drawing, Panel, heading, quiet
from cryptofunk_tui.tui.text import (
    BLANK,
    NOTHING,
    Line,
    Span,
    change_glyph,
    change_tone,
    clean,
    price,
    short,
    wrap,
)
from cryptofunk_tui.tui.view_state import ViewState
from cryptofunk_tui.tui.widgets.table import Column, table

if TYPE_CHECKING:
    from cryptofunk_tui.domain.events import CoinRow, MarketContext, Ticker

ATTRIBUTION = "Data provided by CoinGecko"
COINS = (
    Column("", 5, most=6),
    Column("coin", 10, 2, most=14),
    Column("price", 10, right=True, most=12),
    Column("24h", 9, 1, right=True),
    Column("cap", 8, 3, right=True),
)
TICKERS = (
    Column("exchange", 12, most=16),
    Column("pair", 9, 2, most=12),
    Column("last", 10, right=True, most=12),
    Column("spread", 7, 1, right=True),
)


class MarketBreadth(Panel):
    """Prices, trending coins, the largest markets, and the same pair on other exchanges."""

    number = "8"
    title = "Market"

    def watches(self, state: ViewState) -> tuple[object, ...]:
        return (state.context,)

    def draw(self, state: ViewState, width: int, height: int, now: datetime) -> Drawing:
        context = state.context
        if context is None:
            return Drawing(quiet("CoinGecko has not answered yet. Trading does not need it.", width=width))
        body: list[Line] = []
        if context.error:
            body += [(Span(line, "warn"),) for line in wrap(f"! {clean(context.error)}", width)]
        body += _totals(context)
        body += _coins("Prices", context.prices, width)
        body += _tickers(context.tickers, width)
        body += _coins("Trending", context.trending, width)
        body += _coins("Largest", context.markets, width)
        credit = clean(context.attribution, 60) or ATTRIBUTION
        way = f" by {clean(context.source, 20)}" if context.source else ""
        foot = [ATTRIBUTION + way, credit.removeprefix(ATTRIBUTION).strip()]
        return Drawing(body, tuple((Span(line, "dim"),) for line in foot if line), f"{context.at:%H:%M:%S}")


def _totals(context: MarketContext) -> list[Line]:
    if context.total_market_cap is None:
        return []
    share = NOTHING if context.btc_dominance is None else f"{context.btc_dominance:.1f}%"
    return [
        (
            Span("all coins ", "dim"),
            Span(short(context.total_market_cap)),
            Span("   bitcoin ", "dim"),
            Span(share),
        )
    ]


def _coins(title: str, coins: Sequence[CoinRow], width: int) -> list[Line]:
    if not coins:
        return []
    _, lines = table(COINS, [_coin(coin) for coin in coins], width)
    return [BLANK, heading(title), *lines]


def _coin(coin: CoinRow) -> list[Span]:
    change = coin.change_24h
    shown = NOTHING if change is None else f"{change_glyph(change)} {abs(change):.2f}%"
    return [
        Span(clean(coin.symbol.upper(), 12), "bold"),
        Span(clean(coin.name, 40), "dim"),
        Span(price(coin.price)),
        Span(shown, "dim" if change is None else change_tone(change)),
        Span(short(coin.market_cap), "dim"),
    ]


def _tickers(tickers: Sequence[Ticker], width: int) -> list[Line]:
    if not tickers:
        return []
    rows = [
        [
            Span(clean(ticker.exchange, 40), "dim" if ticker.stale else ""),
            Span(clean(ticker.pair, 20), "dim"),
            Span(price(ticker.last), "dim" if ticker.stale else ""),
            Span("stale" if ticker.stale else _spread(ticker.spread_percent), "dim"),
        ]
        for ticker in tickers
    ]
    _, lines = table(TICKERS, rows, width)
    return [BLANK, heading("Exchanges"), *lines]


def _spread(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}%"
