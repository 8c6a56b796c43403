"""Notices reach an address in order, outlast its failures, and never stand in the way of the run."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cryptofunk_tui.domain.base import WallClock
from cryptofunk_tui.domain.errors import Refused
from cryptofunk_tui.domain.events import AnyEvent, LogLine, Notice
from cryptofunk_tui.domain.notices import Kind, WebhookRules
from cryptofunk_tui.orchestrator import webhook as webhook_module
from cryptofunk_tui.orchestrator.engine import Engine
from cryptofunk_tui.orchestrator.webhook import MOST_WAITING, Webhook
from cryptofunk_tui.settings import load_settings
from tests.tui.props import NOW

pytestmark = pytest.mark.anyio
PATH = "/hook/s3cret"


class Receiver:
    """An HTTP address on this machine; answers with the statuses that it was given, then with 204."""

    def __init__(self, statuses: Iterable[int] = ()) -> None:
        self.bodies: list[dict[str, str]] = []
        self.url = ""
        self._statuses = list(statuses)

    @asynccontextmanager
    async def open(self) -> AsyncIterator["Receiver"]:
        server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}{PATH}"
        async with server:
            yield self

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        size = next(
            int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length")
        )
        body = json.loads(await reader.readexactly(size))
        status = self._statuses.pop(0) if self._statuses else 204
        if status == 204:
            self.bodies.append(body)
        writer.write(f"HTTP/1.1 {status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()


def notice(number: int, kind: Kind = "fill") -> Notice:
    return Notice(at=NOW, kind=kind, title=f"title {number}", text="text", ways=())


@asynccontextmanager
async def hook(url: str) -> AsyncIterator[tuple[Webhook, list[str]]]:
    lines: list[str] = []

    def keep(event: AnyEvent) -> None:
        assert isinstance(event, LogLine)
        lines.append(event.text)

    opened = Webhook(WebhookRules.model_validate({"url": url}), keep, WallClock())
    try:
        yield opened, lines
    finally:
        await opened.close()


async def test_notices_arrive_in_order_before_the_run_ends() -> None:
    async with Receiver().open() as receiver:
        async with hook(receiver.url) as (sender, lines):
            for number in range(5):
                sender.hear(notice(number))
            sender.hear(notice(9, "veto"))
        assert [body["title"] for body in receiver.bodies] == [f"title {number}" for number in range(5)]
        assert receiver.bodies[0]["text"] == receiver.bodies[0]["content"] == "title 0: text"
        assert receiver.bodies[0]["at"] == "2025-03-14T15:09:26Z"
        assert lines == []


async def test_an_address_that_fails_for_a_while_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_module, "PAUSES_S", (0.01, 0.01))
    async with Receiver([500, 429]).open() as receiver, hook(receiver.url) as (sender, lines):
        sender.hear(notice(1))
        await sender.close()
        assert len(receiver.bodies) == 1
        assert lines == []


async def test_one_that_refuses_is_told_once_and_without_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_module, "PAUSES_S", (0.01, 0.01))
    async with Receiver([404, 404, 404]).open() as receiver:
        async with hook(receiver.url) as (sender, lines):
            for number in range(4):
                sender.hear(notice(number))
        assert [body["title"] for body in receiver.bodies] == ["title 3"]
        assert lines == ["a notice was not delivered: answered 404; the next ones are tried again"]
        assert "s3cret" not in lines[0]


async def test_nobody_there_never_holds_the_run_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook_module, "CLOSING_S", 0.2)
    async with asyncio.timeout(3), hook("http://127.0.0.1:9/hook") as (sender, lines):
        for number in range(MOST_WAITING + 1):
            sender.hear(notice(number))
        assert lines == [f"{MOST_WAITING} notices wait; the oldest is dropped"]


async def test_a_run_without_a_screen_sends_its_kill_and_its_failure(tmp_path: Path) -> None:
    async with Receiver().open() as receiver:
        wanted = {
            "market": "simulated",
            "symbols": ["BTC/USDT"],
            "simulated": {"speed": 3600},
            "notify": {"webhook": {"url": receiver.url}},
        }
        engine = Engine(load_settings(None, wanted), tmp_path / "state", lambda _: None)
        run = asyncio.create_task(engine.run())
        async with asyncio.timeout(30):
            while not receiver.bodies:
                engine.kill_now("tester")
                await engine.kill("tester")
                await asyncio.sleep(0.1)
        await engine.stop()
        await run
        assert receiver.bodies[0]["kind"] == "halt"
        assert "killed by tester" in receiver.bodies[0]["text"]

        receiver.bodies.clear()
        other = load_settings(None, wanted | {"symbols": ["ETH/USDT"]})
        with pytest.raises(Refused):
            await Engine(other, tmp_path / "state", lambda _: None).run()
        assert [body["kind"] for body in receiver.bodies] == ["engine"]
