"""The account at a glance says what the single questions say."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from cryptofunk_tui.domain.orders import Approval, ApprovalStatus, OrderStatus, Side
from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.storage.errors import NotFound
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.pulse import read_pulse
from tests.risk.scene import NOW, entry
from tests.servers.account_scene import Scene, open_scene

pytestmark = pytest.mark.anyio


async def asked(scene: Scene, key: str, status: ApprovalStatus) -> None:
    await scene.approvals.add(
        Approval(
            approval_id=key,
            account="paper:recorded:recorded",
            decision_id="c1",
            order=entry().model_copy(update={"client_order_id": key}),
            collar=Decimal(101),
            status=status,
            reason="",
            decided_by=None,
            requested_at=NOW,
            expires_at=NOW + timedelta(seconds=30),
        )
    )


async def test_a_fresh_account_is_quiet(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene:
        pulse = await read_pulse(scene.journal, NOW)
        assert pulse.row == await scene.journal.account()
        assert (pulse.at, pulse.state, pulse.state_reason) == (NOW, TradingState.RUNNING, "")
        assert (pulse.unknown_orders, pulse.orders_last_minute, pulse.fees_30_days) == (0, 0, 0)
        assert (pulse.last_exit, pulse.pending, pulse.overdue, pulse.asked) == (None, 0, 0, 0)


async def test_it_counts_what_the_single_questions_say(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene:
        journal = scene.journal
        await scene.trade("BTC/EUR", Side.BUY, "2", "100", NOW - timedelta(days=31), fee="9")
        await scene.trade("BTC/EUR", Side.SELL, "1", "100", NOW - timedelta(days=30), fee="0.25")
        await scene.trade("ETH/EUR", Side.BUY, "1", "50", NOW - timedelta(seconds=60), fee="0.5")
        await scene.trade("XRP/EUR", Side.BUY, "1", "50", NOW - timedelta(seconds=61))
        await journal.add_order(entry("1"), decision_id=None, at=NOW, approval_id=None)
        await journal.set_status("cfentry1", OrderStatus.UNKNOWN, "", NOW)
        await scene.control.set(TradingState.PAUSED, "lunch", "anna", NOW)
        pulse = await read_pulse(journal, NOW, symbol="BTC/EUR")
        assert pulse.unknown_orders == 1
        assert pulse.orders_last_minute == await journal.order_count_since(NOW - timedelta(minutes=1)) == 2
        assert pulse.fees_30_days == float(await journal.fees_since(NOW - timedelta(days=30))) == 0.75
        assert pulse.last_exit == await journal.last_exit("BTC/EUR") == NOW - timedelta(days=30)
        assert (await read_pulse(journal, NOW, symbol="ETH/EUR")).last_exit is None
        assert (pulse.state, pulse.state_reason) == (TradingState.PAUSED, "lunch")


async def test_it_counts_approvals(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene:
        for key, status in (("a1", "PENDING"), ("a2", "GRANTED"), ("a3", "REJECTED")):
            await asked(scene, key, ApprovalStatus(status))
        pulse = await read_pulse(scene.journal, NOW, decision_id="c1")
        assert (pulse.pending, pulse.overdue, pulse.asked) == (1, 0, 3)
        late = await read_pulse(scene.journal, NOW + timedelta(seconds=30), decision_id="c2")
        assert (late.pending, late.overdue, late.asked) == (1, 2, 0)


async def test_an_exchange_lives_in_wall_time(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene:
        await scene.journal.open_account(
            mode="paper",
            market="exchange",
            venue="binance",
            run_id="r2",
            quote_asset="EUR",
            capital=Decimal(1),
            at=NOW,
        )
        assert (await read_pulse(scene.journal, NOW + timedelta(hours=3))).at == NOW + timedelta(hours=3)


async def test_without_an_account_there_is_none(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path)
    try:
        with pytest.raises(NotFound, match="no account is open"):
            await read_pulse(journal, NOW)
    finally:
        await journal.close()
