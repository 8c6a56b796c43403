"""Fills, and what they make of balances, positions and trades."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptofunk_tui.domain.orders import Fill, OrderStatus, Purpose, Side
from cryptofunk_tui.storage.errors import NotFound, Refused
from cryptofunk_tui.storage.journal import Journal
from tests.storage.books import START, SYMBOL, after, fill_of, open_books, request, trade

pytestmark = pytest.mark.anyio
D = Decimal


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = await open_books(tmp_path)
    yield opened
    await opened.close()


async def arm(journal: Journal, stop: str) -> None:
    await journal.arm(SYMBOL, initial_stop=D(stop), stop=D(stop), target=D(120), trail=D(3), trail_after=D(5))


async def test_a_round_trip_to_the_cent(journal: Journal) -> None:
    """Buy 2 at 100 (fee .2), stop at 95, sell 2 at 110 (fee .22): 20 − .42, over 10 at risk."""
    await trade(journal, request("in", quantity="2"), "100", fee="0.2", at=START)
    await arm(journal, "95")
    exit_order = request("out", Side.SELL, "2", purpose=Purpose.TARGET, strategy=None)
    await trade(journal, exit_order, "110", fee="0.22", at=after(hours=3))
    assert await journal.positions() == ()
    assert await journal.balances() == {"BTC": 0, "USDT": D("10019.58")}
    (closed,) = await journal.trades()
    assert closed.pnl == D("19.58")
    assert closed.fees == D("0.42")
    assert closed.r_multiple == 1.958
    assert (closed.entry_price, closed.exit_price, closed.quantity) == (D(100), D(110), D(2))
    assert (closed.opened_at, closed.closed_at) == (START, after(hours=3))
    assert (closed.strategy, closed.exit_purpose) == ("trend_following", "TARGET")
    assert await journal.last_entry(SYMBOL) == START
    assert await journal.last_exit(SYMBOL) == after(hours=3)


async def test_an_order_adds_up_its_fills(journal: Journal) -> None:
    order = request("in", quantity="2")
    await journal.add_order(order, decision_id=None, at=START, approval_id=None)
    first = fill_of(order, "100", "0.5", fee="0.05", fill_id="a")
    second = fill_of(order, "104", "1.5", fee="0.156", fill_id="b", at=after(seconds=9))
    await journal.book_fill(first, status=OrderStatus.PARTIAL)
    await journal.book_fill(second, status=OrderStatus.FILLED)
    known = await journal.order("in")
    assert known is not None
    assert (known.status, known.filled, known.price) == (OrderStatus.FILLED, D(2), D(103))
    assert (known.fees, known.fills, known.updated_at) == (D("0.206"), (first, second), after(seconds=9))
    (held,) = await journal.positions()
    assert (held.quantity, held.entry_price, held.fees, held.high) == (D(2), D(103), D("0.206"), D(104))
    assert (held.opened_at, held.entry_order, held.stop) == (START, "in", None)
    assert await journal.fills(1) == (second,)


async def test_a_fill_counts_once(journal: Journal) -> None:
    order = request("in")
    await trade(journal, order, "100", fee="0.1")
    before = (await journal.portfolio(), await journal.order("in"), await journal.balances())
    await journal.book_fill(fill_of(order, "100", fee="0.1"), status=OrderStatus.PARTIAL)
    assert (await journal.portfolio(), await journal.order("in"), await journal.balances()) == before
    with pytest.raises(Refused, match="other numbers"):
        await journal.book_fill(fill_of(order, "101", fee="0.1"), status=OrderStatus.FILLED)


async def test_fills_that_do_not_fit_change_nothing(journal: Journal) -> None:
    await trade(journal, request("in"), "100")
    out = request("out", Side.SELL, "3")
    await journal.add_order(out, decision_id=None, at=START, approval_id=None)
    before = (await journal.portfolio(), await journal.orders(), await journal.fills())
    other_symbol = request("out", Side.SELL, symbol="ETH/USDT")
    for fill, reason in [
        (fill_of(out, "100", "1.5"), "short position"),
        (fill_of(out, "100", "4"), "more than the 3 ordered"),
        (fill_of(request("out"), "100"), "does not belong"),
        (fill_of(other_symbol, "100"), "does not belong"),
        (fill_of(request("nobody"), "100"), "not in the journal"),
        (fill_of(out, "100", fee="1", fee_asset="BNB"), "BNB"),
    ]:
        with pytest.raises(Refused, match=reason):
            await journal.book_fill(fill, status=OrderStatus.FILLED)
    assert (await journal.portfolio(), await journal.orders(), await journal.fills()) == before


async def test_fills_and_protection_are_one_transaction(journal: Journal) -> None:
    order = request("in")
    await journal.add_order(order, decision_id=None, at=START, approval_id=None)
    with pytest.raises(RuntimeError, match="killed between"):
        async with journal.transaction():
            await journal.book_fill(fill_of(order, "100"), status=OrderStatus.FILLED)
            await arm(journal, "95")
            raise RuntimeError("killed between")
    assert await journal.positions() == ()
    known = await journal.order("in")
    assert known is not None
    assert (known.status, known.filled, known.fills) == (OrderStatus.INTENT, D(0), ())


async def test_protection_stays_with_what_is_held(journal: Journal) -> None:
    await trade(journal, request("in", quantity="2"), "100")
    await arm(journal, "95")
    await journal.move_stop(SYMBOL, D(99), D(108))
    await trade(journal, request("more"), "106")
    await trade(journal, request("less", Side.SELL), "107")
    (held,) = await journal.positions()
    assert (held.quantity, held.entry_price, held.entry_order) == (D(2), D(102), "in")
    assert (held.initial_stop, held.stop, held.high) == (D(95), D(99), D(108))
    assert (held.target, held.trail, held.trail_after) == (D(120), D(3), D(5))
    await trade(journal, request("rest", Side.SELL, "2"), "107")
    await trade(journal, request("anew"), "90")
    (held,) = await journal.positions()
    assert (held.initial_stop, held.stop, held.target, held.high) == (None, None, None, D(90))


async def test_nothing_held_cannot_be_protected(journal: Journal) -> None:
    with pytest.raises(NotFound, match="nothing to protect"):
        await arm(journal, "95")
    with pytest.raises(NotFound, match="no stop to move"):
        await journal.move_stop(SYMBOL, D(1), D(2))


async def test_the_fills_of_one_exit_are_one_trade(journal: Journal) -> None:
    await trade(journal, request("in", quantity="3"), "100", fee="0.3")
    await arm(journal, "90")
    out = request("out", Side.SELL, "3")
    await journal.add_order(out, decision_id=None, at=START, approval_id=None)
    for part, price in enumerate(["110", "113", "116"]):
        await journal.book_fill(
            fill_of(out, price, "1", fee="0.1", fill_id=f"p{part}", at=after(hours=part)),
            status=OrderStatus.FILLED if part == 2 else OrderStatus.PARTIAL,
        )
    (closed,) = await journal.trades()
    assert (closed.quantity, closed.exit_price, closed.pnl) == (D(3), D(113), D("38.4"))
    assert (closed.fees, closed.r_multiple, closed.closed_at) == (D("0.6"), 1.28, after(hours=2))


async def test_trades_of_a_strategy_newest_first(journal: Journal) -> None:
    for number, strategy in enumerate(["a", "b", "a"]):
        await trade(journal, request(f"in{number}", strategy=strategy), "100")
        await trade(journal, request(f"out{number}", Side.SELL, strategy=None), f"10{number}")
    assert [closed.pnl for closed in await journal.trades()] == [2, 1, 0]
    assert [closed.pnl for closed in await journal.trades("a")] == [2, 0]
    assert [closed.pnl for closed in await journal.trades("a", limit=1)] == [2]
    assert await journal.trades("c") == ()


async def test_fees_are_summed_in_quote_currency(journal: Journal) -> None:
    order = request("in", quantity="2")
    await journal.add_order(order, decision_id=None, at=START, approval_id=None)
    base_fee = fill_of(order, "100", "1", fee="0.001", fee_asset="BTC", fill_id="a", at=START)
    quote_fee = fill_of(order, "100", "1", fee="0.25", fill_id="b", at=after(days=1))
    await journal.book_fill(base_fee, status=OrderStatus.PARTIAL)
    await journal.book_fill(quote_fee, status=OrderStatus.FILLED)
    assert await journal.fees_since(START) == D("0.35")
    assert await journal.fees_since(after(hours=1)) == D("0.25")
    assert await journal.fees_since(after(days=2)) == 0
    assert await journal.balances() == {"BTC": D("1.999"), "USDT": D("9799.75")}
    (held,) = await journal.positions()
    assert held.quantity == D("1.999")


async def test_accounts_never_meet(journal: Journal) -> None:
    await trade(journal, request("in"), "100")
    await journal.open_account(
        mode="paper",
        market="recorded",
        venue="recorded",
        run_id="other",
        quote_asset="USDT",
        capital=D(500),
        at=START,
    )
    assert (await journal.portfolio()).cash == 500
    assert await journal.positions() == ()
    assert await journal.orders() == ()
    assert await journal.fills() == ()
    assert await journal.last_entry(SYMBOL) is None
    late = request("out", Side.SELL)
    with pytest.raises(NotFound):
        await journal.book_fill(fill_of(late, "1"), status=OrderStatus.FILLED)


@dataclass
class Book:
    """The same books in fractions, by the plainest rules."""

    cash: Fraction
    held: dict[str, Fraction]

    def take(self, fill: Fill) -> bool:
        base = fill.symbol.split("/")[0]
        sign = 1 if fill.side is Side.BUY else -1
        fee = Fraction(fill.fee)
        moved = sign * Fraction(fill.quantity) - (fee if fill.fee_asset == base else 0)
        after_it = self.held.get(base, Fraction(0)) + moved
        if after_it < 0 or (sign > 0 and moved <= 0):
            return False
        self.held[base] = after_it
        self.cash -= sign * Fraction(fill.quantity) * Fraction(fill.price)
        self.cash -= fee if fill.fee_asset != base else 0
        return True


money = st.decimals("0.000000000001", "99999999", places=12)
steps = st.tuples(
    st.sampled_from(["BTC/USDT", "ETH/USDT"]),
    st.sampled_from(Side),
    st.sampled_from([D("0.5"), D(1), D("1.5")]) | st.decimals("0.00000001", "1000", places=8),
    money,
    st.decimals("0", "0.01", places=6),
    st.sampled_from([False, False, True]),
)


@settings(max_examples=25, deadline=None)
@given(moves=st.lists(steps, min_size=1, max_size=16), again=st.randoms(use_true_random=False))
def test_any_sequence_balances_to_the_last_decimal(moves, again) -> None:  # type: ignore[no-untyped-def]
    fills = []
    for number, (symbol, side, quantity, price, rate, in_base) in enumerate(moves):
        order = request(f"o{number}", side, str(quantity), symbol=symbol)
        fee, asset = (quantity * rate, symbol[:3]) if in_base else (quantity * price * rate, "USDT")
        fills.append((order, fill_of(order, str(price), fee=str(fee), fee_asset=asset)))
    asyncio.run(_sequence_balances(fills, again))


async def _sequence_balances(fills, again) -> None:  # type: ignore[no-untyped-def]
    book, bought, fees = Book(Fraction(10000), {}), {}, Fraction(0)
    with tempfile.TemporaryDirectory() as folder:
        journal = await open_books(Path(folder))
        for order, fill in fills:
            await journal.add_order(order, decision_id=None, at=START, approval_id=None)
            if book.take(fill):
                await journal.book_fill(fill, status=OrderStatus.FILLED)
                bought[order.client_order_id] = fill
            else:
                with pytest.raises(Refused):
                    await journal.book_fill(fill, status=OrderStatus.FILLED)
            if bought:
                twice = again.choice(list(bought.values()))
                await journal.book_fill(twice, status=OrderStatus.PARTIAL)
        balances, positions = await journal.balances(), await journal.positions()
        trades = await journal.trades()
        await journal.close()
    assert Fraction(balances.pop("USDT")) == book.cash
    assert {asset: Fraction(amount) for asset, amount in balances.items()} == book.held
    assert {held.symbol[:3]: Fraction(held.quantity) for held in positions} == {
        base: amount for base, amount in book.held.items() if amount
    }
    if not positions:
        assert sum((Fraction(closed.pnl) for closed in trades), fees) == book.cash - 10000


parts = st.lists(st.tuples(st.decimals("0.00000001", "10", places=8), money), min_size=2, max_size=7)


@settings(max_examples=15, deadline=None)
@given(sizes=parts, order=st.randoms(use_true_random=False), out=money)
def test_fills_in_any_order_and_number_give_the_same_books(sizes, order, out) -> None:  # type: ignore[no-untyped-def]
    asyncio.run(_same_books(sizes, order, out))


async def _same_books(sizes, order, out) -> None:  # type: ignore[no-untyped-def]
    total = sum(quantity for quantity, _ in sizes)
    entry, exit_order = request("in", quantity=str(total)), request("out", Side.SELL, str(total))
    fills = [
        fill_of(entry, str(price), str(quantity), fee=str(price * D("0.001")), fill_id=f"f{number}")
        for number, (quantity, price) in enumerate(sizes)
    ]
    shuffled = order.sample(fills + fills, 2 * len(fills))
    outcomes = []
    for arrival in (fills, shuffled):
        with tempfile.TemporaryDirectory() as folder:
            journal = await open_books(Path(folder))
            await journal.add_order(entry, decision_id=None, at=START, approval_id=None)
            for fill in arrival:
                whole = fill is fills[-1]
                await journal.book_fill(fill, status=OrderStatus.FILLED if whole else OrderStatus.PARTIAL)
            (held,) = await journal.positions()
            bought = await journal.order("in")
            assert bought is not None
            await trade(journal, exit_order, str(out))
            (closed,) = await journal.trades()
            outcomes.append(
                (
                    await journal.balances(),
                    (bought.status, bought.filled, bought.fees, bought.price),
                    (held.quantity, held.entry_price, held.high, held.fees, closed.pnl),
                )
            )
            await journal.close()
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][1][0] is OrderStatus.FILLED
