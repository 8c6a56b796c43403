"""One number of one agent is changed between decisions, checked whole, and nothing else with it."""

import pytest

from cryptofunk_tui.domain.base import WallClock
from cryptofunk_tui.domain.errors import Refused, WrongUse
from cryptofunk_tui.domain.rules import STRATEGY_AGENTS, Rules
from cryptofunk_tui.orchestrator.sitting import Sitting
from cryptofunk_tui.orchestrator.tuning import tuned


def test_a_number_is_changed_and_nothing_else() -> None:
    before = Rules()
    after = tuned(before, "trend_following", "weight", "8")
    assert after.council.trend_following.weight == 8
    same = after.council.trend_following.model_copy(update={"weight": 6})
    assert (
        after.model_copy(update={"council": after.council.model_copy(update={"trend_following": same})})
        == before
    )


@pytest.mark.parametrize(
    ("agent", "field", "text"),
    [
        ("trend_following", "weight", "0"),
        ("trend_following", "weight", "6.5"),
        ("trend_following", "weight", "many"),
        ("trend_following", "weight", "[1, 2]"),
        ("trend_following", "weight", "{a: "),
        ("trend_following", "weight", ""),
        ("trend_following", "adx_weight", ".nan"),
        ("trend_following", "stop_least", "0.2"),
        ("technical", "rsi_weight", "0.5"),
        ("trend_following", "enabled", "false"),
        ("trend_following", "nothing", "1"),
        ("risk", "position", "1"),
        ("nobody", "weight", "1"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(agent: str, field: str, text: str) -> None:
    with pytest.raises(WrongUse) as refusal:
        tuned(Rules(), agent, field, text)
    assert "\n" not in str(refusal.value)


def test_what_needs_other_indicators_needs_a_new_start() -> None:
    with pytest.raises(Refused, match="start again"):
        tuned(Rules(), "technical", "rsi_period", "9")


def test_a_change_waits_for_the_next_turn_and_reseats_only_its_agent() -> None:
    sitting = Sitting(Rules(), lambda _: None, WallClock())
    sitting.turn()
    before = {name: sitting._seat(name).agent for name in STRATEGY_AGENTS}
    sitting.tune("arbitrage", "edge", "0.007")
    sitting.tune("arbitrage", "weight", "5")
    assert sitting._seat("arbitrage").agent is before["arbitrage"]
    assert sitting.turn().council.arbitrage.edge == 0.007
    assert sitting.rules.council.arbitrage.weight == 5
    changed = [name for name in STRATEGY_AGENTS if sitting._seat(name).agent is not before[name]]
    assert changed == ["arbitrage"]


def test_a_stopped_agent_stays_stopped_and_comes_back_with_the_change() -> None:
    sitting = Sitting(Rules(), lambda _: None, WallClock())
    sitting.stop("trend_following")
    sitting.tune("trend_following", "weight", "9")
    sitting.turn()
    assert sitting._seat("trend_following").state == "stopped"
    sitting.start("trend_following")
    assert sitting.turn().council.trend_following.weight == 9
