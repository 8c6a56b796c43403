"""The whole council: who sits, and that no rule looks ahead or further back than it says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptofunk_tui.agents.base import ABSTAIN, Agent, StrategyAgent
from cryptofunk_tui.agents.council import Proposal, build, propose
from cryptofunk_tui.agents.frame import (
    BOOK_COLUMNS,
    BUY_EDGE_COLUMN,
    FEAR_GREED_COLUMN,
    NEWS_COLUMN,
    SELL_EDGE_COLUMN,
    Frame,
)
from cryptofunk_tui.domain.agent_rules import LOOK_BACK_ROWS, ArbitrageRules, SentimentRules
from cryptofunk_tui.domain.candles import Candles
from cryptofunk_tui.domain.rules import ANALYSIS_AGENTS, STRATEGY_AGENTS, CouncilRules, Rules
from cryptofunk_tui.domain.signals import Action
from cryptofunk_tui.quant.indicators import IndicatorSpec, compute
from tests.agents.scene import HOUR_MS, START_MS

COUNCIL = build(Rules())
AGENTS: tuple[Agent, ...] = (*COUNCIL.analysis, *COUNCIL.strategies)
ROWS = 1_200


def _random_frame(seed: int) -> Frame:
    """A walk that is calm and wild in turns, with every context column."""
    random = np.random.default_rng(seed)
    wild = 0.002 + 0.02 * (np.sin(np.arange(ROWS) / 90) > 0.3)
    close = 100 * np.exp(np.cumsum(random.normal(0, 1, ROWS) * wild))
    open_ = np.concatenate([close[:1], close[:-1]])
    reach = 1 + np.abs(random.normal(0, 0.004, (2, ROWS)))
    candles = Candles.from_columns(
        "BTC/EUR",
        "1h",
        {
            "timestamp_ms": START_MS + HOUR_MS * np.arange(ROWS),
            "open": open_,
            "high": np.maximum(open_, close) * reach[0],
            "low": np.minimum(open_, close) / reach[1],
            "close": close,
            "volume": random.uniform(1, 9, ROWS),
        },
    )
    columns = compute(candles, [IndicatorSpec(need.name, need.parameters) for need in COUNCIL.needs])
    columns |= {key: random.uniform(-1, 1, ROWS) for key in (*BOOK_COLUMNS, NEWS_COLUMN)}
    columns |= {key: random.normal(0, 0.006, ROWS) for key in (BUY_EDGE_COLUMN, SELL_EDGE_COLUMN)}
    columns[FEAR_GREED_COLUMN] = random.uniform(0, 100, ROWS)
    return Frame(candles, columns, warm=499)


FRAME = _random_frame(4)
WHOLE = {agent.name: agent.score(FRAME) for agent in AGENTS}
PLANS = {seat.name: propose(seat, FRAME).plans for seat in COUNCIL.strategies}


def test_everyone_sits_in_the_configured_order() -> None:
    assert tuple(agent.name for agent in COUNCIL.analysis) == ANALYSIS_AGENTS
    assert tuple(agent.name for agent in COUNCIL.strategies) == STRATEGY_AGENTS
    assert COUNCIL.risk.name == "risk"


def test_a_disabled_agent_does_not_sit_and_needs_nothing() -> None:
    rules = Rules(
        council=CouncilRules(sentiment=SentimentRules(enabled=False), arbitrage=ArbitrageRules(enabled=False))
    )
    council = build(rules)
    assert [agent.name for agent in council.analysis] == ["technical", "order_book"]
    assert [agent.name for agent in council.strategies] == ["trend_following", "mean_reversion"]


def test_a_need_that_two_share_is_asked_for_once() -> None:
    keys = [need.key for need in COUNCIL.needs]
    assert len(keys) == len(set(keys))
    assert {"rsi_14", "adx_14", "atr_14", "ema_9", "ema_200", "reversal"} <= set(keys)


def test_the_walk_wakes_every_agent() -> None:
    for name, scores in WHOLE.items():
        assert {1, -1, 0} <= set(scores.action.tolist()), name


@pytest.mark.parametrize("seat", AGENTS, ids=lambda seat: seat.name)
@settings(max_examples=60, deadline=None)
@given(end=st.integers(600, ROWS), rows=st.integers(LOOK_BACK_ROWS, 600))
def test_a_slice_says_the_same_in_its_last_row(seat: Agent, end: int, rows: int) -> None:
    part = FRAME.rows(end - rows, end)
    scores = seat.score(part)
    assert scores.at(-1) == WHOLE[seat.name].at(end - 1)
    assert seat.reasons(part, scores, -1) == seat.reasons(FRAME, WHOLE[seat.name], end - 1)


@pytest.mark.parametrize("seat", COUNCIL.strategies, ids=lambda seat: seat.name)
@settings(max_examples=60, deadline=None)
@given(end=st.integers(600, ROWS), rows=st.integers(LOOK_BACK_ROWS, 600))
def test_a_slice_plans_the_same_in_its_last_row(seat: StrategyAgent, end: int, rows: int) -> None:
    part, whole = propose(seat, FRAME.rows(end - rows, end)).plans, PLANS[seat.name]
    for name in ("stop", "target", "trail", "trail_after", "setup_ms"):
        last, same = getattr(part, name)[-1:], getattr(whole, name)[end - 1 : end]
        assert np.array_equal(last, same, equal_nan=True), name


@pytest.mark.parametrize("seat", AGENTS, ids=lambda seat: seat.name)
@pytest.mark.parametrize("end", [520, 777, ROWS - 1])
def test_no_row_changes_when_the_future_is_cut_off(seat: Agent, end: int) -> None:
    past = FRAME.candles.rows(None, end)
    columns = compute(past, [IndicatorSpec(need.name, need.parameters) for need in COUNCIL.needs])
    context = {key: values[:end] for key, values in FRAME.columns.items() if key not in columns}
    scores = seat.score(Frame(past, columns | context, FRAME.warm))
    assert np.array_equal(scores.action, WHOLE[seat.name].action[:end])
    assert np.array_equal(scores.confidence, WHOLE[seat.name].confidence[:end])


@settings(max_examples=60, deadline=None)
@given(row=st.integers(500, ROWS - 1), key=st.sampled_from(sorted(FRAME.columns)))
def test_an_unknown_value_is_no_opinion(row: int, key: str) -> None:
    """Whoever reads it abstains in that row, whoever does not says what it said; other rows stay alike
    beyond the look-back. (A mood of one source instead of two is an opinion of its own.)"""
    torn_values = FRAME.columns[key].copy()
    torn_values[row] = np.nan
    torn = Frame(FRAME.candles, {**FRAME.columns, key: torn_values}, FRAME.warm)
    untouched = np.delete(np.arange(ROWS), np.s_[row : row + LOOK_BACK_ROWS])
    for seat in AGENTS:
        scores, before = seat.score(torn), WHOLE[seat.name]
        assert np.isfinite(scores.confidence).all()
        assert np.array_equal(scores.action[untouched], before.action[untouched])
        if seat.name != "sentiment":
            assert scores.at(row) in ((Action.ABSTAIN, 0.0), before.at(row))


@pytest.mark.parametrize("seat", AGENTS, ids=lambda seat: seat.name)
def test_confidences_are_shares_and_none_where_abstaining(seat: Agent) -> None:
    scores = WHOLE[seat.name]
    assert ((scores.confidence >= 0) & (scores.confidence <= 1)).all()
    assert (scores.confidence[scores.action == ABSTAIN] == 0).all()


def test_rows_without_a_warm_history_abstain() -> None:
    for name in ("technical", "trend_following", "mean_reversion"):
        assert set(WHOLE[name].action[:499].tolist()) == {ABSTAIN}
        assert WHOLE[name].action[499] != ABSTAIN


def test_an_absent_strategy_has_neither_opinion_nor_plan() -> None:
    absent = Proposal.absent(3)
    assert absent.scores.action.tolist() == [ABSTAIN] * 3
    assert np.isnan(absent.plans.stop).all()
    assert len(absent.rows(-1).scores) == 1
