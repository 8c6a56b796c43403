"""What the market does to positions and resting orders, bar by bar and at live quotes."""

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cryptofunk_tui.domain.orders import Liquidity, OrderStatus, OrderType, Purpose, Side
from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.execution.venue import OrderRefused
from cryptofunk_tui.execution.walk import TRIGGERED
from cryptofunk_tui.market.source import MarketError
from cryptofunk_tui.storage.control import touch_kill
from tests.execution.scene import SYMBOL, D, GivenMarket, Row, Scene, hour, opened, protection, request

pytestmark = pytest.mark.anyio

CALM: Row = (100.0, 101.0, 99.0, 100.0)
PLAN = protection("95", "110")


def market(*rows: Row) -> GivenMarket:
    return GivenMarket({SYMBOL: rows})


async def rest(scene: Scene, name: str, **fields: Any) -> None:
    """Place a granted order that rests."""
    order = request(name, **fields)
    collar = D(200) if order.side is Side.BUY else D("0.01")
    placed = await scene.executor.place(order, await scene.grant(order, collar=collar))
    assert placed.status is OrderStatus.OPEN


async def test_the_stop_is_hit_and_the_loss_is_right_to_the_last_digit(tmp_path: Path) -> None:
    async with opened(tmp_path, market(CALM, (99.0, 100.0, 94.0, 96.0), CALM)) as scene:
        await scene.buy("one", "2", protection=PLAN)
        assert (await scene.at(1)).fills == ()
        progress = await scene.at(2)
        (fill,) = progress.fills
        (order,) = progress.orders
        assert (fill.price, fill.quantity, fill.liquidity) == (D("95.05"), D(2), Liquidity.TAKER)
        assert (order.type, order.purpose, order.reason) == (OrderType.STOP, Purpose.STOP, "stop reached")
        assert hour(1) < fill.at < hour(2)
        (trade,) = await scene.journal.trades()
        pnl = 2 * (D("95.05") - D("100.05")) - D("0.4002") - 2 * D("95.05") * D("0.002")
        assert trade.pnl == pnl
        assert progress.portfolio.cash == progress.portfolio.equity == D(10000) + pnl
        assert (await scene.at(3)).fills == ()


@pytest.mark.parametrize(
    ("row", "purpose", "price"),
    [
        ((100.0, 111.0, 99.0, 105.0), Purpose.TARGET, "110.05"),
        ((93.0, 96.0, 92.0, 95.0), Purpose.STOP, "93"),
        ((112.0, 113.0, 111.0, 112.0), Purpose.TARGET, "112"),
        ((100.0, 120.0, 90.0, 100.0), Purpose.STOP, "95.05"),
    ],
    ids=["target", "gap below the stop", "gap above the target", "both: the stop"],
)
async def test_a_bar_closes_the_position(tmp_path: Path, row: Row, purpose: Purpose, price: str) -> None:
    async with opened(tmp_path, market(CALM, row, CALM)) as scene:
        await scene.buy("one", protection=PLAN)
        (order,) = (await scene.at(2)).orders
        assert (order.purpose, order.price) == (purpose, D(price))


async def test_the_trail_moves_last_and_closes_above_the_entry(tmp_path: Path) -> None:
    rows: list[Row] = [
        CALM,
        (100.0, 108.0, 99.5, 107.0),
        (107.0, 109.0, 104.5, 105.0),
        (105.0, 106.0, 100.0, 101.0),
    ]
    async with opened(tmp_path, market(*rows)) as scene:
        await scene.buy("one", protection=protection("95", trail="4", after="5"))
        assert (await scene.at(2)).fills == ()
        held = await scene.position()
        assert held is not None and (held.stop, held.high) == (D(104), D(108))
        assert (await scene.at(3)).fills == ()
        (order,) = (await scene.at(4)).orders
        assert (order.purpose, order.price) == (Purpose.TRAIL, D(105))


async def test_missed_bars_are_replayed_after_a_restart(tmp_path: Path) -> None:
    rows = [CALM] * 3 + [(99.0, 100.0, 94.0, 99.0)] + [CALM] * 600
    async with opened(tmp_path, market(*rows)) as scene:
        await scene.buy("one", protection=PLAN)
        await scene.at(1)
        await scene.journal.set_market_time(hour(603))
    async with opened(tmp_path, market(*rows)) as scene:
        (fill,) = (await scene.executor.process_market()).fills
        assert fill.price == D("95.05") and hour(3) < fill.at < hour(4)


async def test_missed_bars_come_before_a_new_order(tmp_path: Path) -> None:
    async with opened(tmp_path, market(CALM, (99.0, 100.0, 94.0, 99.0), CALM)) as scene:
        await scene.buy("one", protection=PLAN)
        await scene.journal.set_market_time(hour(2))
        with pytest.raises(OrderRefused, match="no BTC/EUR is held"):
            await scene.executor.close_position(SYMBOL, "too late")


async def test_a_replay_that_crashed_is_repeated_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[Row] = [CALM, (100.0, 101.0, 89.0, 95.0), (95.0, 96.0, 84.0, 85.0), CALM]
    async with opened(tmp_path, market(*rows)) as scene:
        await rest(scene, "one", limit="90", protection=protection("85", reference="90"))
        with monkeypatch.context() as patch:

            async def torn(_: datetime) -> None:
                raise OSError("power")

            patch.setattr(scene.journal, "set_processed_until", torn)
            with pytest.raises(OSError, match="power"):
                await scene.at(3)
        assert await scene.journal.fills() == ()
        progress = await scene.executor.process_market()
        assert [(fill.side, fill.price) for fill in progress.fills] == [(Side.BUY, D(90)), (Side.SELL, D(85))]


async def test_a_limit_rests_until_the_market_trades_through_it(tmp_path: Path) -> None:
    rows: list[Row] = [CALM, (100.0, 101.0, 98.0, 99.0), (99.0, 100.0, 97.0, 98.0), CALM]
    async with opened(tmp_path, market(*rows)) as scene:
        await rest(scene, "one", limit="98", protection=protection("93", reference="98"))
        assert (await scene.at(2)).fills == ()
        (fill,) = (await scene.at(3)).fills
        assert (fill.price, fill.fee, fill.liquidity) == (D(98), D("0.098"), Liquidity.MAKER)
        held = await scene.position()
        assert held is not None and held.stop == D(93)


async def test_a_thin_bar_fills_a_limit_in_part(tmp_path: Path) -> None:
    rows: list[Row] = [CALM, (100.0, 101.0, 97.0, 99.0, 0.4), (99.0, 100.0, 97.0, 98.0, 9.0)]
    async with opened(tmp_path, market(*rows)) as scene:
        await rest(scene, "one", limit="98")
        (order,) = (await scene.at(2)).orders
        assert (order.status, order.filled) == (OrderStatus.PARTIAL, D("0.4"))
        (order,) = (await scene.at(3)).orders
        assert (order.status, order.filled) == (OrderStatus.FILLED, D(1))
        assert [fill.fill_id for fill in order.fills] == ["one-0", "one-1"]


async def test_an_entry_within_a_bar_that_reaches_its_stop_is_stopped_there(tmp_path: Path) -> None:
    async with opened(tmp_path, market(CALM, (100.0, 115.0, 94.0, 112.0), CALM)) as scene:
        await rest(scene, "one", limit="98", protection=protection("95", "105", reference="98"))
        fills = (await scene.at(2)).fills
        assert [(fill.side, fill.price) for fill in fills] == [(Side.BUY, D(98)), (Side.SELL, D(95))]


async def test_a_bar_that_began_before_the_order_counts_by_its_close(tmp_path: Path) -> None:
    async with opened(
        tmp_path, market((100.0, 101.0, 90.0, 100.0), (100.0, 101.0, 97.0, 98.0), CALM)
    ) as scene:
        await scene.at(0.5)
        await rest(scene, "one", limit="98")
        await scene.buy("two", protection=PLAN)
        assert (await scene.at(1)).fills == ()
        (fill,) = (await scene.at(2)).fills
        assert fill.client_order_id == "one"


@pytest.mark.parametrize(
    ("row", "price"), [((100.0, 106.0, 99.0, 105.0), "105"), ((105.5, 107.0, 105.0, 106.0), "105.5")]
)
async def test_a_buy_stop_fills_when_it_is_reached(tmp_path: Path, row: Row, price: str) -> None:
    async with opened(tmp_path, market(CALM, row, CALM)) as scene:
        await rest(scene, "one", stop="105")
        (fill,) = (await scene.at(2)).fills
        assert (fill.price, fill.liquidity) == (D(price), Liquidity.TAKER)


async def test_a_buy_stop_that_is_jumped_over_by_more_than_its_collar_is_canceled(tmp_path: Path) -> None:
    async with opened(tmp_path, market(CALM, (107.0, 108.0, 106.0, 107.0), CALM)) as scene:
        await rest(scene, "one", stop="105")
        (order,) = (await scene.at(2)).orders
        assert order.status is OrderStatus.CANCELED and "beyond the collar" in order.reason


async def test_a_stop_limit_beyond_its_limit_rests_there(tmp_path: Path) -> None:
    rows: list[Row] = [CALM, (107.0, 108.0, 106.5, 107.0), (107.0, 108.0, 105.5, 106.0), CALM]
    async with opened(tmp_path, market(*rows)) as scene:
        await rest(scene, "one", stop="105", limit="106")
        (order,) = (await scene.at(2)).orders
        assert (order.status, order.reason) == (OrderStatus.OPEN, TRIGGERED)
        (fill,) = (await scene.at(3)).fills
        assert (fill.price, fill.liquidity) == (D(106), Liquidity.MAKER)


async def test_a_stop_that_is_reached_already_is_sent_at_once(tmp_path: Path) -> None:
    async with opened(tmp_path, market(CALM, CALM)) as scene:
        await scene.buy("one", "2")
        sold = await scene.executor.place(request("two", Side.SELL, "1", stop="100"), None)
        assert (sold.status, sold.price) == (OrderStatus.FILLED, D("99.95"))
        resting = await scene.executor.place(request("three", Side.SELL, "1", stop="99"), None)
        assert resting.status is OrderStatus.OPEN


async def test_protection_takes_offers_of_the_same_coins_back(tmp_path: Path) -> None:
    async with opened(tmp_path, market(CALM, (99.0, 100.0, 94.0, 99.0), CALM)) as scene:
        await scene.buy("one", protection=PLAN)
        await scene.executor.place(request("offer", Side.SELL, limit="109"), None)
        orders = (await scene.at(2)).orders
        assert [order.status for order in orders] == [OrderStatus.CANCELED, OrderStatus.FILLED]
        assert orders[0].client_order_id == "offer" and await scene.position() is None


async def test_what_cannot_be_paid_is_canceled(tmp_path: Path) -> None:
    async with opened(tmp_path, market(CALM, (100.0, 101.0, 97.0, 98.0), CALM), capital="101") as scene:
        await rest(scene, "one", limit="98")
        await scene.journal.database.write("put_balance", account=scene.account, asset="EUR", amount="98")
        (order,) = (await scene.at(2)).orders
        assert order.status is OrderStatus.CANCELED and "not enough cash" in order.reason


async def test_more_is_never_protected_less(tmp_path: Path) -> None:
    async with opened(tmp_path, market(CALM, CALM)) as scene:
        await scene.buy("one", protection=PLAN)
        await scene.buy("two", protection=protection("90", "120"))
        held = await scene.position()
        assert held is not None and (held.stop, held.target) == (D("95.05"), D("120.05"))


@pytest.mark.parametrize("state", [TradingState.PAUSED, TradingState.REDUCING, TradingState.HALTED])
async def test_where_entries_are_stopped_they_are_taken_back_and_stops_still_work(
    tmp_path: Path, state: TradingState
) -> None:
    async with opened(tmp_path, market(CALM, (99.0, 100.0, 94.0, 99.0), CALM)) as scene:
        await scene.buy("one", protection=PLAN)
        await rest(scene, "two", limit="95")
        await scene.control.set(state, "volatility", "breaker", scene.clock.now())
        progress = await scene.at(2)
        assert (progress.orders[0].client_order_id, progress.orders[0].status) == (
            "two",
            OrderStatus.CANCELED,
        )
        assert [fill.price for fill in progress.fills] == [D("95.05")]


async def test_killed_nothing_trades_and_the_missed_bars_wait(tmp_path: Path) -> None:
    async with opened(tmp_path, market(CALM, (99.0, 100.0, 94.0, 99.0), CALM)) as scene:
        await scene.buy("one", protection=PLAN)
        await rest(scene, "two", limit="90")
        touch_kill(tmp_path, "enough")
        progress = await scene.at(2)
        assert progress.fills == ()
        assert [(order.client_order_id, order.status) for order in progress.orders] == [
            ("two", OrderStatus.CANCELED)
        ]
        await scene.control.resume("RESUME", "a person", scene.clock.now())
        assert [fill.price for fill in (await scene.executor.process_market()).fills] == [D("95.05")]


async def test_a_kill_while_missed_bars_are_read_leaves_them_for_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path, market(CALM, (99.0, 100.0, 94.0, 99.0), CALM)) as scene:
        await scene.buy("one", protection=PLAN)
        candles = scene.market.candles

        async def killed_meanwhile(*args: Any, **kwargs: Any) -> Any:
            touch_kill(tmp_path, "enough")
            return await candles(*args, **kwargs)

        monkeypatch.setattr(scene.market, "candles", killed_meanwhile)
        assert (await scene.at(2)).fills == ()
        account = await scene.journal.account()
        assert account is not None and account.processed_until == hour(0)


async def test_one_symbols_fill_keeps_the_trail_of_another(tmp_path: Path) -> None:
    rows: list[Row] = [
        CALM,
        (100.0, 108.0, 99.5, 107.0),
        (107.0, 107.5, 106.0, 107.0),
        (107.0, 107.0, 103.0, 104.0),
    ]
    other: list[Row] = [CALM, CALM, (99.0, 100.0, 97.0, 98.0), CALM]
    async with opened(tmp_path, GivenMarket({SYMBOL: rows, "ETH/EUR": other})) as scene:
        await scene.buy("one", protection=protection("95", trail="4", after="5"))
        await rest(scene, "two", symbol="ETH/EUR", limit="98")
        progress = await scene.at(4)
        assert [(fill.symbol, fill.price) for fill in progress.fills] == [
            ("ETH/EUR", D(98)),
            (SYMBOL, D(104)),
        ]


async def test_a_live_market_is_followed_by_quotes(tmp_path: Path) -> None:
    async with opened(tmp_path, GivenMarket({SYMBOL: [CALM]}, kind="exchange")) as scene:
        scene.market.live_quotes[SYMBOL] = ("99.95", "100.05")
        await scene.executor.process_market()
        await scene.buy("one", protection=protection("95", trail="3"))
        for bid, stop in (("103", "100"), ("101", "100")):
            scene.clock.time += timedelta(seconds=1)
            scene.market.live_quotes[SYMBOL] = (bid, str(D(bid) + D("0.1")))
            await scene.executor.keep_watch()
            held = await scene.position()
            assert held is not None and held.stop == D(stop)
        scene.clock.time += timedelta(seconds=1)
        scene.market.live_quotes[SYMBOL] = ("99.5", "99.6")
        await scene.executor.keep_watch()
        progress = await scene.executor.process_market()
        assert [(fill.price, fill.at) for fill in progress.fills] == [(D("99.5"), scene.clock.now())]


async def test_a_clock_that_is_set_back_does_not_stop_a_live_market(tmp_path: Path) -> None:
    async with opened(tmp_path, GivenMarket({SYMBOL: [CALM]}, kind="exchange")) as scene:
        scene.market.live_quotes[SYMBOL] = ("99.95", "100.05")
        before = (await scene.executor.process_market()).market_time
        await scene.buy("one", protection=PLAN)
        scene.clock.time -= timedelta(seconds=30)
        scene.market.live_quotes[SYMBOL] = ("94", "94.1")
        progress = await scene.executor.process_market()
        assert [fill.price for fill in progress.fills] == [D(94)] and progress.market_time == before


async def test_live_limits_meet_the_side_that_they_need(tmp_path: Path) -> None:
    async with opened(tmp_path, GivenMarket({SYMBOL: [CALM]}, kind="exchange")) as scene:
        scene.market.live_quotes[SYMBOL] = ("99.95", "100.05")
        await scene.executor.process_market()
        await rest(scene, "one", limit="99")
        scene.market.live_quotes[SYMBOL] = ("98.9", "99.0")
        assert (await scene.executor.process_market()).fills == ()
        scene.market.live_quotes[SYMBOL] = ("98.8", "98.9")
        assert [fill.price for fill in (await scene.executor.process_market()).fills] == [D("98.9")]


async def test_one_symbol_without_a_price_leaves_the_others_protected(tmp_path: Path) -> None:
    async with opened(tmp_path, GivenMarket({SYMBOL: [CALM], "ETH/EUR": [CALM]}, kind="exchange")) as scene:
        scene.market.live_quotes = {SYMBOL: ("99.95", "100.05"), "ETH/EUR": ("99.95", "100.05")}
        await scene.executor.process_market()
        await scene.buy("one", protection=PLAN)
        await scene.buy("two", symbol="ETH/EUR", protection=PLAN)
        scene.market.live_quotes["ETH/EUR"] = ("94", "94.1")
        scene.market.silent.add(SYMBOL)
        progress = await scene.executor.process_market()
        assert [fill.symbol for fill in progress.fills] == ["ETH/EUR"]
        assert progress.problems == ("BTC/EUR: the venue does not answer",)


async def test_without_a_live_markets_bars_its_quotes_still_protect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path, GivenMarket({SYMBOL: [CALM], "ETH/EUR": [CALM]}, kind="exchange")) as scene:
        scene.market.live_quotes = {SYMBOL: ("99.95", "100.05"), "ETH/EUR": ("99.95", "100.05")}
        followed = (await scene.executor.process_market()).market_time
        await scene.buy("one", protection=PLAN)
        await scene.buy("two", symbol="ETH/EUR", protection=protection("95", trail="1"))

        async def no_bars(*args: Any, **kwargs: Any) -> Any:
            raise MarketError("no bars")

        with monkeypatch.context() as broken:
            broken.setattr(scene.market, "candles", no_bars)
            scene.clock.time += timedelta(seconds=1)
            scene.market.live_quotes |= {SYMBOL: ("94", "94.1"), "ETH/EUR": ("110", "110.1")}
            progress = await scene.executor.process_market()
        assert [(fill.symbol, fill.price) for fill in progress.fills] == [(SYMBOL, D(94))]
        assert progress.problems == ("no bars",)
        held, account = await scene.position("ETH/EUR"), await scene.journal.account()
        assert held is not None and held.stop == D("95.05")
        assert account is not None and account.processed_until == followed
        await scene.executor.process_market()
        held = await scene.position("ETH/EUR")
        assert held is not None and held.stop == D(109)


async def test_an_idle_account_asks_the_market_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path, market(*[CALM] * 10)) as scene:
        await scene.at(9)
        await scene.executor.keep_watch()
        assert scene.market.asked == []


amounts = st.integers(1, 3000).map(lambda thousandths: Decimal(thousandths) / 1000)


def _shaped(cents: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Open, high, low, close of four prices."""
    return cents[0], max(cents), min(cents), cents[1]


steps = st.lists(
    st.one_of(
        st.tuples(st.just("buy"), amounts),
        st.tuples(st.just("sell"), amounts),
        st.tuples(st.just("limit"), amounts),
        st.tuples(st.just("offer"), amounts),
        st.tuples(st.just("close"), amounts),
    ),
    max_size=8,
)
shapes = st.lists(
    st.tuples(*[st.integers(8000, 12000)] * 4, st.integers(0, 3)).map(
        lambda cents: (
            cents[0] / 100,
            max(cents[:4]) / 100,
            min(cents[:4]) / 100,
            cents[1] / 100,
            float(cents[4]),
        )
    ),
    min_size=8,
    max_size=8,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=shapes, orders=steps)
def test_the_balance_is_start_plus_fills_less_fees_whatever_happens(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Row], orders: list[tuple[str, Decimal]]
) -> None:
    asyncio.run(_trade_at_random(tmp_path_factory.mktemp("books"), rows, orders))


async def _trade_at_random(folder: Path, rows: list[Row], orders: list[tuple[str, Decimal]]) -> None:
    async with opened(folder, market(*rows)) as scene:
        for number, (kind, quantity) in enumerate(orders):
            await scene.at(number)
            try:
                await _one(scene, f"order-{number}", kind, quantity)
            except OrderRefused:
                continue
            held = await scene.position()
            assert held is None or held.quantity > 0
        await scene.at(len(rows))
        fills = await scene.journal.fills(1000)
        cash, coins = D(10000), D(0)
        for fill in fills:
            sign = 1 if fill.side is Side.BUY else -1
            cash -= sign * fill.price * fill.quantity + fill.fee
            coins += sign * fill.quantity
        balances = await scene.journal.balances()
        assert balances["EUR"] == cash >= 0
        assert balances.get("BTC", D(0)) == coins >= 0
        held = await scene.position()
        assert (held.quantity if held else D(0)) == coins
        for order in await scene.journal.orders():
            assert order.filled <= order.quantity
            assert order.filled == sum((fill.quantity for fill in order.fills), D(0))


async def _one(scene: Scene, name: str, kind: str, quantity: Decimal) -> None:
    market_price = (await scene.market.quote(SYMBOL, await scene.now())).last
    amount, plan = str(quantity), protection("95", "108", trail="3", after="2")
    below, above = (str((market_price * D(share)).quantize(D("0.01"))) for share in ("0.97", "1.03"))
    if kind == "buy":
        await scene.buy(name, amount, protection=plan)
    elif kind == "limit":
        order = request(name, quantity=amount, limit=below, protection=plan)
        await scene.executor.place(order, await scene.grant(order))
    elif kind == "sell":
        await scene.executor.place(request(name, Side.SELL, amount), None)
    elif kind == "offer":
        await scene.executor.place(request(name, Side.SELL, amount, limit=above), None)
    else:
        await scene.executor.close_position(SYMBOL, "at random")
