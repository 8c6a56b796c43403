from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cryptofunk_tui.settings import (
    CONFIG_VARIABLE,
    STATE_DIR_VARIABLE,
    Settings,
    SettingsError,
    dump_settings,
    load_settings,
    state_dir,
)


@pytest.fixture(autouse=True)
def _nothing_of_ours_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (CONFIG_VARIABLE, STATE_DIR_VARIABLE, "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)


def written(folder: Path, text: str) -> Path:
    path = folder / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path: Path | None, **overrides: Any) -> str:
    with pytest.raises(SettingsError) as refused:
        load_settings(path, overrides)
    text = str(refused.value)
    assert "\n" not in text
    return text


def test_the_file_that_ships_holds_every_default_and_nothing_else() -> None:
    shipped = yaml.safe_load(files("config").joinpath("default.yaml").read_text(encoding="utf-8"))
    assert load_settings() == Settings()
    assert shipped == Settings().model_dump(mode="json")


def test_the_file_goes_over_the_defaults_and_the_overrides_over_the_file(tmp_path: Path) -> None:
    path = written(
        tmp_path, "timeframe: 4h\ncapital: '500.50'\nrules: {voting: {quorum: 0.7}}\nsimulated: {seed: 1}"
    )
    chosen = load_settings(path, {"timeframe": "1d", "simulated": {"seed": None, "speed": 60.0}})
    assert chosen.timeframe == "1d"
    assert chosen.capital == Decimal("500.50")
    assert chosen.rules.voting == Settings().rules.voting.model_copy(update={"quorum": 0.7})
    assert (chosen.simulated.seed, chosen.simulated.speed) == (1, 60.0)
    assert chosen.rules.limits == Settings().rules.limits


def test_the_variable_names_a_file_and_the_argument_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(CONFIG_VARIABLE, str(written(tmp_path, "timeframe: 15m")))
    assert load_settings().timeframe == "15m"
    other = tmp_path / "other.yaml"
    other.write_text("timeframe: 1w")
    assert load_settings(other).timeframe == "1w"


@pytest.mark.parametrize("text", ["", "# nothing yet\n", "rules:\n", "rules: {}\n", "venue: null\n"])
def test_an_empty_file_or_section_changes_nothing(tmp_path: Path, text: str) -> None:
    assert load_settings(written(tmp_path, text)) == Settings()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tiemframe: 1h", ("tiemframe", "no such setting")),
        ("rules: {voting: {quorom: 1}}", ("rules.voting.quorom", "no such setting")),
        ("1: 2", ("1", "no such setting")),
        ("rules: 5", ("rules",)),
        ("timeframe: soon", ("timeframe", "write 1m, 15m, 1h")),
        ("timeframe: 60", ("timeframe", "string")),
        ("symbols: []", ("symbols", "at least one")),
        ("symbols: [btcusdt]", ("symbols", "write BASE/QUOTE in capitals")),
        ("symbols: [BTC/EUR, BTC/USDT]", ("symbols", "one quote currency")),
        ("symbols: [BTC/EUR, ETH/EUR, BTC/EUR]", ("symbols", "BTC/EUR is named twice")),
        ("symbols: BTC/EUR", ("symbols",)),
        ("capital: 0", ("capital", "greater than 0")),
        ("capital: .nan", ("capital", "finite")),
        ("early_move: .inf", ("early_move", "finite")),
        ("mode: real", ("mode", "paper")),
        ("market: stocks", ("market", "simulated")),
        ("rules: {limits: {position: 1.5}}", ("rules.limits.position", "less than or equal to 1")),
        ("rules: {council: {technical: {ema_fast: 300}}}", ("rules.council.technical", "must rise")),
        ("- a\n- b", ("keys and values",)),
        ("text", ("keys and values",)),
        ("a: [1", ("not valid YAML",)),
        ("a: \x00", ("not valid YAML",)),
        ("a: !!python/object:os.system {}", ("not valid YAML",)),
    ],
)
def test_a_bad_file_is_refused_in_one_line_that_names_file_and_key(
    tmp_path: Path, text: str, words: tuple[str, ...]
) -> None:
    path = written(tmp_path, text)
    message = refusal(path)
    assert message.startswith(f"{path}: ")
    for word in words:
        assert word in message


def test_a_bad_override_is_refused_by_its_key(tmp_path: Path) -> None:
    assert refusal(None, timeframe="soon").startswith("configuration: timeframe: ")
    assert "simulated.speed" in refusal(None, simulated={"speed": float("nan")})


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.yaml"
    assert refusal(missing) == f"{missing}: No such file or directory; name a readable file with --config"
    assert refusal(tmp_path).startswith(f"{tmp_path}: Is a directory")
    latin = tmp_path / "latin.yaml"
    latin.write_bytes("venue: Zürich".encode("latin-1"))
    assert refusal(latin).startswith(f"{latin}: not UTF-8")


@settings(max_examples=25)
@given(
    st.builds(
        dict,
        timeframe=st.sampled_from(["1m", "4h", "1w"]),
        capital=st.decimals("0.00000001", "1E+12", places=8).map(str),
        simulated=st.fixed_dictionaries({"seed": st.integers(0, 2**31), "speed": st.floats(1, 1e6)}),
        symbols=st.sampled_from([["BTC/EUR"], ["ETH/USDT", "BTC/USDT"]]),
        recorded=st.fixed_dictionaries({"candles": st.lists(st.sampled_from(["a b.csv", "BTC/EUR=ü: x"]))}),
    )
)
def test_servers_read_the_settings_that_were_written_for_them(
    tmp_path_factory: pytest.TempPathFactory, values: dict[str, Any]
) -> None:
    chosen = load_settings(None, values)
    path = tmp_path_factory.getbasetemp() / "run.yaml"
    path.write_text(dump_settings(chosen), encoding="utf-8")
    assert load_settings(path) == chosen


def test_where_the_state_lives(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_dir() == tmp_path / ".local" / "share" / "cryptofunk"
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert state_dir() == tmp_path / "data" / "cryptofunk"
    monkeypatch.setenv(STATE_DIR_VARIABLE, str(tmp_path / "variable"))
    assert state_dir() == tmp_path / "variable"
    assert state_dir(tmp_path / "argument") == tmp_path / "argument"


def test_the_quote_currency_is_that_of_the_symbols() -> None:
    assert Settings(symbols=("BTC/EUR", "ETH/EUR")).quote_asset == "EUR"


@pytest.mark.parametrize(
    "text",
    [
        "coingecko: {url: 'https://evil.example/mcp'}",
        "coingecko: {rest_url: 'http://api.coingecko.com'}",
        "coingecko: {url: 'https://coingecko.com.evil.example'}",
        "news: {fear_greed_url: 'https://notalternative.me/'}",
    ],
)
def test_addresses_come_from_an_allow_list(tmp_path: Path, text: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(SettingsError, match="over https, nor on this machine"):
        load_settings(path)
