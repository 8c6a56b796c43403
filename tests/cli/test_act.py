"""kill, pause, reduce, resume, approve, reject on the state directory of a run that has ended."""

import asyncio
import getpass
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest

from cryptofunk_tui.domain.orders import ApprovalStatus, OrderStatus, Side
from cryptofunk_tui.settings import RUN_CONFIG
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.control import Control, kill_path
from cryptofunk_tui.storage.journal import Journal
from tests.cli.scene import Command
from tests.storage.books import approval, request

T = TypeVar("T")


def journal(state: Path, ask: Callable[[Journal], Awaitable[T]]) -> T:
    async def opened() -> T:
        books = await Journal.open(state)
        try:
            return await ask(books)
        finally:
            await books.close()

    return asyncio.run(opened())


def state_of(command: Command, state: Path) -> str:
    return str(json.loads(command("status", "--json", "--state-dir", state).out)["state"])


def add_pending(state: Path, name: str, *, expires_s: float = 60) -> None:
    order = request("cfpending", symbol="BTC/EUR", quantity="0.5")
    asked = approval(name, order, ApprovalStatus.PENDING).model_copy(
        update={
            "account": "paper:recorded:recorded",
            "expires_at": datetime.now(UTC) + timedelta(seconds=expires_s),
        }
    )
    journal(state, lambda books: Approvals(books).add(asked))


def test_states_are_set_and_kept_with_their_actor(command: Command, copied: Path) -> None:
    for word in ("pause", "reduce"):
        done = command(word, "--state-dir", copied)
        assert (done.code, done.out, done.err) == (0, f"{word}d\n".replace("reduced", "reducing"), "")
    log = journal(copied, lambda books: Control(books, copied).log())
    assert [entry.state for entry in log[:2]] == ["REDUCING", "PAUSED"]
    assert log[0].actor == f"{getpass.getuser()}@cli"
    assert command("resume", "--confirm", "RESUME", "--state-dir", copied).out == "resumed\n"
    assert journal(copied, lambda books: Control(books, copied).state())[0] == "RUNNING"


@pytest.mark.parametrize("words", [(), ("--confirm", ""), ("--confirm", "resume"), ("--confirm", "RESUME ")])
def test_resuming_takes_the_word(command: Command, copied: Path, words: tuple[str, ...]) -> None:
    command("pause", "--state-dir", copied)
    done = command("resume", *words, "--state-dir", copied)
    assert (done.code, done.out) == (3, "")
    assert "--confirm RESUME" in done.complaint()
    assert journal(copied, lambda books: Control(books, copied).state())[0] == "PAUSED"


def test_a_kill_with_nothing_running_and_nothing_open_stays_until_it_is_resumed(
    command: Command, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cryptofunk_tui.orchestrator.launch.SERVERS", ("no_such_server",))
    done = command("kill", "--state-dir", copied)
    assert (done.code, done.err) == (0, "")
    assert "resume --confirm RESUME" in done.out
    assert kill_path(copied).exists()
    assert state_of(command, copied) == "HALTED"
    for word in ("pause", "reduce"):
        refused = command(word, "--state-dir", copied)
        assert refused.code == 3
        assert "trading is halted (killed by" in refused.complaint()
    assert command("kill", "--state-dir", copied).code == 0
    assert command("resume", "--confirm", "RESUME", "--state-dir", copied).code == 0
    assert not kill_path(copied).exists()
    assert state_of(command, copied) == "STOPPED"


def test_a_kill_with_nothing_running_cancels_what_a_dead_run_left_open(
    command: Command, copied: Path
) -> None:
    async def leave_open(books: Journal) -> None:
        order = request("cfleft", Side.BUY, "0.1", symbol="BTC/EUR", limit_price="50")
        await books.add_order(order, decision_id="d", at=datetime.now(UTC), approval_id=None)
        await books.set_status("cfleft", OrderStatus.OPEN, "", datetime.now(UTC))

    journal(copied, leave_open)
    done = command("kill", "--state-dir", copied)
    assert (done.code, done.err) == (0, "")
    order = journal(copied, lambda books: books.order("cfleft"))
    assert order is not None
    assert order.status is OrderStatus.CANCELED


def test_an_approval_is_granted_or_rejected_once(command: Command, copied: Path) -> None:
    add_pending(copied, "a1")
    (row,) = json.loads(command("approvals", "--json", "--state-dir", copied).out)
    assert (row["approval_id"], row["symbol"], row["quantity"]) == ("a1", "BTC/EUR", "0.5")
    head, line = command("approvals", "--state-dir", copied).out.splitlines()
    assert head.startswith("approval_id")
    assert "BTC/EUR" in line
    assert command("approve", "a1", "--state-dir", copied).out == "granted a1\n"
    granted = journal(copied, lambda books: Approvals(books).get("a1"))
    assert granted is not None
    assert (granted.status, granted.decided_by) == ("GRANTED", f"{getpass.getuser()}@cli")
    left = granted.expires_at - datetime.now(UTC)
    assert timedelta(0) < left <= timedelta(seconds=30)
    for word in ("approve", "reject"):
        again = command(word, "a1", "--state-dir", copied)
        assert again.code == 3
        assert "a1 is GRANTED; only a pending one can be answered" in again.complaint()
    add_pending(copied, "a2")
    assert command("reject", "a2", "--state-dir", copied).out == "rejected a2\n"


def test_an_approval_that_ran_out_is_refused(command: Command, copied: Path) -> None:
    add_pending(copied, "a1", expires_s=-1)
    done = command("approve", "a1", "--state-dir", copied)
    assert done.code == 3
    assert "EXPIRED" in done.complaint()


def test_an_unknown_approval_is_wrong_use_and_those_that_wait_are_named(
    command: Command, copied: Path
) -> None:
    add_pending(copied, "a1")
    for word in ("approve", "reject"):
        done = command(word, "a9", "--state-dir", copied)
        assert (done.code, done.out) == (2, "")
        assert "no approval 'a9'; waiting: a1" in done.complaint()


def test_a_run_config_that_cannot_be_read_is_said(command: Command, copied: Path) -> None:
    add_pending(copied, "a1")
    (copied / RUN_CONFIG).write_text("rules: [")
    done = command("approve", "a1", "--state-dir", copied)
    assert (done.code, done.out) == (2, "")
    assert "run.yaml" in done.complaint()


ACTS: list[tuple[Any, ...]] = [
    ("pause",),
    ("reduce",),
    ("resume", "--confirm", "RESUME"),
    ("approve", "a1"),
    ("reject", "a1"),
]


@pytest.mark.parametrize("words", ACTS)
def test_where_no_engine_ever_ran_nothing_is_made_and_nothing_is_claimed(
    command: Command, tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = command(*words, "--state-dir", tmp_path / "nowhere")
    assert (done.code, done.out) == (1, "")
    assert "no engine ever ran here; look at --state-dir" in done.complaint()
    assert not (tmp_path / "nowhere").exists()


def test_a_kill_where_no_engine_ever_ran_blocks_all_the_same_and_says_so(
    command: Command, tmp_path: Path
) -> None:
    done = command("kill", "--state-dir", tmp_path / "nowhere")
    assert done.code == 1
    assert "no engine ever ran here" in done.complaint()
    assert kill_path(tmp_path / "nowhere").exists()


def test_a_kill_blocks_even_with_the_journal_torn(command: Command, tmp_path: Path) -> None:
    (tmp_path / "journal.sqlite3").write_bytes(b"torn" * 2000)
    done = command("kill", "--state-dir", tmp_path)
    assert done.code == 1
    assert done.out.startswith("killed: no order leaves any more")
    assert "damaged" in done.complaint()
    assert kill_path(tmp_path).exists()


def test_who_did_what_is_kept_with_its_outcome(
    command: Command, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_pending(copied, "a1", expires_s=-1)
    assert command("approve", "a1", "--state-dir", copied).code
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.5 50000 10.0.0.1 22")
    assert command("kill", "--state-dir", copied).code == 0
    kill, approve = json.loads(command("acts", "--json", "--state-dir", copied).out)
    assert (approve["act"], approve["subject"]) == ("approve", "a1")
    assert "EXPIRED" in approve["outcome"]
    assert (kill["act"], kill["outcome"]) == ("kill", "done")
    assert kill["actor"] == f"{getpass.getuser()}@cli from 10.0.0.5"
    assert "approve" in command("acts", "--state-dir", copied).out


def test_a_user_without_a_name_acts_by_number(
    command: Command, copied: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found: 4711")

    monkeypatch.setattr(getpass, "getuser", nameless)
    assert command("pause", "--state-dir", copied).code == 0
    log = journal(copied, lambda books: Control(books, copied).log())
    assert log[0].actor.startswith("uid ")


def test_amounts_of_a_waiting_order_are_exact(copied: Path, command: Command) -> None:
    add_pending(copied, "a1")
    (row,) = json.loads(command("approvals", "--json", "--state-dir", copied).out)
    assert Decimal(row["collar"]) == 101
