"""What an account holds."""

from decimal import Decimal

from cryptofunk_tui.domain.base import Money, Record, Utc


class Position(Record):
    """Base currency held in one symbol and how it is protected; stop and target are absolute prices."""

    symbol: str
    quantity: Money
    entry_price: Money
    """Mean fill price of what is held."""
    fees: Money
    """Entry fees of what is held, in quote currency."""
    strategy: str | None
    opened_at: Utc
    entry_order: str
    initial_stop: Money | None = None
    stop: Money | None = None
    target: Money | None = None
    trail: Money | None = None
    trail_after: Money | None = None
    high: Money
    """Highest price since the fill, which the trail hangs from."""


class Trade(Record):
    """A round trip. `pnl` is net of all fees; `r_multiple` is pnl over the equity at risk at entry."""

    symbol: str
    strategy: str | None
    quantity: Money
    entry_price: Money
    exit_price: Money
    pnl: Money
    fees: Money
    r_multiple: float | None
    opened_at: Utc
    closed_at: Utc
    exit_purpose: str


class Mark(Record):
    """The price that a position is valued at: the bid, where a sale would meet the market."""

    symbol: str
    price: Money
    at: Utc


class Portfolio(Record):
    """An account at one moment, in quote currency."""

    account: str
    quote_asset: str
    start: Money
    cash: Money
    other_fees: Money = Decimal(0)
    """Worth of the fees that were paid in third assets, at the time; equity is less by it."""
    positions: tuple[Position, ...]
    marks: tuple[Mark, ...]
    peak_equity: Money
    """Highest marked equity, persisted; a person's resume rebases it."""
    day_start_equity: Money
    """Equity at 00:00 UTC of the current market day."""

    def mark(self, symbol: str) -> Decimal | None:
        return next((mark.price for mark in self.marks if mark.symbol == symbol), None)

    def value(self, position: Position) -> Decimal:
        """A position's worth at its mark, at its entry price where none was taken yet."""
        price = self.mark(position.symbol)
        return position.quantity * (position.entry_price if price is None else price)

    def position(self, symbol: str) -> Position | None:
        return next((held for held in self.positions if held.symbol == symbol), None)

    @property
    def exposure(self) -> Decimal:
        return sum((self.value(held) for held in self.positions), Decimal(0))

    @property
    def equity(self) -> Decimal:
        return self.cash + self.exposure - self.other_fees

    @property
    def drawdown(self) -> float:
        """Equity over its persisted peak − 1, never above 0."""
        return min(0.0, float(self.equity / self.peak_equity) - 1) if self.peak_equity > 0 else 0.0
