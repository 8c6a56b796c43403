"""The account's events on an order, in Binance's letters."""

from typing import Any

from tests.stand_ins.venue.orders import UserOrder

NO_FILL = {"qty": "0", "price": "0", "quoteQty": "0", "commission": "0", "commissionAsset": None, "id": -1}


def execution_report(event: str, order: UserOrder, fill: dict[str, Any] | None, now: int) -> dict[str, Any]:
    """`event` is NEW, TRADE, CANCELED or EXPIRED. A cancel's name stands in `c`, the order's then in `C`."""
    done = fill or NO_FILL
    return {
        "e": "executionReport",
        "E": now,
        "s": order.symbol,
        "c": order.cancel_name or order.name,
        "C": order.name if order.cancel_name else "",
        "S": order.side,
        "o": order.type,
        "f": order.time_in_force,
        "q": f"{order.quantity:.8f}",
        "Q": f"{order.spend:.8f}",
        "p": f"{order.price:.8f}",
        "P": f"{order.stop:.8f}",
        "F": "0.00000000",
        "g": -1,
        "x": event,
        "X": order.status,
        "r": "NONE",
        "i": order.number,
        "l": done["qty"],
        "z": f"{order.filled:.8f}",
        "L": done["price"],
        "n": done["commission"],
        "N": done["commissionAsset"],
        "T": order.updated,
        "t": done["id"],
        "w": order.is_open and (not order.stop or order.triggered),
        "m": bool(fill and fill["isMaker"]),
        "O": order.at,
        "Z": f"{order.value:.8f}",
        "Y": done["quoteQty"],
    }
