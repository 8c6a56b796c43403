"""What an entry may never break, at the approval and again at the wire: the room that the account has. It is
reckoned from the portfolio and what is reserved, at the worst price that the order may meet."""

from collections.abc import Mapping
from decimal import Decimal

from cryptofunk_tui.domain.market import Quote
from cryptofunk_tui.domain.orders import OrderRequest, Side
from cryptofunk_tui.domain.portfolio import Portfolio
from cryptofunk_tui.domain.risk import Check
from cryptofunk_tui.domain.rules import CostRules, LimitRules

Amounts = Mapping[str, Decimal]


def exact(fraction: float) -> Decimal:
    """A configured fraction as the decimal that it was written as."""
    return Decimal(str(fraction))


def price_collar(order: OrderRequest, quote: Quote, rules: LimitRules) -> Decimal:
    """The worst price that the order may meet: its limit price, or the price it would meet now (or at its
    stop price) and the collar beyond."""
    if order.limit_price is not None:
        return order.limit_price
    width = exact(rules.price_collar)
    if order.side is Side.BUY:
        return max(quote.ask, order.stop_price or Decimal(0)) * (1 + width)
    return (quote.bid if order.stop_price is None else min(quote.bid, order.stop_price)) * (1 - width)


def holdings(portfolio: Portfolio, reserved: Amounts) -> dict[str, Decimal]:
    """Value by symbol in quote currency: what is held, and what grants and open entries may still buy."""
    values = {held.symbol: portfolio.value(held) for held in portfolio.positions}
    for symbol, amount in reserved.items():
        values[symbol] = values.get(symbol, Decimal(0)) + amount
    return {symbol: value for symbol, value in values.items() if value > 0}


def check_room(
    order: OrderRequest,
    price: Decimal,
    *,
    portfolio: Portfolio,
    reserved: Amounts,
    costs: CostRules,
    rules: LimitRules,
) -> tuple[Check, ...]:
    """Position, exposure, number of positions and cash, with the entry bought at `price`. `reserved` is what
    other grants and open entries may still buy, by symbol, in quote currency."""
    if portfolio.equity <= 0:
        return (Check(name="equity", value=float(portfolio.equity), limit=0, ok=False, detail="none left"),)
    values = holdings(portfolio, reserved)
    proposal = order.quantity * price
    own = values.get(order.symbol, Decimal(0)) + proposal
    cost = (1 + costs.taker_fee) * proposal
    free = portfolio.cash - sum(reserved.values(), Decimal(0)) * (1 + costs.taker_fee)
    count = len(values.keys() | {order.symbol})
    return (
        share_check("position", own, portfolio.equity, rules.position),
        share_check("exposure", sum(values.values(), proposal), portfolio.equity, rules.exposure),
        Check(name="positions", value=count, limit=rules.positions, ok=count <= rules.positions),
        Check(
            name="cash",
            value=float(cost),
            limit=float(free),
            ok=cost <= free,
            detail=f"{portfolio.quote_asset}, with fee; less what is reserved",
        ),
    )


def share_check(name: str, amount: Decimal, equity: Decimal, limit: float) -> Check:
    """An amount as a share of equity against its limit; held against each other as exact decimals."""
    return Check(name=name, value=float(amount / equity), limit=limit, ok=amount <= exact(limit) * equity)
