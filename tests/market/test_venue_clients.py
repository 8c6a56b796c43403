import subprocess
import sys

import pytest

from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.market.venue_clients import Credentials, listing_request, venue_client

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


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/",
        "http://api.binance.com",
        "https://api.binance.com.evil.example",
        "https://127.0.0.1.evil.example",
        "ftp://127.0.0.1",
        "file:///etc/passwd",
        "https://user@evil.example@api.binance.co",
        "",
    ],
)
def test_keys_are_sent_to_no_address_but_the_venues_own(address: str) -> None:
    with pytest.raises(MarketError, match=r"exchange\.base_urls\.binance: .* none of binance's hosts"):
        venue_client("binance", address, Credentials("k", "s"))


@pytest.mark.parametrize("address", ["https://api.binance.com", "http://localhost:1", "http://[::1]:1"])
async def test_the_venues_hosts_and_this_machine_are_allowed(address: str) -> None:
    client = venue_client("binance", address, Credentials("k", "s"))
    assert client.urls["api"]["private"].startswith(address)
    assert client.urls["api"]["ws"]["ws-api"]["spot"].startswith(address.replace("http", "ws", 1))
    assert client.maxRetriesOnFailure == 0
    assert client.verbose is False
    await client.close()


async def test_the_test_net_is_asked_for_by_name() -> None:
    client = venue_client("binance", None, Credentials("k", "s"), sandbox=True)
    assert "testnet" in client.urls["api"]["private"]
    await client.close()
    with pytest.raises(MarketError, match="kraken has no test net"):
        venue_client("kraken", None, Credentials("k", "s"), sandbox=True)
