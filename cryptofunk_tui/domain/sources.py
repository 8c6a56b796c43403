"""How each source of prices and news is configured."""

from pydantic import Field

from cryptofunk_tui.domain.base import Record


class ExchangeConfig(Record):
    """Public market data over ccxt."""

    venues: tuple[str, ...] = ("binance", "kraken", "coinbase")
    """ccxt names, in the order in which they are tried; the first that answers is traded on, the others
    give the arbitrage agent its quotes."""
    base_urls: dict[str, str] = {}
    """Another address for a venue's REST API: a proxy, or a stand-in for tests."""


class RecordedConfig(Record):
    """Candles from files."""

    candles: tuple[str, ...] = ()
    """Parquet or CSV files; symbol and timeframe from the name (`…_BASE-QUOTE_TF_…`), else `SYMBOL=FILE`."""


class SimulatedConfig(Record):
    """The market that is a pure function of seed, symbol and time."""

    seed: int = 7
    speed: float | None = None
    """Market seconds in a wall second; absent, as fast as it goes."""


class CoinGeckoConfig(Record):
    """Breadth beside the traded markets."""

    enabled: bool = True
    url: str = "https://mcp.api.coingecko.com/mcp"
    rest_url: str = "https://api.coingecko.com/api/v3"
    calls_per_minute: int = Field(30, ge=1)


class NewsConfig(Record):
    """Fear & Greed; headlines come with the simulated market."""

    fear_greed_url: str = "https://api.alternative.me/fng/"
