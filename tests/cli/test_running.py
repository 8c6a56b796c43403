"""Real runs seen, steered and stopped from outside."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.cli.scene import Command
from tests.end_to_end import runs
from tests.end_to_end.runs import cryptofunk, environment, rise_and_fall, write_candles

STOPS_WITHIN_S = 5.0
SIMULATED = ("--market", "simulated", "--symbols", "BTC/USDT")


@contextmanager
def running(home: Path, *words: str) -> Iterator[subprocess.Popen[str]]:
    """A run with its own state directory; none of its processes outlives the block."""
    process = subprocess.Popen(
        runs.command(*words, "--state-dir", str(home / "state")),
        env=environment(home),
        cwd=home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        for child in _children(process.pid):
            child.kill()
        process.kill()
        process.communicate()


def stopped(process: subprocess.Popen[str], number: signal.Signals) -> str:
    """What a run wrote to stderr, once it has ended well, soon, and with all its servers."""
    children = _children(process.pid)
    assert children
    began = time.monotonic()
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert time.monotonic() - began < STOPS_WITHIN_S
    assert process.returncode == 0, errors
    _, alive = psutil.wait_procs(children, timeout=1)
    assert not alive
    assert "Traceback" not in errors
    return errors


def _children(pid: int) -> list[psutil.Process]:
    try:
        return list(psutil.Process(pid).children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def _await(what: Callable[[], Any], process: subprocess.Popen[str]) -> Any:
    deadline = time.monotonic() + 60
    while not (found := what()):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


def test_a_run_that_waits_for_a_person_is_seen_steered_and_stopped(command: Command, tmp_path: Path) -> None:
    candles = write_candles(tmp_path / "TEST_BTC-EUR_1h_2024.csv", rise_and_fall())
    state, jsonl = tmp_path / "state", tmp_path / "run.jsonl"

    def asked() -> list[dict[str, Any]]:
        done = command("approvals", "--json", "--state-dir", state)
        return list(json.loads(done.out)) if done.code == 0 else []

    def status() -> tuple[int, dict[str, Any]]:
        done = command("status", "--json", "--state-dir", state)
        return done.code, json.loads(done.out)

    words = ("headless", "--candles", str(candles), "--approve", "manual", "--jsonl", str(jsonl))
    with running(tmp_path, *words) as process:
        (waiting,) = _await(asked, process)
        code, told = status()
        assert (code, told["state"], told["pid"]) == (0, "RUNNING", process.pid)
        assert (told["pending_approvals"], told["positions"]) == (1, 0)
        _await(lambda: set(status()[1]["servers"].values()) == {"ready"}, process)
        for word, state_then, code_then in (
            ("pause", "PAUSED", 0),
            ("reduce", "REDUCING", 1),
            ("resume", "RUNNING", 0),
        ):
            confirm = ("--confirm", "RESUME") if word == "resume" else ()
            assert command(word, *confirm, "--state-dir", state).code == 0
            code, told = status()
            assert (told["state"], code) == (state_then, code_then)
        assert command("kill", "--state-dir", state).code == 0
        code, told = status()
        assert (told["state"], code) == ("HALTED", 1)
        assert command("resume", "--confirm", "RESUME", "--state-dir", state).code == 0
        assert command("approve", "a000", "--state-dir", state).code == 2
        second = cryptofunk(tmp_path, "headless", *SIMULATED, "--state-dir", str(state), code=3)
        assert f"an engine runs here already (process {process.pid})" in second.stderr
        assert second.stderr.count("\n") == 1
        errors = stopped(process, signal.SIGTERM)
    assert f"BTC/EUR waits for a person: cryptofunk approve {waiting['approval_id']}" in errors
    last = json.loads(jsonl.read_text().splitlines()[-1])
    assert last["approval"]["approval_id"] == waiting["approval_id"]
    assert last["verdict"]["decision"] == "REJECTED"
    assert last["verdict"]["reason"] == "the run ended before a person answered"
    code, told = status()
    assert (code, told["state"], told["pending_approvals"], told["pid"]) == (1, "STOPPED", 0, None)
    late = command("approve", waiting["approval_id"], "--state-dir", state)
    assert late.code == 3
    assert "only a pending one can be answered" in late.complaint()


def test_a_run_is_stopped_while_its_servers_come_up(tmp_path: Path) -> None:
    with running(tmp_path, "headless", *SIMULATED) as process:
        _await(lambda: _children(process.pid), process)
        assert stopped(process, signal.SIGINT) == ""


def test_a_run_whose_reader_has_gone_ends_and_says_so(tmp_path: Path) -> None:
    """The real command and printer, on an engine that only talks."""
    talks = (
        "import asyncio, sys\n"
        "from cryptofunk_tui.cli import main\n"
        "from cryptofunk_tui.domain.events import CycleFinished\n"
        "from cryptofunk_tui.headless import runner\n"
        "from tests.headless.scene import AT, record\n"
        "class Engine:\n"
        "    def __init__(self, settings, state_dir, listener, **options):\n"
        "        self.tell, self.is_asked = listener, asyncio.Event()\n"
        "    def request_stop(self):\n"
        "        self.is_asked.set()\n"
        "    def kill_now(self, actor):\n"
        "        raise AssertionError\n"
        "    async def run(self):\n"
        "        while not self.is_asked.is_set():\n"
        "            self.tell(CycleFinished(at=AT, record=record(), preview=False))\n"
        "            await asyncio.sleep(0.01)\n"
        "runner.Engine = Engine\n"
        "sys.argv = ['cryptofunk', 'headless', '--market', 'simulated']\n"
        "main()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", talks],
        env=environment(tmp_path),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert "BTC/USDT" in process.stdout.readline()
        process.stdout.close()
        errors = process.stderr.read()
    assert (process.returncode, errors) == (
        1,
        "cryptofunk: stopped, because the output cannot be written any more: Broken pipe\n",
    )
