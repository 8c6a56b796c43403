"""CoinGecko's own server behind the real console: its prices, markets, trending and tickers on screen."""

import asyncio
import socket
import time
from pathlib import Path

import pytest

from cryptofunk_tui.domain.sources import CoinGeckoConfig
from cryptofunk_tui.orchestrator.engine import Engine
from cryptofunk_tui.settings import Settings
from cryptofunk_tui.tui.app import CryptoFunkApp
from tests.stand_ins.coingecko import Unavailable, npm_server, rest_stand_in

pytestmark = pytest.mark.anyio
SHOWN_WITHIN_S = 60
SEEN = ("61,234", "Bitcoin", "Binance", "Trending", "MCP", "CoinGecko")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.timeout(240)
async def test_what_coingecko_says_arrives_on_screen(tmp_path: Path) -> None:
    port = free_port()
    try:
        with rest_stand_in() as rest, npm_server(port, rest):
            config = CoinGeckoConfig(url=f"http://127.0.0.1:{port}/", rest_url=rest.url)
            settings = Settings.model_validate(
                {"market": "simulated", "simulated": {"speed": 360}, "coingecko": config.model_dump()}
            )
            app = CryptoFunkApp(lambda publish: Engine(settings, tmp_path, publish, watched=True))
            async with app.run_test(size=(200, 100)) as pilot:
                await pilot.press("8")
                missing = await _missing(app)
                assert not missing, f"not on screen: {missing}"
                assert "/simple/price" in rest.seen()
                await app.action_quit()
    except Unavailable as reason:
        pytest.skip(str(reason))


async def _missing(app: CryptoFunkApp) -> list[str]:
    deadline = time.monotonic() + SHOWN_WITHIN_S
    while True:
        shown = app.export_screenshot().replace("&#160;", " ")
        missing = [text for text in SEEN if text not in shown]
        if not missing or time.monotonic() > deadline:
            return missing
        await asyncio.sleep(0.5)
