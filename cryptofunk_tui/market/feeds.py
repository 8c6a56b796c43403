"""Headlines of RSS and Atom feeds and of CryptoPanic, fetched beside the decisions: none waits for one."""

import asyncio
import calendar
import logging
import re
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx
import orjson

from cryptofunk_tui.domain.base import Clock, from_ms
from cryptofunk_tui.domain.market import Headline, split_symbol
from cryptofunk_tui.domain.plain_text import keep_secret, safe_text
from cryptofunk_tui.domain.sources import NewsConfig
from cryptofunk_tui.market.tone import bases_named, tone

MOST_BYTES = 1 << 20
TIMEOUT_S = 10.0
MOST_OF_A_FEED = 100
KEPT = timedelta(hours=48)
AHEAD = timedelta(minutes=10)
"""A headline that is dated further ahead is left out."""
ALIKE = 0.8
"""Share of common words from which on two headlines tell the same."""
_WORDS = re.compile(r"\w+")
_log = logging.getLogger(__name__)
Entry = tuple[str, str, datetime]
"""Title, address and moment, as a feed has them."""


class Feeds:
    """Keeps the headlines of the last 48 hours. A feed that is down, slow, too large or broken has none."""

    def __init__(
        self,
        config: NewsConfig,
        key: str | None,
        symbols: Sequence[str],
        clock: Clock,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`key` is CryptoPanic's, which is left alone without one."""
        self._config = config
        self._key = key
        keep_secret(key)
        self._traded = tuple(split_symbol(symbol)[0] for symbol in symbols)
        self._clock = clock
        self._monotonic = monotonic
        self._kept: list[Headline] = []
        self._tags: dict[str, dict[str, str]] = {}
        self._asked_at = float("-inf")
        self._asking: asyncio.Task[None] | None = None

    def known(self, symbols: Iterable[str], hours: float) -> tuple[Headline, ...]:
        """What is known now about the symbols, newest first; what is old is asked for anew beside it."""
        if self._monotonic() - self._asked_at >= self._config.every_s:
            self._asked_at = self._monotonic()
            self._asking = asyncio.create_task(self.refresh())
        since = self._clock.now() - timedelta(hours=hours)
        names = {split_symbol(symbol)[0] for symbol in symbols}
        return tuple(
            each for each in self._kept if each.at >= since and (not each.symbols or names & {*each.symbols})
        )

    async def refresh(self) -> None:
        """Ask every source once, side by side."""
        async with httpx.AsyncClient(timeout=TIMEOUT_S, follow_redirects=True) as client:
            works = [self._feed(client, url) for url in self._config.feeds]
            if self._key:
                works.append(self._cryptopanic(client, self._key))
            found = await asyncio.gather(*works)
        fresh = await asyncio.to_thread(self._merged, [each for some in found for each in some])
        self._kept = fresh

    async def _feed(self, client: httpx.AsyncClient, url: str) -> list[tuple[str, Entry]]:
        try:
            data = await self._fetched(client, url)
            entries = await asyncio.to_thread(_entries, data) if data else []
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, OSError) as error:
            _log.warning("%s: %s", urlsplit(url).hostname, type(error).__name__)
            return []
        return [(urlsplit(url).hostname or url, entry) for entry in entries]

    async def _fetched(self, client: httpx.AsyncClient, url: str) -> bytes:
        """The feed where it has changed. Raises httpx.HTTPError, ValueError for one that is too large."""
        data = b""
        async with client.stream("GET", url, headers=self._tags.get(url, {})) as answer:
            if answer.status_code == httpx.codes.NOT_MODIFIED:
                return b""
            answer.raise_for_status()
            async for piece in answer.aiter_bytes():
                data += piece
                if len(data) > MOST_BYTES:
                    raise ValueError(f"more than {MOST_BYTES} bytes")
        tags = {
            "If-None-Match": answer.headers.get("etag"),
            "If-Modified-Since": answer.headers.get("last-modified"),
        }
        self._tags[url] = {name: value for name, value in tags.items() if value}
        return data

    async def _cryptopanic(self, client: httpx.AsyncClient, key: str) -> list[tuple[str, Entry]]:
        try:
            answer = await client.get(
                self._config.cryptopanic_url, params={"auth_token": key, "kind": "news"}
            )
            answer.raise_for_status()
            posts = orjson.loads(answer.content[:MOST_BYTES])["results"][:MOST_OF_A_FEED]
            return [
                ("cryptopanic.com", (post["title"], str(post.get("url", "")), _iso(post["published_at"])))
                for post in posts
            ]
        except (httpx.HTTPError, ValueError, LookupError, TypeError, OSError) as error:
            _log.warning("cryptopanic: %s", type(error).__name__)
            return []

    def _merged(self, found: list[tuple[str, Entry]]) -> list[Headline]:
        """New and kept headlines, newest first, each told once: of those that tell the same the earliest."""
        now = self._clock.now()
        fresh = [self._headline(source, *entry) for source, entry in found]
        dated = [
            each for each in (*self._kept, *fresh) if each.title and now - KEPT <= each.at <= now + AHEAD
        ]
        told: list[Headline] = []
        seen: list[set[str]] = []
        for each in sorted(dated, key=lambda headline: (headline.at, headline.title)):
            words = {*_WORDS.findall(each.title.casefold())}
            if words and not any(_alike(words, other) for other in seen):
                told.append(each)
                seen.append(words)
        return told[::-1]

    def _headline(self, source: str, title: str, url: str, at: datetime) -> Headline:
        shown = safe_text(title)
        return Headline(
            title=shown,
            source=safe_text(source, 60),
            url=safe_text(url) if url.startswith(("https://", "http://")) else "",
            at=at,
            symbols=bases_named(shown, self._traded),
            score=tone(shown),
        )


def _entries(data: bytes) -> list[Entry]:
    """Title, address and moment of each entry that has a title and a date."""
    import feedparser

    parsed: Any = feedparser.parse(data, sanitize_html=False, resolve_relative_uris=False)
    found = []
    for entry in parsed.entries[:MOST_OF_A_FEED]:
        moment = entry.get("published_parsed") or entry.get("updated_parsed")
        if moment is None or not entry.get("title"):
            continue
        try:
            at = from_ms(calendar.timegm(moment) * 1000)
        except (ValueError, OverflowError):
            continue
        found.append((str(entry["title"]), str(entry.get("link", "")), at))
    return found


def _iso(text: str) -> datetime:
    """Raises ValueError for a moment without a timezone."""
    at = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if at.tzinfo is None:
        raise ValueError("a moment without a timezone")
    return at


def _alike(one: set[str], other: set[str]) -> bool:
    return len(one & other) >= ALIKE * len(one | other)
