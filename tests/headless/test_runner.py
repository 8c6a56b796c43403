import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from cryptofunk_tui.domain.cycle import ApprovalNote
from cryptofunk_tui.domain.errors import WrongUse
from cryptofunk_tui.domain.events import CycleFinished, EngineStarted, LogLine, PriceTick, ServerStatus
from cryptofunk_tui.domain.risk import Decision, Verdict
from cryptofunk_tui.headless.lines import decision_line
from cryptofunk_tui.headless.runner import Printer, run_headless
from cryptofunk_tui.settings import Settings
from tests.headless.scene import AT, record


class Desk:
    """A printer and what it wrote."""

    def __init__(self) -> None:
        self.out, self.err, self.sink = StringIO(), StringIO(), StringIO()
        self.printer = Printer(self.out, self.err, self.sink)

    def finish(self, *, preview: bool = False, **told: Any) -> None:
        self.printer.show(CycleFinished(at=AT, record=record(**told), preview=preview))


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_record_is_a_line_of_text_and_a_line_of_json(desk: Desk) -> None:
    desk.finish()
    assert desk.out.getvalue() == decision_line(record()) + "\n"
    (line,) = desk.sink.getvalue().splitlines()
    assert json.loads(line) == record().model_dump(mode="json")
    told = json.loads(line)
    assert (told["as_of"], told["approval"], told["inputs"]["news.score"]) == (
        "2025-03-01T09:00:00Z",
        None,
        None,
    )
    assert desk.err.getvalue() == ""


def test_what_waits_for_a_person_is_noted_and_recorded_when_it_is_answered(desk: Desk) -> None:
    asked = ApprovalNote(approval_id="a1", decision="PENDING", decided_by="risk", reason="manual")
    pending = Verdict(decision=Decision.PENDING, checks=(), reason="manual")
    desk.finish(verdict=pending, approval=asked)
    assert (desk.out.getvalue(), desk.sink.getvalue()) == ("", "")
    assert desk.err.getvalue() == "BTC/USDT waits for a person: cryptofunk approve a1, or reject\n"
    granted = asked.model_copy(update={"decision": "GRANTED"})
    desk.finish(verdict=Verdict(decision=Decision.APPROVED, checks=(), reason=""), approval=granted)
    assert desk.out.getvalue().count("\n") == desk.sink.getvalue().count("\n") == 1
    assert json.loads(desk.sink.getvalue())["approval"]["decision"] == "GRANTED"


def test_previews_and_prices_are_not_for_paper(desk: Desk) -> None:
    desk.finish(preview=True)
    desk.printer.show(PriceTick(at=AT, symbol="BTC/USDT", bid=1, ask=2, last=1))
    desk.printer.show(LogLine(at=AT, level="info", source="engine", text="all is well"))
    desk.printer.show(ServerStatus(at=AT, name="x", state="ready", latency_ms=1, restarts=0, detail=""))
    assert desk.out.getvalue() + desk.err.getvalue() + desk.sink.getvalue() == ""


def test_what_a_person_must_know_goes_to_the_other_stream(desk: Desk) -> None:
    desk.printer.show(
        EngineStarted(
            at=AT,
            mode="paper",
            market="simulated",
            venue="simulated",
            account="paper:simulated:simulated",
            symbols=("BTC/USDT", "ETH/USDT"),
            timeframe="1h",
            speed=None,
            notice="SIMULATED MARKET, prices are invented",
        )
    )
    desk.printer.show(LogLine(at=AT, level="warning", source="desk", text="no order left"))
    desk.printer.show(
        ServerStatus(
            at=AT, name="market_data", state="restarting", latency_ms=None, restarts=1, detail="killed"
        )
    )
    assert desk.err.getvalue().splitlines() == [
        "paper account on the simulated market (simulated): BTC/USDT, ETH/USDT",
        "SIMULATED MARKET, prices are invented",
        "warning: desk: no order left",
    ]
    assert desk.out.getvalue() == ""


def test_a_jsonl_file_that_cannot_be_written_is_wrong_use(tmp_path: Path) -> None:
    nowhere = tmp_path / "missing" / "run.jsonl"
    with pytest.raises(WrongUse, match=r"missing/run\.jsonl: No such file or directory; name a writable"):
        run_headless(Settings(), tmp_path / "state", cycles=1, jsonl=nowhere, resume=False)
    assert not (tmp_path / "state").exists()
