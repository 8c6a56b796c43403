"""Orders with and without a grant, through the journal and the paper venue."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cryptofunk_tui.domain.orders import (
    ApprovalStatus,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    Purpose,
    Side,
    TimeInForce,
)
from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.domain.rules import LimitRules
from cryptofunk_tui.execution.paper import PaperVenue
from cryptofunk_tui.execution.venue import OrderRefused
from cryptofunk_tui.storage.control import touch_kill
from tests.execution.scene import ROOMY, SYMBOL, D, GivenMarket, Row, opened, protection, request

pytestmark = pytest.mark.anyio

FLAT: list[Row] = [(100.0, 101.0, 99.0, 100.0)] * 12
OTHER = "ETH/EUR"


def market(*rows: Row, **options: Any) -> GivenMarket:
    return GivenMarket({SYMBOL: rows or FLAT, OTHER: FLAT}, **options)


async def test_an_approved_buy_fills_at_the_ask_with_the_taker_fee_and_is_protected(tmp_path: Path) -> None:
    async with opened(tmp_path, market()) as scene:
        plan = protection("95", "110", trail="4", after="5")
        order = await scene.buy("one", "2", protection=plan)
        assert (order.status, order.price, order.fees) == (OrderStatus.FILLED, D("100.05"), D("0.4002"))
        assert order.decision_id == "decision"
        assert await scene.journal.balances() == {"BTC": D(2), "EUR": D(10000) - D("200.1") - D("0.4002")}
        held = await scene.position()
        assert held is not None
        assert (held.initial_stop, held.stop, held.target) == (D("95.05"), D("95.05"), D("110.05"))
        assert (held.trail, held.trail_after, held.high) == (D(4), D(5), D("100.05"))
        grant = await scene.approvals.get("grant-one")
        assert grant is not None and grant.status is ApprovalStatus.CONSUMED


async def test_the_same_order_again_is_answered_and_not_placed(tmp_path: Path) -> None:
    async with opened(tmp_path, market()) as scene:
        order = request("one")
        grant = await scene.grant(order)
        first, second = await asyncio.gather(
            scene.executor.place(order, grant), scene.executor.place(order, grant)
        )
        assert first == second
        assert len(await scene.journal.fills()) == 1
        with pytest.raises(OrderRefused, match="client_order_id one is taken by an order with quantity 1"):
            await scene.executor.place(order.model_copy(update={"quantity": D(2)}), grant)


async def test_a_forged_grant_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path, market()) as scene:
        with pytest.raises(OrderRefused, match="no approval 'made-up'"):
            await scene.executor.place(request("one"), "made-up")
        assert await scene.journal.orders() == ()


async def test_a_used_grant_is_refused_for_another_order(tmp_path: Path) -> None:
    async with opened(tmp_path, market()) as scene:
        order = request("one")
        grant = await scene.grant(order)
        await scene.executor.place(order, grant)
        with pytest.raises(OrderRefused, match="is for client_order_id one, not two"):
            await scene.executor.place(request("two"), grant)
        again = await scene.grant(order, "grant-again", status=ApprovalStatus.CONSUMED)
        other = request("three")
        await scene.grant(other, "used", status=ApprovalStatus.CONSUMED)
        with pytest.raises(OrderRefused, match="used was used already"):
            await scene.executor.place(other, "used")
        assert again and len(await scene.journal.orders()) == 1


MUTATIONS: list[tuple[str, Callable[[OrderRequest], dict[str, Any]]]] = [
    ("client_order_id", lambda _: {"client_order_id": "other"}),
    ("symbol", lambda _: {"symbol": OTHER}),
    ("side", lambda _: {"side": Side.SELL}),
    ("quantity", lambda order: {"quantity": order.quantity + D("0.001")}),
    ("quantity", lambda order: {"quantity": order.quantity - D("0.001")}),
    ("type", lambda _: {"type": OrderType.MARKET, "limit_price": None, "stop_price": None}),
    ("limit_price", lambda _: {"limit_price": D("99.99")}),
    ("stop_price", lambda _: {"stop_price": D("104.99")}),
    ("time_in_force", lambda _: {"time_in_force": TimeInForce.IOC}),
    ("post_only", lambda _: {"post_only": True}),
]


@pytest.mark.parametrize(
    ("field", "change"), MUTATIONS, ids=lambda value: value if isinstance(value, str) else ""
)
async def test_a_grant_covers_no_other_order(
    tmp_path: Path, field: str, change: Callable[[OrderRequest], dict[str, Any]]
) -> None:
    async with opened(tmp_path, market()) as scene:
        await scene.buy("held")
        order = request("one", limit="100", stop="105")
        grant = await scene.grant(order)
        with pytest.raises(OrderRefused, match=f"is for {field} "):
            await scene.executor.place(order.model_copy(update=change(order)), grant)
        approval = await scene.approvals.get(grant)
        assert approval is not None and approval.status is ApprovalStatus.GRANTED
        assert len(await scene.journal.orders()) == 1


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"status": ApprovalStatus.PENDING}, "still waits for an answer"),
        ({"status": ApprovalStatus.REJECTED}, "was rejected"),
        ({"status": ApprovalStatus.EXPIRED}, "has expired"),
        ({"account": "paper:simulated:simulated"}, "is for the account paper:simulated:simulated, not for"),
        ({"collar": D("100.04")}, "stands at 100.05.*beyond the collar of 100.04"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_an_unusable_grant_is_refused(tmp_path: Path, changes: dict[str, Any], reason: str) -> None:
    async with opened(tmp_path, market()) as scene:
        if "account" in changes:
            await scene.journal.open_account(
                mode="paper", market="simulated", venue="simulated", run_id="r", quote_asset="EUR",
                capital=D(1), at=scene.clock.now(),
            )  # fmt: skip
            await scene.journal.open_account(
                mode="paper", market="recorded", venue="recorded", run_id="r", quote_asset="EUR",
                capital=D(1), at=scene.clock.now(),
            )  # fmt: skip
        order = request("one")
        grant = await scene.grant(order, **changes)
        with pytest.raises(OrderRefused, match=reason):
            await scene.executor.place(order, grant)
        assert await scene.journal.fills() == ()


async def test_a_grant_expires_by_the_wall_clock(tmp_path: Path) -> None:
    async with opened(tmp_path, market()) as scene:
        order = request("one")
        grant = await scene.grant(order)
        scene.clock.time += timedelta(seconds=30)
        with pytest.raises(OrderRefused, match="has expired"):
            await scene.executor.place(order, grant)


async def test_a_grant_that_is_revoked_at_the_last_moment_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path, market()) as scene:
        order = request("one")
        grant = await scene.grant(order)
        quote = scene.market.quote

        async def revoked_meanwhile(symbol: str, at: Any) -> Any:
            await scene.approvals.revoke(grant, "a smaller size", scene.clock.now())
            return await quote(symbol, at)

        monkeypatch.setattr(scene.market, "quote", revoked_meanwhile)
        with pytest.raises(OrderRefused, match="was used, revoked or expired meanwhile"):
            await scene.executor.place(order, grant)
        assert await scene.journal.orders() == ()


async def test_limits_are_checked_again_at_the_wire(tmp_path: Path) -> None:
    rules = ROOMY.model_copy(update={"limits": LimitRules(position=0.1, exposure=0.15, positions=1)})
    async with opened(tmp_path, market(), rules) as scene:
        with pytest.raises(OrderRefused, match="no room for it any more: position"):
            await scene.buy("large", "11")
        with pytest.raises(OrderRefused, match="position"):
            await scene.buy("one", "9")  # the grant of the large one still reserves its amount
        scene.clock.time += timedelta(seconds=31)
        await scene.buy("two", "9")
        with pytest.raises(OrderRefused, match=r"exposure .*positions 2 breaks its limit 1"):
            await scene.buy("three", "9", symbol=OTHER)
        assert [order.client_order_id for order in await scene.journal.orders()] == ["two"]


async def test_more_than_the_cash_is_refused(tmp_path: Path) -> None:
    async with opened(tmp_path, market(), capital="100") as scene:
        with pytest.raises(OrderRefused, match="cash"):
            await scene.buy("one", "1")


async def test_an_old_quote_prices_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path, market()) as scene:
        await scene.buy("one")
        scene.market.quote_at = await scene.now() - timedelta(seconds=11)
        with pytest.raises(OrderRefused, match=r"11\.0 s old; at most 10 s"):
            await scene.buy("two")
        with pytest.raises(OrderRefused, match="s old"):
            await scene.executor.close_position(SYMBOL, "a person")


@pytest.mark.parametrize(
    ("order", "reason"),
    [
        (request("x", quantity="1.0005"), "quantity 1.0005 is not on the step of BTC/EUR, 0.001"),
        (request("x", quantity="1E+40"), "is not on the step"),
        (request("x", limit="99.999"), "price 99.999 is not on the step of BTC/EUR, 0.01"),
        (request("x", stop="105.001"), "stop_price 105.001 is not on the step"),
        (request("x", quantity="0.001"), "is below the least order of 5"),
        (request("x", symbol="XMR/EUR"), "XMR/EUR is not traded here"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_the_venue_would_refuse_is_refused(
    tmp_path: Path, order: OrderRequest, reason: str
) -> None:
    async with opened(tmp_path, market()) as scene:
        grant = await scene.grant(order, collar=D(200))
        with pytest.raises(ValueError, match=reason):
            await scene.executor.place(order, grant)
        assert await scene.journal.orders() == ()


async def test_without_a_grant_only_what_is_held_is_sold(tmp_path: Path) -> None:
    async with opened(tmp_path, market()) as scene:
        with pytest.raises(OrderRefused, match="a buy needs an approval_id"):
            await scene.executor.place(request("one"), None)
        with pytest.raises(OrderRefused, match="1 BTC to sell, 0 held and not offered yet; SELL never opens"):
            await scene.executor.place(request("one", Side.SELL), None)
        await scene.buy("two", "2")
        sold = await scene.executor.place(request("three", Side.SELL, "1.5"), None)
        assert (sold.status, sold.price, sold.purpose) == (OrderStatus.FILLED, D("99.95"), Purpose.EXIT)
        with pytest.raises(OrderRefused, match=r"0.501 BTC to sell, 0.5 held"):
            await scene.executor.place(request("four", Side.SELL, "0.501"), None)


async def test_what_rests_is_not_sold_twice(tmp_path: Path) -> None:
    async with opened(tmp_path, market()) as scene:
        await scene.buy("one", "2")
        resting = await scene.executor.place(request("two", Side.SELL, "1.5", limit="120"), None)
        assert resting.status is OrderStatus.OPEN
        with pytest.raises(OrderRefused, match=r"0.5 held and not offered yet"):
            await scene.executor.place(request("three", Side.SELL, "1"), None)
        closed = await scene.executor.close_position(SYMBOL, "a person")
        assert (closed.quantity, closed.reason) == (D(2), "a person")
        gone = await scene.journal.order("two")
        assert gone is not None and (gone.status, gone.reason) == (
            OrderStatus.CANCELED,
            "sold instead: a person",
        )


async def test_a_granted_sale_never_opens_a_short(tmp_path: Path) -> None:
    async with opened(tmp_path, market()) as scene:
        order = request("one", Side.SELL)
        grant = await scene.grant(order)
        with pytest.raises(OrderRefused, match="SELL never opens a short"):
            await scene.executor.place(order, grant)


async def test_closing_twice_under_one_name_sells_once(tmp_path: Path) -> None:
    async with opened(tmp_path, market()) as scene:
        await scene.buy("one")
        first = await scene.executor.close_position(SYMBOL, "a person", "mine")
        assert first.client_order_id == "mine"
        assert await scene.executor.close_position(SYMBOL, "a person", "mine") == first
        with pytest.raises(OrderRefused, match="no BTC/EUR is held"):
            await scene.executor.close_position(SYMBOL, "a person")


async def test_flatten_cancels_and_sells_everything(tmp_path: Path) -> None:
    async with opened(tmp_path, market()) as scene:
        await scene.buy("one")
        await scene.buy("two", symbol=OTHER)
        order = request("resting", limit="90")
        await scene.executor.place(order, await scene.grant(order))
        sold = await scene.executor.flatten("a person")
        assert [(each.symbol, each.purpose) for each in sold] == [
            (SYMBOL, Purpose.FLATTEN),
            (OTHER, Purpose.FLATTEN),
        ]
        assert await scene.journal.positions() == ()
        gone = await scene.journal.order("resting")
        assert gone is not None and gone.status is OrderStatus.CANCELED


async def test_flatten_sells_the_rest_where_one_has_no_price(tmp_path: Path) -> None:
    async with opened(tmp_path, market()) as scene:
        await scene.buy("one")
        await scene.buy("two", symbol=OTHER)
        scene.market.silent.add(SYMBOL)
        with pytest.raises(OrderRefused, match=f"{SYMBOL} is still held: .*does not answer"):
            await scene.executor.flatten("a person")
        assert [held.symbol for held in await scene.journal.positions()] == [SYMBOL]


@pytest.mark.parametrize("state", [TradingState.PAUSED, TradingState.REDUCING, TradingState.HALTED])
async def test_where_trading_is_stopped_only_exits_pass(tmp_path: Path, state: TradingState) -> None:
    async with opened(tmp_path, market()) as scene:
        await scene.buy("one")
        await scene.control.set(state, "drawdown 11 %", "breaker", scene.clock.now())
        with pytest.raises(OrderRefused, match=f"trading is {state}, no entries: drawdown 11 %"):
            await scene.buy("two")
        closed = await scene.executor.close_position(SYMBOL, "a person")
        assert closed.status is OrderStatus.FILLED


async def test_a_kill_lets_nothing_pass(tmp_path: Path) -> None:
    async with opened(tmp_path, market()) as scene:
        await scene.buy("one")
        touch_kill(tmp_path, "enough")
        for attempt in (
            scene.buy("two"),
            scene.executor.place(request("three", Side.SELL), None),
            scene.executor.close_position(SYMBOL, "a person"),
            scene.executor.flatten("a person"),
        ):
            with pytest.raises(OrderRefused, match="killed: enough"):
                await attempt
        assert len(await scene.journal.orders()) == 1


async def test_a_kill_between_intent_and_wire_sends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path, market()) as scene:
        order = request("one")
        grant = await scene.grant(order)
        add_order = scene.journal.add_order

        async def killed_after(*args: Any, **kwargs: Any) -> Order:
            added = await add_order(*args, **kwargs)
            touch_kill(tmp_path, "just now")
            return added

        monkeypatch.setattr(scene.journal, "add_order", killed_after)
        placed = await scene.executor.place(order, grant)
        assert (placed.status, placed.reason) == (OrderStatus.REJECTED, "killed: just now")
        assert await scene.journal.fills() == ()


async def test_a_thin_book_fills_in_part_and_cancels_the_rest(tmp_path: Path) -> None:
    async with opened(tmp_path, market()) as scene:
        scene.market.books[SYMBOL] = ([("99.95", "5")], [("100.05", "0.4"), ("100.10", "0.3"), ("150", "9")])
        order = await scene.buy("one", protection=protection("95", "110"))
        assert (order.status, order.filled, len(order.fills)) == (OrderStatus.CANCELED, D("0.7"), 2)
        assert "0.7 of 1 found a price; the rest is canceled" in order.reason
        held = await scene.position()
        mean = (D("0.4") * D("100.05") + D("0.3") * D("100.10")) / D("0.7")
        assert held is not None and held.quantity == D("0.7") and held.stop is not None
        assert abs(held.stop - (mean - 5)) < D("1e-8")


async def test_an_empty_book_cancels_all_of_it(tmp_path: Path) -> None:
    async with opened(tmp_path, market()) as scene:
        scene.market.books[SYMBOL] = ([], [])
        order = await scene.buy("one")
        assert (order.status, order.filled) == (OrderStatus.CANCELED, D(0))


async def test_a_limit_beyond_the_market_is_a_taker_and_post_only_refuses(tmp_path: Path) -> None:
    async with opened(tmp_path, market()) as scene:
        crossing = request("one", limit="101")
        order = await scene.executor.place(crossing, await scene.grant(crossing))
        assert (order.status, order.price, order.fees) == (OrderStatus.FILLED, D("100.05"), D("0.2001"))
        shy = request("two", limit="101", post_only=True)
        order = await scene.executor.place(shy, await scene.grant(shy))
        assert order.status is OrderStatus.REJECTED and "post-only" in order.reason


async def test_what_an_ioc_order_cannot_take_at_once_is_canceled(tmp_path: Path) -> None:
    async with opened(tmp_path, market()) as scene:
        scene.market.books[SYMBOL] = ([], [("100.05", "0.25"), ("101", "9")])
        order = request("one", limit="100.5", time_in_force=TimeInForce.IOC)
        placed = await scene.executor.place(order, await scene.grant(order))
        assert (placed.status, placed.filled) == (OrderStatus.CANCELED, D("0.25"))
        assert "as IOC asks" in placed.reason


async def test_a_canceled_order_stays_canceled(tmp_path: Path) -> None:
    async with opened(tmp_path, market(*FLAT)) as scene:
        order = request("one", limit="90")
        assert (await scene.executor.place(order, await scene.grant(order))).status is OrderStatus.OPEN
        canceled = await scene.executor.cancel("one", "a person")
        assert (canceled.status, canceled.reason) == (OrderStatus.CANCELED, "a person")
        assert await scene.executor.cancel("one", "again") == canceled
        with pytest.raises(OrderRefused, match="no order 'none'"):
            await scene.executor.cancel("none", "a person")


async def test_an_order_ends_even_where_its_caller_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent, go_on = asyncio.Event(), asyncio.Event()
    submit = PaperVenue.submit

    async def slow(self: PaperVenue, *args: Any) -> Any:
        sent.set()
        await go_on.wait()
        return await submit(self, *args)

    monkeypatch.setattr(PaperVenue, "submit", slow)
    async with opened(tmp_path, market()) as scene:
        order = request("one")
        call = asyncio.create_task(scene.executor.place(order, await scene.grant(order)))
        await sent.wait()
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        go_on.set()
        await scene.executor.close()
        placed = await scene.journal.order("one")
        assert placed is not None and placed.status is OrderStatus.FILLED


async def test_an_outcome_that_nobody_knows_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path, market()) as scene:

        async def broken(*_: Any) -> Any:
            raise ConnectionResetError("peer")

        monkeypatch.setattr(PaperVenue, "submit", broken)
        with pytest.raises(ConnectionResetError):
            await scene.buy("one")
        unknown = await scene.journal.order("one")
        assert unknown is not None and unknown.status is OrderStatus.UNKNOWN
        progress = await scene.at(1)
        assert [(order.client_order_id, order.status) for order in progress.orders] == [
            ("one", OrderStatus.REJECTED)
        ]


async def test_no_order_before_the_market_has_a_time(tmp_path: Path) -> None:
    async with opened(tmp_path, market()) as scene:
        await scene.journal.open_account(
            mode="paper", market="recorded", venue="other", run_id="r", quote_asset="EUR",
            capital=Decimal(1), at=scene.clock.now(),
        )  # fmt: skip
        with pytest.raises(OrderRefused, match="the market has no time yet"):
            await scene.executor.process_market()
