"""What each panel says in each situation; and that one that breaks harms no other."""

from collections.abc import Iterable
from typing import Any

import pytest

from cryptofunk_tui.domain.events import AnyEvent
from cryptofunk_tui.domain.risk import Decision, TradingState
from cryptofunk_tui.tui.board import PANELS
from cryptofunk_tui.tui.desk import Desk
from cryptofunk_tui.tui.panels.base import Drawing
from cryptofunk_tui.tui.panels.context import MarketBreadth
from cryptofunk_tui.tui.panels.council import Council
from cryptofunk_tui.tui.panels.orders import Orders
from cryptofunk_tui.tui.panels.positions import Positions
from cryptofunk_tui.tui.panels.risk import Risk
from cryptofunk_tui.tui.panels.servers import Servers
from cryptofunk_tui.tui.panels.status import banners, status_line
from cryptofunk_tui.tui.panels.watchlist import Watchlist
from cryptofunk_tui.tui.reduce import reduce
from cryptofunk_tui.tui.text import width_of
from cryptofunk_tui.tui.view_state import ViewState
from tests.tui import accounts, props, scenes
from tests.tui.props import NOW, StoppedClock
from tests.tui.stage import MEDIUM, Stage, plain

SCENES = {
    "empty": list[AnyEvent](),
    "starting": scenes.starting(),
    "normal": scenes.normal(),
    "pending": scenes.pending(),
    "vetoed": scenes.vetoed(),
    "halted": scenes.halted(),
    "server_down": scenes.server_down(),
    "hostile": scenes.hostile(),
}


def state_of(events: Iterable[AnyEvent]) -> ViewState:
    state = ViewState()
    for event in events:
        state = reduce(state, event, NOW)
    return state


def drawn(panel: type[Any], events: Iterable[AnyEvent], width: int = 80, height: int = 30) -> Drawing:
    clock = StoppedClock()
    drawing: Drawing = panel(Desk(clock.now, clock.monotonic), "x").draw(state_of(events), width, height, NOW)
    return drawing


def text_of(panel: type[Any], events: Iterable[AnyEvent], width: int = 80, height: int = 30) -> str:
    drawing = drawn(panel, events, width, height)
    return "\n".join([drawing.note, plain(drawing.head), plain(drawing.body)])


@pytest.mark.parametrize("scene", SCENES)
@pytest.mark.parametrize("panel_id", [name for name in PANELS if name not in ("log", "chart")])
@pytest.mark.parametrize(("width", "height"), [(24, 4), (46, 14), (80, 10), (120, 40)])
def test_panel_draws_in_any_situation_and_size_and_says_something(
    scene: str, panel_id: str, width: int, height: int
) -> None:
    shown = text_of(PANELS[panel_id], SCENES[scene], width, height)
    assert shown.strip()
    assert "\x1b" not in shown


def test_council_gives_every_voice_its_reason_and_says_why_nothing_happens() -> None:
    shown = text_of(Council, [*scenes.normal(), props.cycle("BTC/USDT", Decision.NONE)])
    for words in ("technical", "RSI 14 at 28.4", "sentiment", "absent", "no headline", "×6", "needs 0.60"):
        assert words in shown
    assert "─ HOLD  no proposal reached a consensus of 0.60" in shown
    assert "✗ consensus" in shown


def test_council_says_what_risk_refused_and_marks_a_preview() -> None:
    assert "✗ REJECTED  exposure would be 52.4% of equity" in text_of(Council, scenes.vetoed(), 100)
    assert "preview" in text_of(Council, [*scenes.normal(), props.cycle("BTC/USDT", preview=True)])


def test_a_short_council_begins_with_the_outcome() -> None:
    lines = plain(drawn(Council, scenes.vetoed(), 80, 8).body).splitlines()
    assert lines[0].startswith("▲ BUY")
    assert lines[1].startswith("✗ REJECTED")


def test_positions_show_live_profit_and_protection() -> None:
    shown = text_of(Positions, [*scenes.normal(), props.tick("BTC/USDT", 1.05)], 130)
    assert "3 open" in shown
    assert "▲ +73.34" in shown
    assert "↑62,432.06" in shown, "a trailed stop is marked"
    assert "target" in shown and "−18.75" in shown


def test_orders_put_the_open_one_first_and_mark_its_state_without_colour() -> None:
    lines = plain(drawn(Orders, scenes.normal(), 120).body).splitlines()
    assert lines[0].startswith("▸ ADA/USDT") and "○ open" in lines[0]
    assert any("✗ rejected" in line and "the quote was 12 s old" in line for line in lines)


def test_risk_puts_what_tripped_first_and_says_what_is_inactive() -> None:
    lines = text_of(Risk, scenes.halted()).splitlines()
    assert lines[0] == "1 tripped"
    assert any(line.startswith("! drawdown") and "−11.2%" in line and "at 10.0%" in line for line in lines)
    assert any("inactive: a simulated market has no feed" in line for line in lines)
    vetoed = plain(drawn(Risk, scenes.vetoed()).body).splitlines()
    checks = vetoed[next(row for row, line in enumerate(vetoed) if line.startswith("Checks")) :]
    assert checks[1].startswith("✗ exposure") and "52.4%" in checks[1]
    assert any("reward_risk" in line and "≥" in line for line in checks)


def test_servers_say_what_failed_and_why() -> None:
    shown = text_of(Servers, scenes.server_down(), 46)
    assert "3 of 5 ready" in shown
    assert "↻ restarting" in shown and "exit code -9" in shown
    assert "✗ failed" in shown and "market breadth is stale" in shown


def test_market_names_its_source_and_its_error() -> None:
    shown = text_of(MarketBreadth, [*scenes.normal(), props.context("429 too many requests")])
    assert "Data provided by CoinGecko" in shown
    assert "! 429 too many requests" in shown
    assert "0.00001234" in shown and "stale" in shown


def test_market_names_no_way_before_anything_came() -> None:
    nothing = props.context("nothing yet: out of reach").model_copy(update={"source": ""})
    shown = text_of(MarketBreadth, [*scenes.normal(), nothing])
    assert "Data provided by CoinGecko" in shown
    assert "CoinGecko by" not in shown


def test_watchlist_marks_a_stale_price() -> None:
    clock = StoppedClock()
    panel = Watchlist(Desk(clock.now, clock.monotonic), "x")
    state = state_of(scenes.normal())
    assert "!20s" not in plain(panel.draw(state, 80, 10, clock.now()).body)
    clock.move(20)
    assert "!20s" in plain(panel.draw(state, 80, 10, clock.now()).body)


@pytest.mark.parametrize("width", [70, 80, 100, 120, 160, 200])
@pytest.mark.parametrize("scene", SCENES)
def test_status_fits_and_keeps_what_matters(scene: str, width: int) -> None:
    state = state_of(SCENES[scene])
    line = status_line(state, width, NOW)
    shown = plain([line])
    assert width_of(line) <= width
    if state.session is not None:
        assert "PAPER" in shown and "SIMULATED" in shown
        assert ("HALTED" if scene in ("halted", "hostile") else "RUNNING") in shown
        assert "10,204" in shown
    if scene == "pending":
        assert "1:37" in shown


def test_live_money_is_spelled_out_in_the_colour_of_danger() -> None:
    line = status_line(state_of([props.started(mode="live"), accounts.account()]), 120, NOW)
    assert ("LIVE", "chip-error") in [(span.text.strip(), span.tone) for span in line]


def test_a_stale_feed_is_marked() -> None:
    clock = StoppedClock()
    state = state_of(scenes.normal())
    clock.move(30)
    assert "feed ! 30s" in plain([status_line(state, 120, clock.now())])


def test_banners_stand_until_their_cause_is_gone() -> None:
    assert banners(ViewState()) == []
    assert [words[:18] for words, _ in banners(state_of(scenes.normal()))] == ["! SIMULATED MARKET"]
    halted = state_of(scenes.halted())
    assert banners(halted)[0][0].startswith("■ HALTED")
    assert len(banners(reduce(halted, accounts.account(TradingState.RUNNING), NOW))) == 1


async def test_a_panel_that_breaks_says_so_and_the_others_live_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> Drawing:
        raise ZeroDivisionError("boom")

    monkeypatch.setattr(Risk, "draw", fails)
    stage = Stage(scenes.normal())
    async with stage.open(MEDIUM) as pilot:
        assert "✗ this panel failed: ZeroDivisionError" in stage.text("risk")
        assert "BTC/USDT" in stage.text("positions")
        await pilot.press("ctrl+k")
        assert ("kill_now", "console") in stage.calls
        assert any("could not be drawn" in entry.text for entry in stage.app.desk.state.log)


async def test_an_event_that_cannot_be_shown_never_reaches_the_engine_again() -> None:
    stage = Stage()
    async with stage.open(MEDIUM) as pilot:
        await stage.tell(pilot, "not an event")  # type: ignore[arg-type]
        broken = accounts.account().model_copy(update={"portfolio": None})
        await stage.tell(pilot, broken, props.log("still here"))
        assert "still here" in stage.text("log")
        assert any("could not be shown" in entry.text for entry in stage.app.desk.state.log)
