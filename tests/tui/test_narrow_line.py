"""A narrow line to the terminal: seldom painted, but what a person does is shown at once."""

from cryptofunk_tui.domain.risk import TradingState
from cryptofunk_tui.tui.panels.watchlist import Watchlist
from tests.tui import accounts, props, scenes
from tests.tui.stage import MEDIUM, Stage


async def test_panels_look_seldom_and_the_banner_does_not() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(MEDIUM) as pilot:
        watch = stage.app.screen.query_one(Watchlist)
        await pilot.press("B")
        assert stage.app.desk.is_slow
        watch.look()
        stage.app.publish(props.tick("BTC/USDT", 2))
        stage.clock.move(watch.every_slow / 2)
        watch.look()
        assert "128,246.90" not in stage.text("watchlist")
        stage.clock.move(watch.every_slow / 2)
        watch.look()
        assert "128,246.90" in stage.text("watchlist")
        stage.app.publish(accounts.account(TradingState.HALTED, "drawdown"))
        stage.clock.move(0.3)
        banner = stage.app.screen.query_one("#banner")
        banner.look()  # type: ignore[attr-defined]
        assert "HALTED" in stage.text("banner")


async def test_a_key_is_shown_at_once() -> None:
    stage = Stage(scenes.normal())
    async with stage.open(MEDIUM) as pilot:
        stage.app.desk.is_slow = True
        await pilot.press("down")
        assert "▸ ETH/USDT" in stage.text("watchlist")
        await pilot.press("ctrl+k")
        assert "KILLED" in stage.text("banner")
        await pilot.press("B")
        assert not stage.app.desk.is_slow
