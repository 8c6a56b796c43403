"""A decision as one line of text."""

from cryptofunk_tui.domain.base import plain
from cryptofunk_tui.domain.cycle import CycleRecord
from cryptofunk_tui.domain.orders import Order
from cryptofunk_tui.domain.risk import Decision


def decision_line(record: CycleRecord) -> str:
    """When, what, how sure, and what came of it or why nothing did."""
    tally = record.tally
    head = f"{record.as_of:%Y-%m-%d %H:%M}Z  {record.symbol:<10} {tally.action:<4} {tally.consensus:4.0%}"
    parts = [part for part in (_outcome(record), *map(_order, record.orders)) if part]
    return f"{head}  {'; '.join(parts)}"


def _outcome(record: CycleRecord) -> str:
    verdict = record.verdict
    if verdict.decision is Decision.NONE:
        return record.tally.reason
    return f"risk {verdict.decision}: {verdict.reason}" if verdict.reason else f"risk {verdict.decision}"


def _order(order: Order) -> str:
    what = f"{order.purpose} {order.side} {plain(order.quantity)}"
    if order.price is None:
        return f"{what} {order.status}" + (f" ({order.reason})" if order.reason else "")
    return f"{what} at {plain(order.price)} {order.status}, fees {plain(order.fees)}"
