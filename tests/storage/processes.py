"""What other processes do to a journal: `python -m tests.storage.processes ACT DIR NAME COUNT`."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from decimal import Decimal
from itertools import count as numbers
from pathlib import Path

from cryptofunk_tui.domain.orders import OrderStatus, Side
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.errors import NotFound
from cryptofunk_tui.storage.journal import Journal
from tests.storage.books import START, SYMBOL, fill_of, request, trade


async def consume(journal: Journal, name: str, count: int) -> None:
    """Try to use every grant; name those that were won."""
    approvals = Approvals(journal)
    for number in range(count):
        async with journal.transaction():
            if await approvals.consume(f"a{number}", START):
                order = request(f"{name}-{number}")
                await journal.add_order(order, decision_id=None, at=START, approval_id=f"a{number}")
                print(number, flush=True)


async def trades(journal: Journal, name: str, count: int) -> None:
    """Buy one, sell one, `count` times, with a fee that does not divide."""
    for number in range(count):
        await trade(journal, request(f"{name}-in-{number}"), "100.1", fee="0.0333")
        await trade(journal, request(f"{name}-out-{number}", Side.SELL), "100.1", fee="0.0333")


async def write_forever(journal: Journal, name: str, _count: int) -> None:
    """Intent, fills and protection in two transactions an order; each is named once it is committed."""
    for number in numbers():
        side = Side.SELL if number % 3 == 2 else Side.BUY
        order = request(f"{name}-{number}", side, "2" if side is Side.SELL else "1")
        await journal.add_order(order, decision_id=None, at=START, approval_id=None)
        half = str(order.quantity / 2)
        async with journal.transaction():
            for part in ("a", "b"):
                fill = fill_of(order, "100.1", half, fee="0.0333", fill_id=f"{order.client_order_id}{part}")
                await journal.book_fill(
                    fill, status=OrderStatus.FILLED if part == "b" else OrderStatus.PARTIAL
                )
            if side is Side.BUY:
                stop = Decimal(95)
                await journal.arm(
                    SYMBOL, initial_stop=stop, stop=stop, target=None, trail=None, trail_after=None
                )
        print(order.client_order_id, flush=True)


ACTS: dict[str, Callable[[Journal, str, int], Awaitable[None]]] = {
    "consume": consume,
    "trades": trades,
    "write_forever": write_forever,
}


async def main(act: str, state_dir: str, name: str, count: str) -> None:
    journal = await Journal.open(Path(state_dir))
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        await ACTS[act](journal, name, int(count))
    except NotFound as error:
        print(error, file=sys.stderr)
        sys.exit(1)
    finally:
        await journal.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
