"""Reckons the books anew from the fills alone, and names every difference: the journal replayed against what
it says of now."""

from collections import defaultdict
from decimal import Decimal

from cryptofunk_tui.domain.base import plain
from cryptofunk_tui.domain.market import split_symbol
from cryptofunk_tui.domain.orders import Fill, OrderStatus, Side
from cryptofunk_tui.storage.booking import exact_product, exact_sum
from cryptofunk_tui.storage.errors import NotFound
from cryptofunk_tui.storage.journal import Journal

_ZERO = Decimal(0)


async def audit(journal: Journal) -> tuple[str, ...]:
    """Balance = start + Σ fills − fees for each asset, position and dust = Σ fills less fees in base
    currency, each order's total = Σ its fills. Empty where all of it holds. Raises NotFound before the first
    account."""
    account = await journal.account()
    if account is None:
        raise NotFound("no account is open in this state directory; start an engine first")
    orders = await journal.orders()
    fills = [fill for order in orders for fill in order.fills]
    balances, held = _replayed(fills)
    balances[account.quote_asset] = exact_sum(balances[account.quote_asset], account.start)
    wrong = _differences("balance of", await journal.balances(), balances)
    kept = {position.symbol: position.quantity for position in await journal.positions()}
    for symbol, amount in (await journal.parked()).items():
        kept[symbol] = exact_sum(kept.get(symbol, _ZERO), amount)
    wrong += _differences("holding of", kept, held)
    for order in orders:
        name, total = order.client_order_id, exact_sum(*(fill.quantity for fill in order.fills))
        if total != order.filled:
            wrong.append(f"order {name} has {plain(order.filled)} filled, its fills {plain(total)}")
        if order.status is OrderStatus.FILLED and total != order.quantity:
            wrong.append(f"order {name} is FILLED with {plain(total)} of {plain(order.quantity)}")
    return tuple(wrong)


def _replayed(fills: list[Fill]) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Changes of the balances by asset, and what is held by symbol."""
    balances: dict[str, Decimal] = defaultdict(Decimal)
    held: dict[str, Decimal] = defaultdict(Decimal)
    for fill in fills:
        base, quote = split_symbol(fill.symbol)
        sign = 1 if fill.side is Side.BUY else -1
        balances[base] = exact_sum(balances[base], sign * fill.quantity)
        balances[quote] = exact_sum(balances[quote], -sign * exact_product(fill.quantity, fill.price))
        balances[fill.fee_asset] = exact_sum(balances[fill.fee_asset], -fill.fee)
        fee_in_base = fill.fee if fill.fee_asset == base else _ZERO
        held[fill.symbol] = exact_sum(held[fill.symbol], sign * fill.quantity, -fee_in_base)
    return balances, held


def _differences(what: str, books: dict[str, Decimal], reckoned: dict[str, Decimal]) -> list[str]:
    return [
        f"{what} {name} is {plain(books.get(name, _ZERO))}, its fills say {plain(reckoned.get(name, _ZERO))}"
        for name in sorted(books.keys() | reckoned.keys())
        if books.get(name, _ZERO) != reckoned.get(name, _ZERO)
    ]
