"""What a headline speaks of and how it sounds, without a model: whole names, a lexicon with crypto words."""

import re
from collections.abc import Iterable
from functools import cache
from typing import Any

NAMES = {
    "bitcoin": "BTC",
    "ethereum": "ETH",
    "ether": "ETH",
    "solana": "SOL",
    "ripple": "XRP",
    "cardano": "ADA",
    "dogecoin": "DOGE",
    "litecoin": "LTC",
    "polkadot": "DOT",
    "chainlink": "LINK",
    "avalanche": "AVAX",
    "tron": "TRX",
    "toncoin": "TON",
    "shiba inu": "SHIB",
    "uniswap": "UNI",
    "stellar": "XLM",
    "monero": "XMR",
    "binance coin": "BNB",
}
"""Names that are no everyday words; a ticker counts only in capitals."""
WORDS = {
    "ath": 2.5,
    "adoption": 1.5,
    "airdrop": 0.5,
    "approval": 1.5,
    "approves": 1.8,
    "backdoor": -2.5,
    "bankrupt": -3.3,
    "bankruptcy": -3.3,
    "ban": -2.2,
    "bans": -2.2,
    "bear": -1.5,
    "bearish": -2.4,
    "breach": -2.6,
    "bull": 1.5,
    "bullish": 2.4,
    "capitulation": -2.5,
    "charges": -1.5,
    "collapse": -3.0,
    "collapses": -3.0,
    "crackdown": -2.0,
    "crash": -3.0,
    "crashes": -3.0,
    "delist": -2.2,
    "delisted": -2.2,
    "delisting": -2.2,
    "depeg": -3.0,
    "depegs": -3.0,
    "drained": -2.8,
    "dump": -2.2,
    "dumps": -2.2,
    "etf": 0.8,
    "exploit": -2.9,
    "exploited": -2.9,
    "fud": -1.5,
    "hack": -3.0,
    "hacked": -3.2,
    "halving": 1.0,
    "inflows": 1.7,
    "insolvent": -3.2,
    "lawsuit": -1.8,
    "liquidated": -1.8,
    "liquidation": -1.6,
    "liquidations": -1.8,
    "mainnet": 0.8,
    "moon": 1.5,
    "outage": -1.8,
    "outflows": -1.7,
    "partnership": 1.4,
    "phishing": -2.3,
    "plummets": -2.8,
    "plunge": -2.6,
    "plunges": -2.6,
    "pump": 0.8,
    "rallies": 2.2,
    "rally": 2.2,
    "rebound": 1.6,
    "rebounds": 1.6,
    "record": 1.0,
    "rug": -3.0,
    "rugpull": -3.3,
    "scam": -2.9,
    "sell-off": -2.2,
    "selloff": -2.2,
    "slump": -2.2,
    "slumps": -2.2,
    "soar": 2.5,
    "soars": 2.5,
    "stolen": -2.8,
    "subpoena": -1.6,
    "surge": 2.2,
    "surges": 2.2,
    "tumbles": -2.3,
    "upgrade": 1.2,
    "whale": 0.0,
}
"""On the lexicon's scale from −4 to 4: what traders hear in a word, where everyday English hears another."""
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9]*")


@cache
def _lexicon() -> Any:
    """VADER (Hutto and Gilbert 2014) with the words above; reading it takes a tenth of a second."""
    from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

    analyzer = SentimentIntensityAnalyzer()
    analyzer.lexicon.update(WORDS)
    return analyzer


def tone(title: str) -> float:
    """How a headline sounds, from −1 to 1."""
    return round(float(_lexicon().polarity_scores(title)["compound"]), 4)


def bases_named(title: str, traded: Iterable[str]) -> tuple[str, ...]:
    """Base currencies that a headline names: of those that are traded and those that are well known."""
    words = _WORD.findall(title)
    tickers = {*traded, *NAMES.values()}
    found = {word for word in words if word in tickers}
    lowered = f" {' '.join(words).lower()} "
    found |= {base for name, base in NAMES.items() if f" {name} " in lowered}
    return tuple(sorted(found))
