"""What a crash left between intent and answer."""

from pathlib import Path

import pytest

from cryptofunk_tui.domain.orders import OrderStatus
from tests.execution.scene import SYMBOL, GivenMarket, hour, opened, request

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("left", [OrderStatus.INTENT, OrderStatus.SENT, OrderStatus.UNKNOWN])
async def test_an_order_without_an_answer_is_settled_before_anything_else(
    tmp_path: Path, left: OrderStatus
) -> None:
    market = GivenMarket({SYMBOL: [(100.0, 101.0, 99.0, 100.0)] * 3})
    async with opened(tmp_path, market) as scene:
        grant = await scene.grant(request("one"))
        await scene.approvals.consume(grant, scene.clock.now())
        await scene.journal.add_order(request("one"), decision_id="d", at=hour(0), approval_id=grant)
        if left is not OrderStatus.INTENT:
            await scene.journal.set_status("one", left, "", hour(0))
    async with opened(tmp_path, market) as scene:
        order = await scene.journal.order("one")
        assert order is not None
        assert (order.status, order.reason) == (OrderStatus.REJECTED, "never reached the venue")
        assert await scene.executor.place(request("one"), grant) == order
        (told,) = (await scene.executor.process_market()).orders
        assert told == order
        events = await scene.journal.order_events("one")
        assert [status for _, status, _ in events][-1] is OrderStatus.REJECTED
        assert await scene.journal.fills() == ()
