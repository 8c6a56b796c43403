"""What a model's word changes, by the authority it was given."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.domain.models import ADJUST
from cryptofunk_tui.domain.signals import Action
from cryptofunk_tui.llm.question import Opinion
from cryptofunk_tui.orchestrator.opinions import READS_STRANGERS, Said, weighed

BUY, SELL, HOLD = Action.BUY, Action.SELL, Action.HOLD


def said(rule: tuple[Action, float], model: tuple[Action, float], authority: str) -> tuple[Action, float]:
    opinion = Opinion(action=model[0], confidence=model[1], reasons=("so",))
    out = weighed(Said(*rule, ("rule",)), opinion, authority, "m")  # type: ignore[arg-type]
    assert any(reason == "m: so" for reason in out.reasons)
    return out.action, round(out.confidence, 6)


@pytest.mark.parametrize(
    ("authority", "rule", "model", "outcome"),
    [
        ("advise", (BUY, 0.6), (SELL, 0.9), (BUY, 0.6)),
        ("adjust", (BUY, 0.6), (BUY, 0.7), (BUY, 0.7)),
        ("adjust", (BUY, 0.6), (BUY, 1.0), (BUY, 0.8)),
        ("adjust", (BUY, 0.6), (BUY, 0.1), (BUY, 0.4)),
        ("adjust", (BUY, 0.6), (SELL, 0.9), (BUY, 0.4)),
        ("adjust", (BUY, 0.6), (HOLD, 0.9), (HOLD, 0.9)),
        ("adjust", (HOLD, 0.6), (BUY, 0.9), (HOLD, 0.4)),
        ("adjust", (HOLD, 0.6), (HOLD, 0.9), (HOLD, 0.8)),
        ("decide", (BUY, 0.6), (SELL, 0.9), (SELL, 0.9)),
        ("decide", (HOLD, 0.6), (BUY, 0.2), (BUY, 0.2)),
    ],
)
def test_table(
    authority: str, rule: tuple[Action, float], model: tuple[Action, float], outcome: tuple[Action, float]
) -> None:
    assert said(rule, model, authority) == outcome


@given(
    st.sampled_from([BUY, SELL, HOLD]), st.floats(0, 1), st.sampled_from([BUY, SELL, HOLD]), st.floats(0, 1)
)
def test_adjusting_never_turns_an_action_into_another_trade(
    rule: Action, sure: float, model: Action, other: float
) -> None:
    action, confidence = said((rule, sure), (model, other), "adjust")
    assert action in (rule, HOLD)
    assert 0 <= confidence <= 1
    if action is rule:
        assert abs(confidence - sure) <= ADJUST + 1e-6


def test_a_model_that_obeys_a_headline_moves_the_mood_by_a_fifth_and_never_turns_it() -> None:
    assert {"sentiment"} == READS_STRANGERS
    for rule in (BUY, SELL, HOLD):
        for obeyed in (BUY, SELL):
            action, confidence = said((rule, 0.5), (obeyed, 1.0), "adjust")
            assert action is rule
            assert abs(confidence - 0.5) <= ADJUST
