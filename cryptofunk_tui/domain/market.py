"""What a market says: quotes, books, headlines, and the names of time."""

import re
from decimal import ROUND_CEILING, Decimal

from pydantic import model_validator

from cryptofunk_tui.domain.base import Money, Record, Utc

_UNIT_MS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
SYMBOL = re.compile(r"[A-Z0-9]{1,15}/[A-Z0-9]{1,15}")


def timeframe_ms(timeframe: str) -> int:
    """Length of a bar in milliseconds. Raises ValueError for all but `1m`, `4h`, `1d`, `1w` and the like."""
    count, unit = timeframe[:-1], timeframe[-1:]
    if not count.isascii() or not count.isdigit() or int(count) == 0 or unit not in _UNIT_MS:
        raise ValueError(f"unknown timeframe {timeframe!r}; write 1m, 15m, 1h, 4h, 1d or 1w")
    return int(count) * _UNIT_MS[unit]


def checked_symbol(text: str) -> str:
    """`BTC/EUR` as it stands, or ValueError."""
    if not SYMBOL.fullmatch(text):
        raise ValueError(f"{text!r} is no symbol; write BASE/QUOTE in capitals, such as BTC/USDT")
    return text


def split_symbol(symbol: str) -> tuple[str, str]:
    """Base and quote currency."""
    base, quote = checked_symbol(symbol).split("/")
    return base, quote


class Quote(Record):
    """Best prices of one symbol at one venue, in quote currency. `at` is the venue's time of the quote."""

    symbol: str
    venue: str
    bid: Money
    ask: Money
    last: Money
    at: Utc

    @model_validator(mode="after")
    def _ordered(self) -> "Quote":
        if not 0 < self.bid <= self.ask:
            raise ValueError(
                f"{self.symbol}: bid {self.bid} and ask {self.ask} are crossed or not above zero"
            )
        return self

    @property
    def mid(self) -> Decimal:
        return (self.bid + self.ask) / 2


class Level(Record):
    """One price of a book and what rests there, in base currency."""

    price: Money
    quantity: Money


class OrderBook(Record):
    """Bids from the highest down, asks from the lowest up."""

    symbol: str
    venue: str
    bids: tuple[Level, ...]
    asks: tuple[Level, ...]
    at: Utc


class Instrument(Record):
    """What a venue accepts for a symbol: steps and least sizes."""

    symbol: str
    price_step: Money
    quantity_step: Money
    min_notional: Money
    """Least price × quantity of an order, in quote currency."""

    def quantity_down(self, quantity: Decimal) -> Decimal:
        """The amount on the venue's step at or below this one; never above it, however many its digits."""
        return quantity // self.quantity_step * self.quantity_step

    def price_up(self, price: Decimal) -> Decimal:
        """The price on the venue's step at or above this one."""
        return (price / self.price_step).to_integral_value(ROUND_CEILING) * self.price_step


class Headline(Record):
    """A dated, sourced text from outside: data, never an instruction."""

    title: str
    source: str
    url: str
    at: Utc
    symbols: tuple[str, ...]
    score: float
    """Tone from −1 to 1."""


class FearGreed(Record):
    """The Fear & Greed index: 0 extreme fear, 100 extreme greed."""

    value: int
    classification: str
    at: Utc
