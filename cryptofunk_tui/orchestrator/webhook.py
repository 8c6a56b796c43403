"""Notices to an address of the user's own, in order, beside the run and never in its way."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

import httpx

from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.events import AnyEvent, LogLine, Notice
from cryptofunk_tui.domain.notices import WebhookRules

MOST_WAITING = 100
TIMEOUT_S = 5.0
PAUSES_S = (1.0, 4.0)
"""Waits before the second and the third try; after that a notice is given up."""
LONGEST_PAUSE_S = 30.0
CLOSING_S = 3.0
"""How long the end of a run waits for what is still to be sent."""


class Webhook:
    """Sends what it hears. The address is never told, neither in a log line nor in an error."""

    def __init__(self, rules: WebhookRules, publish: Callable[[AnyEvent], None], clock: Clock) -> None:
        assert rules.url is not None
        self._url = rules.url.get_secret_value()
        self._kinds = rules.kinds
        self._publish = publish
        self._clock = clock
        self._waiting: deque[Notice] = deque(maxlen=MOST_WAITING)
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._is_well = True
        self._task = asyncio.create_task(self._run())

    def hear(self, event: AnyEvent) -> None:
        """Queue a notice of the wanted kinds; the oldest gives way where too many wait."""
        if isinstance(event, Notice) and event.kind in self._kinds:
            if len(self._waiting) == MOST_WAITING:
                self._say(f"{MOST_WAITING} notices wait; the oldest is dropped")
            self._waiting.append(event)
            self._idle.clear()
            self._news.set()

    async def close(self) -> None:
        """Send what waits, for a few seconds, and end."""
        deadline = time.monotonic() + CLOSING_S
        idle = asyncio.create_task(self._idle.wait())
        await asyncio.wait(
            (idle, self._task), timeout=deadline - time.monotonic(), return_when="FIRST_COMPLETED"
        )
        for task in (idle, self._task):
            task.cancel()
        await asyncio.gather(idle, self._task, return_exceptions=True)

    async def _run(self) -> None:
        async with httpx.AsyncClient(timeout=TIMEOUT_S) as client:
            while True:
                await self._news.wait()
                self._news.clear()
                while self._waiting:
                    await self._deliver(client, self._waiting[0])
                    self._waiting.popleft()
                self._idle.set()

    async def _deliver(self, client: httpx.AsyncClient, notice: Notice) -> None:
        problem = ""
        for pause in (0.0, *PAUSES_S):
            await asyncio.sleep(pause)
            try:
                response = await client.post(self._url, json=_body(notice))
            except (httpx.HTTPError, ValueError) as error:
                problem = type(error).__name__
                continue
            if response.is_success:
                self._is_well = True
                return
            problem = f"answered {response.status_code}"
            if response.status_code < 500 and response.status_code != 429:
                break
            await asyncio.sleep(_retry_after(response))
        if self._is_well:
            self._is_well = False
            self._say(f"a notice was not delivered: {problem}; the next ones are tried again")

    def _say(self, text: str) -> None:
        self._publish(LogLine(at=self._clock.now(), level="warning", source="webhook", text=text))


def _body(notice: Notice) -> dict[str, str]:
    words = f"{notice.title}: {notice.text}" if notice.text else notice.title
    return {
        "text": words,
        "content": words,
        "kind": notice.kind,
        "title": notice.title,
        "detail": notice.text,
        "at": notice.at.isoformat().replace("+00:00", "Z"),
    }


def _retry_after(response: httpx.Response) -> float:
    """Seconds that the server asks to wait; a date instead of a number is not waited for."""
    try:
        return min(LONGEST_PAUSE_S, max(0.0, float(response.headers.get("retry-after", "0"))))
    except ValueError:
        return 0.0
