"""Sizing: the formula by hand, and no size that breaks a limit."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.domain.market import Instrument
from cryptofunk_tui.domain.orders import OrderRequest, Protection
from cryptofunk_tui.domain.portfolio import Portfolio
from cryptofunk_tui.domain.rules import CostRules, LimitRules, SizingRules
from cryptofunk_tui.quant.kelly import kelly
from cryptofunk_tui.risk.history import History
from cryptofunk_tui.risk.limits import check_entry
from cryptofunk_tui.risk.sizing import Sizing, entry_size
from tests.risk.scene import entry, history, portfolio, position, quote, situation, walk

CALM = {name: walk(i, 0.001) for i, name in enumerate(("BTC/EUR", "ETH/EUR", "XRP/EUR", "ADA/EUR"))}
HISTORY = history(CALM)
TOGETHER = history(dict.fromkeys(CALM, CALM["BTC/EUR"]))
STEP = Instrument(
    symbol="BTC/EUR",
    price_step=Decimal("0.01"),
    quantity_step=Decimal("0.001"),
    min_notional=Decimal(10),
)


def size(
    *,
    results: list[float] | None = None,
    account: Portfolio | None = None,
    reserved: dict[str, Decimal] | None = None,
    past: History = HISTORY,
    instrument: Instrument | None = None,
    stop: str = "97",
    sizing: SizingRules | None = None,
    limits: LimitRules | None = None,
) -> Sizing:
    return entry_size(
        "BTC/EUR",
        quote=quote(),
        reference=Decimal(100),
        stop=Decimal(stop),
        results=results or [],
        portfolio=account or portfolio(),
        reserved=reserved or {},
        history=past,
        costs=CostRules(),
        limits=limits or LimitRules(),
        sizing=sizing or SizingRules(),
        instrument=instrument,
    )


def test_quarter_kelly_over_stop_and_costs() -> None:
    """With wide limits nothing cuts: 10,000 × ¼ × f / (3 % + .25 %), at the ask and a hundredth."""
    wide = LimitRules(position=1, exposure=1, correlated_exposure=1)
    found = size(limits=wide)
    notional = 10000 * 0.25 * kelly(0.40, 1.7) / (0.03 + 0.0025)
    assert found.kelly == pytest.approx(kelly(0.40, 1.7))
    assert float(found.quantity) == pytest.approx(notional / (100.025 * 1.01), rel=1e-6)
    assert found.notional == found.quantity * Decimal("100.025")
    assert "cut" not in found.basis


def test_the_position_limit_cuts_it() -> None:
    found = size()
    assert found.quantity == Decimal("9.89851547")
    assert "cut by the position limit" in found.basis
    assert "0 trades and 30 prior" in found.basis


def test_without_an_edge_it_is_a_probation_of_one_percent() -> None:
    found = size(results=[-1.0] * 50)
    assert found.kelly == 0
    assert float(found.quantity) == pytest.approx(100 / (100.025 * 1.01), rel=1e-6)
    assert "probation, no edge in 50 trades" in found.basis


def test_only_the_newest_results_count() -> None:
    assert size(results=[1.7, -1.0] * 50 + [-1.0] * 900) == size(results=[1.7, -1.0] * 50)


def test_it_is_rounded_down_to_the_venues_step() -> None:
    assert size(instrument=STEP).quantity == Decimal("9.898")


def test_below_the_least_notional_it_is_nothing_with_a_reason() -> None:
    tight = portfolio("9.9", [position("BTC/EUR", "0.001")])
    found = size(account=tight, instrument=STEP)
    assert found.quantity == found.notional == 0
    assert found.basis.startswith("below the venue's least notional of 10")


def test_without_room_it_is_nothing_and_names_the_limit() -> None:
    full = portfolio("9000", [position("BTC/EUR", "10")])
    found = size(account=full)
    assert found.quantity == 0
    assert "cut by the position limit" in found.basis
    crowd = portfolio("9500", [position(f"C{i}/EUR", "1") for i in range(5)])
    assert "cut by the positions limit" in size(account=crowd).basis


def test_what_moves_together_or_cannot_be_told_shares_the_correlated_limit() -> None:
    account = portfolio("7800", [position("ETH/EUR", "22")])
    assert size(account=account).quantity == Decimal("9.89851547")
    for past in (TOGETHER, history({})):
        found = size(account=account, past=past)
        assert float(found.quantity * Decimal("100.025") * Decimal("1.01")) == pytest.approx(300)
        assert "cut by the correlated_exposure limit" in found.basis


@pytest.mark.parametrize("stop", ["0", "-1", "100", "101"])
def test_a_stop_that_is_none_is_refused(stop: str) -> None:
    with pytest.raises(ValueError, match=r"stop .* must lie above 0 and below reference 100"):
        size(stop=stop)


MONEY = st.decimals("0", "12000", places=2)
HELD = st.dictionaries(st.sampled_from(list(CALM)), st.decimals("0.001", "40", places=3), max_size=4)


@given(
    cash=MONEY,
    held=HELD,
    reserved=st.dictionaries(st.sampled_from(list(CALM)), MONEY, max_size=2),
    results=st.lists(st.floats(-3, 6), max_size=40),
    stop=st.decimals("80", "99.5", places=2),
    past=st.sampled_from([HISTORY, TOGETHER]),
    step=st.sampled_from([None, STEP]),
)
def test_no_size_breaks_a_limit(
    cash: Decimal,
    held: dict[str, Decimal],
    reserved: dict[str, Decimal],
    results: list[float],
    stop: Decimal,
    past: History,
    step: Instrument | None,
) -> None:
    account = portfolio(str(cash), [position(name, str(quantity)) for name, quantity in held.items()])
    found = size(
        results=results, account=account, reserved=reserved, stop=str(stop), past=past, instrument=step
    )
    assert found.quantity >= 0
    if not found.quantity:
        return
    order: OrderRequest = entry(str(found.quantity)).model_copy(
        update={"protection": Protection(reference=Decimal(100), stop=stop, target=Decimal(200))}
    )
    checks = check_entry(
        order, situation(portfolio=account, reserved=reserved, history=past, instrument=step)
    )
    assert {check.name for check in checks if not check.ok} <= {"var"}
