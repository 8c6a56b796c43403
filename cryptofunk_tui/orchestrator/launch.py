"""Starts what a run needs: the state directory's lock, the servers with their environment, the account."""

import hashlib
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptofunk_tui.domain.base import Clock, WallClock, from_ms, to_ms
from cryptofunk_tui.domain.errors import ProductError, Refused
from cryptofunk_tui.domain.market import timeframe_ms
from cryptofunk_tui.domain.models import GATEWAY
from cryptofunk_tui.domain.sources import CRYPTOPANIC_KEY
from cryptofunk_tui.market.simulated import SIMULATED_START
from cryptofunk_tui.settings import CONFIG_VARIABLE, RUN_CONFIG, STATE_DIR_VARIABLE, Settings, dump_settings
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.toolbox.errors import ToolboxError
from cryptofunk_tui.toolbox.spec import ServerSpec
from cryptofunk_tui.toolbox.toolbox import Toolbox

SERVERS = ("market_data", "technical_indicators", "risk_analyzer", "order_executor")
_KEYS = re.compile(
    r"CRYPTOFUNK_[A-Z0-9]+_(SANDBOX_)?API_(KEY|SECRET|PASSWORD)"
    r"|DBUS_SESSION_BUS_ADDRESS|XDG_RUNTIME_DIR|XDG_CONFIG_HOME|PYTHON_KEYRING_BACKEND"
)
START_TIMEOUT_S = 20.0
DESCRIBE_DEADLINE_S = 10.0
WARM_UP_BARS = 720
"""History before the first decision: what the risk officer looks back on."""


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """What market_data says of itself; `span` bounds recorded data."""

    kind: str
    venue: str
    symbols: tuple[str, ...]
    has_book: bool
    has_venue_quotes: bool
    has_news: bool
    notice: str | None
    span: tuple[datetime, datetime] | None


def write_run_config(settings: Settings, state_dir: Path) -> Path:
    """The settings as the servers of this run read them, in the state directory."""
    path = state_dir / RUN_CONFIG
    path.write_text(dump_settings(settings), encoding="utf-8")
    path.chmod(0o600)
    return path


def server_specs(config: Path, state_dir: Path) -> tuple[ServerSpec, ...]:
    """Our servers as subprocesses. `-P` keeps the working directory off their module path. What leads to the
    keys reaches the executor alone."""
    env = {CONFIG_VARIABLE: str(config), STATE_DIR_VARIABLE: str(state_dir)}
    return tuple(
        ServerSpec(
            name=name,
            command=(sys.executable, "-P", "-m", f"servers.{name}"),
            env=env | _own_variables(name),
        )
        for name in SERVERS
    )


def gateway_spec(settings: Settings, config: Path, state_dir: Path) -> ServerSpec | None:
    """The models' gateway, the only process that is given their keys; None where no provider is there to be
    asked, or none may be."""
    models = settings.models
    keys = {each.key_name for each in models.providers if each.key_name} & os.environ.keys()
    keyless = any(each.is_local for each in models.providers)
    made_up = settings.market in ("recorded", "simulated") and models.ask == "auto"
    if models.ask == "never" or made_up or not (keys or keyless):
        return None
    return ServerSpec(
        name=GATEWAY,
        command=(sys.executable, "-P", "-m", f"servers.{GATEWAY}"),
        env={CONFIG_VARIABLE: str(config), STATE_DIR_VARIABLE: str(state_dir)}
        | {name: os.environ[name] for name in keys},
    )


def why_rules_alone(settings: Settings, market: str) -> str:
    """Why no model is asked on a kind of market, and what would change that."""
    models = settings.models
    if models.ask == "never":
        return "models.ask is never"
    if market in ("recorded", "simulated") and models.ask == "auto":
        return f"on a {market} market models are asked only with models.ask: always"
    names = ", ".join(each.key_name for each in models.providers if each.key_name)
    return f"no key; set one of {names}"


def _own_variables(server: str) -> dict[str, str]:
    """For the executor the keys of venues in the environment, and the way to the system's keyring and the
    user's configuration; for the market the key of a source of news."""
    if server == "market_data":
        return {name: os.environ[name] for name in (CRYPTOPANIC_KEY,) if name in os.environ}
    if server != "order_executor":
        return {}
    return {name: value for name, value in os.environ.items() if _KEYS.fullmatch(name)}


async def describe_market(toolbox: Toolbox) -> MarketFacts:
    """Wait for market_data and ask which market it opened. Raises ProductError with its reason."""
    try:
        await toolbox.ready("market_data", START_TIMEOUT_S)
        facts: dict[str, Any] = await toolbox.call(
            "market_data", "describe_market", {}, deadline_s=DESCRIBE_DEADLINE_S
        )
    except ToolboxError as error:
        raise ProductError(f"no market: {error}") from None
    span = facts["span_ms"]
    return MarketFacts(
        kind=facts["kind"],
        venue=facts["venue"],
        symbols=tuple(facts["symbols"]),
        has_book=facts["has_book"],
        has_venue_quotes=facts["has_venue_quotes"],
        has_news=facts["has_news"],
        notice=facts["notice"],
        span=(from_ms(span[0]), from_ms(span[1])) if span else None,
    )


def run_id(settings: Settings, facts: MarketFacts, now: datetime) -> str:
    """The name of a run. The same data and seed give the same one, so a replayed run has the same orders;
    a run on a live venue is named by its start."""
    parts = [facts.kind, settings.timeframe, *settings.symbols]
    if facts.kind == "recorded":
        parts += [Path(name).name for name in settings.recorded.candles]
    elif facts.kind == "simulated":
        parts.append(str(settings.simulated.seed))
    else:
        parts += [facts.venue, str(to_ms(now))]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:12]


async def open_account(
    journal: Journal, settings: Settings, facts: MarketFacts, clock: Clock, *, resume: bool
) -> tuple[str, str, datetime | None]:
    """The run's account, its run id and where its market time stands. A recorded or simulated run starts
    clean: Refused where the state directory holds one already and `resume` was not said; then the account
    that was active stays it."""
    async with journal.transaction():
        return await _open_account(journal, settings, facts, clock, resume=resume)


async def _open_account(
    journal: Journal, settings: Settings, facts: MarketFacts, clock: Clock, *, resume: bool
) -> tuple[str, str, datetime | None]:
    now = clock.now()
    account = await journal.open_account(
        mode=settings.mode,
        market=facts.kind,
        venue=facts.venue,
        run_id=run_id(settings, facts, now),
        quote_asset=settings.quote_asset,
        capital=settings.capital,
        at=now,
    )
    row = await journal.account()
    assert row is not None
    if facts.kind != "exchange" and row.run_id != run_id(settings, facts, now):
        raise Refused(
            f"the state directory holds a {facts.kind} run of other data, symbols or seed; "
            "name another one with --state-dir"
        )
    if row.market_time is not None and not resume and facts.kind != "exchange":
        raise Refused(
            f"the state directory holds a {facts.kind} run that stands at {row.market_time:%Y-%m-%d %H:%M}Z; "
            "go on with --resume or name an empty one with --state-dir"
        )
    if row.quote_asset != settings.quote_asset:
        raise Refused(
            f"this account is kept in {row.quote_asset}, the symbols ask for {settings.quote_asset}; "
            "name another --state-dir"
        )
    return account, row.run_id, row.market_time


async def first_moment(
    toolbox: Toolbox, settings: Settings, facts: MarketFacts, market_time: datetime | None
) -> datetime:
    """The first bar close to decide on: after the warm-up, or the next one of a resumed run."""
    bar_ms = timeframe_ms(settings.timeframe)
    if market_time is not None:
        return from_ms((to_ms(market_time) // bar_ms + 1) * bar_ms)
    if facts.kind == "simulated" or facts.span is None:
        return SIMULATED_START
    starts = []
    for symbol in settings.symbols:
        arguments = {
            "symbol": symbol,
            "timeframe": settings.timeframe,
            "limit": WARM_UP_BARS,
            "since": to_ms(facts.span[0]),
            "at": facts.span[1].astimezone(UTC).isoformat(),
        }
        stamps = (await toolbox.call("market_data", "get_candles", arguments))["candles"]["timestamp_ms"]
        if len(stamps) < WARM_UP_BARS:
            raise ProductError(
                f"{symbol}: {len(stamps)} candles; {WARM_UP_BARS} are needed before the first decision"
            )
        starts.append(stamps[-1] + bar_ms)
    return from_ms(max(starts))


@asynccontextmanager
async def lone_executor(state_dir: Path) -> AsyncIterator[Toolbox]:
    """The executor of a dead run, so that its watcher obeys a kill and cancels what that run left open."""
    try:
        async with executor_alone(state_dir / RUN_CONFIG, state_dir) as toolbox:
            yield toolbox
    except ToolboxError as error:
        raise ProductError(f"the executor cannot be started: {error}") from None


@asynccontextmanager
async def executor_alone(config: Path, state_dir: Path) -> AsyncIterator[Toolbox]:
    """order_executor without an engine, once it answers. Raises ToolboxError."""
    specs = [spec for spec in server_specs(config, state_dir) if spec.name == "order_executor"]
    toolbox = Toolbox(specs, lambda _: None, WallClock(), state_dir=state_dir)
    await toolbox.start()
    try:
        await toolbox.ready("order_executor", START_TIMEOUT_S)
        yield toolbox
    finally:
        await toolbox.close()
