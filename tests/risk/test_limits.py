"""Each limit, broken in turn, is named; nothing else is."""

from decimal import Decimal

import numpy as np
import pytest

from cryptofunk_tui.domain.market import Instrument
from cryptofunk_tui.domain.orders import OrderRequest, OrderType, Protection, Side
from cryptofunk_tui.domain.rules import LimitRules
from cryptofunk_tui.risk.limits import Situation, check_entry, check_exit, violations
from tests.risk.scene import entry, history, portfolio, position, quote, situation, walk

TOGETHER = {"BTC/EUR": walk(1), "ETH/EUR": walk(1), "XRP/EUR": walk(3)}


def broken(order: OrderRequest, seen: Situation) -> set[str]:
    return {check.name for check in check_entry(order, seen) if not check.ok}


def planned(reference: str, stop: str, target: str | None, **changes: object) -> OrderRequest:
    protection = Protection(
        reference=Decimal(reference), stop=Decimal(stop), target=None if target is None else Decimal(target)
    )
    return entry().model_copy(update={"protection": protection, **changes})


def test_a_sound_order_meets_every_limit_and_shows_each() -> None:
    checks = check_entry(entry(), situation())
    assert [check.name for check in checks] == [
        "position",
        "exposure",
        "positions",
        "cash",
        "correlated_exposure",
        "var",
        "price_collar",
        "reward_risk",
        "net_reward_risk",
        "quote_age",
        "cooldown",
    ]
    assert all(check.ok for check in checks)
    assert all(check.value is not None for check in checks)
    assert violations(checks) == ""


ROWS = [
    ("position", entry("9.9"), {}),
    ("quote_age", entry(), {"quote_age_s": 11.0}),
    ("cooldown", entry(), {"bars_since_exit": 11.5}),
    ("price_collar", entry(), {"quote": quote(mid="101.1")}),
    ("price_collar", entry(), {"quote": quote(mid="98.5")}),
    ("reward_risk", entry(target="105.9"), {}),
    ("net_reward_risk", planned("100", "99.8", "100.4"), {}),
    ("net_reward_risk", planned("100", "97", None), {}),
    ("protection", entry().model_copy(update={"protection": None}), {}),
    ("protection", planned("100", "100", "106"), {}),
    (
        "correlated_exposure",
        entry(),
        {
            "portfolio": portfolio("7900", [position("ETH/EUR", "21")]),
            "history": history(TOGETHER),
            "rules": LimitRules(position=0.5),
        },
    ),
    ("var", entry(), {"history": history({"BTC/EUR": walk(1, 0.06)})}),
    (
        "cash",
        entry("4"),
        {
            "portfolio": portfolio("404.2", [position("ETH/EUR", "6")]),
            "rules": LimitRules(position=1, exposure=1, correlated_exposure=1, var=1),
        },
    ),
    (
        "min_notional",
        entry("0.04"),
        {
            "instrument": Instrument(
                symbol="BTC/EUR",
                price_step=Decimal("0.01"),
                quantity_step=Decimal("0.01"),
                min_notional=Decimal(5),
            )
        },
    ),
    (
        "quantity_step",
        entry("5.005"),
        {
            "instrument": Instrument(
                symbol="BTC/EUR",
                price_step=Decimal("0.01"),
                quantity_step=Decimal("0.01"),
                min_notional=Decimal(5),
            )
        },
    ),
]


@pytest.mark.parametrize(
    ("name", "order", "changes"), ROWS, ids=[f"{row[0]}-{i}" for i, row in enumerate(ROWS)]
)
def test_a_broken_limit_is_named(name: str, order: OrderRequest, changes: dict[str, object]) -> None:
    checks = check_entry(order, situation(**changes))
    assert {check.name for check in checks if not check.ok} == {name}
    assert name in violations(checks)


def test_exposure_and_number_of_positions() -> None:
    names = ("ETH/EUR", "XRP/EUR", "ADA/EUR", "SOL/EUR", "DOT/EUR")
    quiet = history({name: walk(i, 0.0005) for i, name in enumerate(("BTC/EUR", *names))})
    held = [position(name, "7") for name in names]
    assert broken(entry(), situation(portfolio=portfolio("6500", held), history=quiet)) == {"positions"}
    large = [position(name, "12") for name in names[:4]]
    assert broken(entry(), situation(portfolio=portfolio("5200", large), history=quiet)) == {"exposure"}


def test_more_of_a_held_symbol_is_no_new_position() -> None:
    names = ("BTC/EUR", "ETH/EUR", "XRP/EUR", "ADA/EUR", "SOL/EUR")
    quiet = history({name: walk(i, 0.0005) for i, name in enumerate(names)})
    held = [position(name, "4") for name in names]
    assert broken(entry("4"), situation(portfolio=portfolio("8000", held), history=quiet)) == set()


def test_symbols_that_move_apart_do_not_share_the_correlated_limit() -> None:
    rules = LimitRules(position=0.5, exposure=0.9)
    seen = situation(portfolio=portfolio("7900", [position("ETH/EUR", "21")]), rules=rules)
    assert broken(entry(), seen) == set()


def test_the_correlated_limit_holds_for_every_group_whatever_is_bought_last() -> None:
    """BTC moves with ETH and with XRP, those two not with each other: buying ETH last fills BTC's group."""
    rng = np.random.default_rng(8)
    eth, xrp = rng.normal(0, 0.003, 745), rng.normal(0, 0.003, 745)
    moves = {"ETH/EUR": eth, "XRP/EUR": xrp, "BTC/EUR": (eth + xrp) / 2}
    closes = {name: 100 * np.exp(np.cumsum(move)) for name, move in moves.items()}
    rules = LimitRules(position=0.5, exposure=0.9, correlation=0.65)
    held = [position("BTC/EUR", "11"), position("XRP/EUR", "11")]
    seen = situation(
        portfolio=portfolio("7800", held),
        rules=rules,
        history=history(closes),
        quote=quote("ETH/EUR"),
    )
    assert broken(entry("5", "ETH/EUR"), seen) == {"correlated_exposure"}


def test_with_too_little_history_risk_fails_closed_and_says_why() -> None:
    checks = check_entry(entry(), situation(history=history({"BTC/EUR": walk(1, bars=100)})))
    unknown = {check.name: check for check in checks if not check.ok}
    assert set(unknown) == {"correlated_exposure", "var"}
    assert all(check.value is None for check in unknown.values())
    assert "99 bars of BTC/EUR" in violations(checks)


def test_value_at_risk_is_the_quantile_scaled_to_a_day() -> None:
    prices = walk(1)
    moves = (np.diff(prices) / prices[:-1])[-720:]
    (check,) = [one for one in check_entry(entry(), situation()) if one.name == "var"]
    weight = float(5 * Decimal("101.02525") / 10000)
    assert check.value == pytest.approx(-np.quantile(moves, 0.05) * weight * 24**0.5)


def test_the_plan_is_measured_at_the_decisions_close_within_a_millionth() -> None:
    assert broken(planned("100", "97", "105.999999"), situation()) == set()
    assert broken(planned("100", "97", "105.9999"), situation()) == {"reward_risk"}
    reversion = planned("100", "98", "103", strategy="mean_reversion")
    assert broken(reversion, situation()) == set()
    other = planned("100", "98", "102.6", strategy="arbitrage")
    assert broken(other, situation()) == set()


def test_a_resting_order_is_held_against_the_price_that_it_would_meet() -> None:
    below = planned("98", "95", "104.2", type=OrderType.LIMIT, limit_price=Decimal(98))
    assert broken(below, situation()) == set()
    above = planned("100", "97", "106", type=OrderType.STOP, stop_price=Decimal("101.5"))
    assert broken(above, situation()) == {"price_collar"}


@pytest.mark.parametrize(("quantity", "ok"), [("2", True), ("2.1", False)])
def test_a_sale_only_reduces(quantity: str, ok: bool) -> None:
    order = entry(quantity).model_copy(update={"side": Side.SELL, "protection": None})
    (check,) = check_exit(order, portfolio("9800", [position("BTC/EUR", "2")]))
    assert (check.name, check.ok) == ("reduce_only", ok)


def test_nothing_held_is_never_sold() -> None:
    order = entry("1").model_copy(update={"side": Side.SELL})
    assert not check_exit(order, portfolio())[0].ok
