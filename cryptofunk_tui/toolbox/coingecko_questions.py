"""What CoinGecko is asked, each question in the spellings of the three ways to it.

All of it is ours: no text that the market or a model wrote goes into a question."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MARKET_ROWS = 25
EXCHANGES = ("binance", "gdax", "kraken", "okex")
"""Whose tickers are compared, by CoinGecko's names: gdax is Coinbase, okex is OKX."""

IDS = {
    "AAVE": "aave", "ADA": "cardano", "ALGO": "algorand", "APT": "aptos", "ARB": "arbitrum",
    "ATOM": "cosmos", "AVAX": "avalanche-2", "BCH": "bitcoin-cash", "BNB": "binancecoin", "BTC": "bitcoin",
    "DOGE": "dogecoin", "DOT": "polkadot", "ETC": "ethereum-classic", "ETH": "ethereum", "FIL": "filecoin",
    "HBAR": "hedera-hashgraph", "ICP": "internet-computer", "LINK": "chainlink", "LTC": "litecoin",
    "NEAR": "near", "OP": "optimism", "PEPE": "pepe", "SHIB": "shiba-inu", "SOL": "solana",
    "SUI": "sui", "TON": "the-open-network", "TRX": "tron", "UNI": "uniswap", "USDC": "usd-coin",
    "USDT": "tether", "XLM": "stellar", "XMR": "monero", "XRP": "ripple", "XTZ": "tezos",
}  # fmt: skip
"""CoinGecko's ids, which its URLs want instead of symbols. Coins beyond these show up in the markets."""

CURRENCIES = {
    "EUR": "eur", "GBP": "gbp", "JPY": "jpy", "CHF": "chf", "AUD": "aud", "CAD": "cad", "TRY": "try",
    "BRL": "brl", "BTC": "btc", "ETH": "eth",
}  # fmt: skip
"""Reference currency by quote asset; all others, the dollar coins among them, are shown in dollars."""


@dataclass(frozen=True)
class Question:
    """One call of the API. `key` names its answer, `part` the part of the context that it feeds."""

    part: str
    key: str
    path: str
    query: Mapping[str, str]
    """Of REST."""
    method: str
    arguments: tuple[Any, ...]
    """Of the SDK's method in the code template."""
    tool: str
    tool_arguments: Mapping[str, Any]


def questions(ids: Iterable[str], currency: str) -> tuple[Question, ...]:
    """A full round for the coins `ids`, the most wanted first; without coins, the market as a whole."""
    coins = ",".join(ids)
    overview = (_markets(currency), _plain("global", "/global", "global", "get_global"))
    trending = _plain("trending", "/search/trending", "search.trending", "get_search_trending")
    if not coins:
        return (*overview, trending)
    return (
        _prices(coins, currency),
        *overview,
        *(_tickers(exchange, coins) for exchange in EXCHANGES),
        trending,
    )


def _prices(coins: str, currency: str) -> Question:
    asked = {
        "ids": coins,
        "vs_currencies": currency,
        "include_market_cap": True,
        "include_24hr_change": True,
    }
    query = {key: str(value).lower() for key, value in asked.items()}
    return Question(
        "prices", "prices", "/simple/price", query, "simple.price", (asked,), "get_simple_price", asked
    )


def _markets(currency: str) -> Question:
    asked = {"vs_currency": currency, "per_page": MARKET_ROWS, "page": 1}
    query = {key: str(value) for key, value in asked.items()}
    return Question(
        "markets", "markets", "/coins/markets", query, "coins.markets", (asked,), "get_coins_markets", asked
    )


def _tickers(exchange: str, coins: str) -> Question:
    asked = {"coin_ids": coins}
    return Question(
        "tickers",
        f"tickers {exchange}",
        f"/exchanges/{exchange}/tickers",
        asked,
        "exchanges.tickers",
        (exchange, asked),
        "get_exchanges_tickers",
        {"id": exchange, **asked},
    )


def _plain(part: str, path: str, method: str, tool: str) -> Question:
    return Question(part, part, path, {}, method, (), tool, {})
