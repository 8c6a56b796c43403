"""Whether an executor did what a person asked for: its answer tells how the order ended."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cryptofunk_tui.domain.errors import Refused
from cryptofunk_tui.domain.orders import OrderStatus


def check_sold(order: Mapping[str, Any]) -> None:
    """Raises Refused where an executor's answer to a close tells of less than the whole."""
    if Decimal(order["filled"]) < Decimal(order["quantity"]):
        why = f": {order['reason']}" if order["reason"] else ""
        raise Refused(f"sold {order['filled']} of {order['quantity']}, the order is {order['status']}{why}")


def check_cancelled(order: Mapping[str, Any]) -> None:
    """Raises Refused where an executor's answer to a cancel tells of another end, or of none yet."""
    if order["status"] != OrderStatus.CANCELED:
        raise Refused(f"the order is {order['status']}, {order['filled']} of {order['quantity']} filled")
