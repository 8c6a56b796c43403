"""What a fee in a third asset is worth in quote currency."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from decimal import Decimal

from cryptofunk_tui.domain.market import Quote, split_symbol
from cryptofunk_tui.domain.orders import Fill, Liquidity
from cryptofunk_tui.domain.rules import CostRules
from cryptofunk_tui.execution.fills import derived, fee
from cryptofunk_tui.market.source import MarketError

_KEPT = timedelta(minutes=1)


class FeeWorth:
    """Asks the venue for the price of the fee's asset, at most once a minute; where there is none, the fee
    counts as what the stated rate would have taken."""

    def __init__(self, quote: Callable[[str, datetime], Awaitable[Quote]], costs: CostRules) -> None:
        self._quote = quote
        self._costs = costs
        self._known: dict[str, tuple[datetime, Decimal | None]] = {}

    async def with_worth(self, execution: Fill) -> Fill:
        """The fill as it is booked."""
        base, quote = split_symbol(execution.symbol)
        if execution.fee_asset in (base, quote):
            return execution
        price = await self._price(f"{execution.fee_asset}/{quote}", execution.at)
        stated = fee(execution.price, execution.quantity, Liquidity.TAKER, self._costs)
        worth = stated if price is None else derived(execution.fee * price)
        return execution.model_copy(update={"fee_value": worth})

    async def _price(self, symbol: str, at: datetime) -> Decimal | None:
        known = self._known.get(symbol)
        if known is None or abs(at - known[0]) > _KEPT:
            try:
                known = at, (await self._quote(symbol, at)).mid
            except MarketError:
                known = at, None
            self._known[symbol] = known
        return known[1]
