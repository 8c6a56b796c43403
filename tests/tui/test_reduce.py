"""Each event changes what it should, and nothing else."""

from dataclasses import fields, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from cryptofunk_tui.domain.events import AnyEvent
from cryptofunk_tui.domain.orders import OrderStatus
from cryptofunk_tui.domain.risk import Decision, TradingState
from cryptofunk_tui.tui import view_state
from cryptofunk_tui.tui.reduce import CURVE, HISTORY, reduce
from cryptofunk_tui.tui.view_state import LOG_LINES, ViewState
from tests.tui import accounts, props
from tests.tui.props import EVIL, NOW


def after(*events: AnyEvent, state: ViewState | None = None) -> ViewState:
    state = state or ViewState()
    for event in events:
        state = reduce(state, event, NOW)
    return state


@pytest.mark.parametrize(
    ("event", "changed"),
    [
        (props.tick("BTC/USDT"), {"ticks"}),
        (props.bars("BTC/USDT"), {"bars"}),
        (props.server("market_data"), {"servers"}),
        (props.agent("technical"), {"agents"}),
        (props.context(), {"context"}),
        (props.log("x"), {"log", "logged"}),
        (props.started(), {"session", "stage", "stage_detail"}),
        (props.cycle(preview=True), {"previews"}),
        (props.cycle(), {"decisions", "history"}),
        (accounts.account(), {"account", "account_received", "equity_curve"}),
    ],
)
def test_event_changes_its_part_only(event: AnyEvent, changed: set[str]) -> None:
    before = ViewState()
    now = reduce(before, event, NOW)
    differing = {
        part.name for part in fields(ViewState) if getattr(before, part.name) != getattr(now, part.name)
    }
    assert differing == changed
    assert before == ViewState()


def test_decision_replaces_the_preview_of_its_symbol() -> None:
    state = after(props.cycle("BTC/USDT", preview=True), props.cycle("ETH/USDT", preview=True))
    state = after(props.cycle("BTC/USDT"), state=state)
    assert set(state.previews) == {"ETH/USDT"}
    assert view_state.decision(state, "BTC/USDT")[1] is False
    assert view_state.decision(state, "ETH/USDT")[1] is True


def test_a_decision_told_twice_stands_once_in_history_and_history_is_bounded() -> None:
    state = after(
        props.cycle("BTC/USDT"), props.cycle("ETH/USDT"), props.cycle("BTC/USDT", Decision.REJECTED)
    )
    assert [record.symbol for record in state.history] == ["BTC/USDT", "ETH/USDT"]
    assert state.history[0].verdict.decision is Decision.REJECTED
    event = props.cycle()
    for number in range(HISTORY + 5):
        record = event.record.model_copy(update={"cycle_id": f"c{number}"})
        state = after(event.model_copy(update={"record": record}), state=state)
    assert len(state.history) == HISTORY


def test_log_is_cleaned_counted_and_bounded() -> None:
    state = ViewState()
    for number in range(LOG_LINES + 3):
        state = after(props.log(f"line {number}"), state=state)
    assert len(state.log) == LOG_LINES
    assert state.logged == LOG_LINES + 3
    assert state.log[-1].text == f"line {LOG_LINES + 2}"
    entry = after(props.log(EVIL, source=EVIL)).log[-1]
    assert "\x1b" not in entry.text + entry.source
    assert "\u202e" not in entry.text


def test_kill_is_confirmed_by_a_halt_and_ends_with_the_resume_of_another_terminal() -> None:
    asked = replace(after(accounts.account()), kill="asked", kill_actor="console")
    assert after(accounts.account(), state=asked).kill == "asked", "an older report must not hide the kill"
    halted = after(accounts.account(TradingState.HALTED, "killed"), state=asked)
    assert halted.kill == "confirmed"
    assert view_state.is_halted(halted)
    resumed = after(accounts.account(), state=halted)
    assert resumed.kill is None
    assert not view_state.is_halted(resumed)


def test_equity_curve_keeps_changes_only_and_is_bounded() -> None:
    state = after(accounts.account(), accounts.account())
    assert len(state.equity_curve) == 1
    event = accounts.account()
    for number in range(CURVE + 10):
        moved = event.portfolio.model_copy(update={"cash": Decimal(1000 + number)})
        state = after(event.model_copy(update={"portfolio": moved}), state=state)
    assert len(state.equity_curve) == CURVE


def test_equity_and_profit_follow_the_ticks() -> None:
    state = after(props.started(), accounts.account())
    assert state.account is not None
    portfolio = state.account.portfolio
    assert view_state.equity(state, portfolio) == portfolio.equity
    moved = after(props.tick("BTC/USDT", 1.10), state=state)
    held = portfolio.positions[0]
    bid = moved.ticks["BTC/USDT"].tick.bid
    assert view_state.open_pnl(moved, held) == held.quantity * (bid - held.entry_price) - held.fees
    mark = portfolio.mark("BTC/USDT")
    assert mark is not None
    assert view_state.equity(moved, portfolio) - portfolio.equity == held.quantity * (bid - mark)
    fallen = after(props.tick("BTC/USDT", 0.5), state=state)
    assert view_state.drawdown(fallen, portfolio) == pytest.approx(
        float(view_state.equity(fallen, portfolio) / portfolio.peak_equity) - 1
    )


def test_feed_age_grows_from_what_the_engine_told() -> None:
    later = NOW + timedelta(seconds=7)
    assert view_state.feed_age(ViewState(), later) is None
    assert view_state.feed_age(after(props.tick("BTC/USDT")), later) == 7
    assert view_state.feed_age(after(accounts.account()), later) == pytest.approx(7.4)


def test_selection_walks_round_and_survives_symbols_that_go() -> None:
    assert view_state.selected(ViewState()) is None
    assert view_state.step_symbol(ViewState(), 1) == ViewState()
    state = after(props.started())
    assert view_state.selected(state) == "BTC/USDT"
    assert view_state.selected(view_state.step_symbol(state, -1)) == "ADA/USDT"
    assert view_state.selected(replace(state, selected="GONE/USDT")) == "BTC/USDT"


def test_cursor_follows_its_order_not_its_row() -> None:
    state = after(props.started(), accounts.account())
    assert view_state.orders(state)[0].status is OrderStatus.OPEN
    state = view_state.step_choice(state, "order", 2)
    chosen = view_state.chosen(state, "order")
    fresh = accounts.order(9)
    known = state.account.orders if state.account else ()
    state = after(accounts.account(orders=(fresh, *known)), state=state)
    assert view_state.chosen(state, "order") == chosen
    state = after(accounts.account(orders=(fresh,)), state=state)
    assert view_state.chosen(state, "order") == fresh.client_order_id
    assert view_state.step_choice(ViewState(), "order", 1) == ViewState()


@pytest.mark.parametrize(("name", "limit"), [("drawdown", 0.10), ("exposure", 0.50), ("unheard_of", None)])
def test_limits_come_from_breakers_and_verdicts(name: str, limit: float | None) -> None:
    state = after(accounts.account(), props.cycle())
    assert view_state.limit_of(state, name) == limit


def test_notional_prefers_the_limit_price_then_the_reference() -> None:
    approval = accounts.approval()
    order = approval.order
    assert order.protection is not None
    assert view_state.notional(approval) == order.quantity * order.protection.reference

    def changed(**parts: Any) -> Decimal:
        return view_state.notional(approval.model_copy(update={"order": order.model_copy(update=parts)}))

    assert changed(limit_price=Decimal(2)) == order.quantity * 2
    assert changed(protection=None) == order.quantity * approval.collar
