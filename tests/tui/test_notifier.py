"""Notices come by the ways that they name, harmless, and not in a flood."""

import pytest

from cryptofunk_tui.domain.events import Notice
from cryptofunk_tui.domain.notices import Kind, Way
from cryptofunk_tui.tui.notifier import MOST_AT_ONCE, osc9, osc777
from tests.tui import props, scenes
from tests.tui.props import EVIL, NOW
from tests.tui.stage import Stage


def notice(kind: Kind, *ways: Way, title: str = "BTC/USDT sold", text: str = "0.1 at 64,000") -> Notice:
    return Notice(at=NOW, kind=kind, title=title, text=text, ways=ways)


async def written(stage: Stage, monkeypatch: pytest.MonkeyPatch, *notices: Notice) -> list[str]:
    """What the terminal is sent for these."""
    sent: list[str] = []
    async with stage.open() as pilot:
        driver = stage.app._driver
        assert driver is not None
        monkeypatch.setattr(driver, "write", sent.append)
        monkeypatch.setattr(stage.app, "bell", lambda: sent.append("bell"))
        await stage.tell(pilot, *notices)
    return [text for text in sent if text == "bell" or "\x1b]9;" in text or "\x1b]777;" in text]


async def test_each_way_on_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    stage = Stage(scenes.normal())
    sent = await written(
        stage, monkeypatch, notice("exit", "screen"), notice("halt", "bell", "osc9"), notice("fill", "osc777")
    )
    assert sent == [
        "bell",
        "\x1b]9;BTC/USDT sold: 0.1 at 64,000\x07\x1b]777;notify;BTC/USDT sold;0.1 at 64,000\x07",
    ]
    assert stage.said == ["0.1 at 64,000"]


async def test_a_flood_is_told_as_a_number() -> None:
    stage = Stage(scenes.normal())
    async with stage.open() as pilot:
        await stage.tell(pilot, *[notice("exit", "screen", text=f"{number}") for number in range(9)])
        assert stage.said == ["0", "1", "2", "the log has them all"]
        await stage.tell(pilot, props.tick("BTC/USDT"))
        assert len(stage.said) == MOST_AT_ONCE + 1, "each is told once"


async def test_hostile_text_stays_within_its_sequence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    evil = f"\x1b]52;c;aGk=\x07\x1b[2J{EVIL}"
    stage = Stage(scenes.normal())
    sent = await written(stage, monkeypatch, notice("halt", "osc9", "osc777", title=evil, text=evil))
    assert len(sent) == 1
    assert sent[0].count("\x1b") == 2 and sent[0].count("\x07") == 2
    assert sent[0].startswith("\x1b]9;") and sent[0].endswith("\x07")


def test_tmux_is_asked_to_hand_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMUX", "/tmp/tmux")
    assert osc9("title", "") == "\x1bPtmux;\x1b\x1b]9;title\x07\x1b\\"
    assert osc777("a;b", "text") == "\x1bPtmux;\x1b\x1b]777;notify;a,b;text\x07\x1b\\"
