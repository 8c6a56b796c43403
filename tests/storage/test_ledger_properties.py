"""Position = Σ fills and balance = start + Σ fills − fees, exactly, whatever the history."""

import asyncio
import itertools
import random
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptofunk_tui.domain.market import split_symbol
from cryptofunk_tui.domain.orders import Fill, OrderStatus, Side
from cryptofunk_tui.storage.audit import audit
from cryptofunk_tui.storage.journal import Journal
from tests.nightly import memory_folder, scaled
from tests.storage.books import START, fill_of, request

SYMBOLS = ("BTC/USDT", "ETH/USDT", "XRP/USDT")
CAPITAL = Decimal(10) ** 9
amounts = st.decimals("0.00001", "1000", places=5)
prices = st.decimals("0.0001", "100000", places=4)
step = st.tuples(
    st.sampled_from(SYMBOLS),
    st.sampled_from(Side),
    amounts,
    prices,
    st.integers(1, 3),
    st.sampled_from(("quote", "base", "BNB")),
)
histories = st.lists(step, min_size=1, max_size=200)
Orders = list[tuple[str, Side, list[Fill]]]


class Books:
    """One journal for all examples: each gets an account of its own."""

    def __init__(self, loop: asyncio.AbstractEventLoop, journal: Journal) -> None:
        self.loop = loop
        self.journal = journal
        self.numbers = itertools.count()


@pytest.fixture(scope="module")
def books() -> Iterator[Books]:
    with memory_folder() as folder, asyncio.Runner() as runner:
        journal = runner.run(Journal.open(folder))
        yield Books(runner.get_loop(), journal)
        runner.run(journal.close())


def orders_of(history: list[tuple[str, Side, Decimal, Decimal, int, str]], example: int) -> Orders:
    """The history as orders in parts; what would sell more than is held is left out."""
    held: dict[str, Decimal] = defaultdict(Decimal)
    made: Orders = []
    for number, (symbol, side, quantity, price, parts, payer) in enumerate(history):
        base, quote = split_symbol(symbol)
        asset = {"quote": quote, "base": base, "BNB": "BNB"}[payer]
        if side is Side.SELL:
            quantity = min(quantity, held[symbol])
            asset = quote if asset == base else asset
        if quantity <= 0:
            continue
        sizes = [quantity / parts] * (parts - 1) if parts > 1 and not quantity * 10**5 % parts else []
        sizes.append(quantity - sum(sizes, Decimal(0)))
        name = f"e{example}o{number}"
        asked = request(name, side, str(quantity), symbol=symbol)
        fills = [
            fill_of(
                asked, str(price), str(size), fill_id=f"{name}f{part}", fee=str(size / 1000), fee_asset=asset
            )
            for part, size in enumerate(sizes)
        ]
        if asset == "BNB":
            fills = [fill.model_copy(update={"fee_value": fill.quantity * price / 1000}) for fill in fills]
        in_base = sum((fill.fee for fill in fills if asset == base), Decimal(0))
        held[symbol] += quantity - in_base if side is Side.BUY else -quantity
        made.append((symbol, side, fills))
    return made


def shuffled(orders: Orders, rng: random.Random) -> list[Fill]:
    """Fills in another order where it does not matter, some told twice; one symbol keeps its order."""
    lanes = {
        symbol: [fill for each, _, fills in orders if each == symbol for fill in fills] for symbol in SYMBOLS
    }
    told: list[Fill] = []
    while any(lanes.values()):
        lane = rng.choice([lane for lane in lanes.values() if lane])
        told.append(lane.pop(0))
        if rng.random() < 0.2:
            told.append(rng.choice(told))
    return told


async def book_all(books: Books, orders: Orders, told: list[Fill], example: int) -> None:
    journal = books.journal
    async with journal.transaction():
        await journal.open_account(
            mode="paper",
            market="simulated",
            venue=f"example{example}",
            run_id="run",
            quote_asset="USDT",
            capital=CAPITAL,
            at=START,
        )
        for symbol, side, fills in orders:
            quantity = sum((fill.quantity for fill in fills), Decimal(0))
            asked = request(fills[0].client_order_id, side, str(quantity), symbol=symbol)
            await journal.add_order(asked, decision_id=None, at=START, approval_id=None)
        for fill in told:
            await journal.book_fill(fill, status=OrderStatus.PARTIAL)
        await check(journal, orders)


async def check(journal: Journal, orders: Orders) -> None:
    """Against plain sums, and against the product's own replay."""
    expected: dict[str, Decimal] = defaultdict(Decimal, USDT=CAPITAL)
    held: dict[str, Decimal] = defaultdict(Decimal)
    for symbol, side, fills in orders:
        base, quote = split_symbol(symbol)
        sign = 1 if side is Side.BUY else -1
        for fill in fills:
            expected[base] += sign * fill.quantity
            expected[quote] -= sign * fill.quantity * fill.price
            expected[fill.fee_asset] -= fill.fee
            held[symbol] += sign * fill.quantity - (fill.fee if fill.fee_asset == base else 0)
    balances = await journal.balances()
    assert {name: amount for name, amount in balances.items() if amount} == {
        name: amount for name, amount in expected.items() if amount
    }
    positions = {position.symbol: position.quantity for position in await journal.positions()}
    assert positions == {symbol: amount for symbol, amount in held.items() if amount}
    assert await audit(journal) == ()


@settings(max_examples=scaled(500, 2_000), deadline=None)
@given(history=histories, seed=st.integers(0, 2**32))
@pytest.mark.timeout(scaled(120, 1200))
def test_the_books_are_the_sum_of_the_fills(
    books: Books, history: list[tuple[str, Side, Decimal, Decimal, int, str]], seed: int
) -> None:
    example = next(books.numbers)
    orders = orders_of(history, example)
    told = shuffled(orders, random.Random(seed))
    books.loop.run_until_complete(book_all(books, orders, told, example))
