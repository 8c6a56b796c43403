import numpy as np

from cryptofunk_tui.market.noise import stream
from cryptofunk_tui.market.simulated_news import fear_greed, headlines
from cryptofunk_tui.market.simulated_prices import DAY_MS, START_DAY, Tape, market_walk

KEY = stream("news")
MARKET = market_walk(7)
END_MS = START_DAY * DAY_MS


def test_headlines_do_not_depend_on_the_window() -> None:
    tape = Tape(7, "BTC/USDT", MARKET)
    month = headlines(KEY, "BTC/USDT", tape.price, END_MS - 30 * DAY_MS, END_MS)
    day = headlines(KEY, "BTC/USDT", tape.price, END_MS - 2 * DAY_MS, END_MS - DAY_MS)
    assert 30 < len(month) < 100
    assert day == [
        each for each in month if END_MS - 2 * DAY_MS < each.at.timestamp() * 1000 <= END_MS - DAY_MS
    ]
    assert day


def test_the_tone_follows_the_price() -> None:
    rising = headlines(KEY, "BTC/USDT", lambda moment: 1.0 + moment / END_MS, END_MS - 90 * DAY_MS, END_MS)
    steady = np.mean([each.score for each in rising])
    falling = headlines(
        KEY, "BTC/USDT", lambda moment: 1.1 ** -(moment / DAY_MS % 1000), END_MS - 90 * DAY_MS, END_MS
    )
    assert np.mean([each.score for each in falling]) < steady - 0.4
    assert all(-1 <= each.score <= 1 for each in (*rising, *falling))
    assert {each.source for each in rising} == {"simulated"}


def test_fear_and_greed_follows_the_month_and_has_its_words() -> None:
    readings = [fear_greed(KEY, MARKET, END_MS + day * DAY_MS + 5) for day in range(700)]
    months = [
        MARKET.anchors[START_DAY + day - 17_897] - MARKET.anchors[START_DAY + day - 30 - 17_897]
        for day in range(700)
    ]
    values = [each.value for each in readings]
    assert 1 <= min(values) < 30 and 70 < max(values) <= 99
    assert np.corrcoef(values, months)[0, 1] > 0.8
    for each in readings:
        words = {
            "Extreme Fear": (0, 24),
            "Fear": (25, 45),
            "Neutral": (46, 54),
            "Greed": (55, 75),
            "Extreme Greed": (76, 100),
        }
        low, high = words[each.classification]
        assert low <= each.value <= high
    assert readings[0].at.timestamp() * 1000 == END_MS
