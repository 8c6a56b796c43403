"""Tables keep their columns aligned, bars their width; a line view repaints what changed and no more."""

from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.geometry import Region

from cryptofunk_tui.tui.text import Line, Span, clean, width_of
from cryptofunk_tui.tui.themes import DEFAULTS, THEMES
from cryptofunk_tui.tui.widgets.bars import balance, bar, sparkline
from cryptofunk_tui.tui.widgets.lines import LineView
from cryptofunk_tui.tui.widgets.table import Column, table

COLUMNS = (
    Column("name", 6, most=10),
    Column("price", 8, 1, right=True),
    Column("note", 4, 2, grow=True),
    Column("extra", 5, 3),
)


@given(st.lists(st.tuples(*[st.text(max_size=30)] * 4), max_size=5), st.integers(20, 120))
def test_table_lines_are_as_wide_as_their_heading_and_fit(rows: list[tuple[str, ...]], width: int) -> None:
    head, body = table(COLUMNS, [[Span(clean(cell)) for cell in row] for row in rows], width)
    assert width_of(head) <= width
    assert {width_of(line) for line in body} <= {width_of(head)}


def test_least_important_columns_leave_first_and_the_growing_one_takes_the_rest() -> None:
    row = [Span("a"), Span("1"), Span("n"), Span("e")]
    names = {
        width: "".join(span.text for span in table(COLUMNS, [row], width)[0]).split()
        for width in (50, 22, 16)
    }
    assert names == {
        50: ["name", "price", "note", "extra"],
        22: ["name", "price", "note"],
        16: ["name", "price"],
    }
    assert width_of(table(COLUMNS, [row], 50)[0]) == 50


@given(st.none() | st.floats(allow_nan=False), st.integers(1, 40), st.none() | st.floats(0, 1))
def test_bar_has_its_width_whatever_the_value(value: float | None, width: int, mark: float | None) -> None:
    assert width_of(bar(value, width, mark=mark)) == width


def test_bar_shows_a_trace_of_the_smallest_value_and_its_threshold() -> None:
    assert bar(0.001, 10)[0].text == "━"
    assert bar(0, 10)[0].text == ""
    assert "".join(span.text for span in bar(1.0, 10, mark=0.6)) == "━━━━━━┃━━━"


@given(st.floats(-1, 1), st.integers(2, 20))
def test_balance_is_as_wide_on_both_sides(score: float, half: int) -> None:
    text = "".join(span.text for span in balance(score, half * 2))
    assert len(text) == 2 * half + 1
    assert text[half] == "┃"
    assert ("━" in text[:half]) <= (score < 0)
    assert ("━" in text[half:]) <= (score > 0)


@given(st.lists(st.floats(-1e9, 1e9), max_size=30), st.integers(0, 20))
def test_sparkline_fits(values: list[float], width: int) -> None:
    assert len(sparkline(values, width)) == (width if values and width else 0)


class _Lines(App[None]):
    def compose(self) -> ComposeResult:
        yield LineView()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return DEFAULTS


def _line(text: str) -> Line:
    return (Span(text),)


async def test_only_changed_lines_are_painted_again() -> None:
    app = _Lines()
    async with app.run_test(size=(20, 6)):
        view = app.query_one(LineView)
        view.styles.height = 6
        await app.workers.wait_for_complete()
        view.show((_line("head"),), [_line(str(row)) for row in range(20)])
        painted: list[Region] = []
        view.refresh = lambda *regions, **_: painted.extend(regions)  # type: ignore[method-assign,assignment]
        view.show((_line("head"),), [_line("x" if row == 1 else str(row)) for row in range(20)])
        assert [region.y for region in painted] == [2]
        painted.clear()
        view.show((_line("head"),), [_line("x" if row == 1 else str(row)) for row in range(20)])
        assert painted == []
        view.scroll_lines(100)
        assert view.top == 20 - view.rows
        assert len(painted) == view.rows


async def test_cursor_stays_in_sight_and_a_followed_view_at_its_end() -> None:
    app = _Lines()
    async with app.run_test(size=(20, 6)) as pilot:
        view = app.query_one(LineView)
        view.styles.height = 6
        await pilot.pause()
        rows = [_line(str(row)) for row in range(20)]
        view.show((), rows, cursor=15)
        assert view.top <= 15 < view.top + view.rows
        view.show((), rows, cursor=2)
        assert view.top <= 2
        view.follow = True  # type: ignore[misc]
        view.scroll_lines(100)
        view.show((), [*rows, _line("new")])
        assert view.top + view.rows == 21
        view.scroll_lines(-5)
        top = view.top
        view.show((), [*rows, _line("new"), _line("newer")])
        assert view.top == top, "what is being read must not run away"


async def test_markup_is_text_and_a_long_line_ends_in_an_ellipsis() -> None:
    app = _Lines()
    async with app.run_test(size=(20, 3)) as pilot:
        view = app.query_one(LineView)
        view.styles.height = 3
        await pilot.pause()
        view.show((), [_line("[red]x[/red]"), _line("表" * 30)])
        assert view.render_line(0).text.rstrip() == "[red]x[/red]"
        assert view.render_line(1).text.rstrip().endswith("…")
        assert view.render_line(1).cell_length == 20


def test_every_theme_knows_every_colour() -> None:
    for theme in THEMES:
        assert set(DEFAULTS) <= set(theme.variables), theme.name
