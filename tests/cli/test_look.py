"""status, positions, orders, approvals, trace, doctor on what a real run has left."""

import json
import sqlite3
from decimal import Decimal
from pathlib import Path

import pytest

from cryptofunk_tui.storage.control import touch_kill
from cryptofunk_tui.storage.lock import StateLock
from tests.cli.scene import Command
from tests.end_to_end.runs import Run

LOOKS = ("status", "positions", "orders", "approvals", "performance")


def test_without_a_terminal_it_says_so_and_runs_headless(finished: Run) -> None:
    assert "no terminal here: running headless (stop with ctrl+c)\n" in finished.text
    assert finished.text.count("  BTC/EUR    ") == len(finished.records) > 0


def test_the_status_of_a_run_that_has_ended(command: Command, finished: Run) -> None:
    done = command("status", "--json", "--state-dir", finished.state)
    assert (done.code, done.err) == (1, "")
    told = json.loads(done.out)
    assert told["reason"] == "no engine runs here"
    assert {name: told[name] for name in ("state", "mode", "market", "venue", "pid", "servers")} == {
        "state": "STOPPED",
        "mode": "paper",
        "market": "recorded",
        "venue": "recorded",
        "pid": None,
        "servers": {},
    }
    assert (told["positions"], told["open_orders"], told["pending_approvals"]) == (1, 0, 0)
    assert isinstance(told["equity"], str)
    assert -1 < told["drawdown"] <= 0 < told["exposure"] < 0.11
    assert told["market_time"] == finished.records[-1]["as_of"]
    assert told["since"].endswith("Z")
    text = command("status", "--state-dir", finished.state)
    assert text.code == 1
    assert [line.split()[0] for line in text.out.splitlines()] == list(told)
    assert f"equity             {told['equity']}\n" in text.out


def test_a_running_engine_is_running_and_a_killed_one_is_halted(command: Command, copied: Path) -> None:
    with StateLock(copied):
        running = command("status", "--json", "--state-dir", copied)
        assert running.code == 0
        assert json.loads(running.out)["state"] == "RUNNING"
        assert json.loads(running.out)["pid"] is not None
        touch_kill(copied, "killed by a test")
        halted = command("status", "--json", "--state-dir", copied)
    assert halted.code == 1
    assert (json.loads(halted.out)["state"], json.loads(halted.out)["reason"]) == (
        "HALTED",
        "killed by a test",
    )


def test_an_engine_that_died_has_no_servers_and_no_feed(command: Command, copied: Path) -> None:
    with sqlite3.connect(copied / "journal.sqlite3") as journal:
        server = {"at": "2024-01-01T00:00:00Z", "name": "market_data", "state": "ready"}
        pulse = json.dumps([server | {"latency_ms": 1.0, "restarts": 0, "detail": ""}])
        changed = journal.execute("UPDATE engine SET servers = ?, feed_age_s = 0.5", (pulse,))
        assert changed.rowcount == 1
    with StateLock(copied):
        running = json.loads(command("status", "--json", "--state-dir", copied).out)
    died = json.loads(command("status", "--json", "--state-dir", copied).out)
    assert (running["servers"], running["feed_age_s"]) == ({"market_data": "ready"}, 0.5)
    assert (died["state"], died["servers"], died["feed_age_s"]) == ("STOPPED", {}, None)


def test_what_is_held_and_how_it_came(command: Command, finished: Run) -> None:
    (entry,) = finished.orders()
    done = command("positions", "--json", "--state-dir", finished.state)
    (position,) = json.loads(done.out)
    assert (done.code, position["symbol"], position["quantity"]) == (0, "BTC/EUR", entry["filled"])
    assert Decimal(position["initial_stop"]) < Decimal(position["entry_price"]) < Decimal(position["target"])
    assert Decimal(position["mark"]) > 0
    (order,) = json.loads(command("orders", "--json", "--state-dir", finished.state).out)
    assert order == entry
    for name, shown in (("positions", position["stop"]), ("orders", entry["client_order_id"])):
        head, row = command(name, "--state-dir", finished.state).out.splitlines()
        assert head.split()[-1] in ("strategy", "client_order_id")
        assert shown in row


def test_what_the_account_made(command: Command, finished: Run) -> None:
    done = command("performance", "--json", "--state-dir", finished.state)
    assert (done.code, done.err) == (0, "")
    told = json.loads(done.out)
    bars = sorted({record["as_of"] for record in finished.records})
    assert (told["bars"], told["since"], told["until"]) == (len(bars), bars[0], bars[-1])
    (entry,) = finished.orders()
    assert (told["fees"], told["trades"]["trades"]) == (entry["fees"], 0), "what is held has no result yet"
    assert told["figures"]["sharpe"]["value"] is None
    assert told["figures"]["sharpe"]["needs"].endswith("more bars")
    assert told["hold_return"]["value"] > 0
    text = command("performance", "--state-dir", finished.state).out
    assert f"equity                 {told['equity']}\n" in text
    assert f"sharpe                 {told['figures']['sharpe']['needs']}\n" in text
    assert "\nby_strategy\nnone\n" in text


def test_nothing_waits_for_a_person(command: Command, finished: Run) -> None:
    assert json.loads(command("approvals", "--json", "--state-dir", finished.state).out) == []
    assert command("approvals", "--state-dir", finished.state).out == "none\n"


def test_a_decision_is_traced_whole(command: Command, finished: Run) -> None:
    told = next(record for record in finished.records if record["orders"])
    done = command("trace", told["cycle_id"], "--json", "--state-dir", finished.state)
    assert (done.code, json.loads(done.out)) == (0, told)
    text = command("trace", told["cycle_id"], "--state-dir", finished.state)
    assert json.loads(text.out) == told
    assert text.out.count("\n") > 20


def test_an_unknown_cycle_is_wrong_use(command: Command, finished: Run) -> None:
    done = command("trace", "c000", "--state-dir", finished.state)
    assert (done.code, done.out) == (2, "")
    assert "no cycle 'c000'" in done.complaint()


def test_so_many_orders_and_no_nonsense(command: Command, finished: Run) -> None:
    assert len(json.loads(command("orders", "--limit", 1, "--json", "--state-dir", finished.state).out)) == 1
    for limit in ("0", "-1", "many"):
        done = command("orders", "--limit", limit, "--state-dir", finished.state)
        assert done.code == 2
        assert "--limit" in done.err


@pytest.mark.parametrize("words", [*((name,) for name in LOOKS), ("trace", "c1")])
def test_a_state_directory_that_does_not_exist_is_said_and_not_made(
    command: Command, tmp_path: Path, words: tuple[str, ...]
) -> None:
    nowhere = tmp_path / "nowhere"
    done = command(*words, "--state-dir", nowhere)
    assert (done.code, done.out) == (1, "")
    assert str(nowhere) in done.complaint()
    assert not nowhere.exists()


@pytest.mark.parametrize("words", [*((name,) for name in LOOKS), ("trace", "c1")])
@pytest.mark.parametrize("damage", [b"", b"not a database, but long enough to look like a file" * 40])
def test_damaged_files_are_said_and_left_alone(
    command: Command, tmp_path: Path, words: tuple[str, ...], damage: bytes
) -> None:
    for name in ("journal.sqlite3", "records.sqlite3"):
        (tmp_path / name).write_bytes(damage)
    done = command(*words, "--state-dir", tmp_path)
    assert (done.code, done.out) == (1, "")
    assert "damaged" in done.complaint()
    assert (tmp_path / "journal.sqlite3").read_bytes() == damage


@pytest.mark.parametrize("name", LOOKS)
def test_a_journal_without_an_account_is_said(command: Command, copied: Path, name: str) -> None:
    with sqlite3.connect(copied / "journal.sqlite3") as journal:
        journal.execute("delete from active_account")
    done = command(name, "--state-dir", copied)
    if done.code == 0:
        assert done.out == "none\n"
    else:
        assert done.code in (1, 2)
        assert "no account" in done.complaint()


def test_a_path_that_is_a_file_is_said(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for name in (*LOOKS, "pause", "kill"):
        done = command(name, "--state-dir", tmp_path / "file")
        assert done.code == 1
        assert "file" in done.complaint()


def test_the_doctor_looks_at_everything_and_says_so(command: Command, copied: Path) -> None:
    config = copied / "simulated.yaml"
    config.write_text("market: simulated")
    done = command("doctor", "--json", "--state-dir", copied, "--config", config)
    assert done.code == 0, done.out
    findings = json.loads(done.out)
    assert all(finding["ok"] for finding in findings)
    assert [finding["name"] for finding in findings] == [
        "python",
        "settings",
        "state directory",
        "journal",
        "market_data",
        "technical_indicators",
        "risk_analyzer",
        "order_executor",
        "market",
        "models",
    ]
    assert "rules decide alone" in findings[-1]["detail"]
    assert "paper:recorded:recorded" in findings[3]["detail"]


def test_the_doctor_warns_of_a_model_that_is_retired_or_of_one_without_a_key(
    command: Command, tmp_path: Path
) -> None:
    config = tmp_path / "mine.yaml"
    old = {"shape": "anthropic", "model": "claude-sonnet-4-5", "base_url": "http://127.0.0.1:9"}
    other = {"shape": "openai", "model": "gpt-5.6-terra"}
    settings = {"market": "simulated", "models": {"ask": "always", "providers": [old, other]}}
    config.write_text(json.dumps(settings))
    done = command("doctor", "--json", "--state-dir", tmp_path / "s", "--config", config)
    assert done.code == 1
    models = json.loads(done.out)[-1]
    assert models["name"] == "models"
    assert "claude-sonnet-4-5 ready, claude-sonnet-4-5 will be retired on 2026-11-30" in models["detail"] or (
        "is retired since 2026-11-30" in models["detail"]
    )
    assert "gpt-5.6-terra unusable, no key: set OPENAI_API_KEY" in models["detail"]


def test_the_doctor_says_what_is_not_well(command: Command, tmp_path: Path) -> None:
    config = tmp_path / "bad.yaml"
    config.write_text("timeframe: soon")
    done = command("doctor", "--state-dir", tmp_path / "new", "--config", config)
    assert (done.code, done.err) == (1, "")
    python, settings = done.out.splitlines()
    assert python.startswith("✓ python")
    assert settings.startswith("✗ settings")
    assert f"{config}: timeframe: " in settings
    assert not (tmp_path / "new").exists()


def test_the_doctor_says_that_the_state_directory_cannot_be_made(command: Command, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    config = tmp_path / "simulated.yaml"
    config.write_text("market: simulated")
    done = command("doctor", "--json", "--state-dir", tmp_path / "file" / "new", "--config", config)
    assert done.code == 1
    wrong = [finding for finding in json.loads(done.out) if not finding["ok"]]
    assert [finding["name"] for finding in wrong] == ["state directory"]
    assert "cannot be written (Not a directory)" in wrong[0]["detail"]
