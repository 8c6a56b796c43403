import subprocess
import sys

import pytest

from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.market.venue_clients import listing_request, venue_client

pytestmark = pytest.mark.anyio


async def test_every_address_moves_and_no_key_is_held() -> None:
    client = venue_client("binance", "http://127.0.0.1:9/proxy/")
    assert client.urls["api"]["public"] == "http://127.0.0.1:9/proxy/api/v3"
    assert "binance.com" not in str(client.urls["api"])
    assert not client.apiKey and not client.secret
    assert client.enableRateLimit
    await client.close()


async def test_the_venues_own_address_stands_without_another() -> None:
    client = venue_client("kraken", None)
    assert client.urls["api"]["public"] == "https://api.kraken.com"
    await client.close()


@pytest.mark.parametrize("venue", ["nosuch", "base", "os", "../binance", "Binance", ""])
def test_unknown_venues_are_refused(venue: str) -> None:
    with pytest.raises(MarketError, match=r"name one such as binance|write it small"):
        venue_client(venue, None)


def test_only_the_asked_venue_is_loaded_and_all_of_ccxt_can_still_be_imported() -> None:
    script = """
import sys
from cryptofunk_tui.market.venue_clients import venue_client
client = venue_client("binance", None)
assert "ccxt.async_support.binance" in sys.modules
assert not {"ccxt", "ccxt.async_support", "ccxt.async_support.kraken", "ccxt.binance"} & set(sys.modules)
import ccxt.async_support
assert isinstance(client, ccxt.async_support.Exchange)
assert ccxt.NetworkError is sys.modules["ccxt.base.errors"].NetworkError
assert "kraken" in ccxt.exchanges
assert type(venue_client("kraken", None)) is ccxt.async_support.kraken
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_binance_lists_only_what_is_asked_for() -> None:
    assert listing_request("binance", ("BTC/USDT", "ETH/USDT")) == {"symbols": '["BTCUSDT","ETHUSDT"]'}
    assert listing_request("binance", ()) == {}
    assert listing_request("kraken", ("BTC/USDT",)) == {}
