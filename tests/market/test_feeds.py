"""Headlines come over real HTTP, dated, safe and told once; a bad feed has none, and nobody waits for it."""

import asyncio
import json
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

import pytest

from cryptofunk_tui.domain.market import Headline
from cryptofunk_tui.domain.sources import NewsConfig
from cryptofunk_tui.market.feeds import MOST_BYTES, Feeds
from tests.market.scene import StandIn

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)
SYMBOLS = ("BTC/USDT", "ETH/USDT")


class Clock:
    def now(self) -> datetime:
        return NOW


def rss(*items: tuple[str, datetime | str | None]) -> str:
    def item(number: int, title: str, at: datetime | str | None) -> str:
        when = format_datetime(at) if isinstance(at, datetime) else at
        dated = f"<pubDate>{when}</pubDate>" if when is not None else ""
        return f"<item><title>{escape(title)}</title><link>https://news.test/{number}</link>{dated}</item>"

    body = "".join(item(number, *each) for number, each in enumerate(items))
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>t</title>{body}</channel></rss>'


def ago(minutes: float) -> datetime:
    return NOW - timedelta(minutes=minutes)


def feeds(binance: StandIn, *paths: str, key: str | None = None, **config: Any) -> Feeds:
    named = NewsConfig(
        feeds=tuple(f"{binance.url}{path}" for path in paths),
        cryptopanic_url=f"{binance.url}/panic/",
        **config,
    )
    return Feeds(named, key, SYMBOLS, Clock())


async def told(binance: StandIn, text: str) -> tuple[Headline, ...]:
    binance.break_path("/rss", body=text)
    sources = feeds(binance, "/rss")
    await sources.refresh()
    return sources.known(SYMBOLS, 48)


async def test_a_feed_becomes_dated_sourced_scored_headlines(binance: StandIn) -> None:
    found = await told(binance, rss(("Bitcoin surges to a record", ago(5)), ("Calm markets", ago(50))))
    assert [each.title for each in found] == ["Bitcoin surges to a record", "Calm markets"]
    first = found[0]
    assert (first.at, first.source, first.url) == (ago(5), "127.0.0.1", "https://news.test/0")
    assert first.symbols == ("BTC",) and first.score > 0.3


async def test_atom_is_read_as_well(binance: StandIn) -> None:
    text = (
        '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><entry><title>ETH hacked</title>'
        f'<link href="https://a.test/1"/><updated>{ago(9).isoformat()}</updated></entry></feed>'
    )
    found = await told(binance, text)
    assert [(each.title, each.at, each.symbols) for each in found] == [("ETH hacked", ago(9), ("ETH",))]


async def test_a_symbol_hears_of_itself_and_of_all(binance: StandIn) -> None:
    binance.break_path(
        "/rss", body=rss(("Bitcoin up", ago(1)), ("Ethereum down", ago(2)), ("Markets calm", ago(3)))
    )
    sources = feeds(binance, "/rss")
    await sources.refresh()
    assert [each.title for each in sources.known(("BTC/USDT",), 24)] == ["Bitcoin up", "Markets calm"]
    assert [each.title for each in sources.known(("ETH/USDT",), 0.04)] == ["Ethereum down"]


async def test_what_has_no_date_or_one_that_cannot_be_is_left_out(binance: StandIn) -> None:
    found = await told(
        binance,
        rss(
            ("no date", None),
            ("nonsense", "someday"),
            ("ahead", ago(-60)),
            ("old", ago(60 * 50)),
            ("", ago(1)),
        ),
    )
    assert found == ()


async def test_the_same_news_is_told_once_by_who_had_it_first(binance: StandIn) -> None:
    binance.break_path("/a", body=rss(("Bitcoin hits a new record high today", ago(9))))
    binance.break_path("/b", body=rss(("BITCOIN hits a new record high today!", ago(5)), ("Other", ago(4))))
    sources = feeds(binance, "/a", "/b")
    await sources.refresh()
    await sources.refresh()
    found = sources.known(SYMBOLS, 48)
    assert [(each.title, each.at) for each in found] == [
        ("Other", ago(4)),
        ("Bitcoin hits a new record high today", ago(9)),
    ]


async def test_hostile_words_become_one_safe_line(binance: StandIn) -> None:
    found = await told(
        binance, rss((f"Bit\x1b[31mcoin \u202e up\u200b\nnow {'x' * 5000}".replace("\x1b", "&#27;"), ago(1)))
    )
    assert len(found) == 1
    assert found[0].title.isprintable() and len(found[0].title) <= 200


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not xml at all",
        rss(("Bitcoin up", ago(1)))[:80],
        "<rss>" * 20_000,
        "x" * (MOST_BYTES + 10),
        '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
        '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;"><!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;&c;&c;">]>'
        "<rss>&d;</rss>",
    ],
    ids=["empty", "words", "cut", "deep", "large", "entities"],
)
async def test_a_broken_feed_has_none_and_spoils_no_other(binance: StandIn, text: str) -> None:
    binance.break_path("/bad", body=text)
    binance.break_path("/good", body=rss(("Bitcoin up", ago(1))))
    sources = feeds(binance, "/bad", "/good", "/missing")
    await asyncio.wait_for(sources.refresh(), 10)
    assert [each.title for each in sources.known(SYMBOLS, 48)] == ["Bitcoin up"]


async def test_what_was_known_stays_when_a_feed_goes_down(binance: StandIn) -> None:
    binance.break_path("/rss", body=rss(("Bitcoin up", ago(1))))
    sources = feeds(binance, "/rss")
    await sources.refresh()
    binance.break_path("/rss", body="gone")
    await sources.refresh()
    assert len(sources.known(SYMBOLS, 48)) == 1


async def test_nobody_waits_for_a_feed(binance: StandIn) -> None:
    binance.break_path("/rss", fault="hang")
    sources = feeds(binance, "/rss")
    started = time.perf_counter()
    assert sources.known(SYMBOLS, 48) == ()
    assert time.perf_counter() - started < 0.1


async def test_cryptopanic_is_asked_with_a_key_alone(binance: StandIn) -> None:
    post = {"title": "XRP rallies", "url": "https://cp.test/1", "published_at": ago(3).isoformat()}
    binance.break_path("/panic/", body=json.dumps({"results": [post, {"title": "no date"}]}))
    without, with_key = feeds(binance), feeds(binance, key="panic-key-1")
    await without.refresh()
    assert without.known(("XRP/USDT",), 48) == ()
    binance.break_path("/panic/", body=json.dumps({"results": [post]}))
    await with_key.refresh()
    assert [(each.title, each.source) for each in with_key.known(("XRP/USDT",), 48)] == [
        ("XRP rallies", "cryptopanic.com")
    ]


@pytest.mark.parametrize("url", ["ftp://a.test/rss", "news.xml", "javascript:alert(1)"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="no address of a feed"):
        NewsConfig(feeds=(url,))
