"""How each source of prices and news is configured, and which addresses it may have."""

import ipaddress
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from cryptofunk_tui.domain.base import Record

CRYPTOPANIC_KEY = "CRYPTOFUNK_CRYPTOPANIC_KEY"
"""The environment variable that holds it; market_data alone is given it."""


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def checked_address(url: str, *domains: str) -> str:
    """The address as it stands, where it is on this machine or, over https, within one of `domains`. Raises
    ValueError for all others."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if is_loopback(host) and parts.scheme in ("http", "https"):
        return url
    if parts.scheme == "https" and any(host == each or host.endswith(f".{each}") for each in domains):
        return url
    raise ValueError(f"{host or url!r} is no address of {domains[0]} over https, nor on this machine")


class ExchangeConfig(Record):
    """Public market data over ccxt."""

    venues: tuple[str, ...] = ("binance", "kraken", "coinbase")
    """ccxt names, in the order in which they are tried; the first that answers is traded on, the others
    give the arbitrage agent its quotes."""
    base_urls: dict[str, str] = {}
    """Another address for a venue's API: one of its own hosts, or one on this machine."""
    requests_per_second: dict[str, float] = {}
    """What a venue grants you, in the units in which ccxt charges; ccxt's own figure where absent."""


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

    @field_validator("url", "rest_url")
    @classmethod
    def _own_address(cls, url: str) -> str:
        return checked_address(url, "coingecko.com")


class NewsConfig(Record):
    """What people write and feel, for the exchange market; the simulated one has its own."""

    fear_greed_url: str = "https://api.alternative.me/fng/"
    feeds: tuple[str, ...] = (
        "https://www.coindesk.com/arc/outboundfeeds/rss/",
        "https://cointelegraph.com/rss",
        "https://decrypt.co/feed",
    )
    """RSS or Atom; none at all turns them off."""
    every_s: float = Field(300.0, ge=30)
    """Between two looks at the feeds, in seconds."""
    cryptopanic_url: str = "https://cryptopanic.com/api/v1/posts/"
    """Asked only where CRYPTOFUNK_CRYPTOPANIC_KEY is set."""

    @field_validator("feeds")
    @classmethod
    def _addresses(cls, feeds: tuple[str, ...]) -> tuple[str, ...]:
        wrong = next((url for url in feeds if not url.startswith(("https://", "http://"))), None)
        if wrong is not None:
            raise ValueError(f"{wrong!r} is no address of a feed; it must begin with https://")
        return feeds

    @field_validator("cryptopanic_url")
    @classmethod
    def _their_address(cls, url: str) -> str:
        return checked_address(url, "cryptopanic.com")

    @field_validator("fear_greed_url")
    @classmethod
    def _own_address(cls, url: str) -> str:
        return checked_address(url, "alternative.me")
