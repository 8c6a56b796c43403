"""The configuration: config/default.yaml, then the user's file, then the command line."""

import os
from collections.abc import Iterator
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from cryptofunk_tui.domain.base import Money, Record
from cryptofunk_tui.domain.console import ConsoleConfig
from cryptofunk_tui.domain.errors import WrongUse
from cryptofunk_tui.domain.market import checked_symbol, split_symbol, timeframe_ms
from cryptofunk_tui.domain.models import Authority, ModelsConfig
from cryptofunk_tui.domain.notices import NoticeRules
from cryptofunk_tui.domain.rules import Rules
from cryptofunk_tui.domain.sources import (
    CoinGeckoConfig,
    ExchangeConfig,
    NewsConfig,
    RecordedConfig,
    SimulatedConfig,
)

Mode = Literal["paper", "sandbox", "live"]
"""Money that is made up, a venue's test net, real money."""

CONFIG_VARIABLE = "CRYPTOFUNK_CONFIG"
STATE_DIR_VARIABLE = "CRYPTOFUNK_STATE_DIR"
RUN_CONFIG = "run.yaml"
"""The settings of a run, in its state directory, as its servers read them."""

_YAML = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""Ten times as fast where libyaml is there."""


class SettingsError(WrongUse, ValueError):
    """A configuration that cannot be used; the message names the file, the key and the mend."""


class LiveConfig(Record):
    """What a person must have written down before real money is traded."""

    confirm: str = ""
    """For a run without a screen: I trade real money on VENUE, with the venue's name."""
    approve: Literal["auto", "manual"] = "manual"
    """auto lets entries leave without a person; only this file can say so."""


class Settings(Record):
    """Everything that a run depends on."""

    market: Literal["auto", "exchange", "recorded", "simulated"] = "auto"
    """Where prices come from; auto tries live venues, then makes prices up."""
    mode: Mode = "paper"
    """Whose money: made up, a venue's test net, real."""
    venue: str | None = None
    """The venue whose prices are traded on; absent, the first that answers."""
    symbols: tuple[str, ...] = ("BTC/USDT", "ETH/USDT", "SOL/USDT", "XRP/USDT", "ADA/USDT")
    """What is traded, BASE/QUOTE, all in one quote currency."""
    timeframe: str = "1h"
    """The bars that decisions are made on, as each closes."""
    capital: Money = Field(Decimal(10000), gt=0)
    """A paper account's start, in quote currency."""
    approve: Literal["auto", "manual"] = "auto"
    """manual asks a person before every entry of a paper account; real money is always asked for."""
    early_move: float = Field(0.01, gt=0)
    """A cycle runs early after a price move of this share."""
    preview_s: float = Field(30.0, gt=0)
    """Wall seconds between previews on the forming bar."""
    live: LiveConfig = LiveConfig()
    exchange: ExchangeConfig = ExchangeConfig()
    recorded: RecordedConfig = RecordedConfig()
    simulated: SimulatedConfig = SimulatedConfig()
    coingecko: CoinGeckoConfig = CoinGeckoConfig()
    news: NewsConfig = NewsConfig()
    models: ModelsConfig = ModelsConfig()
    console: ConsoleConfig = ConsoleConfig()
    notify: NoticeRules = NoticeRules()
    rules: Rules = Rules()

    @field_validator("symbols")
    @classmethod
    def _symbols(cls, symbols: tuple[str, ...]) -> tuple[str, ...]:
        if not symbols:
            raise ValueError("name at least one symbol")
        twice = [symbol for index, symbol in enumerate(symbols) if symbol in symbols[:index]]
        if twice:
            raise ValueError(f"{twice[0]} is named twice; name every symbol once")
        if len({split_symbol(checked_symbol(symbol))[1] for symbol in symbols}) > 1:
            raise ValueError("one account has one quote currency; all symbols must share it")
        return symbols

    @field_validator("timeframe")
    @classmethod
    def _timeframe(cls, timeframe: str) -> str:
        timeframe_ms(timeframe)
        return timeframe

    @model_validator(mode="after")
    def _real_orders_need_a_real_venue(self) -> "Settings":
        if self.mode != "paper" and self.market not in ("auto", "exchange"):
            raise ValueError(f"mode {self.mode} trades on an exchange, never on a {self.market} market")
        if self.mode != "paper" and self.venue is None:
            raise ValueError(f"mode {self.mode} needs the venue by name: --venue binance")
        return self

    @property
    def approval(self) -> Literal["auto", "manual"]:
        """Who lets entries leave: with real money a person, unless the file says otherwise."""
        return self.live.approve if self.mode == "live" else self.approve

    @property
    def authority(self) -> Authority:
        """What a model may decide: on a paper account the action, with real orders nothing unless said."""
        return self.models.authority or ("decide" if self.mode == "paper" else "advise")

    @property
    def quote_asset(self) -> str:
        return split_symbol(self.symbols[0])[1]


def load_settings(path: Path | None = None, overrides: dict[str, Any] | None = None) -> Settings:
    """Defaults, then `path` (or the file that CRYPTOFUNK_CONFIG names), then `overrides` (nested, None
    means not given). Raises SettingsError."""
    path = path or (Path(os.environ[CONFIG_VARIABLE]) if os.environ.get(CONFIG_VARIABLE) else None)
    values = _read_yaml(
        files("config").joinpath("default.yaml").read_text(encoding="utf-8"), "config/default.yaml"
    )
    if path is not None:
        values = _merge(values, _read_yaml(_text(path), str(path)))
    values = _merge(values, overrides or {})
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "configuration"
        unknown = first["type"] in ("extra_forbidden", "invalid_key")
        what = "no such setting; config/default.yaml lists them all" if unknown else first["msg"]
        raise SettingsError(f"{path or 'configuration'}: {where}: {what}") from None


def origins(path: Path | None, overrides: dict[str, Any]) -> dict[str, str]:
    """Where each setting that is not a default comes from, by dotted key: the file's name, or the command
    line. Raises SettingsError."""
    path = path or (Path(os.environ[CONFIG_VARIABLE]) if os.environ.get(CONFIG_VARIABLE) else None)
    found = {}
    if path is not None:
        found = dict.fromkeys(_keys(_read_yaml(_text(path), str(path))), str(path))
    return found | dict.fromkeys(_keys(overrides), "command line")


def _keys(values: dict[str, Any], path: str = "") -> Iterator[str]:
    """Dotted keys of what is given."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from _keys(value, f"{path}{name}.")
        elif value is not None:
            yield f"{path}{name}"


def dump_settings(settings: Settings) -> str:
    """YAML that load_settings reads back: what the servers of a run are given. Where notices go is not theirs
    to know."""
    return yaml.safe_dump(settings.model_dump(mode="json", exclude={"notify"}), sort_keys=False)


def state_dir(given: Path | None = None) -> Path:
    """Where journal, records and kill file live: the argument, the variable, the user's data folder."""
    if given is not None:
        return given
    if os.environ.get(STATE_DIR_VARIABLE):
        return Path(os.environ[STATE_DIR_VARIABLE])
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "cryptofunk"


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}; name a readable file with --config") from None
    except UnicodeDecodeError:
        raise SettingsError(f"{path}: not UTF-8 text; save it as UTF-8") from None


def _read_yaml(text: str, name: str) -> dict[str, Any]:
    try:
        values = yaml.load(text, _YAML) or {}
    except yaml.YAMLError as error:
        raise SettingsError(f"{name}: not valid YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(values, dict):
        raise SettingsError(f"{name}: must hold keys and values")
    return values


def _merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in over.items():
        if value is None:
            continue
        merged[key] = (
            _merge(merged[key], value)
            if isinstance(value, dict) and isinstance(merged.get(key), dict)
            else value
        )
    return merged
