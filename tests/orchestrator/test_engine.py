"""The live loop on real servers and the simulated market at a speed."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from cryptofunk_tui.domain.cycle import CycleRecord
from cryptofunk_tui.domain.errors import ProductError, Refused
from cryptofunk_tui.domain.events import (
    AccountChanged,
    AgentRecords,
    AgentStatus,
    AnyEvent,
    Bars,
    CycleFinished,
    EngineStarted,
    PriceTick,
    ServerStatus,
)
from cryptofunk_tui.domain.risk import Decision, TradingState
from cryptofunk_tui.domain.signals import Action
from cryptofunk_tui.orchestrator.engine import Engine
from cryptofunk_tui.settings import Settings, load_settings
from cryptofunk_tui.storage.control import is_killed
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.lock import StateLock, holder
from cryptofunk_tui.storage.records import Records

pytestmark = pytest.mark.anyio
SPEED, EARLY_MOVE = 5400.0, 0.004


def settings() -> Settings:
    chosen = {
        "market": "simulated",
        "symbols": ["BTC/USDT", "ETH/USDT"],
        "simulated": {"speed": SPEED},
        "early_move": EARLY_MOVE,
        "preview_s": 0.4,
        "coingecko": {"enabled": False},
    }
    return load_settings(None, chosen)


@dataclass
class Live:
    """An engine that runs, and all that it told."""

    engine: Engine
    state_dir: Path
    told: list[AnyEvent]

    async def until(self, what: Callable[[], object], timeout_s: float = 30) -> None:
        async with asyncio.timeout(timeout_s):
            while not what():  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def records(self, *, preview: bool = False) -> list[CycleRecord]:
        cycles = [event for event in self.told if isinstance(event, CycleFinished)]
        return [event.record for event in cycles if event.preview is preview]

    def account(self) -> AccountChanged | None:
        return next((event for event in reversed(self.told) if isinstance(event, AccountChanged)), None)

    def servers(self) -> dict[str, ServerStatus]:
        return {event.name: event for event in self.told if isinstance(event, ServerStatus)}


@pytest.fixture(scope="module")
async def live(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Live]:
    before = set(psutil.Process().children(recursive=True))
    told: list[AnyEvent] = []
    state_dir = tmp_path_factory.mktemp("engine") / "state"
    engine = Engine(settings(), state_dir, told.append, watched=True)
    with pytest.raises(ProductError, match="still starting; only the kill works"):
        await engine.pause("tester")
    run = asyncio.create_task(engine.run())
    it = Live(engine, state_dir, told)
    try:
        await it.until(lambda: it.records() or run.done())
        yield it
        began = time.monotonic()
        await asyncio.wait_for(engine.stop(), 10)
        assert time.monotonic() - began < 5
        await run
    finally:
        run.cancel()
        await asyncio.gather(run, return_exceptions=True)
    assert set(psutil.Process().children(recursive=True)) <= before
    assert holder(state_dir) is None


async def test_everything_that_a_screen_needs_is_told(live: Live) -> None:
    await live.until(lambda: live.account() and any(isinstance(event, PriceTick) for event in live.told))
    started = next(event for event in live.told if isinstance(event, EngineStarted))
    assert (started.market, started.speed, started.symbols) == (
        "simulated",
        SPEED,
        ("BTC/USDT", "ETH/USDT"),
    )
    assert started.notice
    assert {status.state for status in live.servers().values()} == {"ready"}
    agents = {event.agent: event.state for event in live.told if isinstance(event, AgentStatus)}
    assert set(agents.values()) == {"running"}
    assert len(agents) == 6
    bars = [event for event in live.told if isinstance(event, Bars)]
    assert {event.symbol for event in bars} == {"BTC/USDT", "ETH/USDT"}
    account = live.account()
    assert account is not None
    assert account.state is TradingState.RUNNING
    assert account.portfolio.equity > 0
    assert account.breakers


async def test_the_account_has_a_report_while_it_runs(live: Live) -> None:
    await live.until(lambda: len(live.records()) >= 4)
    found = await live.engine.performance()
    assert found.bars >= 1
    assert found.timeframe == "1h"
    assert found.hold_return.value is not None
    assert found.until is not None and found.until in {record.as_of for record in live.records()}
    await live.until(lambda: any(isinstance(event, AgentRecords) for event in live.told))


async def test_a_cycle_runs_early_after_a_move_and_not_before(live: Live) -> None:
    await live.until(lambda: any(record.as_of.minute for record in live.records()), 60)
    decided: dict[str, float] = {}
    prices: dict[str, PriceTick] = {}
    early = 0
    for event in tuple(live.told):
        if isinstance(event, PriceTick):
            prices[event.symbol] = event
        if not isinstance(event, CycleFinished) or event.preview:
            continue
        symbol, as_of = event.record.symbol, event.record.as_of
        close = event.record.inputs["close"]
        assert close is not None
        if as_of.minute:
            early += 1
            tick = prices[symbol]
            close = float(tick.bid + tick.ask) / 2
            assert tick.at == as_of
            assert abs(close / decided[symbol] - 1) >= EARLY_MOVE
        decided[symbol] = close
    assert early


async def test_previews_are_marked_and_never_traded(live: Live) -> None:
    await live.until(lambda: live.records(preview=True))
    decided = {record.cycle_id for record in live.records()}
    for record in live.records(preview=True):
        assert record.cycle_id not in decided
        assert (record.verdict.decision, record.approval, record.orders) == (Decision.NONE, None, ())
    journal = await Journal.open(live.state_dir, readonly=True)
    records = await Records.open(live.state_dir, readonly=True)
    try:
        traded = {order.decision_id for order in await journal.orders(limit=1000)}
        assert not traded & {record.cycle_id for record in live.records(preview=True)}
        shown = {record.cycle_id for record in await records.cycles(limit=1000)}
        assert not shown & {record.cycle_id for record in live.records(preview=True)}
    finally:
        await records.close()
        await journal.close()


async def test_a_second_engine_on_the_same_state_directory_is_refused(live: Live) -> None:
    second = Engine(settings(), live.state_dir, lambda _: None, resume=True)
    with pytest.raises(ProductError, match=rf"runs here already \(process {os.getpid()}\)") as refusal:
        await second.run()
    assert refusal.value.exit_code == 3
    assert holder(live.state_dir) == os.getpid()


async def test_a_stopped_agent_abstains_in_every_cycle_until_it_is_started(live: Live) -> None:
    await live.engine.stop_agent("order_book", "tester")
    seen = len(live.records())
    await live.until(lambda: len(live.records()) >= seen + 4)
    signals = {each.agent: each for each in live.records()[-1].signals}
    assert signals["order_book"].action is Action.ABSTAIN
    assert signals["order_book"].reasons == ("the agent is stopped",)
    await live.engine.start_agent("order_book", "tester")
    seen = len(live.records())
    await live.until(lambda: len(live.records()) >= seen + 4)
    assert {each.agent: each for each in live.records()[-1].signals}["order_book"].confidence > 0


async def test_pause_reduce_kill_and_resume_are_obeyed_and_shown(live: Live) -> None:
    engine = live.engine

    def state() -> TradingState | None:
        account = live.account()
        return account.state if account else None

    await engine.pause("tester")
    assert state() is TradingState.PAUSED
    await engine.reduce("tester")
    assert state() is TradingState.REDUCING
    engine.kill_now("tester")
    assert is_killed(live.state_dir)
    await engine.kill("tester")
    assert state() is TradingState.HALTED
    with pytest.raises(Refused, match="trading is halted"):
        await engine.pause("tester")
    with pytest.raises(Refused, match="RESUME"):
        await engine.resume("resume", "tester")
    await engine.resume("RESUME", "tester")
    assert state() is TradingState.RUNNING
    assert not is_killed(live.state_dir)


async def test_a_stop_while_the_servers_come_up_is_obeyed_at_once(tmp_path: Path) -> None:
    before = set(psutil.Process().children(recursive=True))
    engine = Engine(settings(), tmp_path / "state", lambda _: None)
    run = asyncio.create_task(engine.run())
    async with asyncio.timeout(10):
        while not set(psutil.Process().children(recursive=True)) - before:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    began = time.monotonic()
    engine.request_stop()
    await asyncio.wait_for(run, 10)
    assert time.monotonic() - began < 3
    assert set(psutil.Process().children(recursive=True)) <= before


async def test_a_lock_or_a_folder_that_cannot_be_had_is_said_before_anything_is_started(
    tmp_path: Path,
) -> None:
    with StateLock(tmp_path), pytest.raises(ProductError, match="runs here already"):
        await Engine(settings(), tmp_path, lambda _: None).run()
    assert {path.name for path in tmp_path.iterdir()} == {"engine.lock"}
    (tmp_path / "file").write_text("")
    with pytest.raises(ProductError, match=r"file.*; mend it or name another --state-dir"):
        await Engine(settings(), tmp_path / "file", lambda _: None).run()
