from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from cryptofunk_tui.domain.errors import Refused
from cryptofunk_tui.market.simulated import SIMULATED_START
from cryptofunk_tui.orchestrator import launch
from cryptofunk_tui.orchestrator.launch import MarketFacts, open_account, run_id
from cryptofunk_tui.settings import CONFIG_VARIABLE, STATE_DIR_VARIABLE, Settings, load_settings
from cryptofunk_tui.storage.errors import Refused as Forbidden
from cryptofunk_tui.storage.journal import Journal

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 5, 1, tzinfo=UTC)


class Fixed:
    """Wall time that stands still."""

    def __init__(self, now: datetime = NOW) -> None:
        self._now = now

    def now(self) -> datetime:
        return self._now


def facts(kind: str = "simulated", venue: str | None = None) -> MarketFacts:
    return MarketFacts(kind, venue or kind, (), True, True, True, None, None)


def simulated(**chosen: Any) -> Settings:
    return load_settings(None, {"market": "simulated", **chosen})


def test_the_same_data_and_seed_give_the_same_run() -> None:
    later = NOW + timedelta(days=3)
    assert run_id(simulated(), facts(), NOW) == run_id(simulated(), facts(), later)
    recorded = simulated(recorded={"candles": ["/here/a_BTC-EUR_1h_.csv"]})
    moved = simulated(recorded={"candles": ["/there/a_BTC-EUR_1h_.csv"]})
    assert run_id(recorded, facts("recorded"), NOW) == run_id(moved, facts("recorded"), later)


@pytest.mark.parametrize(
    "other", [{"simulated": {"seed": 8}}, {"timeframe": "4h"}, {"symbols": ["BTC/USDT"]}]
)
def test_other_data_is_another_run(other: dict[str, Any]) -> None:
    assert run_id(simulated(**other), facts(), NOW) != run_id(simulated(), facts(), NOW)


def test_a_live_run_is_named_by_its_venue_and_start() -> None:
    names = {
        run_id(simulated(), facts("exchange", venue), NOW + timedelta(seconds=second))
        for venue in ("binance", "kraken")
        for second in (0, 1)
    }
    assert len(names) == 4


def test_servers_are_given_the_config_the_state_and_nothing_else(tmp_path: Path) -> None:
    chosen = simulated(simulated={"seed": 3})
    config = launch.write_run_config(chosen, tmp_path)
    assert config.stat().st_mode & 0o777 == 0o600
    assert load_settings(config) == chosen
    for spec in launch.server_specs(config, tmp_path):
        assert spec.env == {CONFIG_VARIABLE: str(config), STATE_DIR_VARIABLE: str(tmp_path)}
        assert spec.command is not None
        assert spec.command[1:] == ("-P", "-m", f"servers.{spec.name}")


async def test_a_used_state_directory_is_refused_and_resumed(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path)
    try:
        first = await open_account(journal, simulated(), facts(), Fixed(), resume=False)
        assert first == ("paper:simulated:simulated", run_id(simulated(), facts(), NOW), None)
        again = await open_account(journal, simulated(), facts(), Fixed(), resume=False)
        assert again == first, "a run that never began leaves the directory unused"
        await journal.set_market_time(SIMULATED_START)
        with pytest.raises(Refused, match=r"stands at 2025-01-01 00:00Z; go on with --resume") as refusal:
            await open_account(journal, simulated(), facts(), Fixed(), resume=False)
        assert refusal.value.exit_code == 3
        resumed = await open_account(journal, simulated(), facts(), Fixed(), resume=True)
        assert resumed == (*first[:2], SIMULATED_START)
    finally:
        await journal.close()


@pytest.mark.parametrize("resume", [False, True])
async def test_a_run_of_other_data_is_refused_even_with_resume(tmp_path: Path, resume: bool) -> None:
    journal = await Journal.open(tmp_path)
    try:
        await open_account(journal, simulated(), facts(), Fixed(), resume=False)
        with pytest.raises(Refused, match="run of other data, symbols or seed; name another"):
            await open_account(journal, simulated(simulated={"seed": 8}), facts(), Fixed(), resume=resume)
    finally:
        await journal.close()


async def test_a_refused_run_leaves_the_account_that_was_active(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path)
    try:
        await open_account(journal, simulated(), facts("recorded"), Fixed(), resume=False)
        await open_account(journal, simulated(), facts(), Fixed(), resume=False)
        with pytest.raises(Refused):
            await open_account(
                journal, simulated(symbols=["BTC/USDT"]), facts("recorded"), Fixed(), resume=False
            )
        with pytest.raises((Refused, Forbidden)):
            await open_account(
                journal, simulated(symbols=["BTC/EUR"]), facts("recorded"), Fixed(), resume=True
            )
        account = await journal.account()
        assert account is not None
        assert account.market == "simulated"
    finally:
        await journal.close()


async def test_a_live_account_goes_on_without_being_asked(tmp_path: Path) -> None:
    journal = await Journal.open(tmp_path)
    try:
        live = facts("exchange", "binance")
        _, first, _ = await open_account(journal, simulated(), live, Fixed(), resume=False)
        later = Fixed(NOW + timedelta(days=1))
        account, run, _ = await open_account(journal, simulated(), live, later, resume=False)
        assert (account, run) == ("paper:exchange:binance", first)
        balances = await journal.balances()
        assert balances == {"USDT": Decimal(10000)}
    finally:
        await journal.close()
