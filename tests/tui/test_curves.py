"""Areas of block characters."""

from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.tui.text import width_of
from cryptofunk_tui.tui.widgets.curves import Dots, area, hanging, row_of
from tests.tui.stage import plain

VALUES = st.lists(st.floats(-1e6, 1e6), max_size=60)


def test_an_area_stands_on_its_lower_bound() -> None:
    assert plain(area([0, 1, 2, 4], (0, 4), 4, 2, "up")).split("\n") == ["   █", "▁▄██"]
    assert plain(area([4, 4], (4, 4), 2, 1, "up")) == "▁▁"


def test_the_last_value_stands_at_the_right_end() -> None:
    lines = area([*[0.0] * 99, 8.0], (0, 8), 5, 1, "up")
    assert plain(lines) == "▁▁▁▁█"


def test_another_curve_is_told_apart_by_its_mark() -> None:
    dots = Dots([3.5, None, 9.0, 3.5], "warn", "•")
    lines = area([0, 0, 0, 0], (0, 4), 4, 2, "up", [dots])
    assert plain(lines).split("\n") == ["•  •", "▁▁▁▁"]
    assert [(span.text, span.tone) for span in lines[0]] == [("•", "warn"), ("  ", "up"), ("•", "warn")]


def test_a_level_behind_is_seen_where_the_area_is_not() -> None:
    lines = area([4, 4, 0, 0, 0, 0], (0, 4), 6, 1, "up", [Dots([0.0], "dim", "┄", behind=True)])
    assert plain(lines) == "██▁▁▁▁"
    lines = area([4, 4, 0, 0, 0, 0], (0, 4), 6, 2, "up", [Dots([4.0], "dim", "┄", behind=True)])
    assert plain(lines).split("\n") == ["██┄ ┄ ", "██▁▁▁▁"]


def test_falls_hang_from_the_top_and_the_deepest_of_a_column_is_kept() -> None:
    assert plain(hanging([0, -1, -2, -4], -4, 4, 2, "down")).split("\n") == [" ▀██", "   █"]
    assert plain(hanging([0.0, -4.0, 0.0, 0.0], -4, 2, 2, "down")).split("\n") == ["█ ", "█ "]
    assert plain(hanging([0, 0], 0, 2, 2, "down")).split("\n") == ["  ", "  "]


@given(VALUES, st.integers(1, 30), st.integers(1, 8))
def test_every_row_is_as_wide_as_asked(values: list[float], width: int, height: int) -> None:
    low, high = min(values, default=0.0), max(values, default=0.0)
    wanted = width if values else 0
    for lines in (
        area(values, (low, high), width, height, "up", [Dots([1.0, None], "warn", "•")] if values else ()),
        hanging([min(0.0, value) for value in values], min(0.0, low), width, height, "down"),
    ):
        assert len(lines) == height
        assert {width_of(line) for line in lines} == {wanted}


def test_where_a_value_lies() -> None:
    assert [row_of(value, (0, 4), 4) for value in (4, 3.9, 0.5, 0, 5, -1, None)] == [
        0,
        0,
        3,
        3,
        None,
        None,
        None,
    ]
