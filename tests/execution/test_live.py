"""An account at a real venue, over the model of one: entries, stops, exits, and what faults make of them."""

from decimal import Decimal
from pathlib import Path

import pytest

from cryptofunk_tui.domain.orders import OrderStatus, Purpose, Side
from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.execution.venue import OrderRefused
from cryptofunk_tui.storage.kill_report import read_report
from tests.execution.live_scene import SYMBOL, new_venue, opened_live
from tests.execution.scene import D, SetClock, request

pytestmark = pytest.mark.anyio


async def test_an_entry_is_filled_booked_and_stopped_at_the_venue(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        order = await scene.buy("one")
        assert (order.status, order.price, order.fees) == (OrderStatus.FILLED, D(100), D("0.1"))
        (stop,) = await scene.stops()
        assert (stop.side, stop.quantity, stop.stop_price) == (Side.SELL, D(1), D(95))
        assert [resting.request.client_order_id for resting in venue.open()] == [stop.client_order_id]
        states = [status for _, status, _ in await scene.journal.order_events(order.client_order_id)]
        assert states == [OrderStatus.INTENT, OrderStatus.SENT, OrderStatus.PARTIAL, OrderStatus.FILLED]


async def test_a_stop_that_fires_at_the_venue_is_booked(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        await scene.buy("one")
        venue.set_price(SYMBOL, "94.5")
        await scene.step(3)
        assert await scene.position() is None
        (trade,) = await scene.journal.trades()
        assert (trade.exit_purpose, trade.exit_price) == ("STOP", D("94.5"))
        assert await scene.journal.balances() == {"BTC": 0, "USDT": D(10_000) - D("5.5") - D("0.1945")}


async def test_a_target_takes_the_stop_back_and_sells(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        await scene.buy("one")
        venue.set_price(SYMBOL, "115.5")
        await scene.step()
        assert await scene.position() is None
        assert venue.open() == []
        (trade,) = await scene.journal.trades()
        assert trade.exit_purpose == "TARGET"


async def test_a_trail_moves_the_stop_at_the_venue(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        await scene.buy("one")
        venue.set_price(SYMBOL, "110")
        await scene.step()
        (stop,) = await scene.stops()
        assert (stop.stop_price, stop.purpose) == (D(107), Purpose.TRAIL)
        assert len(venue.open()) == 1
        venue.set_price(SYMBOL, "110.05")
        await scene.step()
        assert await scene.stops() == [stop]


@pytest.mark.parametrize("fault", ["refused", "lost", "died"])
async def test_an_entry_whose_stop_cannot_be_confirmed_is_closed_at_once(tmp_path: Path, fault: str) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        faults = iter(["", fault])
        venue.plan = lambda call: next(faults, "") if call == "submit" else ""
        if fault == "died":
            with pytest.raises(ConnectionError):
                await scene.buy("one")
            await scene.step()
        else:
            await scene.buy("one")
        assert await scene.position() is None
        (trade,) = await scene.journal.trades()
        assert trade.exit_purpose == "EXIT"
        await scene.step(60)
        assert await scene.journal.orders((OrderStatus.UNKNOWN, OrderStatus.OPEN)) == ()
        assert venue.open() == []


async def test_a_stop_whose_answer_was_lost_is_asked_for_and_kept(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        faults = iter(["", "reply lost"])
        venue.plan = lambda call: next(faults, "") if call == "submit" else ""
        await scene.buy("one")
        assert await scene.position() is not None
        (stop,) = await scene.stops()
        assert venue.accepted[stop.client_order_id] == 1


async def test_a_stop_that_comes_late_is_taken_back(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        faults = iter(["", "late"])
        venue.plan = lambda call: next(faults, "") if call == "submit" else ""
        venue.owned["BTC"] = D(5)
        venue.start["BTC"] = D(5)
        await scene.buy("one")
        assert await scene.position() is None
        await scene.step(31)
        await scene.step()
        assert venue.open() == []
        assert (await scene.journal.balances())["BTC"] == 0


@pytest.mark.parametrize(
    ("fault", "status"),
    [
        ("lost", OrderStatus.REJECTED),
        ("reply lost", OrderStatus.FILLED),
        ("late", OrderStatus.FILLED),
        ("refused", OrderStatus.REJECTED),
    ],
)
async def test_an_unclear_entry_is_asked_for_and_never_sent_again(
    tmp_path: Path, fault: str, status: OrderStatus
) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        faults = iter([fault])
        venue.plan = lambda call: next(faults, "") if call == "submit" else ""
        order = await scene.buy("one")
        for _ in range(12):
            await scene.step(5)
        order = await scene.order(order.client_order_id)
        assert order.status is status
        assert [name for _, name in venue.submitted].count(order.client_order_id) == 1
        assert (await scene.position() is None) == (status is OrderStatus.REJECTED)
        assert len(await scene.stops()) == (0 if status is OrderStatus.REJECTED else 1)


async def test_an_order_that_stays_unclear_is_shown_to_a_person(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        faults = iter(["lost"])
        venue.plan = lambda call: next(faults, "") if call == "submit" else ""
        order = await scene.buy("one")
        await scene.step(11)
        assert order.client_order_id in (await scene.state()).attention[0]


async def test_nothing_is_sent_before_the_account_was_compared(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock, step=False) as scene:
        venue.plan = lambda call: "lost" if call == "list" else ""
        with pytest.raises(OrderRefused, match="cannot be compared with sim: sim did not answer"):
            await scene.buy("one")
        venue.plan = lambda _: ""
        venue.owned["USDT"] = D(1)
        await scene.step()
        with pytest.raises(OrderRefused, match="9999 USDT less at sim than in the journal"):
            await scene.buy("two")
        assert (await scene.state()).problem == "9999 USDT less at sim than in the journal"
        assert venue.submitted == []


async def test_the_first_order_of_a_process_waits_for_the_comparison(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock, step=False) as scene:
        assert (await scene.buy("one")).status is OrderStatus.FILLED


async def test_protection_goes_on_while_the_account_cannot_be_compared(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        await scene.buy("one")
        venue.plan = lambda call: "lost" if call == "list" else ""
        venue.set_price(SYMBOL, "116")
        await scene.step(61)
        assert await scene.position() is None
        (trade,) = await scene.journal.trades()
        assert trade.exit_purpose == "TARGET"


async def test_an_order_that_the_balances_speak_for_stays_unclear_until_a_person_gives_it_up(
    tmp_path: Path,
) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        await scene.buy("held", "0.1")
        await scene.step(61)
        faults = iter(["lost"])
        venue.plan = lambda call: next(faults, "") if call == "submit" else ""
        order = await scene.buy("one")
        venue.owned["BTC"] += 1
        with pytest.raises(OrderRefused, match="may still be there"):
            await scene.executor.cancel(order.client_order_id, "a person")
        await scene.step(61)
        unclear = await scene.order(order.client_order_id)
        assert (unclear.status, "the balances moved" in unclear.reason) == (OrderStatus.UNKNOWN, True)
        given_up = await scene.executor.cancel(order.client_order_id, "a person")
        assert given_up.status is OrderStatus.REJECTED


async def test_a_clock_that_is_off_stops_entries(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    venue.offset_s = -1.2
    async with opened_live(tmp_path, venue, clock) as scene:
        with pytest.raises(OrderRefused, match=r"-1\.2 s off the venue's"):
            await scene.buy("one")


async def test_foreign_orders_are_shown_and_left_alone(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    foreign = venue.place_foreign("web_1", SYMBOL, Side.BUY, "0.1", "50")
    async with opened_live(tmp_path, venue, clock) as scene:
        await scene.buy("one")
        assert (await scene.state()).foreign_orders == ("web_1 BUY 0.1 BTC/USDT",)
        await scene.control.kill("a person", "test", clock.now())
        await scene.step()
        assert venue.open() == [foreign]


async def test_a_foreign_orders_name_is_data(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    venue.place_foreign("\x1b[31m[@click=app.quit]\u202e'; drop table orders\n", SYMBOL, Side.BUY, "1", "50")
    async with opened_live(tmp_path, venue, clock) as scene:
        (shown,) = (await scene.state()).foreign_orders
        assert shown == "[@click=app.quit] '; drop table orders BUY 1 BTC/USDT"


async def test_orders_of_ours_that_the_journal_lost_are_taken_back_and_sold(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path / "lost", venue, clock) as scene:
        await scene.buy("one")
        await scene.buy("two", limit="90")
    async with opened_live(tmp_path / "new", venue, clock) as scene:
        for _ in range(3):
            await scene.step(61)
        assert venue.open() == []
        assert await scene.position() is None
        assert venue.owned["BTC"] == 0
        assert (await scene.journal.balances())["USDT"] == venue.owned["USDT"]


async def test_a_second_comparison_changes_nothing(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        await scene.buy("one")
        await scene.step(61)
        before = (await scene.journal.orders(), await scene.journal.fills(), await scene.journal.balances())
        await scene.step(61)
        after = (await scene.journal.orders(), await scene.journal.fills(), await scene.journal.balances())
        assert before == after


@pytest.mark.parametrize("fee_asset", ["quote", "base", "BNB"])
async def test_fees_in_any_asset_leave_the_books_exact(tmp_path: Path, fee_asset: str) -> None:
    venue = new_venue(clock := SetClock(), fee_asset=fee_asset)
    async with opened_live(tmp_path, venue, clock) as scene:
        await scene.buy("one")
        await scene.executor.close_position(SYMBOL, "a person")
        assert await scene.position() is None
        journal = await scene.journal.balances()
        for asset in venue.owned:
            start = Decimal(10_000) if asset == "USDT" else Decimal(0)
            assert journal.get(asset, 0) == venue.owned[asset] - venue.start.get(asset, 0) + start


async def test_dust_is_parked(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock(), fee_asset="base")
    async with opened_live(tmp_path, venue, clock) as scene:
        await scene.buy("one", "1.001")
        await scene.executor.close_position(SYMBOL, "a person")
        assert await scene.position() is None
        assert await scene.journal.parked() == {SYMBOL: D("0.000999")}


async def test_a_kill_that_sells_leaves_nothing_and_reports(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        await scene.buy("one")
        await scene.buy("two", "1", symbol="ETH/USDT", limit="90")
        await scene.control.kill("a person", "test", clock.now(), flatten=True)
        await scene.step()
        assert venue.open() == []
        assert venue.owned["BTC"] == 0
        assert await scene.position() is None
        report = read_report(tmp_path)
        assert report is not None
        assert (report.cancelled, report.sold, report.is_clean) == (2, 1, True)
        with pytest.raises(OrderRefused, match="killed"):
            await scene.buy("three")


async def test_a_venue_without_stops_is_watched_from_here(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    venue.holds_stops = False
    async with opened_live(tmp_path, venue, clock) as scene:
        await scene.buy("one")
        assert venue.open() == []
        venue.set_price(SYMBOL, "94.9")
        await scene.step()
        assert await scene.position() is None
        (trade,) = await scene.journal.trades()
        assert (trade.exit_purpose, trade.exit_price) == ("STOP", D("94.9"))


async def test_a_stop_that_the_market_passed_by_is_sold_at_the_market(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        await scene.buy("one")
        venue.prices[SYMBOL] = (D("94.8"), D("94.9"))
        await scene.step()
        assert len(await scene.stops()) == 1
        venue.prices[SYMBOL] = (D("94.4"), D("94.5"))
        await scene.step()
        assert await scene.position() is None
        assert venue.open() == []


async def test_a_vote_to_leave_takes_the_stop_back_first(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        await scene.buy("one")
        sold = await scene.executor.place(request("cfleave", Side.SELL, "1", symbol=SYMBOL), None)
        assert sold.status is OrderStatus.FILLED
        assert (venue.open(), await scene.position()) == ([], None)


async def test_a_part_sold_leaves_the_rest_protected_and_no_dust(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        await scene.buy("one")
        with pytest.raises(OrderRefused, match=r"leave dust of 0\.04"):
            await scene.executor.place(request("cfa", Side.SELL, "0.96", symbol=SYMBOL), None)
        assert [stop.quantity for stop in await scene.stops()] == [1]
        await scene.executor.place(request("cfb", Side.SELL, "0.6", symbol=SYMBOL), None)
        assert [stop.quantity for stop in await scene.stops()] == [D("0.4")]


async def test_unanswered_calls_and_crossed_feeds_are_counted(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        venue.plan = lambda call: "lost" if call == "list" else ""
        for _ in range(4):
            await scene.step(3)
        assert (await scene.state()).errors_last_minute == 4
        with pytest.raises(OrderRefused, match="no entries: the account cannot be compared"):
            await scene.buy("one")
        venue.plan = lambda _: ""
        await scene.step(61)
        assert ((await scene.state()).errors_last_minute, (await scene.state()).problem) == (0, "")


async def test_the_stream_brings_the_next_look_forward(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        order = await scene.buy("one", limit="90")
        venue.set_price(SYMBOL, "89.9")
        await scene.step(0.1)
        assert (await scene.order(order.client_order_id)).status is OrderStatus.OPEN
        scene.executor.nudge()
        await scene.step(0.1)
        assert (await scene.order(order.client_order_id)).status is OrderStatus.FILLED
        assert len(await scene.stops()) == 1


async def test_paused_trading_takes_resting_entries_back_and_keeps_stops(tmp_path: Path) -> None:
    venue = new_venue(clock := SetClock())
    async with opened_live(tmp_path, venue, clock) as scene:
        await scene.buy("one")
        await scene.buy("two", symbol="ETH/USDT", limit="90")
        for state in (TradingState.PAUSED, TradingState.REDUCING):
            await scene.control.set(state, "a person", "test", clock.now())
            await scene.step()
            assert [order.request.side for order in venue.open()] == [Side.SELL]
            with pytest.raises(OrderRefused, match=f"trading is {state}"):
                await scene.buy(f"in {state}")
