"""ccxt's own client of Binance, unchanged but for its addresses."""

import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from tests.stand_ins.venue import KEY, SECRET


def moved(addresses: Any, url: str) -> Any:
    """The addresses with another host."""
    if isinstance(addresses, dict):
        return {name: moved(address, url) for name, address in addresses.items()}
    parts = urlsplit(addresses)
    return (url.replace("http", "ws", 1) if parts.scheme == "wss" else url) + parts.path


@asynccontextmanager
async def binance(url: str, **config: Any) -> AsyncIterator[Any]:
    """With its markets loaded; numbers are texts."""
    options = {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False, "fetchMargins": False}
    known = {"apiKey": KEY, "secret": SECRET, "enableRateLimit": False, "timeout": 5000, "options": options}
    exchange = importlib.import_module("ccxt.pro").binance(known | config)
    exchange.urls["api"] = moved(exchange.urls["api"], url)
    exchange.number = str
    try:
        await exchange.load_markets()
        yield exchange
    finally:
        await exchange.close()
