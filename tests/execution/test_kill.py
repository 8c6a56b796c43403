"""The gate before the wire."""

from pathlib import Path

import pytest

from cryptofunk_tui.domain.orders import Purpose
from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.execution.kill import Gate
from cryptofunk_tui.execution.venue import OrderRefused
from cryptofunk_tui.storage.control import Control, kill_path, touch_kill
from tests.execution.scene import GivenMarket, Scene, opened

pytestmark = pytest.mark.anyio


async def closed_for(scene: Scene) -> tuple[bool, bool]:
    """Whether entries, and whether exits, are stopped."""
    gate = Gate(Control(scene.journal, scene.state_dir))
    return await gate.entries_stopped() is not None, await gate.killed() is not None


@pytest.mark.parametrize(
    ("state", "reason", "closed"),
    [
        (TradingState.RUNNING, "", (False, False)),
        (TradingState.PAUSED, "a person", (True, False)),
        (TradingState.REDUCING, "a person", (True, False)),
        (TradingState.HALTED, "drawdown 11 %", (True, False)),
    ],
)
async def test_each_state_stops_what_it_should(
    tmp_path: Path, state: TradingState, reason: str, closed: tuple[bool, bool]
) -> None:
    async with opened(tmp_path, GivenMarket({})) as scene:
        await scene.control.set(state, reason, "test", scene.clock.now())
        assert await closed_for(scene) == closed


async def test_a_kill_in_the_journal_stops_exits_too(tmp_path: Path) -> None:
    async with opened(tmp_path, GivenMarket({})) as scene:
        await scene.control.kill("a person", "test", scene.clock.now())
        kill_path(tmp_path).unlink()
        assert await closed_for(scene) == (True, True)


async def test_the_kill_file_alone_stops_everything(tmp_path: Path) -> None:
    async with opened(tmp_path, GivenMarket({})) as scene:
        touch_kill(tmp_path, "enough")
        assert await closed_for(scene) == (True, True)
        with pytest.raises(OrderRefused, match="killed: enough"):
            await Gate(Control(scene.journal, tmp_path)).check(Purpose.EXIT)
        kill_path(tmp_path).unlink()
        assert await closed_for(scene) == (False, False)


async def test_a_kill_in_the_journal_holds_without_its_file(tmp_path: Path) -> None:
    async with opened(tmp_path, GivenMarket({})) as scene:
        await scene.control.kill("killed by a person", "person", scene.clock.now())
        kill_path(tmp_path).unlink()
        assert await closed_for(scene) == (True, True)


async def test_what_cannot_be_read_is_killed(tmp_path: Path) -> None:
    async with opened(tmp_path / "state", GivenMarket({})) as scene:
        gate = Gate(Control(scene.journal, tmp_path / "gone"))
        assert await gate.killed() is not None
        await scene.journal.close()
        assert "cannot be read" in (await Gate(Control(scene.journal, scene.state_dir)).killed() or "")


async def test_of_a_kill_that_sells_the_sales_alone_are_let_through(tmp_path: Path) -> None:
    async with opened(tmp_path, GivenMarket({})) as scene:
        gate = Gate(Control(scene.journal, tmp_path))
        await scene.control.kill("a person", "test", scene.clock.now())
        with pytest.raises(OrderRefused, match="killed: a person"):
            await gate.check(Purpose.FLATTEN)
        await scene.control.kill("a person", "test", scene.clock.now(), flatten=True)
        await gate.check(Purpose.FLATTEN)
        for purpose in (Purpose.EXIT, Purpose.ENTRY, Purpose.STOP):
            with pytest.raises(OrderRefused, match="killed: a person"):
                await gate.check(purpose)
        await scene.journal.close()
        with pytest.raises(OrderRefused, match="killed"):
            await gate.check(Purpose.FLATTEN)
