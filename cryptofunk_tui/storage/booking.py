"""The arithmetic of a fill, exact to the last decimal: from what the books say to what they will say."""

from dataclasses import dataclass, replace
from decimal import ROUND_HALF_EVEN, Context, Decimal, Inexact, InvalidOperation, localcontext

from cryptofunk_tui.domain.base import plain
from cryptofunk_tui.domain.market import split_symbol
from cryptofunk_tui.domain.orders import Fill, Side
from cryptofunk_tui.storage.errors import Refused

_EXACT = Context(prec=200, traps=[Inexact, InvalidOperation])
"""Sums and products that would lose a digit are refused instead."""
_ROUNDED = Context(prec=200, rounding=ROUND_HALF_EVEN, traps=[InvalidOperation])
_STEP = Decimal("1e-18")
"""What a quotient is rounded to; the remainder stays in the books, so nothing is lost."""
_ZERO = Decimal(0)


@dataclass(frozen=True)
class Holding:
    """What is held of one symbol. `cost` is what it was bought for without fees, `fees` what was paid for
    that, both in quote currency."""

    quantity: Decimal
    cost: Decimal
    entry_price: Decimal
    fees: Decimal
    high: Decimal


@dataclass(frozen=True)
class Reduction:
    """A part sold: `pnl` is net of its share of the entry fees and of the exit fee, which are `fees`."""

    quantity: Decimal
    entry_price: Decimal
    exit_price: Decimal
    pnl: Decimal
    fees: Decimal
    risk: Decimal | None
    """Equity at risk at entry, in quote currency: quantity × (entry − initial stop); None without a stop."""


@dataclass(frozen=True)
class Booking:
    """A fill's effect: the change of each balance, the holding after it, and what was sold."""

    moved: dict[str, Decimal]
    holding: Holding | None
    reduction: Reduction | None


def fee_in_quote(
    symbol: str, price: Decimal, fee: Decimal, fee_asset: str, fee_value: Decimal | None = None
) -> Decimal:
    """A fee in quote currency; one paid in base currency counts at the fill's price, one in a third asset at
    the worth that came with it. Raises Refused where that is missing."""
    base, quote = split_symbol(symbol)
    with localcontext(_EXACT):
        if fee_asset == quote:
            return fee
        if fee_asset == base:
            return fee * price
    if fee_value is None:
        raise Refused(f"a fee in {fee_asset} on {symbol} came without its worth in {quote}; it is not booked")
    return fee_value


def book(fill: Fill, held: Holding | None, initial_stop: Decimal | None) -> Booking:
    """Book `fill` against what is held. Raises Refused when it would sell more than that."""
    if fill.price <= 0 or fill.quantity <= 0:
        raise Refused(
            f"fill {fill.fill_id}: price {fill.price} and quantity {fill.quantity} must be above zero"
        )
    base, quote = split_symbol(fill.symbol)
    fee = fee_in_quote(fill.symbol, fill.price, fill.fee, fill.fee_asset, fill.fee_value)
    with localcontext(_EXACT):
        sign = 1 if fill.side is Side.BUY else -1
        changes = {base: sign * fill.quantity, quote: -sign * fill.quantity * fill.price}
        changes[fill.fee_asset] = changes.get(fill.fee_asset, _ZERO) - fill.fee
        moved = changes[base]
        if fill.side is Side.BUY and moved <= 0:
            raise Refused(
                f"fill {fill.fill_id}: its fee of {fill.fee} {base} leaves nothing of what it bought"
            )
        if moved > 0:
            return Booking(changes, _increase(held, moved, fill.price, fee), None)
        if held is None or -moved > held.quantity:
            owned = held.quantity if held else _ZERO
            raise Refused(
                f"fill {fill.fill_id}: selling {-moved} {base} with {owned} held would open a short position"
            )
        return Booking(changes, *_reduce(held, -moved, fill.price, fee, initial_stop))


def _increase(held: Holding | None, quantity: Decimal, price: Decimal, fee: Decimal) -> Holding:
    if held is None:
        return Holding(quantity, quantity * price, price, fee, price)
    total, cost = held.quantity + quantity, held.cost + quantity * price
    return Holding(total, cost, mean_price(cost, total), held.fees + fee, max(held.high, price))


def _reduce(
    held: Holding, quantity: Decimal, price: Decimal, fee: Decimal, initial_stop: Decimal | None
) -> tuple[Holding | None, Reduction]:
    """Sell a part. The last part takes all that is left of cost and fees, so the profits of a position's
    trades add up to what it brought in, exactly."""
    if quantity == held.quantity:
        cost, entry_fees, left = held.cost, held.fees, None
    else:
        cost = _tidy(quantity * held.entry_price)
        entry_fees = mean_price(held.fees * quantity, held.quantity)
        left = replace(
            held, quantity=held.quantity - quantity, cost=held.cost - cost, fees=held.fees - entry_fees
        )
    at_risk = None if initial_stop is None else quantity * (held.entry_price - initial_stop)
    fees = entry_fees + fee
    return left, Reduction(
        quantity=quantity,
        entry_price=held.entry_price,
        exit_price=price,
        pnl=quantity * price - cost - fees,
        fees=fees,
        risk=at_risk if at_risk is not None and at_risk > 0 else None,
    )


def merge(first: Reduction, second: Reduction) -> Reduction:
    """Two fills of one exit order as one trade."""
    with localcontext(_EXACT):
        quantity = first.quantity + second.quantity
        return Reduction(
            quantity=quantity,
            entry_price=_weighted(first.entry_price, first.quantity, second.entry_price, second.quantity),
            exit_price=_weighted(first.exit_price, first.quantity, second.exit_price, second.quantity),
            pnl=first.pnl + second.pnl,
            fees=first.fees + second.fees,
            risk=None if first.risk is None or second.risk is None else first.risk + second.risk,
        )


def exact_sum(*amounts: Decimal) -> Decimal:
    """Their sum, without loss."""
    with localcontext(_EXACT):
        return sum(amounts, _ZERO)


def exact_product(first: Decimal, second: Decimal) -> Decimal:
    """Their product, without loss."""
    with localcontext(_EXACT):
        return first * second


def mean_price(value: Decimal, quantity: Decimal) -> Decimal:
    """`value` / `quantity`, to 18 decimals."""
    with localcontext(_ROUNDED):
        return _tidy(value / quantity)


def _weighted(first: Decimal, weight: Decimal, second: Decimal, other: Decimal) -> Decimal:
    if first == second:
        return first
    return mean_price(first * weight + second * other, weight + other)


def _tidy(amount: Decimal) -> Decimal:
    with localcontext(_ROUNDED):
        return Decimal(plain(amount.quantize(_STEP)))
