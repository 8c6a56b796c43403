"""What CoinGecko answers, checked: a wrong row is dropped and counted, a wrong answer is refused.

Names and symbols are written by strangers: they are data, cleaned and capped, never markup or code."""

import math
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Generic, TypeVar

from cryptofunk_tui.domain.events import CoinRow, Ticker
from cryptofunk_tui.toolbox.errors import WrongAnswer

T = TypeVar("T")

MOST_ROWS = 250
LONGEST_NAME = 40
LONGEST_SYMBOL = 16
DOLLARS = ("USD", "USDT", "USDC")
"""Targets whose prices count as dollars."""


@dataclass(frozen=True)
class Checked(Generic[T]):
    """The rows that passed; `error` says how many did not, and why the first of them."""

    rows: tuple[T, ...]
    error: str | None = None


@dataclass(frozen=True)
class GlobalFigures:
    """The whole market: capitalisation in the reference currency, Bitcoin's share in percent."""

    total_market_cap: float
    btc_dominance: float


class _Wrong(ValueError):
    """A field that cannot be used."""


def clean(text: object, longest: int, what: str) -> str:
    """One printable line of at most `longest` characters: no control, format or unassigned characters."""
    if not isinstance(text, str):
        raise _Wrong(f"{what} is not a text")
    head = text[: longest * 8]
    printable = "".join(" " if char.isspace() else char for char in head if _printable(char))
    line = " ".join(printable.split())[:longest].rstrip()
    if not line:
        raise _Wrong(f"{what} is empty")
    return line


def check_prices(raw: object, ids: Mapping[str, str], currency: str) -> Checked[CoinRow]:
    """`/simple/price`: one row for each symbol of `ids` (symbol -> CoinGecko id)."""
    answer = _answer(raw)

    def row(item: tuple[str, str]) -> CoinRow:
        symbol, coin = item
        values = _mapping(answer.get(coin), coin)
        return CoinRow(
            name=coin.replace("-", " ").title(),
            symbol=symbol,
            price=_positive(values, currency),
            change_24h=_optional(values, f"{currency}_24h_change"),
            market_cap=_optional(values, f"{currency}_market_cap", low=0.0),
        )

    return _rows(ids.items(), row)


def check_markets(raw: object) -> Checked[CoinRow]:
    """`/coins/markets`, as ranked by CoinGecko."""

    def row(item: object) -> CoinRow:
        values = _mapping(item, "the row")
        return CoinRow(
            name=clean(values.get("name"), LONGEST_NAME, "name"),
            symbol=clean(values.get("symbol"), LONGEST_SYMBOL, "symbol").upper(),
            price=_positive(values, "current_price"),
            change_24h=_optional(values, "price_change_percentage_24h"),
            market_cap=_optional(values, "market_cap", low=0.0),
        )

    return _rows(_list(raw, "the answer"), row)


def check_trending(raw: object, currency: str) -> Checked[CoinRow]:
    """`/search/trending`. Its prices are dollars, so they are shown only where that is the currency."""

    def row(item: object) -> CoinRow:
        coin = _mapping(_mapping(item, "the row").get("item"), "item")
        data = _mapping(coin.get("data", {}), "data")
        changes = _mapping(data.get("price_change_percentage_24h") or {}, "price_change_percentage_24h")
        return CoinRow(
            name=clean(coin.get("name"), LONGEST_NAME, "name"),
            symbol=clean(coin.get("symbol"), LONGEST_SYMBOL, "symbol").upper(),
            price=_optional(data, "price", low=0.0) if currency == "usd" else None,
            change_24h=_optional(changes, currency),
            market_cap=None,
        )

    return _rows(_list(_answer(raw).get("coins"), "coins"), row)


def check_global(raw: object, currency: str) -> Checked[GlobalFigures]:
    """`/global`, as one row."""

    def row(item: object) -> GlobalFigures:
        data = _mapping(item, "data")
        dominance = _number(_mapping(data.get("market_cap_percentage"), "market_cap_percentage"), "btc")
        if not 0 <= dominance <= 100:
            raise _Wrong(f"btc is {dominance:g} percent")
        total = _positive(_mapping(data.get("total_market_cap"), "total_market_cap"), currency)
        return GlobalFigures(total, dominance)

    return _rows([_answer(raw).get("data")], row)


def check_tickers(raws: Iterable[object], symbols: Iterable[str], currency: str) -> Checked[Ticker]:
    """`/exchanges/{id}/tickers` of several exchanges: the pairs of `symbols` against the reference
    currency, dollars of any kind for `usd`. An anomaly counts as stale."""
    bases = frozenset(symbols)
    targets = DOLLARS if currency == "usd" else (currency.upper(),)

    def wanted(item: object) -> bool:
        if not isinstance(item, Mapping):
            return True
        base, target = item.get("base"), item.get("target")
        return isinstance(base, str) and base in bases and isinstance(target, str) and target in targets

    def row(item: tuple[str, object]) -> Ticker:
        exchange, values = item[0], _mapping(item[1], "the row")
        return Ticker(
            exchange=exchange,
            pair=f"{values['base']}/{values['target']}",
            last=_positive(values, "last"),
            spread_percent=_optional(values, "bid_ask_spread_percentage", low=0.0),
            stale=values.get("is_stale") is not False or values.get("is_anomaly") is not False,
        )

    items: list[tuple[str, object]] = []
    failures: list[str] = []
    for raw in raws:
        try:
            answer = _answer(raw)
            name = clean(answer.get("name"), LONGEST_NAME, "the exchange's name")
            listed = filter(wanted, _list(answer.get("tickers"), "tickers"))
        except (ValueError, WrongAnswer) as wrong:
            failures.append(str(wrong))
        else:
            items += [(name, item) for item in islice(listed, MOST_ROWS)]
    if failures and not items:
        raise WrongAnswer(failures[0])
    checked = _rows(items, row)
    if failures:
        return Checked(checked.rows, f"{len(failures)} exchanges left out, {failures[0]}")
    return checked


def _rows(items: Iterable[Any], make: Callable[[Any], T]) -> Checked[T]:
    """Each item made into a row; those that cannot be are dropped. Raises WrongAnswer where none is left
    of several."""
    rows: list[T] = []
    dropped = 0
    first = ""
    for index, item in enumerate(islice(items, MOST_ROWS)):
        try:
            rows.append(make(item))
        except ValueError as wrong:
            dropped += 1
            first = first or f"row {index}: {wrong}"
    if not dropped:
        return Checked(tuple(rows))
    if not rows:
        raise WrongAnswer(f"no usable row, {first}")
    return Checked(tuple(rows), f"{dropped} of {dropped + len(rows)} rows dropped, {first}")


def _answer(raw: object) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise WrongAnswer("the answer is not an object")
    return raw


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise _Wrong(f"{what} is {'missing' if value is None else 'not an object'}")
    return value


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise WrongAnswer(f"{what} is not a list")
    return value


def _number(values: Mapping[str, Any], key: str) -> float:
    value = values.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Wrong(f"{key} is {'missing' if value is None else 'not a number'}")
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise _Wrong(f"{key} is not finite")
    return number


def _positive(values: Mapping[str, Any], key: str) -> float:
    number = _number(values, key)
    if number <= 0:
        raise _Wrong(f"{key} is not above 0")
    return number


def _optional(values: Mapping[str, Any], key: str, low: float = -math.inf) -> float | None:
    if values.get(key) is None:
        return None
    number = _number(values, key)
    if number < low:
        raise _Wrong(f"{key} is below {low:g}")
    return number


def _printable(char: str) -> bool:
    return char.isspace() or unicodedata.category(char)[0] != "C"
