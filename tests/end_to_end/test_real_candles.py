"""The main job on real candles: records, trades, money that adds up, and the same again on a second run."""

import json
import os
import sqlite3
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.runs import Run, cryptofunk, headless

SYMBOLS = ("BTC", "ETH", "XRP")
BARS = int(os.environ.get("CRYPTOFUNK_TEST_BARS", "150"))
"""1,500 is the full length; the short one keeps the suite quick."""


def files(data: Path) -> list[str]:
    words = []
    for base in SYMBOLS:
        words += ["--candles", str(data / "ohlcv" / f"BITVAVO_{base}-EUR_1h_20211222_20231231.parquet")]
    return words


@pytest.mark.timeout(900)
def test_the_council_trades_real_candles_and_repeats_itself(tmp_path: Path, market_data_dir: Path) -> None:
    words = ("--market", "recorded", *files(market_data_dir), "--cycles", str(BARS))
    first = headless(tmp_path, *words, name="first", timeout=400)
    assert len(first.records) == BARS * len(SYMBOLS)
    assert {record["symbol"] for record in first.records} == {f"{base}/EUR" for base in SYMBOLS}
    assert any(order["purpose"] == "ENTRY" for order in first.orders())
    _money_adds_up(first)
    second = headless(tmp_path, *words, name="second", timeout=400)
    assert [_timeless(record) for record in first.records] == [_timeless(record) for record in second.records]
    refused = cryptofunk(tmp_path, "headless", *words, "--state-dir", str(first.state), code=3)
    assert "--resume" in refused.stderr


def test_a_defective_file_is_refused_with_its_row(tmp_path: Path, market_data_dir: Path) -> None:
    bad = market_data_dir / "ohlcv" / "DEFECTIVE_BINANCE_BTC-USDT_1d_2019_high-wrong.parquet"
    done = cryptofunk(
        tmp_path, "headless", "--candles", str(bad), "--state-dir", str(tmp_path / "state"), code=1
    )
    assert "row 2" in done.stderr
    assert "high is below" in done.stderr


def _timeless(record: dict[str, Any]) -> str:
    return json.dumps({**record, "timings_ms": None}, sort_keys=True)


def _money_adds_up(run: Run) -> None:
    """Balances and positions, from the fills alone."""
    with sqlite3.connect(run.state / "journal.sqlite3") as journal:
        fills = journal.execute("select symbol, side, price, quantity, fee from fills").fetchall()
        balances = dict(journal.execute("select asset, amount from balances").fetchall())
        positions = dict(journal.execute("select symbol, quantity from positions").fetchall())
    cash, held = Decimal(10000), dict.fromkeys((symbol for symbol, *_ in fills), Decimal(0))
    for symbol, side, price, quantity, fee in fills:
        sign = 1 if side == "BUY" else -1
        cash -= sign * Decimal(price) * Decimal(quantity) + Decimal(fee)
        held[symbol] += sign * Decimal(quantity)
    assert Decimal(balances["EUR"]) == cash
    assert {symbol: Decimal(quantity) for symbol, quantity in positions.items()} == {
        symbol: quantity for symbol, quantity in held.items() if quantity
    }
