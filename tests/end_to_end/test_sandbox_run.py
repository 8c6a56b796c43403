"""The whole command on a real protocol: servers, council, executor and kill, before the stand-in exchange."""

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from cryptofunk_tui.execution.keys import variables
from cryptofunk_tui.storage.kill_report import read_report
from tests.end_to_end.runs import WARM_UP, command, environment, rise_and_fall
from tests.stand_ins.venue import KEY, SECRET
from tests.stand_ins.venue.process import StandIn, started

PATIENCE_S = 40
RISING = rise_and_fall()[: WARM_UP + 3]
"""Closes after which the council buys."""


def configured(stand_in: StandIn, path: Path) -> Path:
    own = {
        "symbols": ["BTC/USDT"],
        "exchange": {
            "venues": ["binance"],
            "base_urls": {"binance": stand_in.url},
            "requests_per_second": {"binance": 10_000},
        },
        "coingecko": {"enabled": False},
        "news": {"fear_greed_url": "http://127.0.0.1:9/"},
    }
    path.write_text(yaml.safe_dump(own))
    return path


@contextmanager
def sandbox(stand_in: StandIn, home: Path) -> Iterator["Run"]:
    """A headless run on the stand-in, ended at the end."""
    keys = dict(zip(variables("binance", sandbox=True), (KEY, SECRET), strict=False))
    run = Run(home, environment(home) | keys)
    options = ("--mode", "sandbox", "--venue", "binance", "--jsonl", str(home / "run.jsonl"))
    config = configured(stand_in, home / "mine.yaml")
    with (home / "out").open("w") as out:
        process = subprocess.Popen(
            command("headless", *options, "--config", str(config), "--state-dir", str(run.state)),
            env=run.env,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    run.process = process
    try:
        yield run
    finally:
        process.terminate()
        assert process.wait(20) == 0, (home / "out").read_text()


class Run:
    process: subprocess.Popen[bytes]

    def __init__(self, home: Path, env: dict[str, str]) -> None:
        self.home, self.env, self.state = home, env, home / "s"

    def ask(self, what: str) -> Any:
        words = command(what, "--json", "--state-dir", str(self.state))
        done = subprocess.run(words, capture_output=True, text=True, env=self.env, check=False)
        return json.loads(done.stdout) if done.stdout else {}

    def until(self, happened: Callable[[], Any]) -> Any:
        """What comes of it, once it is something."""
        deadline = time.monotonic() + PATIENCE_S
        while not (found := happened()):
            assert time.monotonic() < deadline, (self.home / "out").read_text()
            assert self.process.poll() is None, (self.home / "out").read_text()
            time.sleep(0.2)
        return found


def resting(stand_in: StandIn) -> list[dict[str, Any]]:
    return [order for order in stand_in.state()["orders"] if order["status"] == "NEW"]


def test_a_sandbox_run_agrees_with_its_venue_and_obeys_a_signal(tmp_path: Path) -> None:
    with started() as stand_in:
        stand_in.reset({"USDT": "20000"})
        stand_in.foreign("web_1", "BUY", "0.01", "40000")
        with sandbox(stand_in, tmp_path) as run:
            now = run.until(lambda: (told := run.ask("status")).get("reconciled_at") and told)
            assert (now["mode"], now["state"], now["venue_problem"]) == ("sandbox", "RUNNING", None)
            assert now["foreign_orders"] == ["web_1 BUY 0.01 BTC/USDT"]
            run.process.send_signal(signal.SIGUSR1)
            report = run.until(lambda: (told := read_report(run.state)) and told.is_clean and told)
            assert report.reason == "killed by SIGUSR1"
            assert run.ask("status")["state"] == "HALTED"
        assert [order["clientOrderId"] for order in resting(stand_in)] == ["web_1"]


def test_the_council_buys_at_the_venue_and_the_stop_there_sells(tmp_path: Path) -> None:
    """Candles, signals, votes, verdict, an order on the wire, its fill and fee, a stop that sells."""
    last = Decimal(str(RISING[-1]))
    ask = last + Decimal("0.02")
    with started() as stand_in:
        stand_in.reset({"USDT": "20000"})
        stand_in.market("BTCUSDT", str(last), str(ask))
        stand_in.closes("BTCUSDT", RISING)
        with sandbox(stand_in, tmp_path) as run:
            (held,) = run.until(lambda: run.ask("positions"))
            (entry,) = [order for order in run.ask("orders") if order["purpose"] == "ENTRY"]
            (fill,) = entry["fills"]
            quantity = Decimal(entry["quantity"])
            assert (entry["status"], Decimal(fill["price"])) == ("FILLED", ask)
            assert Decimal(fill["fee"]) == ask * quantity / 1000
            assert Decimal(held["quantity"]) == quantity
            (stop,) = run.until(lambda: resting(stand_in))
            assert (stop["type"], Decimal(stop["origQty"])) == ("STOP_LOSS", quantity)
            assert 0 <= Decimal(stop["stopPrice"]) - Decimal(held["stop"]) < Decimal("0.01")
            below = Decimal(stop["stopPrice"]) - 1
            stand_in.market("BTCUSDT", str(below), str(below + Decimal("0.02")))
            run.until(lambda: not run.ask("positions"))
        state = stand_in.state()
        (sale,) = [order for order in run.ask("orders") if order["purpose"] == "STOP"]
        assert sale["status"] == "FILLED"
        cash = 20_000 - quantity * ask + quantity * below - quantity * (ask + below) / 1000
        assert Decimal(state["owned"]["USDT"]) == cash
        assert all(count == 1 for count in state["accepted"].values())
    records = [json.loads(line) for line in (tmp_path / "run.jsonl").read_text().splitlines()]
    bought = next(record for record in records if record["tally"]["action"] == "BUY")
    assert (bought["mode"], bought["verdict"]["decision"]) == ("sandbox", "APPROVED")
    assert {ballot["agent"] for ballot in bought["ballots"]} >= {"trend_following"}
    assert bought["orders"][0]["client_order_id"] == entry["client_order_id"]
