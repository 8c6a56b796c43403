"""Connects an account to its real venue: the keys, what they may do, what is traded."""

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.errors import ProductError
from cryptofunk_tui.execution.ccxt_venue import CcxtVenue
from cryptofunk_tui.execution.keys import find_keys, variables
from cryptofunk_tui.execution.venue import OrderRefused, Permissions
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.market.venue_clients import venue_client
from cryptofunk_tui.settings import Settings


async def open_live_venue(
    settings: Settings, venue: str, symbols: tuple[str, ...], clock: Clock, *, sandbox: bool
) -> CcxtVenue:
    """The venue with the account's key, after a look at what the key may do. Raises OrderRefused where there
    is no key or one that may do too much, MarketError where the venue does not answer."""
    opened = await connect(settings, venue, symbols, clock, sandbox=sandbox)
    try:
        if not sandbox and (reason := refused(venue, await opened.permissions())) is not None:
            raise OrderRefused(reason)
        await opened.load()
    except BaseException:
        await opened.close()
        raise
    return opened


async def connect(
    settings: Settings, venue: str, symbols: tuple[str, ...], clock: Clock, *, sandbox: bool
) -> CcxtVenue:
    """The venue with the account's key; nothing was asked yet. Raises OrderRefused without a key."""
    try:
        found = find_keys(venue, sandbox=sandbox)
    except ProductError as error:
        raise OrderRefused(str(error)) from None
    if found is None:
        option = " --sandbox" if sandbox else ""
        name = variables(venue, sandbox=sandbox)[0]
        raise OrderRefused(f"no key for {venue}; run `cryptofunk keys set {venue}{option}`, or set {name}")
    base_url = settings.exchange.base_urls.get(venue)
    per_second = settings.exchange.requests_per_second.get(venue)
    client = venue_client(venue, base_url, found.credentials, sandbox=sandbox, per_second=per_second)
    return CcxtVenue(client, symbols, settings.rules.costs, clock)


def refused(venue: str, may: Permissions) -> str | None:
    """Why a key may not trade real money; None where it may."""
    if may.withdraw is None or may.trade is None:
        return f"{venue} does not say what the key may do; real money is not traded with a key like that"
    if may.withdraw:
        return f"the key for {venue} may withdraw or transfer; make one that may only trade"
    if not may.trade:
        return f"the key for {venue} may not trade; allow spot trading, or use another key"
    return None


async def emergency_venue(settings: Settings, clock: Clock) -> CcxtVenue | None:
    """The venue of a run whose journal cannot be read; None where it trades on paper. Raises OrderRefused,
    MarketError."""
    if settings.mode == "paper" or settings.venue is None:
        return None
    opened = await connect(
        settings, settings.venue, settings.symbols, clock, sandbox=settings.mode == "sandbox"
    )
    try:
        await opened.load()
    except MarketError:
        await opened.close()
        raise
    return opened
