"""The corpus of hostile texts is well-formed, without doubles, and wide."""

import unicodedata
from collections import Counter
from typing import get_args

import pytest

from tests.llm.injections import HERE, Aim, Injection, Kind, Language, Trick, harmless, hostile, injections


def test_every_text_is_there_once() -> None:
    assert (len(hostile()), len(harmless())) == (232, 26)
    for doubled in (Counter(each.id for each in injections()), Counter(each.text for each in injections())):
        assert [name for name, count in doubled.items() if count > 1] == []


def test_every_kind_aim_language_and_trick_is_there() -> None:
    kinds = Counter(each.kind for each in hostile())
    assert kinds == {
        "headline": 153,
        "coin_name": 17,
        "tool_description": 16,
        "exchange_error": 15,
        "symbol": 15,
        "agent_reason": 16,
    }
    assert {each.aim for each in hostile()} == set(get_args(Aim))
    assert {each.language for each in hostile()} == set(get_args(Language))
    assert {each.trick for each in hostile()} == set(get_args(Trick))
    assert {each.kind for each in harmless()} == set(get_args(Kind))
    assert len({each.language for each in harmless()}) >= 14
    assert len(hostile("symbol")) == kinds["symbol"]


def test_an_id_tells_the_file() -> None:
    letters = {path.stem: path.read_text(encoding="utf-8")[7] for path in HERE.glob("*.yaml")}
    assert len(set(letters.values())) == len(letters) == 7
    for each in injections():
        letter = letters[f"{each.kind}s"] if each.is_hostile else letters["controls"]
        assert each.id.startswith(letter), each.id


def test_what_cannot_be_seen_is_written_as_an_escape() -> None:
    for path in HERE.glob("*.yaml"):
        seen = path.read_text(encoding="utf-8").replace("\n", "")
        hidden = {each for each in seen if unicodedata.category(each) in ("Cc", "Cf", "Co", "Cs", "Zl", "Zp")}
        assert hidden == set(), path.name


@pytest.mark.parametrize(
    "wrong", [{"aim": None}, {"trick": None}, {"trick": "x"}, {"kind": "tweet"}, {"text": ""}, {"id": "h1"}]
)
def test_a_line_that_is_none_is_refused(wrong: dict[str, str | None]) -> None:
    (first, *_) = hostile()
    with pytest.raises(ValueError):
        Injection.model_validate(first.model_dump() | wrong)
