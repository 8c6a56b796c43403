import json

import pytest

from cryptofunk_tui.market.news import FearGreedIndex
from tests.market.scene import StandIn

pytestmark = pytest.mark.anyio
GOOD = {"data": [{"value": "40", "value_classification": "Fear", "timestamp": "1710000000"}]}


class Watch:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def index(binance: StandIn, watch: Watch) -> FearGreedIndex:
    return FearGreedIndex(f"{binance.url}/fng/", watch)


async def test_an_answer_is_kept_for_ten_minutes(binance: StandIn) -> None:
    watch = Watch()
    fear = index(binance, watch)
    binance.break_path("/fng/", body=json.dumps(GOOD))
    reading = await fear.now()
    assert reading is not None
    assert (reading.value, reading.classification, int(reading.at.timestamp())) == (40, "Fear", 1_710_000_000)
    binance.break_path("/fng/", body="broken")
    watch.seconds = 599
    assert await fear.now() == reading
    watch.seconds = 601
    assert await fear.now() is None
    binance.break_path("/fng/", body=json.dumps(GOOD))
    watch.seconds = 630
    assert await fear.now() is None
    watch.seconds = 662
    assert await fear.now() == reading


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"data": []}',
        '{"data": [{"value": "101", "value_classification": "x", "timestamp": "1710000000"}]}',
        '{"data": [{"value": "40", "value_classification": "x", "timestamp": "99999999999999999"}]}',
        '{"data": [{"value": null, "value_classification": "x", "timestamp": "1"}]}',
    ],
)
async def test_nonsense_is_an_unknown_index(binance: StandIn, body: str) -> None:
    binance.break_path("/fng/", body=body)
    assert await index(binance, Watch()).now() is None


async def test_a_dead_server_is_an_unknown_index() -> None:
    assert await FearGreedIndex("http://127.0.0.1:9/fng/").now() is None
