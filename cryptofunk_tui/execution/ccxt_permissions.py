"""What a key may do, as each venue tells it. A venue that is not here cannot be checked."""

from collections.abc import Awaitable, Callable
from typing import Any

from cryptofunk_tui.execution.venue import Permissions

NOTHING_KNOWN = Permissions(trade=None, withdraw=None, ip_bound=None)


async def permissions(client: Any) -> Permissions:
    """Ask the venue of a client that holds a key. Raises what ccxt raises."""
    ask = _ASK.get(client.id)
    return NOTHING_KNOWN if ask is None else await ask(client)


async def _binance(client: Any) -> Permissions:
    told = await client.sapiGetAccountApiRestrictions()
    leaves = ("enableWithdrawals", "enableInternalTransfer", "permitsUniversalTransfer")
    return Permissions(
        trade=_flag(told.get("enableSpotAndMarginTrading")),
        withdraw=_any(_flag(told.get(name)) for name in leaves),
        ip_bound=_flag(told.get("ipRestrict")),
    )


async def _okx(client: Any) -> Permissions:
    (told,) = (await client.privateGetAccountConfig())["data"]
    rights = str(told["perm"]).split(",")
    return Permissions(trade="trade" in rights, withdraw="withdraw" in rights, ip_bound=bool(told.get("ip")))


async def _bybit(client: Any) -> Permissions:
    told = (await client.privateGetV5UserQueryApi())["result"]
    rights = told["permissions"]
    wallet = set(rights.get("Wallet") or ())
    return Permissions(
        trade=str(told.get("readOnly")) == "0" and bool(rights.get("Spot")),
        withdraw=bool(wallet & {"Withdraw", "AccountTransfer", "SubMemberTransfer"}),
        ip_bound=(told.get("ips") or ["*"]) != ["*"],
    )


async def _coinbase(client: Any) -> Permissions:
    told = await client.v3PrivateGetBrokerageKeyPermissions()
    return Permissions(
        trade=_flag(told.get("can_trade")), withdraw=_flag(told.get("can_transfer")), ip_bound=None
    )


_ASK: dict[str, Callable[[Any], Awaitable[Permissions]]] = {
    "binance": _binance,
    "okx": _okx,
    "bybit": _bybit,
    "coinbase": _coinbase,
}


def _flag(told: Any) -> bool | None:
    return told if isinstance(told, bool) else None


def _any(flags: Any) -> bool | None:
    """Whether one is set; None where none is and one was not told."""
    seen = list(flags)
    if any(seen):
        return True
    return None if None in seen else False
