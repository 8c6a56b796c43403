"""Leave for one order: what it binds, what it reserves, what stops it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import anyio
import numpy as np
import pytest

from cryptofunk_tui.domain.orders import ApprovalStatus, OrderRequest, OrderStatus, OrderType, Side
from cryptofunk_tui.domain.risk import BreakerEffect, TradingState
from cryptofunk_tui.domain.rules import BreakerRules, LimitRules, Rules
from cryptofunk_tui.settings import Settings
from cryptofunk_tui.storage.control import kill_path, touch_kill
from cryptofunk_tui.storage.journal import Journal, StorageError
from servers.risk_office import Answer, Question, RiskOffice
from tests.risk.scene import NOW, entry, quote, walk
from tests.servers.account_scene import SYMBOLS, Scene, open_scene, settings

pytestmark = pytest.mark.anyio
WALL = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


@dataclass
class SetClock:
    """A clock that stands where it was put."""

    time: datetime = WALL

    def now(self) -> datetime:
        return self.time


@asynccontextmanager
async def officer(
    scene: Scene, chosen: Settings | None = None, clock: SetClock | None = None
) -> AsyncIterator[RiskOffice]:
    office = RiskOffice(chosen or settings(), scene.state_dir, clock or SetClock())
    try:
        yield office
    finally:
        await office.close()


def order(
    quantity: str = "5", symbol: str = "BTC/EUR", key: str = "cfentry1", **changes: Any
) -> OrderRequest:
    return entry(quantity, symbol).model_copy(update={"client_order_id": key, **changes})


def sale(quantity: str, symbol: str = "BTC/EUR", key: str = "cfexit1") -> OrderRequest:
    return OrderRequest(
        client_order_id=key,
        symbol=symbol,
        side=Side.SELL,
        type=OrderType.MARKET,
        quantity=Decimal(quantity),
        purpose="EXIT",
    )


async def ask(
    office: RiskOffice, asked: OrderRequest, decision_id: str = "c1", mid: str = "100", at: datetime = NOW
) -> Answer:
    return await office.request(Question(decision_id, asked, quote(asked.symbol, mid, at)))


def broken(answer: Answer) -> set[str]:
    return {check.name for check in answer.checks if not check.ok}


async def test_a_grant_binds_every_field_and_is_written(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene, officer(scene) as office:
        asked = order()
        answer = await ask(office, asked)
        assert (answer.decision, answer.reason) == (ApprovalStatus.GRANTED, "all limits hold")
        kept = await scene.approvals.get(answer.approval_id)
        assert kept is not None
        assert kept.order == asked
        assert (kept.account, kept.decision_id) == ("paper:recorded:recorded", "c1")
        assert kept.collar == Decimal("101.02525")
        assert (kept.decided_by, kept.status) == ("risk", ApprovalStatus.GRANTED)
        assert kept.expires_at == answer.expires_at == WALL + timedelta(seconds=30)
        assert await scene.approvals.checks(answer.approval_id) == answer.checks
        assert {"position", "var", "trading_state", "drawdown", "volatility"} <= {
            c.name for c in answer.checks
        }
        alarm = await office.alarm()
        unfed = {"feed", "crossed", "venue", "errors", "clock", "model_failures"}
        assert {one.name for one in alarm.breakers if not one.active} == unfed


async def test_the_same_question_has_the_same_answer(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene, officer(scene) as office:
        first, second = await ask(office, order()), await ask(office, order())
        assert (first.approval_id, first.decision, first.checks) == (
            second.approval_id,
            second.decision,
            second.checks,
        )
        assert await scene.approvals.reserved(WALL) == {"BTC/EUR": Decimal("505.12625")}


async def test_another_size_revokes_the_grant_and_asks_anew(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene, officer(scene) as office:
        first, second = await ask(office, order("5")), await ask(office, order("4"))
        assert first.approval_id != second.approval_id
        assert second.decision is ApprovalStatus.GRANTED
        revoked = await scene.approvals.get(first.approval_id)
        assert revoked is not None
        assert (revoked.status, revoked.reason) == (
            ApprovalStatus.REJECTED,
            "another order was asked for instead",
        )
        assert await scene.approvals.reserved(WALL) == {"BTC/EUR": Decimal("404.101")}


async def test_a_used_grant_is_not_given_twice(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene, officer(scene) as office:
        first = await ask(office, order())
        assert await scene.approvals.consume(first.approval_id, WALL)
        for again in (order(), order("1")):
            answer = await ask(office, again)
            assert answer.decision is ApprovalStatus.REJECTED
            assert "was approved and used" in answer.reason


async def test_an_unused_grant_runs_out_and_may_be_asked_for_again(tmp_path: Path) -> None:
    clock = SetClock()
    async with open_scene(tmp_path) as scene, officer(scene, clock=clock) as office:
        first = await ask(office, order())
        clock.time += timedelta(seconds=31)
        second = await ask(office, order())
        assert second.decision is ApprovalStatus.GRANTED
        assert second.approval_id != first.approval_id
        assert await scene.approvals.reserved(clock.time) == {"BTC/EUR": Decimal("505.12625")}


@pytest.mark.parametrize("answered", [ApprovalStatus.REJECTED, None])
async def test_a_person_is_asked_once_for_one_order(tmp_path: Path, answered: ApprovalStatus | None) -> None:
    clock = SetClock()
    async with open_scene(tmp_path) as scene, officer(scene, settings(approve="manual"), clock) as office:
        first = await ask(office, order())
        assert (first.decision, first.expires_at) == (ApprovalStatus.PENDING, WALL + timedelta(seconds=120))
        if answered:
            await scene.approvals.decide(first.approval_id, answered, "anna", "too much", WALL)
        else:
            clock.time += timedelta(seconds=121)
        again = await ask(office, order())
        assert (again.decision, again.approval_id) == (ApprovalStatus.REJECTED, first.approval_id)
        assert again.reason == ("too much" if answered else "no answer in time")
        smaller = await ask(office, order("2"))
        assert smaller.decision is ApprovalStatus.PENDING


async def test_a_smaller_size_takes_back_what_a_person_granted(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene, officer(scene, settings(approve="manual")) as office:
        first = await ask(office, order())
        await scene.approvals.decide(first.approval_id, ApprovalStatus.GRANTED, "anna", "", WALL)
        assert (await ask(office, order())).decision is ApprovalStatus.GRANTED
        second = await ask(office, order("2"))
        assert second.decision is ApprovalStatus.PENDING
        assert not await scene.approvals.consume(first.approval_id, WALL)


@pytest.mark.parametrize("approve", ["auto", "manual"])
async def test_requests_reserve_what_they_may_buy(tmp_path: Path, approve: str) -> None:
    """Nine percent each: the sixth would pass half of the equity, and five positions are the most."""
    chosen = settings(approve=approve, rules=Rules(limits=LimitRules(positions=9)))
    async with open_scene(tmp_path) as scene, officer(scene, chosen) as office:
        for i, symbol in enumerate(SYMBOLS):
            asked = order("8.9", symbol, f"cf{i}")
            assert (await ask(office, asked, f"c{i}")).decision is not ApprovalStatus.REJECTED
        sixth = await ask(office, order("0.9", "BTC/EUR", "cf9"), "c9")
        assert sixth.decision is not ApprovalStatus.REJECTED
        full = await ask(office, order("6", "ETH/EUR", "cf10"), "c10")
        assert broken(full) == {"position", "exposure"}


async def test_the_portfolio_is_the_journals(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene, officer(scene) as office:
        await scene.hold("BTC/EUR", "8")
        answer = await ask(office, order())
        assert broken(answer) == {"position"}
        assert answer.reason.startswith("position 0.130513 breaks its limit 0.1")


async def test_without_history_it_fails_closed_and_says_why(tmp_path: Path) -> None:
    async with open_scene(tmp_path, bars=400) as scene, officer(scene) as office:
        answer = await ask(office, order())
        assert broken(answer) == {"correlated_exposure", "var"}
        assert "399 bars of BTC/EUR in common, 500 are needed" in answer.reason


async def test_without_records_entries_are_rejected_and_exits_pass(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene:
        await scene.hold("BTC/EUR", "2")
        await scene.records.close()
        for file in tmp_path.glob("records.sqlite3*"):
            file.unlink()
        async with officer(scene) as office:
            assert broken(await ask(office, order())) == {"correlated_exposure", "var"}
            assert (await ask(office, sale("2"))).decision is ApprovalStatus.GRANTED


async def test_a_symbol_rests_after_an_exit(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene, officer(scene) as office:
        await scene.trade("BTC/EUR", Side.BUY, "1", "100", NOW - timedelta(hours=20))
        await scene.trade("BTC/EUR", Side.SELL, "1", "100", NOW - timedelta(hours=11))
        assert broken(await ask(office, order())) == {"cooldown"}
        later = NOW + timedelta(hours=1)
        await scene.add_closes({"BTC/EUR": walk(0, 0.002, 746)}, later)
        await scene.journal.set_market_time(later)
        answer = await ask(office, order(), at=later)
        assert answer.decision is ApprovalStatus.GRANTED


async def test_an_old_quote_is_refused(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene, officer(scene) as office:
        answer = await ask(office, order(), at=NOW - timedelta(seconds=11))
        assert broken(answer) == {"quote_age"}


@pytest.mark.parametrize("state", [TradingState.PAUSED, TradingState.REDUCING])
async def test_no_entries_unless_running(tmp_path: Path, state: TradingState) -> None:
    async with open_scene(tmp_path) as scene, officer(scene) as office:
        await scene.hold("BTC/EUR", "2")
        await scene.control.set(state, "lunch", "anna", WALL)
        answer = await ask(office, order("1"))
        assert broken(answer) == {"trading_state"}
        assert answer.reason == f"trading_state: {state}: lunch"
        assert (await ask(office, sale("2"))).decision is ApprovalStatus.GRANTED


@pytest.mark.parametrize("by", ["file", "journal"])
async def test_a_kill_stops_exits_too(tmp_path: Path, by: str) -> None:
    async with open_scene(tmp_path) as scene, officer(scene) as office:
        await scene.hold("BTC/EUR", "2")
        if by == "file":
            touch_kill(tmp_path, "killed by anna")
        else:
            await scene.control.kill("killed by anna", "anna", WALL)
            kill_path(tmp_path).unlink()
        for asked in (order("1"), sale("2")):
            answer = await ask(office, asked, asked.client_order_id)
            assert broken(answer) == {"trading_state", "kill"}
            assert "killed by anna" in answer.reason


async def test_exits_need_no_person_and_only_reduce(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene, officer(scene, settings(approve="manual")) as office:
        await scene.hold("BTC/EUR", "2")
        assert (await ask(office, sale("2"))).decision is ApprovalStatus.GRANTED
        over = await ask(office, sale("2.00000001", key="cfexit2"))
        assert broken(over) == {"reduce_only"}
        assert broken(await ask(office, sale("1", "ETH/EUR", "cfexit3"))) == {"reduce_only"}


async def test_a_drawdown_halts_once_and_exits_still_pass(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene, officer(scene) as office:
        await scene.hold("BTC/EUR", "100", "50")
        await scene.mark(BTC="40")
        answer = await ask(office, order("1", "ETH/EUR"))
        assert broken(answer) == {"drawdown"}
        assert "drawdown -0.1 breaks its limit -0.1" in answer.reason
        state, reason = await scene.control.state()
        assert (state, reason) == (
            TradingState.HALTED,
            "drawdown of -10.00% from the equity's peak, -10.00% is the limit",
        )
        assert (await office.alarm()).effect is BreakerEffect.HALT
        assert "trading_state" in broken(await ask(office, order("1", "ETH/EUR"), "c2"))
        assert (await ask(office, sale("100"), mid="40")).decision is ApprovalStatus.GRANTED
        (logged,) = await scene.control.log()
        assert logged.actor == "risk"


async def test_a_resume_rebases_the_peak_and_entries_go_on(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene, officer(scene) as office:
        await scene.hold("BTC/EUR", "10", "500")
        await scene.mark(NOW - timedelta(hours=5), BTC="390")
        assert (await office.alarm()).state is TradingState.HALTED
        await scene.control.resume("RESUME", "anna", WALL)
        await scene.mark(BTC="390")
        alarm = await office.alarm()
        assert (alarm.state, alarm.effect) == (TradingState.RUNNING, BreakerEffect.NONE)


async def test_a_days_loss_counts_what_is_still_open(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene, officer(scene) as office:
        await scene.hold("BTC/EUR", "10")
        await scene.mark(BTC="100")
        later = NOW + timedelta(hours=1)
        await scene.journal.set_market_time(later)
        await scene.mark(later, BTC="80")
        answer = await ask(office, order("1", "ETH/EUR"), at=later)
        assert broken(answer) == {"daily_loss"}
        assert (await scene.control.state())[0] is TradingState.RUNNING


async def test_an_unclear_order_stops_entries(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene, officer(scene) as office:
        lost = order(key="cflost")
        await scene.journal.add_order(lost, decision_id=None, at=NOW - timedelta(hours=1), approval_id=None)
        await scene.journal.set_status("cflost", OrderStatus.UNKNOWN, "no answer", NOW)
        assert broken(await ask(office, order("1", "ETH/EUR"))) == {"unknown_orders"}


async def test_too_many_orders_stop_entries(tmp_path: Path) -> None:
    strict = settings(rules=Rules(breakers=BreakerRules(orders_per_minute=2)))
    async with open_scene(tmp_path) as scene, officer(scene, strict) as office:
        await scene.trade("ETH/EUR", Side.BUY, "1", "100", NOW - timedelta(seconds=30))
        assert broken(await ask(office, order("1"))) == set()
        await scene.trade("ETH/EUR", Side.SELL, "0.5", "100", NOW - timedelta(seconds=20))
        assert broken(await ask(office, order("1"), "c2")) == {"order_rate"}


async def test_fees_above_their_share_stop_entries_for_thirty_days(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene, officer(scene) as office:
        await scene.trade("ETH/EUR", Side.BUY, "1", "100", NOW - timedelta(days=31), fee="90")
        assert broken(await ask(office, order("1"))) == set()
        await scene.trade("ETH/EUR", Side.BUY, "1", "100", NOW - timedelta(days=2), fee="101")
        assert broken(await ask(office, order("1"), "c2")) == {"fees"}


async def test_a_wild_symbol_stops_its_own_entries_and_is_the_markets_worst(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene, officer(scene) as office:
        later = NOW + timedelta(hours=1)
        quiet = {name: walk(i, 0.002, 746) for i, name in enumerate(SYMBOLS)}
        quiet["XRP/EUR"] = np.append(walk(2, 0.002), 96.0)
        assert broken(await ask(office, order("1", "XRP/EUR"))) == set()
        for name, closes in quiet.items():
            await scene.add_closes({name: closes}, later)
        await scene.journal.set_market_time(later)
        jumped = await ask(office, order("1", "XRP/EUR", "cf2"), "c2", at=later)
        assert broken(jumped) == {"jump", "volatility"}
        assert broken(await ask(office, order("1", "ETH/EUR", "cf3"), "c3", at=later)) == set()
        alarm = await office.alarm()
        tripped = {one.name: one.detail for one in alarm.breakers if one.tripped}
        assert tripped == {"jump": "XRP/EUR", "volatility": "XRP/EUR"}
        assert alarm.effect is BreakerEffect.NO_ENTRIES


async def test_prices_of_another_market_are_refused(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene, officer(scene) as office:
        foreign = quote().model_copy(update={"venue": "kraken"})
        with pytest.raises(ValueError, match=r"quote\.venue: kraken is not the account's venue, recorded"):
            await office.request(Question("c1", order(), foreign))
        dollars = quote("BTC/USDT")
        with pytest.raises(
            ValueError, match=r"quote\.symbol: BTC/USDT is priced in USDT, the account in EUR"
        ):
            await office.request(Question("c1", order(symbol="BTC/USDT"), dollars))


async def test_without_an_account_or_its_time_nothing_is_judged(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path)
    office = RiskOffice(settings(), tmp_path, SetClock())
    try:
        with pytest.raises(StorageError, match="no account is open"):
            await ask(office, order())
        await journal.open_account(
            mode="paper",
            market="recorded",
            venue="recorded",
            run_id="r1",
            quote_asset="EUR",
            capital=Decimal(1),
            at=NOW,
        )
        with pytest.raises(ValueError, match="has no market time yet"):
            await ask(office, order())
    finally:
        await office.close()
        await journal.close()


async def test_on_an_exchange_the_feed_and_the_clock_are_watched(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene:
        await scene.journal.open_account(
            mode="paper",
            market="exchange",
            venue="recorded",
            run_id="r2",
            quote_asset="EUR",
            capital=Decimal(10000),
            at=NOW,
        )
        await scene.journal.set_engine(1, NOW)
        await scene.journal.heartbeat(NOW, (), 20.0)
        clock = SetClock(NOW + timedelta(seconds=60))
        async with officer(scene, clock=clock) as office:
            fresh = await ask(office, order("1"), at=clock.time)
            assert fresh.decision is ApprovalStatus.GRANTED
            clock.time = NOW + timedelta(seconds=71)
            ahead = await ask(office, order("1", key="cf2"), "c2", at=clock.time + timedelta(seconds=2))
            assert broken(ahead) == {"feed", "clock"}
            await scene.hold("BTC/EUR", "1")
            assert (await ask(office, sale("1"), at=clock.time)).decision is ApprovalStatus.GRANTED


async def test_requests_at_the_same_moment_never_pass_a_limit_together(tmp_path: Path) -> None:
    """Two officers, as two processes would be, and forty requests at once."""
    async with open_scene(tmp_path) as scene, officer(scene) as one, officer(scene) as other:
        answers: list[Answer] = []

        async def request(i: int) -> None:
            asked = order("4", SYMBOLS[i % 5], f"cf{i}")
            answers.append(await ask((one, other)[i % 2], asked, f"c{i}"))

        async with anyio.create_task_group() as group:
            for i in range(40):
                group.start_soon(request, i)
        granted = [one for one in answers if one.decision is ApprovalStatus.GRANTED]
        assert len(answers) == 40
        assert len(granted) == 10
        reserved = await scene.approvals.reserved(WALL)
        assert all(worth <= 1000 for worth in reserved.values())
        assert sum(reserved.values()) <= 5000


async def test_a_size_uses_the_strategys_own_results_and_what_is_reserved(tmp_path: Path) -> None:
    async with open_scene(tmp_path) as scene, officer(scene) as office:
        free = await office.size("trend_following", Decimal(100), Decimal(97), quote(), None)
        assert free.quantity == Decimal("9.89851547")
        assert (await ask(office, order("5"))).decision is ApprovalStatus.GRANTED
        less = await office.size("trend_following", Decimal(100), Decimal(97), quote(), None)
        assert less.quantity == Decimal("4.89851547")
        assert "cut by the position limit" in less.basis
