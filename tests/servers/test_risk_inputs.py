"""What callers may say to the risk analyzer: every fault is named with its argument."""

from decimal import Decimal
from typing import Any

import pytest

from cryptofunk_tui.domain.orders import Protection, Purpose
from cryptofunk_tui.domain.rules import LimitRules
from servers.risk_inputs import (
    parse_amount,
    parse_decision_id,
    parse_instrument,
    parse_limits,
    parse_order,
    parse_quote,
)
from tests.risk.scene import entry, quote

QUOTE = quote()
ORDER: dict[str, Any] = entry().model_dump(mode="json")
WRONG_AMOUNTS: tuple[Any, ...] = ("0", "-1", "NaN", "Infinity", "x", None, True, [])
FLAT: dict[str, Any] = {name: value for name, value in ORDER.items() if name != "protection"}


def test_an_order_comes_back_as_it_was_written() -> None:
    assert parse_order(ORDER, QUOTE) == entry()


def test_protection_may_stand_flat_beside_the_order() -> None:
    flat = FLAT | {"stop": "97", "target": 106, "trail": "2", "trail_after": None}
    assert parse_order(flat, QUOTE).protection == Protection(
        reference=QUOTE.ask, stop=Decimal(97), target=Decimal(106), trail=Decimal(2)
    )
    limit = flat | {"type": "LIMIT", "limit_price": "99"}
    assert parse_order(limit, QUOTE).protection == Protection(
        reference=Decimal(99), stop=Decimal(97), target=Decimal(106), trail=Decimal(2)
    )
    given = parse_order(flat | {"reference": "100"}, QUOTE).protection
    assert given is not None
    assert given.reference == 100


def test_a_sale_is_an_exit_unless_it_says_why() -> None:
    assert parse_order(FLAT | {"side": "SELL"}, QUOTE).purpose is Purpose.EXIT
    assert parse_order(ORDER | {"side": "SELL"}, QUOTE).protection is None
    assert parse_order(FLAT | {"side": "SELL", "purpose": "FLATTEN"}, QUOTE).purpose is Purpose.FLATTEN


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"quantity": "0"}, "order.quantity: 0 is not above 0"),
        ({"quantity": "-1"}, "order.quantity: -1 is not above 0"),
        ({"quantity": "NaN"}, "order.quantity: "),
        ({"quantity": "much"}, "order.quantity: "),
        ({"side": "HOLD"}, "order.side: "),
        ({"symbol": "btc"}, "order.symbol: 'btc' is no symbol"),
        ({"symbol": "ETH/EUR"}, "quote.symbol: BTC/EUR does not price an order for ETH/EUR"),
        ({"client_order_id": ""}, "order.client_order_id: write at most 32 letters and digits"),
        ({"client_order_id": "a" * 33}, "order.client_order_id: write at most 32 letters and digits"),
        ({"type": "LIMIT"}, "order.limit_price: a LIMIT order needs it"),
        ({"type": "STOP"}, "order.stop_price: a STOP order needs it"),
        ({"limit_price": "99"}, "order.limit_price: a MARKET order has none"),
        (
            {"type": "LIMIT", "limit_price": "99", "stop_price": "9"},
            "order.stop_price: a LIMIT order has none",
        ),
        ({"type": "LIMIT", "limit_price": "-1"}, "order.limit_price: -1 is not above 0"),
        ({"purpose": "EXIT"}, "order.purpose: a BUY is an ENTRY, not EXIT"),
        ({"colour": "red"}, "order.colour: Extra inputs are not permitted"),
        ({"protection": {"reference": "100", "stop": "-3"}}, "order.stop: -3 is not above 0"),
        ({"protection": {"reference": "100"}}, "order.protection.stop: Field required"),
        ({"stop": "97"}, "order.stop: give the protection nested or flat, not both"),
        ({"protection": None, "target": "97"}, "order.stop: protection needs its stop price"),
    ],
)
def test_a_bad_order_is_refused_by_name(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError) as refused:
        parse_order(ORDER | change, QUOTE)
    assert str(refused.value).startswith(fault)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("given", [None, 3, "text", []])
def test_what_is_no_order_at_all_is_refused(given: Any) -> None:
    with pytest.raises(ValueError, match=r"^order: "):
        parse_order(given, QUOTE)


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"bid": "101"}, r"quote: BTC/EUR: bid 101 and ask 100\.025"),
        ({"at": "2025-03-01T00:00:00"}, r"quote\.at: "),
        ({"symbol": "x"}, r"quote\.symbol: 'x' is no symbol"),
        ({"ask": "Infinity"}, r"quote\.ask: "),
    ],
)
def test_a_bad_quote_is_refused_by_name(change: dict[str, Any], fault: str) -> None:
    with pytest.raises(ValueError, match=f"^{fault}"):
        parse_quote(QUOTE.model_dump(mode="json") | change)


def test_an_instrument_is_the_symbols_own() -> None:
    steps = {"symbol": "BTC/EUR", "price_step": "1", "quantity_step": "0.1", "min_notional": "10"}
    assert parse_instrument(None, "BTC/EUR") is None
    found = parse_instrument(steps, "BTC/EUR")
    assert found is not None
    assert found.quantity_step == Decimal("0.1")
    with pytest.raises(ValueError, match=r"instrument\.symbol: BTC/EUR is not ETH/EUR"):
        parse_instrument(steps, "ETH/EUR")
    with pytest.raises(ValueError, match="must not be below 0"):
        parse_instrument(steps | {"quantity_step": "-1"}, "BTC/EUR")


def test_amounts_are_decimals_above_zero() -> None:
    assert parse_amount("stop", "97.50") == Decimal("97.5")
    assert parse_amount("stop", 97.5) == Decimal("97.5")
    for wrong in WRONG_AMOUNTS:
        with pytest.raises(ValueError, match=r"^stop: "):
            parse_amount("stop", wrong)


def test_limits_change_the_configured_ones_by_name() -> None:
    changed = parse_limits({"position": 0.2}, LimitRules())
    assert (changed.position, changed.exposure) == (0.2, 0.5)
    assert parse_limits(None, LimitRules()) == LimitRules()
    with pytest.raises(ValueError, match=r"limits\.position: "):
        parse_limits({"position": 2}, LimitRules())
    with pytest.raises(ValueError, match=r"limits\.postion: "):
        parse_limits({"postion": 0.2}, LimitRules())
    with pytest.raises(ValueError, match="limits must be an object"):
        parse_limits([1], LimitRules())


@pytest.mark.parametrize("wrong", ["", "a b", "x" * 65, "ä", 5])
def test_a_decision_has_a_short_plain_name(wrong: Any) -> None:
    with pytest.raises(ValueError, match="decision_id: write 1 to 64"):
        parse_decision_id(wrong)
