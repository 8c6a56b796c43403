"""The run in words: once each, in the log and in a file that outlives the screen."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cryptofunk_tui.domain.events import AnyEvent, LogLine, ServerState, ServerStatus
from cryptofunk_tui.orchestrator.bus import Bus
from cryptofunk_tui.orchestrator.chronicle import Chronicle

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


class Stopped:
    def now(self) -> datetime:
        return NOW


class Desk:
    """A bus with a chronicle on it, and every line that was said."""

    def __init__(self, state_dir: Path) -> None:
        self.lines: list[LogLine] = []
        self.bus = Bus()
        self.bus.subscribe(self._keep)
        self.chronicle = Chronicle(state_dir, self.bus.publish, Stopped())
        self.bus.subscribe(self.chronicle.hear)
        self.file = state_dir / "logs" / "run.log"

    def server(self, state: ServerState, detail: str = "") -> None:
        status = ServerStatus(
            at=NOW, name="market_data", state=state, latency_ms=1.0, restarts=0, detail=detail
        )
        self.bus.publish(status)

    def _keep(self, event: AnyEvent) -> None:
        if isinstance(event, LogLine):
            self.lines.append(event)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.chronicle.close()


def test_a_server_is_spoken_of_when_its_state_changes_only(desk: Desk) -> None:
    for state in ("starting", "ready", "ready", "restarting", "ready"):
        desk.server(state)
    assert [line.text for line in desk.lines] == ["starting", "ready", "restarting", "ready"]
    assert [line.level for line in desk.lines] == ["info", "info", "warning", "info"]


def test_every_line_is_kept_in_the_file(desk: Desk) -> None:
    desk.server("failed", "exit 1")
    desk.bus.publish(LogLine(at=NOW, level="error", source="engine", text="a line of its own"))
    assert desk.file.read_text().splitlines() == [
        "2024-05-01T12:00:00Z warning market_data: failed exit 1",
        "2024-05-01T12:00:00Z error   engine: a line of its own",
    ]


def test_a_file_that_cannot_be_written_stops_nothing(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(desk.chronicle._handler.stream, "write", full)
    desk.server("ready")
    assert [line.text for line in desk.lines] == ["ready"]
    assert capsys.readouterr().err == ""
