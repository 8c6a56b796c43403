"""ccxt clients of single venues, for public data."""

import importlib
import importlib.util
import json
import re
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from cryptofunk_tui.market.source import MarketError

REQUEST_TIMEOUT_S = 10.0

_PACKAGES = ("ccxt", "ccxt.async_support")


def venue_client(venue: str, base_url: str | None) -> Any:
    """A ccxt.async_support client that holds no key. `base_url` takes the place of scheme and host in all
    of its addresses. Raises MarketError for a venue that ccxt does not know."""
    if not re.fullmatch(r"[a-z0-9]+", venue):
        raise MarketError(f"venue {venue!r} is no venue's name; write it small, such as binance or kraken")
    client_class = getattr(_venue_module(venue), venue, None)
    if client_class is None:
        raise MarketError(f"venue {venue!r} is not known to ccxt; name one such as binance or kraken")
    client = client_class(
        {
            "enableRateLimit": True,
            "timeout": int(REQUEST_TIMEOUT_S * 1000),
            "options": {"adjustForTimeDifference": True, "defaultType": "spot"} | _own_options(venue),
        }
    )
    client.handle_errors = _refusing_other_than_json(client.handle_errors)
    if base_url is not None:
        client.urls["api"] = _moved(client.urls["api"], base_url.rstrip("/"))
    return client


def listing_request(venue: str, symbols: tuple[str, ...]) -> dict[str, str]:
    """Parameters that make a venue list only `symbols`, where it can: Binance's whole list is 12 MB."""
    if venue.startswith("binance") and symbols:
        return {"symbols": json.dumps([symbol.replace("/", "") for symbol in symbols], separators=(",", ":"))}
    return {}


def ccxt_errors() -> Any:
    """The module of ccxt's exceptions."""
    return sys.modules["ccxt.base.errors"]


def _refusing_other_than_json(handle_errors: Callable[..., Any]) -> Callable[..., Any]:
    """ccxt's hook after each answer. Left alone, ccxt reads a page of HTML as an empty list."""

    def checked(
        status: int, reason: Any, url: Any, method: Any, headers: Any, body: Any, *others: Any
    ) -> Any:
        if status < 400 and others[0] is None:
            raise ccxt_errors().BadResponse("not JSON")
        return handle_errors(status, reason, url, method, headers, body, *others)

    return checked


def _own_options(venue: str) -> dict[str, Any]:
    if venue.startswith("binance"):
        return {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False, "fetchMargins": False}
    return {}


def _moved(addresses: Any, base_url: str) -> Any:
    if isinstance(addresses, dict):
        return {name: _moved(address, base_url) for name, address in addresses.items()}
    return base_url + urlsplit(addresses).path if isinstance(addresses, str) else addresses


def _venue_module(venue: str) -> ModuleType:
    """The module of one venue. ccxt's packages import every venue that they know (50 MB, half a second and
    more), so where nothing has imported them yet, empty packages stand in their place meanwhile."""
    found = importlib.util.find_spec("ccxt")
    if found is None or found.submodule_search_locations is None:
        raise MarketError("ccxt is not installed; install it or choose another market")
    known = "ccxt" in sys.modules
    try:
        if not known:
            _stand_in(found.submodule_search_locations[0])
        return importlib.import_module(f"ccxt.async_support.{venue}")
    except ModuleNotFoundError:
        raise MarketError(
            f"venue {venue!r} is not known to ccxt; name one such as binance or kraken"
        ) from None
    finally:
        if not known:
            for name in _PACKAGES:
                sys.modules.pop(name, None)


def _stand_in(folder: str) -> None:
    for name, path in zip(_PACKAGES, (folder, f"{folder}/async_support"), strict=True):
        package = ModuleType(name)
        package.__path__ = [path]
        sys.modules[name] = package
    errors = importlib.import_module("ccxt.base.errors")
    vars(sys.modules["ccxt"]).update({name: getattr(errors, name) for name in errors.__all__})
    vars(sys.modules["ccxt"])["Exchange"] = importlib.import_module("ccxt.base.exchange").Exchange
