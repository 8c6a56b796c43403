"""At any size the board is filled without overlap, and every panel can be reached."""

from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.tui.board import PANELS
from cryptofunk_tui.tui.layouts import arrange, columns_for

SIZES = (st.integers(20, 320), st.integers(6, 120))
PANEL = st.sampled_from(sorted(PANELS))


@given(*SIZES, st.lists(PANEL, max_size=6), st.none() | PANEL)
def test_places_never_overlap_and_stay_on_the_board(
    width: int, height: int, recent: list[str], zoomed: str | None
) -> None:
    places = arrange(width, height, recent, zoomed)
    cells = sum(place.region.area for place in places)
    gaps = (len({place.region.x for place in places}) - 1) * height
    assert cells + gaps == width * height
    for index, place in enumerate(places):
        assert place.region.x >= 0 and place.region.right <= width
        assert place.region.y >= 0 and place.region.bottom <= height
        assert not any(place.region.overlaps(other.region) for other in places[index + 1 :])


@given(*SIZES, PANEL)
def test_the_panel_looked_at_last_stands_in_front(width: int, height: int, panel: str) -> None:
    fronts = [place.panel for place in arrange(width, height, [panel])]
    assert panel in fronts
    assert [place.panel for place in arrange(width, height, [], panel)] == [panel]


@given(*SIZES)
def test_every_panel_has_exactly_one_slot(width: int, height: int) -> None:
    slots = [slot for column in columns_for(width, height) for slot in column.slots]
    assert sorted(panel for slot in slots for panel in slot.panels) == sorted(PANELS)


def test_what_matters_most_is_in_front_at_the_three_sizes() -> None:
    fronts = {size: {place.panel for place in arrange(*size)} for size in ((80, 21), (120, 37), (200, 57))}
    assert fronts[80, 21] == {"council", "positions"}
    assert {"chart", "council", "positions", "risk", "log", "watchlist"} == fronts[120, 37]
    assert fronts[200, 57] == set(PANELS)
