"""What is said about errors fits a status line, whoever wrote it."""

from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.toolbox.errors import ServerDown, ToolRefused, describe, one_line


@given(st.text(), st.integers(2, 50))
def test_one_line_is_one_printable_line(text: str, longest: int) -> None:
    line = one_line(text, longest)
    assert len(line) <= longest
    assert line.isprintable()


def test_the_first_cause_is_named() -> None:
    nested = ExceptionGroup("outer", [ExceptionGroup("inner", [OSError("no\x1b[2J route\nto host")])])
    assert describe(nested) == "OSError: no[2J route to host"
    assert describe(TimeoutError()) == "TimeoutError"
    assert describe(ServerDown("chaos is stopped")) == "chaos is stopped"


def test_only_what_may_have_acted_is_unknown() -> None:
    assert ServerDown("x", outcome_unknown=True).outcome_unknown
    assert not ToolRefused("x").outcome_unknown
