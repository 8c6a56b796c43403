"""From what a market says to the context columns that agents read: pure functions, NaN where unknown."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from cryptofunk_tui.agents.frame import (
    BOOK_COLUMNS,
    BUY_EDGE_COLUMN,
    FEAR_GREED_COLUMN,
    NEWS_COLUMN,
    SELL_EDGE_COLUMN,
)
from cryptofunk_tui.domain.agent_rules import ArbitrageRules, OrderBookRules, SentimentRules
from cryptofunk_tui.domain.market import FearGreed, Headline, Level, OrderBook, Quote, split_symbol
from cryptofunk_tui.domain.rules import CostRules
from cryptofunk_tui.quant.order_book import (
    BookArrays,
    BookSide,
    depth_balance,
    imbalance,
    large_balance,
    spoof_balance,
)


def book_features(book: OrderBook, previous: OrderBook | None, rules: OrderBookRules) -> dict[str, float]:
    """The `book.*` columns; all NaN where a side is empty. Without a previous book of the same symbol and
    venue nothing is suspected."""
    arrays = _arrays(book)
    if arrays is None:
        return dict.fromkeys(BOOK_COLUMNS, math.nan)
    before = (
        _arrays(previous)
        if previous is not None and (previous.symbol, previous.venue) == (book.symbol, book.venue)
        else None
    )
    values = (
        imbalance(arrays, rules.imbalance_levels),
        depth_balance(arrays, rules.depth),
        large_balance(arrays, rules.large),
        spoof_balance(before, arrays, rules.large, rules.pulled) if before is not None else 0.0,
    )
    return dict(zip(BOOK_COLUMNS, values, strict=True))


def sentiment(
    headlines: Iterable[Headline],
    fear_greed: FearGreed | None,
    symbol: str,
    at: datetime,
    rules: SentimentRules,
) -> dict[str, float]:
    """`news.score`, the mean tone of the headlines about the symbol, weighted by e^(−age/recency), and
    `fear_greed`. A headline names symbols or base currencies; one that names none is about all of them, one
    dated after `at` is left out."""
    scale = timedelta(hours=rules.recency_hours)
    names = {symbol, split_symbol(symbol)[0]}
    relevant = [
        (item.score, math.exp(-((at - item.at) / scale)))
        for item in headlines
        if item.at <= at and (not item.symbols or names.intersection(item.symbols))
    ]
    weight = math.fsum(recency for _, recency in relevant)
    tone = math.fsum(score * recency for score, recency in relevant)
    return {
        NEWS_COLUMN: max(-1.0, min(1.0, tone / weight)) if weight > 0 else math.nan,
        FEAR_GREED_COLUMN: float(fear_greed.value) if fear_greed is not None else math.nan,
    }


def arbitrage_edges(
    own: Quote, others: Sequence[Quote], at: datetime, costs: CostRules, rules: ArbitrageRules
) -> dict[str, float]:
    """`arb.*_edge`: best gain, net of a taker's fee and slippage on both legs, of buying here and selling at
    another venue, and of buying there and selling here. NaN without two venues' quotes that are at most
    `quote_age_s` away from `at`. Raises ValueError for quotes of another symbol."""
    foreign = next((quote for quote in others if quote.symbol != own.symbol), None)
    if foreign is not None:
        raise ValueError(f"quotes of {foreign.symbol} at {foreign.venue} among those of {own.symbol}")
    limit = timedelta(seconds=rules.quote_age_s)
    fresh = [quote for quote in others if quote.venue != own.venue and abs(at - quote.at) <= limit]
    if not fresh or abs(at - own.at) > limit:
        return {BUY_EDGE_COLUMN: math.nan, SELL_EDGE_COLUMN: math.nan}
    lost = float(costs.taker_fee) + rules.slippage
    kept = (1 - lost) / (1 + lost)
    best_bid, best_ask = max(quote.bid for quote in fresh), min(quote.ask for quote in fresh)
    return {
        BUY_EDGE_COLUMN: _ratio(best_bid, own.ask) * kept - 1,
        SELL_EDGE_COLUMN: _ratio(own.bid, best_ask) * kept - 1,
    }


def _ratio(sold: Decimal, bought: Decimal) -> float:
    return float(sold / bought)


def _arrays(book: OrderBook) -> BookArrays | None:
    return BookArrays(_side(book.bids), _side(book.asks)) if book.bids and book.asks else None


def _side(levels: Sequence[Level]) -> BookSide:
    values = np.array([(level.price, level.quantity) for level in levels], dtype=np.float64)
    return BookSide(values[:, 0], values[:, 1])
