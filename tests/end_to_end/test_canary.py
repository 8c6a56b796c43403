"""A secret is nowhere: not in a file, a log, an answer, an error or a screen line, under every fault."""

import asyncio
import base64
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from cryptofunk_tui.orchestrator.launch import write_run_config
from cryptofunk_tui.toolbox.errors import ToolboxError
from tests.end_to_end.live import KEYS, executor, granted, open_journal, person, settings_for
from tests.end_to_end.runs import command
from tests.stand_ins.venue import KEY, SECRET
from tests.stand_ins.venue.process import StandIn, started

pytestmark = pytest.mark.anyio
LOST = ("timeout", "request_lost", "reply_lost", "reset", "empty", "not_json", "wrong_shape", "duplicate")
REFUSED = ("500", "502", "504", "429", "418", "-1000", "-1001", "-1006", "-1007", "-1013", "-1021", "-2010")
KINDS = (*LOST, *REFUSED)


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with started() as process:
        yield process


def forms(secret: str) -> tuple[bytes, ...]:
    """A secret as it might be written."""
    plain = secret.encode()
    return plain, quote(secret, safe="").encode(), base64.b64encode(plain), plain.hex().encode()


def assert_nowhere(folder: Path, *texts: str) -> None:
    seen = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    seen |= {f"text {number}": text.encode() for number, text in enumerate(texts)}
    for name, data in seen.items():
        for secret in (KEY, SECRET):
            assert not any(form in data for form in forms(secret)), name
        assert b"signature=" not in data, name


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "log").write_text(f"x {SECRET}")
    with pytest.raises(AssertionError):
        assert_nowhere(tmp_path)


async def test_no_fault_lets_a_key_out(stand_in: StandIn, tmp_path: Path) -> None:
    state = tmp_path / "s"
    state.mkdir(mode=0o700)
    stand_in.reset({"USDT": "1000000"})
    config = write_run_config(settings_for(stand_in), state)
    journal = await open_journal(state)
    told: list[str] = []

    async def call(toolbox: Any, tool: str, arguments: dict[str, Any]) -> None:
        try:
            answer = await toolbox.call("order_executor", tool, arguments, deadline_s=12.0)
            told.append(json.dumps(answer))
        except ToolboxError as error:
            told.append(str(error))

    async with executor(config, state) as toolbox:
        await call(toolbox, "process_market", {})
        for number, kind in enumerate(KINDS):
            paths = ("/api/v3/order", "/api/v3/openOrders", "/api/v3/account", "/api/v3/myTrades")
            rules = [{"kind": kind, "path": path, "count": 2} for path in paths]
            stand_in.faults(*(rules if kind != "timeout" else rules[:1]))
            await call(toolbox, "place_market_order", await granted(journal, f"f{number}"))
            await call(toolbox, "process_market", {})
            if kind in ("429", "418"):
                await asyncio.sleep(1.1)
        stand_in.faults()
        await asyncio.sleep(1.2)  # what said "too many" last is left alone for a second
        await call(toolbox, "check_keys", {"venue": "binance"})
        assert '"place": "the environment' in told[-1]
    await journal.close()
    for words in (("status", "--json"), ("orders", "--json"), ("kill",)):
        done = await asyncio.to_thread(
            subprocess.run,
            command(*words, "--state-dir", str(state)),
            capture_output=True,
            text=True,
            env=person(tmp_path),
            check=False,
        )
        told += [done.stdout, done.stderr]
    assert len(told) > 2 * len(KINDS)
    assert KEYS
    assert_nowhere(tmp_path, *told)
