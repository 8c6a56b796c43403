"""What was recorded is read back as it was told, and what is no recording is refused in words."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cryptofunk_tui.domain.errors import ProductError, WrongUse
from cryptofunk_tui.domain.events import AnyEvent, Bars, LogLine
from cryptofunk_tui.storage.recording import Recorder, Recording
from tests.tui import accounts, props, scenes

BEGAN = datetime(2025, 3, 14, 15, 0, tzinfo=UTC)


class Ticking:
    """A clock that is a second later at each look."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        self.at += 1
        return self.at


def recorded(path: Path, events: list[AnyEvent]) -> Path:
    recorder = Recorder(path, lambda: BEGAN, Ticking())
    for event in events:
        recorder.hear(event)
    recorder.close()
    return path


def later(bars: Bars, gone: int) -> Bars:
    """A chart `gone` bars on, its last bar changed."""
    step = 3_600_000
    stamps = tuple(bars.timestamp_ms[-1] + step * (index + 1) for index in range(gone))
    moved = {
        name: (*getattr(bars, name)[gone:-1], getattr(bars, name)[-1] + 0.5, *([1.25] * gone))
        for name in ("open", "high", "low", "close", "volume")
    }
    return bars.model_copy(update={**moved, "timestamp_ms": (*bars.timestamp_ms[gone:], *stamps)})


@pytest.mark.parametrize("name", ["run.jsonl", "run.jsonl.gz"])
@pytest.mark.parametrize(
    "scene", [scenes.normal, scenes.pending, scenes.hostile, scenes.venue_unwell, scenes.killed_in_part]
)
def test_every_event_is_read_as_it_was_told(
    tmp_path: Path, name: str, scene: Callable[[], list[AnyEvent]]
) -> None:
    told = [*scene(), *scene(), accounts.account(), props.tick("BTC/USDT", 1.001)]
    recording = Recording(recorded(tmp_path / name, told))
    read = list(recording.events())
    assert [event for _, event in read] == told
    assert [second for second, _ in read] == [float(number + 1) for number in range(len(told))]
    assert recording.began == BEGAN
    assert recording.length_s == len(told)


@pytest.mark.parametrize("gone", [0, 1, 2, 9, 50])
def test_a_chart_that_goes_on_is_written_as_what_is_new(tmp_path: Path, gone: int) -> None:
    first = props.bars("BTC/USDT", 120)
    told: list[AnyEvent] = [
        first,
        later(first, gone),
        props.bars("ETH/USDT", 120),
        later(later(first, gone), 1),
    ]
    path = recorded(tmp_path / "run.jsonl", told)
    assert [event for _, event in Recording(path).events()] == told
    lengths = [len(line) for line in path.read_text().splitlines()[1:]]
    assert lengths[3] < lengths[0] / 5
    assert (lengths[1] < lengths[0] / 3) == (gone < 10)


def test_what_did_not_change_is_not_written(tmp_path: Path) -> None:
    path = recorded(tmp_path / "run.jsonl", [accounts.account(), accounts.account()])
    _, first, second = path.read_text().splitlines()
    assert json.loads(second)["set"] == {}
    assert len(first) > 1000


def test_a_recording_is_its_owners_alone_and_never_written_over(tmp_path: Path) -> None:
    path = recorded(tmp_path / "run.jsonl.gz", scenes.normal())
    assert path.stat().st_mode & 0o077 == 0
    with pytest.raises(WrongUse, match="exists"):
        Recorder(path)


def test_a_recording_that_was_cut_off_is_read_up_to_there(tmp_path: Path) -> None:
    for name in ("run.jsonl", "run.jsonl.gz"):
        path = recorded(tmp_path / name, scenes.normal())
        whole = [event for _, event in Recording(path).events()]
        path.write_bytes(path.read_bytes()[:-300])
        read = [event for _, event in Recording(path).events()]
        assert read == whole[: len(read)]
        assert 0 < len(read) < len(whole)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "no recording"),
        (b"hello\n", "no recording"),
        (b'{"s": 1}\n', "no recording"),
        (b'{"cryptofunk_recording": 99, "began": "2025-01-01T00:00:00+00:00"}\n', "another version"),
        (b"\xff\xfe\x00\x01", "cannot be read"),
        (b"\x1f\x8b\x00\x00", "no recording"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "run.jsonl"
    path.write_bytes(content)
    with pytest.raises(ProductError, match=words):
        Recording(path)
    with pytest.raises(WrongUse, match="No such file"):
        Recording(tmp_path / "absent")


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        '{"s": 1, "kind": "Nothing", "set": {}}',
        '{"s": 1, "kind": "LogLine", "set": {"level": "loud"}}',
        '{"s": "a", "kind": "LogLine", "set": {}}',
        "nonsense",
        '{"s": 1, "kind": "LogLine", "set": 5}',
    ],
)
def test_a_line_that_is_no_event_is_named(tmp_path: Path, line: str) -> None:
    path = recorded(tmp_path / "run.jsonl", [props.log("one")])
    with path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(ProductError, match="line 3"):
        list(Recording(path).events())


def test_a_disk_that_fails_ends_the_recording_and_not_the_run(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "run.jsonl", lambda: BEGAN, Ticking())
    published: list[AnyEvent] = []
    listen = recorder.beside(published.append)

    def fail(line: object) -> None:
        raise OSError(28, "No space left on device")

    recorder._write = fail  # type: ignore[method-assign]
    listen(props.log("one"))
    listen(props.log("two"))
    said = [event.text for event in published if isinstance(event, LogLine)]
    assert said == ["one", "the recording has ended: No space left on device", "two"]


def test_the_same_events_give_the_same_bytes(tmp_path: Path) -> None:
    one = recorded(tmp_path / "a.jsonl.gz", scenes.normal()).read_bytes()
    assert one == recorded(tmp_path / "b.jsonl.gz", scenes.normal()).read_bytes()
    assert gzip.decompress(one).endswith(b"\n")
