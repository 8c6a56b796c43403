"""ccxt clients of single venues, for public data or for an account."""

import asyncio
import importlib
import importlib.util
import json
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

from cryptofunk_tui.domain.sources import is_loopback
from cryptofunk_tui.market.rate_budget import NoBudget, RateBudget
from cryptofunk_tui.market.source import MarketError

REQUEST_TIMEOUT_S = 10.0
BLOCKED_S = 60.0
"""How long a venue is left alone that says too many without saying for how long."""

_PACKAGES = ("ccxt", "ccxt.async_support", "ccxt.pro")


@dataclass(frozen=True)
class Credentials:
    """What signs the requests of an account; never shown."""

    key: str = field(repr=False)
    secret: str = field(repr=False)
    password: str | None = field(default=None, repr=False)


def venue_client(
    venue: str,
    base_url: str | None,
    credentials: Credentials | None = None,
    *,
    sandbox: bool = False,
    per_second: float | None = None,
) -> Any:
    """A client of one venue for public data; with `credentials` one that trades, with the user stream where
    the venue has one, and numbers as exact texts. `base_url` takes the place of scheme and host in all of its
    addresses, `per_second` that of ccxt's figure for its budget. Raises MarketError for a venue that ccxt
    does not know, and for an address that is neither the venue's own nor on this machine."""
    if not re.fullmatch(r"[a-z0-9]+", venue):
        raise MarketError(f"venue {venue!r} is no venue's name; write it small, such as binance or kraken")
    client_class = getattr(_venue_module(venue, streams=credentials is not None), venue, None)
    if client_class is None:
        raise MarketError(f"venue {venue!r} is not known to ccxt; name one such as binance or kraken")
    client = client_class(
        {
            "enableRateLimit": True,
            "timeout": int(REQUEST_TIMEOUT_S * 1000),
            "maxRetriesOnFailure": 0,
            "options": {"adjustForTimeDifference": True, "defaultType": "spot"} | _own_options(venue),
        }
    )
    if credentials is not None:
        client.apiKey, client.secret, client.password = (
            credentials.key,
            credentials.secret,
            credentials.password,
        )
        client.number = str
    if base_url is not None:
        client.urls["api"] = _moved(client.urls["api"], _checked_url(client, venue, base_url))
    elif sandbox:
        if not client.urls.get("test"):
            raise MarketError(f"{venue} has no test net; choose another venue, or --mode paper")
        client.set_sandbox_mode(True)
    _share_budget(client, venue, per_second or 1000 / client.rateLimit)
    return client


def _share_budget(client: Any, venue: str, per_second: float) -> None:
    """Let every request of the client be charged to the machine's budget for the venue."""
    host = urlsplit(next(_addresses(client.urls["api"]), "")).netloc
    budget = RateBudget(venue, host, per_second)
    blocks: set[asyncio.Task[None]] = set()

    async def throttle(cost: float | None = None) -> None:
        try:
            await budget.take(1.0 if cost is None else cost)
        except NoBudget as error:
            raise ccxt_errors().DDoSProtection(str(error)) from None

    def refused(headers: Any) -> None:
        seconds = next((value for name, value in headers.items() if name.lower() == "retry-after"), "")
        blocked_s = float(seconds) if str(seconds).isdigit() else BLOCKED_S
        task = asyncio.get_running_loop().create_task(budget.block(blocked_s))
        blocks.add(task)
        task.add_done_callback(blocks.discard)

    client.throttle = throttle
    client.handle_errors = _checking(client.handle_errors, refused)


def listing_request(venue: str, symbols: tuple[str, ...]) -> dict[str, str]:
    """Parameters that make a venue list only `symbols`, where it can: Binance's whole list is 12 MB."""
    if venue.startswith("binance") and symbols:
        return {"symbols": json.dumps([symbol.replace("/", "") for symbol in symbols], separators=(",", ":"))}
    return {}


def ccxt_errors() -> Any:
    """The module of ccxt's exceptions."""
    return sys.modules["ccxt.base.errors"]


def _checking(handle_errors: Callable[..., Any], refused: Callable[[Any], None]) -> Callable[..., Any]:
    """ccxt's hook after each answer. Left alone, ccxt reads a page of HTML as an empty list. `refused` hears
    the headers of an answer that says too many."""

    def checked(
        status: int, reason: Any, url: Any, method: Any, headers: Any, body: Any, *others: Any
    ) -> Any:
        if status in (418, 429):
            refused(headers or {})
        if status < 400 and others[0] is None:
            raise ccxt_errors().BadResponse("not JSON")
        return handle_errors(status, reason, url, method, headers, body, *others)

    return checked


def _own_options(venue: str) -> dict[str, Any]:
    if venue.startswith("binance"):
        return {"fetchMarkets": {"types": ["spot"]}, "fetchCurrencies": False, "fetchMargins": False}
    return {}


def _moved(addresses: Any, base_url: str) -> Any:
    """Addresses with another scheme and host; a stream's scheme follows."""
    if isinstance(addresses, dict):
        return {name: _moved(address, base_url) for name, address in addresses.items()}
    if not isinstance(addresses, str):
        return addresses
    parts = urlsplit(addresses)
    base = base_url.replace("http", "ws", 1) if parts.scheme.startswith("ws") else base_url
    return base + parts.path


def _addresses(addresses: Any) -> Iterator[str]:
    if isinstance(addresses, dict):
        for each in addresses.values():
            yield from _addresses(each)
    elif isinstance(addresses, str):
        yield addresses


def _checked_url(client: Any, venue: str, base_url: str) -> str:
    """An address that keys may be sent to: on this machine, or one of the venue's own over https."""
    parts = urlsplit(base_url)
    if is_loopback(parts.hostname or "") and parts.scheme in ("http", "https"):
        return base_url.rstrip("/")
    hostname = client.hostname or ""
    own = {urlsplit(each.replace("{hostname}", hostname)).hostname for each in _addresses(client.urls)}
    if parts.scheme == "https" and parts.hostname in own:
        return base_url.rstrip("/")
    raise MarketError(
        f"exchange.base_urls.{venue}: {parts.hostname} is none of {venue}'s hosts; leave it out"
    )


def _venue_module(venue: str, *, streams: bool) -> ModuleType:
    """The module of one venue. ccxt's packages import every venue that they know (50 MB, half a second and
    more), so where nothing has imported them yet, empty packages stand in their place meanwhile."""
    found = importlib.util.find_spec("ccxt")
    if found is None or found.submodule_search_locations is None:
        raise MarketError("ccxt is not installed; install it or choose another market")
    known = "ccxt" in sys.modules
    try:
        if not known:
            _stand_in(found.submodule_search_locations[0])
        if streams and importlib.util.find_spec(f"ccxt.pro.{venue}") is not None:
            return importlib.import_module(f"ccxt.pro.{venue}")
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
    for name in _PACKAGES:
        package = _Venues(name) if name == "ccxt.async_support" else ModuleType(name)
        package.__path__ = ["/".join((folder, *name.split(".")[1:]))]
        sys.modules[name] = package
    errors = importlib.import_module("ccxt.base.errors")
    top = vars(sys.modules["ccxt"])
    top.update({name: getattr(errors, name) for name in errors.__all__})
    top["Exchange"] = importlib.import_module("ccxt.base.exchange").Exchange
    top["async_support"] = sys.modules["ccxt.async_support"]


class _Venues(ModuleType):
    """Stands for `ccxt.async_support`: a venue's name there means its class, imported when asked for."""

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, getattr(value, name, value))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(importlib.import_module(f"ccxt.async_support.{name}"), name)
