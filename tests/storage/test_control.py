"""The kill file and the control state: strict, logged, and closed when in doubt."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest

from cryptofunk_tui.domain.portfolio import Mark
from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.storage.control import Control, is_killed, kill_path, kill_reason, touch_kill
from cryptofunk_tui.storage.errors import Refused, StorageError
from cryptofunk_tui.storage.journal import Journal
from tests.storage.books import START, SYMBOL, after, open_books, request, trade

pytestmark = pytest.mark.anyio
RUNNING, PAUSED = TradingState.RUNNING, TradingState.PAUSED
REDUCING, HALTED = TradingState.REDUCING, TradingState.HALTED


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = await open_books(tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
def control(journal: Journal, tmp_path: Path) -> Control:
    return Control(journal, tmp_path)


def test_the_kill_file_needs_no_database(tmp_path: Path) -> None:
    state_dir = tmp_path / "never" / "used"
    touch_kill(state_dir, "smoke in\nthe room")
    assert is_killed(state_dir)
    assert kill_reason(state_dir) == "smoke in the room"
    touch_kill(state_dir, "again")
    assert kill_reason(state_dir) == "again"


def test_in_doubt_it_is_killed(tmp_path: Path) -> None:
    assert not is_killed(tmp_path)
    assert is_killed(tmp_path / "gone")
    (tmp_path / "file").touch()
    assert is_killed(tmp_path / "file")
    (tmp_path / "folder").mkdir()
    kill_path(tmp_path / "folder").mkdir()
    assert is_killed(tmp_path / "folder")
    (tmp_path / "dangling").mkdir()
    kill_path(tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    assert is_killed(tmp_path / "dangling")
    assert kill_reason(tmp_path / "folder") == "the kill file cannot be read"


def test_a_kill_file_that_cannot_be_made_is_said_so(tmp_path: Path) -> None:
    kill_path(tmp_path).mkdir()
    with pytest.raises(StorageError, match="stop the engine's process"):
        touch_kill(tmp_path, "now")


async def test_trading_runs_unless_someone_says_otherwise(control: Control) -> None:
    assert await control.state() == (RUNNING, "")
    assert await control.killed() is None
    await control.set(PAUSED, "lunch", "console", after(seconds=1))
    await control.set(REDUCING, "going home", "cli", after(seconds=2))
    assert await control.state() == (REDUCING, "going home")
    assert await control.killed() is None
    assert [(entry.state, entry.reason, entry.actor, entry.at) for entry in await control.log()] == [
        (REDUCING, "going home", "cli", after(seconds=2)),
        (PAUSED, "lunch", "console", after(seconds=1)),
    ]
    with pytest.raises(ValueError, match="absence of an engine"):
        await control.set(TradingState.STOPPED, "", "console", START)


async def test_a_halt_lets_exits_and_is_left_by_resuming_only(control: Control) -> None:
    await control.set(HALTED, "drawdown 10 %", "risk", START)
    assert await control.killed() is None
    for state in (RUNNING, PAUSED, REDUCING):
        with pytest.raises(Refused, match="HALTED \\(drawdown 10 %\\); resume it"):
            await control.set(state, "enough", "console", START)
    await control.resume("RESUME", "console", after(seconds=1))
    assert await control.state() == (RUNNING, "resumed by console")


async def test_resuming_takes_the_word(control: Control, tmp_path: Path) -> None:
    await control.kill("test", "console", START)
    for word in ("", "resume", "RESUME ", "yes"):
        with pytest.raises(Refused, match="needs the word RESUME"):
            await control.resume(word, "console", START)
    assert await control.state() == (HALTED, "killed: test")
    assert is_killed(tmp_path)
    await control.resume("RESUME", "console", START)
    assert not is_killed(tmp_path)
    assert await control.state() == (RUNNING, "resumed by console")


async def test_a_kill_is_in_the_file_and_in_the_journal(control: Control, tmp_path: Path) -> None:
    await control.kill("killed by ctrl+k", "console", START)
    assert kill_reason(tmp_path) == "killed by ctrl+k"
    kill_path(tmp_path).unlink()
    assert await control.state() == (HALTED, "killed by ctrl+k")
    assert await control.killed() == "killed by ctrl+k"
    await control.set(HALTED, "drawdown", "risk", START)
    assert await control.killed() == "killed by ctrl+k", "a breaker does not soften a kill"
    assert [entry.actor for entry in await control.log()] == ["risk", "console"]


async def test_a_kill_without_the_journal_still_blocks(
    control: Control, journal: Journal, tmp_path: Path
) -> None:
    await journal.close()
    with pytest.raises(StorageError, match="already closed"):
        await control.kill("test", "cli", START)
    assert kill_reason(tmp_path) == "killed: test"


async def test_a_kill_without_the_file_still_blocks(control: Control, tmp_path: Path) -> None:
    kill_path(tmp_path).symlink_to(tmp_path / "no" / "such" / "place")
    with pytest.raises(StorageError, match="kill file cannot be made"):
        await control.kill("test", "cli", START)
    kill_path(tmp_path).unlink()
    assert await control.killed() == "killed: test"


async def test_an_unreadable_journal_is_a_kill(control: Control, journal: Journal) -> None:
    await journal.close()
    state, reason = await control.state()
    assert state is HALTED
    assert "cannot be read" in reason
    assert await control.killed() == reason


async def test_a_halt_that_is_resumed_rebases_the_peak(control: Control, journal: Journal) -> None:
    await trade(journal, request("in", quantity="10"), "100")

    async def drawdown(price: str, hour: int) -> float:
        at = after(hours=hour)
        return (await journal.mark((Mark(symbol=SYMBOL, price=Decimal(price), at=at),), at)).drawdown

    assert await drawdown("50", 1) == pytest.approx(-0.05)
    await control.set(PAUSED, "lunch", "console", START)
    await control.resume("RESUME", "console", START)
    assert (await journal.portfolio()).peak_equity == 10000, "a pause forgives nothing"
    await control.set(HALTED, "drawdown", "risk", START)
    await control.resume("RESUME", "console", START)
    assert (await journal.portfolio()).drawdown == 0
    assert await drawdown("40", 2) == pytest.approx(9400 / 9500 - 1)


async def test_resuming_needs_no_account(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path)
    control = Control(journal, tmp_path)
    await control.kill("before the first run", "cli", START)
    await control.resume("RESUME", "cli", START)
    assert (await control.state())[0] is RUNNING
    await journal.close()


async def test_a_kill_file_that_stays_keeps_trading_halted(control: Control, tmp_path: Path) -> None:
    kill_path(tmp_path).mkdir()
    with pytest.raises(StorageError, match="remove it by hand"):
        await control.resume("RESUME", "console", START)
    assert (await control.state())[0] is HALTED
