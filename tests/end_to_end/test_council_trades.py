"""The whole path on real processes: candles in, signals, votes, a verdict, a fill, a stop, exact money."""

import json
import sqlite3
import subprocess
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.runs import (
    WARM_UP,
    Run,
    command,
    cryptofunk,
    environment,
    headless,
    rise_and_fall,
    write_candles,
)

FEE, HALF_SPREAD = Decimal("0.001"), Decimal("0.00025")
CAPITAL = Decimal(10000)


@pytest.fixture
def candles(tmp_path: Path) -> Path:
    return write_candles(tmp_path / "TEST_BTC-EUR_1h_2024.csv", rise_and_fall())


def recorded(home: Path, candles: Path, *words: str, **options: Any) -> Run:
    return headless(home, "--market", "recorded", "--candles", str(candles), *words, **options)


def config(home: Path, text: str) -> str:
    path = home / "config.yaml"
    path.write_text(text)
    return str(path)


def entries(run: Run) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return [
        (record, order)
        for record in run.records
        for order in record["orders"]
        if order["purpose"] == "ENTRY" and order["fills"]
    ]


def opens(candles: Path) -> dict[str, Decimal]:
    rows = [line.split(",") for line in candles.read_text().splitlines()[1:]]
    return {row[0]: Decimal(row[1]) for row in rows}


def test_a_voted_and_approved_buy_fills_at_the_quote_and_its_stop_is_hit(
    tmp_path: Path, candles: Path
) -> None:
    run = recorded(tmp_path, candles)
    assert len(run.records) == len(rise_and_fall()) - WARM_UP
    record, entry = entries(run)[0]
    assert record["tally"]["action"] == "BUY"
    assert record["verdict"]["decision"] == "APPROVED"
    assert all(check["ok"] for check in record["verdict"]["checks"])
    assert {ballot["agent"]: ballot["action"] for ballot in record["ballots"]}["trend_following"] == "BUY"

    (fill,) = entry["fills"]
    as_of_ms = str(
        int(time.mktime(time.strptime(record["as_of"], "%Y-%m-%dT%H:%M:%SZ")) - time.timezone) * 1000
    )
    price, quantity = Decimal(fill["price"]), Decimal(fill["quantity"])
    assert abs(price / (opens(candles)[as_of_ms] * (1 + HALF_SPREAD)) - 1) < Decimal("0.0001")
    assert Decimal(fill["fee"]) == price * quantity * FEE
    assert price * quantity <= CAPITAL * Decimal("0.1")

    stop = next(order for order in run.orders() if order["purpose"] in ("STOP", "TRAIL"))
    (sale,) = stop["fills"]
    out = Decimal(sale["price"])
    assert Decimal(sale["quantity"]) == quantity
    assert Decimal(sale["fee"]) == out * quantity * FEE

    with sqlite3.connect(run.state / "journal.sqlite3") as journal:
        (pnl,) = journal.execute("select pnl from trades order by closed_at limit 1").fetchone()
    assert Decimal(pnl) == (out - price) * quantity - Decimal(fill["fee"]) - Decimal(sale["fee"])
    status = json.loads(
        cryptofunk(tmp_path, "status", "--json", "--state-dir", str(run.state), code=1).stdout
    )
    assert status["state"] == "STOPPED"
    fills = [fill for order in run.orders() for fill in order["fills"]]
    cash = sum(
        (
            Decimal(f["price"]) * Decimal(f["quantity"]) * (1 if f["side"] == "SELL" else -1)
            - Decimal(f["fee"])
            for f in fills
        ),
        CAPITAL,
    )
    assert status["positions"] == 0
    assert Decimal(status["equity"]) == cash


def test_the_risk_officer_vetoes(tmp_path: Path, candles: Path) -> None:
    strict = config(tmp_path, "rules: {limits: {var: 0.00001}}")
    run = recorded(tmp_path, candles, "--config", strict)
    vetoed = [record for record in run.records if record["verdict"]["decision"] == "REJECTED"]
    assert vetoed
    assert not entries(run)
    assert any(check["name"] == "var" and not check["ok"] for check in vetoed[0]["verdict"]["checks"])


def test_a_person_rejects_then_approves(tmp_path: Path, candles: Path) -> None:
    state, jsonl = tmp_path / "run", tmp_path / "run.jsonl"
    words = (
        "headless",
        "--candles",
        str(candles),
        "--approve",
        "manual",
        "--state-dir",
        str(state),
        "--jsonl",
        str(jsonl),
    )
    with subprocess.Popen(
        command(*words),
        env=environment(tmp_path),
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            answers = []
            for answer in ("reject", "approve"):
                waiting = _pending(tmp_path, state, process)
                cryptofunk(tmp_path, answer, waiting, "--state-dir", str(state))
                answers.append(waiting)
            while process.poll() is None and (waiting := _pending(tmp_path, state, process, required=False)):
                cryptofunk(tmp_path, "reject", waiting, "--state-dir", str(state), code=None)
            assert process.wait(60) == 0
        finally:
            process.kill()
    records = [json.loads(line) for line in jsonl.read_text().splitlines()]
    notes = {record["approval"]["approval_id"]: record for record in records if record["approval"]}
    assert notes[answers[0]]["approval"]["decision"] == "REJECTED"
    assert not [order for order in notes[answers[0]]["orders"] if order["purpose"] == "ENTRY"]
    assert notes[answers[1]]["approval"]["decision"] == "GRANTED"
    assert [order for order in notes[answers[1]]["orders"] if order["status"] == "FILLED"]


def test_an_approval_nobody_answers_expires_to_rejected(tmp_path: Path, candles: Path) -> None:
    hasty = config(tmp_path, "rules: {approvals: {answer_s: 0.3}}")
    run = recorded(tmp_path, candles, "--approve", "manual", "--config", hasty)
    asked = [record for record in run.records if record["approval"]]
    assert asked
    assert all(record["verdict"]["decision"] == "REJECTED" for record in asked)
    assert any(record["approval"]["decision"] == "EXPIRED" for record in asked)
    assert not any(record["approval"]["decision"] == "GRANTED" for record in asked)
    assert not entries(run)


def _pending(home: Path, state: Path, process: subprocess.Popen[str], *, required: bool = True) -> str:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        done = cryptofunk(home, "approvals", "--json", "--state-dir", str(state), code=None)
        if done.returncode == 0 and (waiting := json.loads(done.stdout)):
            return str(waiting[0]["approval_id"])
        time.sleep(0.1)
    assert not required, "nothing waits for approval"
    return ""
