"""The rules on two years of real hourly candles: what fires, how often, and that nothing looks ahead."""

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow.parquet as parquet
import pytest

from cryptofunk_tui.agents.council import build
from cryptofunk_tui.agents.frame import Frame
from cryptofunk_tui.decision.decide import Deliberation, sit
from cryptofunk_tui.decision.voting import Reason
from cryptofunk_tui.domain.candles import Candles
from cryptofunk_tui.domain.rules import Rules
from cryptofunk_tui.quant.indicators import IndicatorSpec, compute
from tests.decision.walk import RoundTrip, walk

RULES = Rules()
COUNCIL = build(RULES)
SPECS = [IndicatorSpec(need.name, need.parameters) for need in COUNCIL.needs]
WARM = RULES.council.warm_up_bars - 1
SYMBOLS = ("BTC-EUR", "ETH-EUR", "XRP-EUR")
PROTOTYPE = {"BTC-EUR": 125, "ETH-EUR": 139, "XRP-EUR": 139}
"""Round trips that a separate script with the same rules made, before this code was written."""


@cache
def candles_of(folder: Path, symbol: str) -> Candles:
    (path,) = (folder / "ohlcv").glob(f"BITVAVO_{symbol}_1h_*.parquet")
    table = parquet.read_table(path)
    columns = {name: table[name].to_numpy() for name in table.column_names}
    return Candles.from_columns(symbol.replace("-", "/"), "1h", columns)


def frame_of(candles: Candles) -> Frame:
    return Frame(candles, compute(candles, SPECS), WARM)


@cache
def all_of(folder: Path, symbol: str) -> Deliberation:
    return sit(COUNCIL, frame_of(candles_of(folder, symbol)), RULES)


def trips_of(folder: Path, symbol: str) -> list[RoundTrip]:
    return walk(all_of(folder, symbol), RULES)[0]


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_the_rules_trade_as_often_as_the_prototype(market_data_dir: Path, symbol: str) -> None:
    trips = trips_of(market_data_dir, symbol)
    assert len(trips) == pytest.approx(PROTOTYPE[symbol], abs=5)
    by_strategy = {name: sum(trip.strategy == name for trip in trips) for name in RULES.council.strategies}
    assert by_strategy["trend_following"] > 80
    assert by_strategy["mean_reversion"] > 25
    assert by_strategy["arbitrage"] == 0, "there are no quotes of other venues"


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_trips_follow_each_other_with_a_pause(market_data_dir: Path, symbol: str) -> None:
    trips = trips_of(market_data_dir, symbol)
    for before, after in pairwise(trips):
        assert after.entered >= before.left + RULES.limits.cooldown_bars - 6, "at most a gap of six bars"
    assert all(trip.r_multiple > -3 for trip in trips)


def test_every_way_out_happens(market_data_dir: Path) -> None:
    ways = {(trip.strategy, trip.how) for symbol in SYMBOLS for trip in trips_of(market_data_dir, symbol)}
    for strategy in ("trend_following", "mean_reversion"):
        assert {(strategy, "stop"), (strategy, "target"), (strategy, "vote")} <= ways
    assert ("trend_following", "gap") in ways


def test_every_reason_that_these_data_can_give_decides_somewhere(market_data_dir: Path) -> None:
    seen = {
        why
        for symbol in SYMBOLS
        for why, count in walk(all_of(market_data_dir, symbol), RULES)[1].items()
        if count
    }
    # A tie of two floats does not happen, and the cooldown is as long as a cross stays fresh.
    assert set(Reason) - seen <= {Reason.TIE, Reason.SETUP_USED}


@pytest.mark.parametrize("symbol", SYMBOLS)
def test_no_rule_is_dumb_or_deafening(market_data_dir: Path, symbol: str) -> None:
    frame = frame_of(candles_of(market_data_dir, symbol))
    rows = len(frame) - WARM
    for agent in (COUNCIL.analysis[0], *COUNCIL.strategies[:2]):
        action = agent.score(frame).action[WARM:]
        for side in (1, -1):
            share = np.count_nonzero(action == side) / rows
            assert 0.003 < share < 0.5, (agent.name, side, share)
    for agent in (*COUNCIL.analysis[1:], COUNCIL.strategies[2]):
        assert (agent.score(frame).action == 2).all(), "no book, no news, no quotes: it abstains"


@pytest.mark.parametrize("symbol", SYMBOLS)
@pytest.mark.parametrize("end", [700, 6_001, 17_000])
def test_cutting_off_the_future_changes_no_decision(market_data_dir: Path, symbol: str, end: int) -> None:
    whole = all_of(market_data_dir, symbol)
    past = sit(COUNCIL, frame_of(candles_of(market_data_dir, symbol).rows(None, end)), RULES)
    for name in ("action", "winner", "consensus", "confidence", "quorum", "voters", "reason", "leader"):
        assert np.array_equal(getattr(past.tallies, name), getattr(whole.tallies, name)[:end]), name
    for name in ("stop", "target", "trail", "trail_after", "setup_ms"):
        cut, full = getattr(past.plans, name), getattr(whole.plans, name)[:end]
        assert np.array_equal(cut, full, equal_nan=True), name
    assert np.array_equal(past.judged.ok, whole.judged.ok[:end])
