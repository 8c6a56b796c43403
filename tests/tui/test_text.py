"""Whatever comes from outside is one harmless line; figures keep their width and precision."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cryptofunk_tui.tui import text
from cryptofunk_tui.tui.text import Span, clean, fit, spread, width_of, wrap
from tests.tui.props import EVIL


@given(st.text(max_size=600))
def test_clean_text_cannot_move_the_cursor_or_turn_the_line(raw: str) -> None:
    shown = clean(raw)
    assert len(shown) <= 401
    assert not set(shown) & set("\x1b\r\n\t\x07\u202e\u2066\u200d\u2028\ufe0f")
    assert all(each.isprintable() or unicodedata.combining(each) for each in shown)


def test_clean_keeps_markup_as_text_and_thins_marks() -> None:
    shown = clean(EVIL)
    assert shown.startswith("[@click=app.quit]press[/] [red]x[/ruby] ·[31mANSI")
    assert "表形文字" in shown
    assert shown.count("\u0336") <= 2
    assert clean("x" * 5000) == "x" * 400 + "…"


@given(st.text(max_size=60), st.integers(0, 40), st.booleans())
def test_fit_fills_its_cells_exactly(raw: str, width: int, right: bool) -> None:
    assert cell_len(fit(clean(raw), width, right)) == width


@given(st.text(max_size=200), st.integers(1, 40))
def test_wrapped_lines_never_exceed_their_width(raw: str, width: int) -> None:
    assert all(cell_len(line) <= width for line in wrap(clean(raw), width))


@given(st.text(max_size=20), st.text(max_size=20), st.integers(0, 60))
def test_spread_fills_the_width_or_drops_the_right(left: str, right: str, width: int) -> None:
    first, last = (Span(clean(left)),), (Span(clean(right)),)
    line = spread(first, last, width)
    assert line == first or width_of(line) == width


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (text.price(64123.4), "64,123.40"),
        (text.price(0.00001234), "0.00001234"),
        (text.price(None), "–"),
        (text.price(1e-12), "1.000e−12"),
        (text.price(4e15), "4.000e+15"),
        (text.money(-1234.5, signed=True), "−1,234.50"),
        (text.money(1e15), "1000.00T"),
        (text.quantity(0.0140351), "0.014035"),
        (text.quantity(1726.32), "1,726.32"),
        (text.quantity(1e-9), "1.00e−09"),
        (text.percent(-0.0004), "0.0%"),
        (text.percent(-0.0312, signed=True, digits=2), "−3.12%"),
        (text.percent(5e9), "500.00B%"),
        (text.ratio(1.8349), "1.83"),
        (text.ratio(123456), "123.46k"),
        (text.short(2.41e12), "2.41T"),
        (text.short(1e30), "1.0e+30"),
        (text.age(0.44), "0.4s"),
        (text.age(59), "59s"),
        (text.age(7300), "2h"),
        (text.age(None), "–"),
        (text.age(-3), "0.0s"),
        (text.countdown(97.9), "1:37"),
        (text.countdown(-1), "0:00"),
    ],
)
def test_figures(shown: str, expected: str) -> None:
    assert shown == expected


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_no_figure_is_wider_than_its_column(value: float) -> None:
    assert max(map(len, (text.price(value), text.money(value, signed=True), text.quantity(value)))) <= 21
    assert max(map(len, (text.ratio(value), text.short(value), text.percent(value)))) <= 13
