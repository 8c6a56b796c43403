import logging
from datetime import UTC, datetime

import pytest

from cryptofunk_tui.domain.events import AnyEvent, LogLine
from cryptofunk_tui.orchestrator.bus import Bus


def line(text: str) -> LogLine:
    return LogLine(at=datetime(2025, 1, 1, tzinfo=UTC), level="info", source="test", text=text)


def test_a_listener_that_raises_is_dropped_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    bus = Bus()
    before: list[AnyEvent] = []
    broken: list[AnyEvent] = []
    after: list[AnyEvent] = []

    def breaks(event: AnyEvent) -> None:
        broken.append(event)
        raise RuntimeError("the screen is gone")

    for listener in (before.append, breaks, after.append):
        bus.subscribe(listener)
    with caplog.at_level(logging.ERROR):
        bus.publish(line("one"))
        bus.publish(line("two"))
    assert before == after == [line("one"), line("two")]
    assert broken == [line("one")]
    assert "LogLine" in caplog.text
    assert "the screen is gone" in caplog.text


def test_listeners_hear_in_the_order_of_their_subscription() -> None:
    bus, heard = Bus(), list[str]()
    bus.subscribe(lambda _: heard.append("first"))
    bus.subscribe(lambda _: heard.append("second"))
    bus.publish(line("one"))
    assert heard == ["first", "second"]
