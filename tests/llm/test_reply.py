"""An answer is one JSON object, as asked, about what was asked, citing what was shown; or it is nothing."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.domain.signals import Action
from cryptofunk_tui.llm.reply import BadReply, checked
from tests.llm.questions import NUMBERS, answer, asked
from tests.llm.test_envelope import HOSTILE

QUESTION = asked()


def test_a_good_answer_is_an_opinion() -> None:
    said = checked(answer(), QUESTION)
    assert (said.action, said.confidence, said.reasons) == (Action.BUY, 0.6, ("RSI at 28.4 is low",))


def test_a_whole_answer_within_a_fence_is_read() -> None:
    assert checked(f"```json\n{answer()}\n```", QUESTION).action is Action.BUY


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not one JSON object"),
        ("We do not Buy here, we Hold.", "not one JSON object"),
        (f"Sure! {answer()}", "not one JSON object"),
        (f"{answer()} I hope this helps.", "not one JSON object"),
        (answer() + answer(), "not one JSON object"),
        (answer()[:-10], "not one JSON object"),
        (f"[{answer()}]", "not a JSON object"),
        ("[" * 100_000, "16,000 are read"),
        ("[" * 5_000, "nested too deep"),
        (answer(symbol="ETH/USDT"), "speaks of 'ETH/USDT'"),
        (answer(symbol=None), "speaks of"),
        (answer(action="buy"), "not among those allowed"),
        (answer(action="SHORT"), "not among those allowed"),
        (answer(action=["BUY"]), "not among those allowed"),
        (answer(confidence=7), "not within 0 and 1"),
        (answer(confidence=-0.1), "not within 0 and 1"),
        (answer(confidence="0.7"), "must be a number"),
        (answer(confidence=True), "must be a number"),
        (answer(confidence=None), "must be a number"),
        (answer().replace("0.6", "NaN"), "NaN is no number"),
        (answer().replace("0.6", "1e999"), "must be a number"),
        (answer(reasons="because"), "a list of 1 to 5"),
        (answer(reasons=[]), "a list of 1 to 5"),
        (answer(reasons=["a"] * 6), "a list of 1 to 5"),
        (answer(reasons=[7]), "1 to 300 characters"),
        (answer(reasons=["x" * 301]), "1 to 300 characters"),
        (answer(price=64000), "not 'price'"),
        (answer(size=1), "not 'size'"),
        (json.dumps({"symbol": "BTC/USDT", "action": "BUY"}), "with confidence, reasons"),
        (answer()[:-1] + ', "action": "SELL"}', "stands twice"),
        (answer(reasons=["RSI at 71.2 is high"]), "71.2 does not stand in the brief"),
        (answer(reasons=["target 80,000"]), "80,000 does not stand"),
        (answer(reasons=["it may fall 45 %"]), "45% does not stand"),
    ],
)
def test_anything_else_is_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(BadReply, match=words.replace("(", r"\(")) as refused:
        checked(text, QUESTION)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    "reason",
    [
        "RSI 14 stands at 28.4",
        "RSI near 28",
        "price 64,107",
        "price 64107.4",
        "imbalance of -12.3 %",
        "imbalance −0.12",
        "no number at all",
    ],
)
def test_numbers_of_the_brief_may_be_cited_as_people_do(reason: str) -> None:
    assert checked(answer(reasons=[reason]), QUESTION).reasons == (reason,)


@given(st.text(max_size=400))
def test_no_text_crashes_it(text: str) -> None:
    for reply in (text, answer(reasons=[text]), answer(action=text), answer(symbol=text)):
        try:
            said = checked(reply, QUESTION)
        except BadReply:
            continue
        assert said.action in QUESTION.allowed
        assert 0 <= said.confidence <= 1


@given(st.floats(0.01, 1e6), st.sampled_from(sorted(NUMBERS)))
def test_a_number_that_is_off_is_found_out(factor: float, name: str) -> None:
    known = [abs(value) for value in NUMBERS.values()] + [14.0]
    wrong = round(abs(NUMBERS[name]) * factor, 3)
    near = any(abs(wrong - each) <= max(0.02 * each, 0.001) for each in known)
    if not near:
        with pytest.raises(BadReply, match="does not stand"):
            checked(answer(reasons=[f"it is {wrong:.3f}"]), QUESTION)


@pytest.mark.parametrize("text", HOSTILE[::7])
def test_a_model_that_repeats_what_a_stranger_wrote_has_said_nothing(text: str) -> None:
    with pytest.raises(BadReply):
        checked(text, QUESTION)
