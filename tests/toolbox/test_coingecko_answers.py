"""Wrong answers are dropped with a stated error, never passed on and never a crash."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.toolbox.coingecko_answers import (
    LONGEST_NAME,
    MOST_ROWS,
    Checked,
    check_global,
    check_markets,
    check_prices,
    check_tickers,
    check_trending,
    clean,
)
from cryptofunk_tui.toolbox.errors import WrongAnswer

IDS = {"BTC": "bitcoin", "ETH": "ethereum"}
GOOD = {"bitcoin": {"usd": 60000, "usd_24h_change": -1.5, "usd_market_cap": 1e12}, "ethereum": {"usd": 3000}}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["bitcoin", "usd", "name", "symbol", "current_price", "coins", "item", "data", "tickers",
                 "base", "target", "last", "btc", "total_market_cap", "market_cap_percentage", "price"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)  # fmt: skip


def market(**changes: Any) -> dict[str, Any]:
    return {"name": "Bitcoin", "symbol": "btc", "current_price": 60000.0, "market_cap": 1e12, **changes}


def ticker(**changes: Any) -> dict[str, Any]:
    return {"base": "BTC", "target": "USDT", "last": 6e4, "is_stale": False, "is_anomaly": False, **changes}


def test_right_answers_pass_whole() -> None:
    prices = check_prices(GOOD, IDS, "usd")
    assert prices.error is None
    assert [(row.symbol, row.name, row.price, row.change_24h) for row in prices.rows] == [
        ("BTC", "Bitcoin", 60000.0, -1.5),
        ("ETH", "Ethereum", 3000.0, None),
    ]
    assert check_markets([market()]).rows[0].symbol == "BTC"
    figures = check_global(
        {"data": {"total_market_cap": {"usd": 2e12}, "market_cap_percentage": {"btc": 54}}}, "usd"
    ).rows[0]
    assert (figures.total_market_cap, figures.btc_dominance) == (2e12, 54.0)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "current_price is missing"),
        ("60000", "current_price is not a number"),
        (True, "current_price is not a number"),
        (math.nan, "current_price is not finite"),
        (math.inf, "current_price is not finite"),
        (10**400, "current_price is not finite"),
        (-1, "current_price is not above 0"),
        (0, "current_price is not above 0"),
        ([1], "current_price is not a number"),
    ],
)
def test_a_wrong_number_drops_its_row_and_only_that(value: Any, reason: str) -> None:
    checked = check_markets([market(), market(current_price=value)])
    assert len(checked.rows) == 1
    assert checked.error == f"1 of 2 rows dropped, row 1: {reason}"
    with pytest.raises(WrongAnswer, match=f"no usable row, row 0: {reason}"):
        check_markets([market(current_price=value)])


def test_missing_coins_and_keys_are_stated() -> None:
    checked = check_prices({"ethereum": {"usd": 1}}, IDS, "usd")
    assert [row.symbol for row in checked.rows] == ["ETH"]
    assert checked.error == "1 of 2 rows dropped, row 0: bitcoin is missing"
    raws: list[Any] = [[], "x", 3, None]
    for raw in raws:
        with pytest.raises(WrongAnswer, match="not an object"):
            check_prices(raw, IDS, "usd")
    raws = [{}, {"coins": {}}]
    for raw in raws:
        with pytest.raises(WrongAnswer, match="coins is not a list"):
            check_trending(raw, "usd")
    with pytest.raises(WrongAnswer, match="btc is 154 percent"):
        check_global({"data": {"total_market_cap": {"usd": 1}, "market_cap_percentage": {"btc": 154}}}, "usd")


def test_only_our_pairs_in_our_money_count_as_tickers() -> None:
    raws = [
        {
            "name": "Binance",
            "tickers": [ticker(), ticker(target="EUR"), ticker(base="0XDEAD"), ticker(base=[])],
        },
        {"name": "Kraken", "tickers": [ticker(target="USD", is_anomaly=True), ticker(last=-1), "junk"]},
        {"name": 5, "tickers": []},
    ]
    checked = check_tickers(raws, IDS, "usd")
    assert [(row.exchange, row.pair, row.stale) for row in checked.rows] == [
        ("Binance", "BTC/USDT", False),
        ("Kraken", "BTC/USD", True),
    ]
    assert checked.error == "1 exchanges left out, the exchange's name is not a text"
    assert [row.pair for row in check_tickers(raws[:1], IDS, "eur").rows] == ["BTC/EUR"]
    with pytest.raises(WrongAnswer, match="tickers is not a list"):
        check_tickers([{"name": "Binance"}], IDS, "usd")


def test_trending_prices_are_dollars() -> None:
    raw = {"coins": [{"item": {"name": "A", "symbol": "a", "data": {"price": 2.0}}}]}
    assert check_trending(raw, "usd").rows[0].price == 2.0
    assert check_trending(raw, "eur").rows[0].price is None


def test_names_are_data() -> None:
    assert clean("Fun\x1b[31m\u202e\u200b Coin\r\n\x00", 40, "name") == "Fun[31m Coin"
    assert len(check_markets([market(name="x" * 10_000_000)]).rows[0].name) == LONGEST_NAME
    for wrong in ("", "\x1b\u200b", "  "):
        with pytest.raises(ValueError, match="name is empty"):
            clean(wrong, 40, "name")


@given(st.text())
def test_what_is_cleaned_is_one_printable_line(text: str) -> None:
    try:
        line = clean(text, LONGEST_NAME, "name")
    except ValueError:
        return
    assert line.isprintable()
    assert 1 <= len(line) <= LONGEST_NAME


def test_endless_lists_are_cut() -> None:
    assert len(check_markets([market()] * 10_000).rows) == MOST_ROWS


@given(JSON)
def test_nothing_crashes_and_all_that_passes_is_finite(raw: Any) -> None:
    checks: list[Any] = [
        lambda: check_prices(raw, IDS, "usd"),
        lambda: check_markets(raw),
        lambda: check_trending(raw, "usd"),
        lambda: check_global(raw, "usd"),
        lambda: check_tickers([raw, raw], IDS, "usd"),
    ]
    for check in checks:
        try:
            checked: Checked[Any] = check()
        except WrongAnswer:
            continue
        for row in checked.rows:
            values = row.model_dump() if hasattr(row, "model_dump") else vars(row)
            json.dumps(values, allow_nan=False)
            assert all(
                value > 0 for key, value in values.items() if key in ("price", "last") and value is not None
            )
