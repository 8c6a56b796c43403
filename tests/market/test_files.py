from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest

from cryptofunk_tui.domain.candles import COLUMNS, Candles
from cryptofunk_tui.market.files import read_candles
from cryptofunk_tui.market.source import MarketError
from tests.market.scene import candles

HEADER = ",".join(COLUMNS)
GOOD_ROW = "1709251200000,10,11,9,10.5,3"


def write_parquet(path: Path, bars: Candles, **changed: object) -> Path:
    columns = {**bars.columns(), **changed}
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    return path


def write_csv(path: Path, *rows: str, header: str = HEADER) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def test_symbol_and_timeframe_come_from_the_name(tmp_path: Path) -> None:
    bars = candles([10, 11, 12])
    [read] = read_candles([str(write_parquet(tmp_path / "VENUE_BTC-EUR_1h_2024.parquet", bars))])
    assert (read.symbol, read.timeframe) == ("BTC/EUR", "1h")
    assert read.columns() == bars.columns()


def test_a_named_symbol_infers_the_commonest_step(tmp_path: Path) -> None:
    bars = candles([10, 11, 12, 13, 14], skip=(2,))
    rows = zip(*bars.columns().values(), strict=True)
    path = write_csv(tmp_path / "mine.csv", *(",".join(map(str, row)) for row in rows))
    [read] = read_candles([f"SOL/USDT={path}"])
    assert (read.symbol, read.timeframe, len(read)) == ("SOL/USDT", "1h", 4)


def test_csv_and_parquet_read_alike(tmp_path: Path) -> None:
    bars = candles([10.25, 11, 12])
    rows = zip(*bars.columns().values(), strict=True)
    csv = write_csv(tmp_path / "a_BTC-EUR_1h_.csv", *(",".join(map(str, row)) for row in rows))
    parquet = write_parquet(tmp_path / "a_ETH-EUR_1h.parquet", bars)
    first, second = read_candles([str(csv), str(parquet)])
    assert first.columns() == second.columns()
    assert [first.symbol, second.symbol] == ["BTC/EUR", "ETH/EUR"]


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ("1709254800000,10,8,9,10,3", "row 1: high is below low"),
        ("1709254800000,10,11,9,nan,3", "row 1: close is not a finite number"),
        ("1709254800000,10,11,9,,3", "row 1: close '' is no number"),
        ("1709254800000,10,11,9,ten,3", "row 1: close 'ten' is no number"),
        ("1709254800000,10,11", "row 1: low None is no number"),
        ("1709254800000.5,10,11,9,10,3", "row 1: timestamp_ms '1709254800000.5' is no whole number"),
        ("99999999999999999999,10,11,9,10,3", "is no whole number of milliseconds"),
        ("1709251200000,10,11,9,10,3", "row 1: duplicate time"),
        ("1709247600000,10,11,9,10,3", "row 1: time runs backwards"),
        ("1709254800001,10,11,9,10,3", "row 1: time is not on the timeframe's grid"),
        ("1709254800000,10,11,9,10,-3", "row 1: volume is negative"),
        ("1709254800000,0,11,0,10,3", "row 1: open is not above zero"),
    ],
)
def test_a_bad_row_is_refused_with_file_row_and_reason(tmp_path: Path, row: str, told: str) -> None:
    path = write_csv(tmp_path / "x_BTC-EUR_1h_.csv", GOOD_ROW, row)
    with pytest.raises(MarketError) as refused:
        read_candles([str(path)])
    assert str(refused.value).startswith(f"{path}: ")
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_defective_recording_is_refused(market_data_dir: Path) -> None:
    [path] = (market_data_dir / "ohlcv").glob("DEFECTIVE*")
    with pytest.raises(MarketError, match=r"DEFECTIVE.*: row 2: high is below open or close"):
        read_candles([str(path)])


@pytest.mark.parametrize("name", ["candles.csv", "btc-eur_1h.csv", "BTC-EUR.csv", "BTC-EUR_1x_.csv"])
def test_a_name_that_tells_nothing_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(MarketError, match="write BASE/QUOTE=FILE"):
        read_candles([str(write_csv(tmp_path / name, GOOD_ROW))])


def test_files_that_are_no_candles_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x_BTC-EUR_1h.parquet").write_bytes(b"PAR1 or so")
    (tmp_path / "x_BTC-EUR_1h.csv").write_bytes(b"\xff\xfe\x00")
    cases = {
        "x_BTC-EUR_1h.parquet": "is no Parquet file",
        "x_BTC-EUR_1h.csv": "is no CSV text|lacks the column",
        "absent_BTC-EUR_1h.csv": "no such file",
        "absent_BTC-EUR_1h.txt": "ends in .parquet or .csv",
    }
    for name, told in cases.items():
        with pytest.raises(MarketError, match=told) as refused:
            read_candles([str(tmp_path / name)])
        assert "\n" not in str(refused.value)


def test_missing_columns_and_empty_files_are_refused(tmp_path: Path) -> None:
    no_volume = write_csv(
        tmp_path / "v_BTC-EUR_1h.csv", "1,2,3,4,5", header="timestamp_ms,open,high,low,close"
    )
    with pytest.raises(MarketError, match="lacks the column volume"):
        read_candles([str(no_volume)])
    with pytest.raises(MarketError, match="holds no candles"):
        read_candles([str(write_csv(tmp_path / "e_BTC-EUR_1h.csv"))])
    bare = tmp_path / "p_BTC-EUR_1h.parquet"
    pyarrow.parquet.write_table(pyarrow.table({"open": [1.0]}), bare)
    with pytest.raises(MarketError, match="lacks the column timestamp_ms"):
        read_candles([str(bare)])


def test_parquet_columns_of_other_kinds_are_refused(tmp_path: Path) -> None:
    texts = write_parquet(tmp_path / "t_BTC-EUR_1h.parquet", candles([1, 2]), close=["a", "b"])
    with pytest.raises(MarketError, match="column close holds no numbers"):
        read_candles([str(texts)])
    nulls = write_parquet(tmp_path / "n_BTC-EUR_1h.parquet", candles([1, 2]), close=[1.0, None])
    with pytest.raises(MarketError, match="row 1: close is not a finite number"):
        read_candles([str(nulls)])
    stamps = write_parquet(
        tmp_path / "s_BTC-EUR_1h.parquet", candles([1, 2]), timestamp_ms=np.array([0.5, 1.5])
    )
    with pytest.raises(MarketError, match="whole milliseconds"):
        read_candles([str(stamps)])


@pytest.mark.parametrize(
    ("rows", "told"), [((GOOD_ROW,), "one row"), ((GOOD_ROW, "1709251230000,1,1,1,1,1"), "30000 ms")]
)
def test_a_timeframe_that_cannot_be_inferred_is_refused(
    tmp_path: Path, rows: tuple[str, ...], told: str
) -> None:
    path = write_csv(tmp_path / "mine.csv", *rows)
    with pytest.raises(MarketError, match=told):
        read_candles([f"BTC/EUR={path}"])
