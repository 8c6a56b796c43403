"""Several processes on one journal, and processes that die while they write."""

import asyncio
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from cryptofunk_tui.domain.orders import OrderStatus, Side
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.journal import Journal
from tests.storage.books import SYMBOL, approval, open_books, request

pytestmark = pytest.mark.anyio
REPOSITORY = Path(__file__).parents[2]
Process = subprocess.Popen[str]


@contextmanager
def process(act: str, state_dir: Path, name: str, count: int = 0) -> Iterator[Process]:
    """A process that has the journal open and waits for a line."""
    command = [sys.executable, "-m", "tests.storage.processes", act, str(state_dir), name, str(count)]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def start(*waiting: Process) -> None:
    for each in waiting:
        assert each.stdout is not None
        assert each.stdout.readline() == "ready\n"
    for each in waiting:
        assert each.stdin is not None
        each.stdin.write("\n")
        each.stdin.flush()


def result(running: Process) -> list[str]:
    out, error = running.communicate(timeout=60)
    assert running.returncode == 0, error
    return out.split()


async def test_of_many_processes_one_uses_a_grant(tmp_path: Path) -> None:
    journal = await open_books(tmp_path)
    for number in range(25):
        await Approvals(journal).add(approval(f"a{number}", request(f"o{number}")))
    await journal.close()
    with ExitStack() as stack:
        rivals = [stack.enter_context(process("consume", tmp_path, f"p{each}", 25)) for each in range(4)]
        start(*rivals)
        won = [int(number) for rival in rivals for number in result(rival)]
    assert sorted(won) == list(range(25))
    journal = await Journal.open(tmp_path)
    assert len(await journal.orders()) == 25
    await journal.close()


async def test_processes_that_trade_at_once_lose_no_cent(tmp_path: Path) -> None:
    journal = await open_books(tmp_path)
    with ExitStack() as stack:
        traders = [stack.enter_context(process("trades", tmp_path, f"p{each}", 20)) for each in range(3)]
        start(*traders)
        for trader in traders:
            result(trader)
    assert await journal.balances() == {"BTC": 0, "USDT": 10000 - 120 * Decimal("0.0333")}
    assert await journal.positions() == ()
    assert len(await journal.orders([OrderStatus.FILLED])) == 120
    await journal.close()


async def test_nothing_is_half_written_when_a_writer_is_killed(tmp_path: Path) -> None:
    await (await open_books(tmp_path)).close()
    chance = random.Random(11)
    acknowledged: list[str] = []
    for round_number in range(3):
        with process("write_forever", tmp_path, f"r{round_number}") as writer:
            start(writer)
            assert writer.stdout is not None
            acknowledged.append(writer.stdout.readline().strip())
            await asyncio.sleep(chance.uniform(0, 0.15))
            writer.kill()
            acknowledged += writer.stdout.read().split("\n")[:-1]
        await check_books(tmp_path, acknowledged)
    assert len(acknowledged) > 6


async def check_books(state_dir: Path, acknowledged: list[str]) -> None:
    journal = await Journal.open(state_dir)
    orders = {order.client_order_id: order for order in await journal.orders()}
    for name in acknowledged:
        assert orders[name].status is OrderStatus.FILLED
    held, cash = Decimal(0), Decimal(10000)
    for order in orders.values():
        assert order.status in (OrderStatus.INTENT, OrderStatus.FILLED)
        assert len(order.fills) == (2 if order.status is OrderStatus.FILLED else 0)
        assert order.filled == sum(fill.quantity for fill in order.fills)
        sign = 1 if order.side is Side.BUY else -1
        held += sign * order.filled
        cash -= sum(sign * fill.price * fill.quantity + fill.fee for fill in order.fills)
        events = [status for _, status, _ in await journal.order_events(order.client_order_id)]
        assert events[-1] is order.status
    assert await journal.balances() == {"BTC": held, "USDT": cash}
    assert {each.symbol: (each.quantity, each.stop) for each in await journal.positions()} == (
        {SYMBOL: (held, Decimal(95))} if held else {}
    )
    await journal.close()
