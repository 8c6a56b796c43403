"""What a person is told of: when something begins, once, by the ways of the configuration."""

from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from cryptofunk_tui.domain.events import AnyEvent, Notice
from cryptofunk_tui.domain.notices import NoticeRules, WebhookRules
from cryptofunk_tui.domain.orders import OrderStatus, Purpose, Side
from cryptofunk_tui.domain.risk import Decision, TradingState
from cryptofunk_tui.orchestrator.notices import Notices
from cryptofunk_tui.settings import Settings, dump_settings
from tests.tui import accounts, props, scenes
from tests.tui.props import NOW


class Hands:
    """A clock that is moved by hand."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


class Told:
    """Notices of a run that only tells what the test says."""

    def __init__(self, rules: NoticeRules | None = None) -> None:
        self.clock = Hands()
        self.notices: list[Notice] = []
        self._source = Notices(rules or NoticeRules(), 90.0, self._keep, self.clock)

    def hear(self, *events: AnyEvent) -> list[tuple[str, str]]:
        """What these events bring: kind and title."""
        before = len(self.notices)
        for event in events:
            self._source.hear(event)
        return [(notice.kind, notice.title) for notice in self.notices[before:]]

    def _keep(self, event: AnyEvent) -> None:
        assert isinstance(event, Notice)
        self.notices.append(event)


def test_what_was_there_before_the_start_is_not_news() -> None:
    told = Told()
    assert told.hear(accounts.account()) == []


def test_an_approval_is_told_once_and_says_how_long_it_waits() -> None:
    told = Told()
    waits = accounts.account(approvals=(accounts.approval(),))
    assert told.hear(waits, waits) == [("approval", "BUY ETH/USDT waits for you")]
    assert "silence rejects it in 120 s" in told.notices[0].text
    assert told.notices[0].ways == ("screen", "bell")


def test_entries_and_exits_are_told_as_they_fill() -> None:
    told = Told()
    told.hear(accounts.account(orders=()))
    bought = accounts.order(41)
    sold = accounts.order(42, side=Side.SELL, purpose=Purpose.STOP)
    resting = accounts.order(43, status=OrderStatus.OPEN)
    event = accounts.account(orders=(bought, sold, resting))
    assert told.hear(event, event) == [("fill", "BTC/USDT bought"), ("exit", "BTC/USDT sold")]
    assert told.notices[-1].text.endswith("(stop)")


def test_a_halt_is_told_when_it_begins() -> None:
    told = Told()
    halted = accounts.account(TradingState.HALTED, "drawdown −11.2% is beyond 10.0%")
    assert told.hear(accounts.account(), halted, halted) == [("halt", "Trading is halted")]
    assert told.hear(accounts.account(), halted) == [("halt", "Trading is halted")]
    assert told.hear(*scenes.killed_in_part()[-1:]) == [("halt", "The kill could not do everything")]


def test_a_venue_that_disagrees_is_told() -> None:
    told = Told()
    assert told.hear(scenes.venue_unwell()[-1]) == [("venue", "No entries")]


def test_a_veto_is_told_and_a_preview_is_not() -> None:
    told = Told()
    assert told.hear(props.cycle("BTC/USDT", Decision.REJECTED, preview=True)) == []
    veto = props.cycle("BTC/USDT", Decision.REJECTED)
    assert [kind for kind, _ in told.hear(veto, veto, props.cycle("BTC/USDT", Decision.NONE))] == ["veto"]


def test_a_server_is_told_of_only_when_it_stays_away() -> None:
    told = Told(NoticeRules(server_grace_s=10))
    assert told.hear(props.server("market_data", "restarting"), accounts.account()) == []
    told.clock.at += timedelta(seconds=10)
    assert told.hear(accounts.account(), accounts.account()) == [("server", "market_data is away")]
    assert told.hear(props.server("market_data"), props.server("market_data", "failed")) == []
    told.clock.at += timedelta(seconds=10)
    assert told.hear(accounts.account()) == [("server", "market_data is away")]


def test_prices_that_no_longer_come_are_told() -> None:
    told = Told()
    stale = accounts.account().model_copy(update={"feed_age_s": 91.0})
    assert told.hear(accounts.account(), stale, stale) == [("feed", "Prices no longer come")]


def test_each_kind_goes_its_own_ways() -> None:
    rules = NoticeRules(screen=(), bell=("halt",), desktop=("halt", "fill"), desktop_sequence="osc777")
    assert rules.ways("halt") == ("bell", "osc777")
    assert rules.ways("fill") == ("osc777",)
    assert rules.ways("veto") == ()


@pytest.mark.parametrize("url", ["http://example.com/x", "ftp://example.com", "https://", "example.com"])
def test_an_address_that_would_leak_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        WebhookRules.model_validate({"url": url})


def test_the_address_is_not_given_to_the_servers_nor_printed() -> None:
    settings = Settings.model_validate({"notify": {"webhook": {"url": "https://hooks.example.com/s3cret"}}})
    assert "s3cret" not in dump_settings(settings)
    assert "s3cret" not in repr(settings)
