"""The whole command on a real protocol: servers, council, executor and kill, before the stand-in exchange."""

import json
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import yaml

from cryptofunk_tui.execution.keys import variables
from cryptofunk_tui.storage.kill_report import read_report
from tests.end_to_end.runs import command, environment
from tests.stand_ins.venue import KEY, SECRET
from tests.stand_ins.venue.process import StandIn, started

START_S = 40


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


def status(state: Path, env: dict[str, str]) -> dict[str, Any]:
    words = command("status", "--json", "--state-dir", str(state))
    done = subprocess.run(words, capture_output=True, text=True, env=env, check=False)
    return dict(json.loads(done.stdout)) if done.stdout else {}


def test_a_sandbox_run_agrees_with_its_venue_and_obeys_a_signal(tmp_path: Path) -> None:
    state = tmp_path / "s"
    with started() as stand_in:
        stand_in.reset({"USDT": "20000"})
        stand_in.foreign("web_1", "BUY", "0.01", "40000")
        config = configured(stand_in, tmp_path / "mine.yaml")
        keys = dict(zip(variables("binance", sandbox=True), (KEY, SECRET), strict=False))
        env = environment(tmp_path) | keys
        options = ("--mode", "sandbox", "--venue", "binance", "--config", str(config))
        process = subprocess.Popen(
            command("headless", *options, "--state-dir", str(state)),
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            deadline = time.monotonic() + START_S
            while not (now := status(state, env)).get("reconciled_at"):
                assert time.monotonic() < deadline, now
                assert process.poll() is None, process.stderr
                time.sleep(0.3)
            assert (now["mode"], now["state"], now["venue_problem"]) == ("sandbox", "RUNNING", None)
            assert now["foreign_orders"] == ["web_1 BUY 0.01 BTC/USDT"]
            process.send_signal(signal.SIGUSR1)
            while (report := read_report(state)) is None or not report.is_clean:
                assert time.monotonic() < deadline, report
                time.sleep(0.1)
            assert report.reason == "killed by SIGUSR1"
            assert status(state, env)["state"] == "HALTED"
        finally:
            process.terminate()
            assert process.wait(20) == 0
        assert [order["status"] for order in stand_in.state()["orders"]] == ["NEW"]
