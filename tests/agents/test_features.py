import math
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from cryptofunk_tui.agents.features import arbitrage_edges, book_features, sentiment
from cryptofunk_tui.domain.agent_rules import ArbitrageRules, OrderBookRules, SentimentRules
from cryptofunk_tui.domain.market import FearGreed, Headline, Level, OrderBook, Quote
from cryptofunk_tui.domain.rules import CostRules

NOW = datetime(2024, 5, 1, 12, tzinfo=UTC)


def book(bids: list[tuple[str, str]], asks: list[tuple[str, str]], venue: str = "here") -> OrderBook:
    def levels(pairs: list[tuple[str, str]]) -> tuple[Level, ...]:
        return tuple(Level(price=Decimal(price), quantity=Decimal(quantity)) for price, quantity in pairs)

    return OrderBook(symbol="BTC/EUR", venue=venue, bids=levels(bids), asks=levels(asks), at=NOW)


BEFORE = book([("99.9", "1"), ("99.5", "10")], [("100.1", "1"), ("100.5", "1")])
AFTER = book([("99.9", "2"), ("99.4", "1")], [("100.1", "1"), ("100.5", "1")])


def test_a_book_as_columns() -> None:
    features = book_features(AFTER, BEFORE, OrderBookRules(imbalance_levels=1))
    assert features["book.imbalance"] == pytest.approx(1 / 3)
    bids, asks = 99.9 * 2 + 99.4, 100.1 + 100.5
    assert features["book.depth"] == pytest.approx((bids - asks) / (bids + asks))
    assert features["book.large"] == pytest.approx(1 / 5)
    assert features["book.spoof"] == pytest.approx(-10 / 13)


@pytest.mark.parametrize("previous", [None, BEFORE.model_copy(update={"venue": "there"})])
def test_without_the_same_book_before_nothing_is_suspected(previous: OrderBook | None) -> None:
    assert book_features(AFTER, previous, OrderBookRules())["book.spoof"] == 0.0


def test_an_empty_side_is_unknown() -> None:
    empty = book([("99.9", "1")], [])
    assert all(math.isnan(value) for value in book_features(empty, BEFORE, OrderBookRules()).values())
    assert book_features(AFTER, empty, OrderBookRules())["book.spoof"] == 0.0


def headline(score: float, hours: float, *symbols: str) -> Headline:
    return Headline(
        title="t", source="s", url="u", at=NOW - timedelta(hours=hours), symbols=symbols, score=score
    )


def tone(*headlines: Headline) -> float:
    return sentiment(headlines, None, "BTC/EUR", NOW, SentimentRules())["news.score"]


def test_an_old_headline_weighs_less() -> None:
    weight = math.exp(-1)
    assert tone(headline(1.0, 0), headline(-1.0, 24)) == pytest.approx((1 - weight) / (1 + weight))
    assert tone(headline(0.4, 20)) == pytest.approx(0.4)


def test_only_headlines_about_the_symbol_count() -> None:
    assert tone(headline(0.5, 1, "BTC"), headline(-1.0, 1, "ETH/EUR")) == pytest.approx(0.5)
    assert tone(headline(0.5, 1, "BTC/EUR"), headline(0.1, 1)) == pytest.approx(0.3)
    assert math.isnan(tone(headline(-1.0, 1, "ETH/EUR")))


def test_a_headline_from_the_future_is_left_out() -> None:
    assert math.isnan(tone(headline(1.0, -0.001)))
    assert tone(headline(1.0, 0)) == 1.0


def test_fear_and_greed_passes_through() -> None:
    mood = FearGreed(value=23, classification="Extreme Fear", at=NOW)
    assert sentiment((), mood, "BTC/EUR", NOW, SentimentRules())["fear_greed"] == 23.0
    assert math.isnan(sentiment((), None, "BTC/EUR", NOW, SentimentRules())["fear_greed"])


def quote(venue: str, bid: str, ask: str, age_s: float = 0.0, symbol: str = "BTC/EUR") -> Quote:
    return Quote(
        symbol=symbol,
        venue=venue,
        bid=Decimal(bid),
        ask=Decimal(ask),
        last=Decimal(bid),
        at=NOW - timedelta(seconds=age_s),
    )


OWN = quote("here", "99.9", "100")


def edges(*others: Quote, own: Quote = OWN) -> tuple[float, float]:
    features = arbitrage_edges(own, others, NOW, CostRules(), ArbitrageRules())
    return features["arb.buy_edge"], features["arb.sell_edge"]


def test_an_edge_is_net_of_fee_and_slippage_on_both_legs() -> None:
    buy, sell = edges(quote("there", "101", "101.1"))
    assert buy == pytest.approx(101 * (1 - 0.0015) / (100 * (1 + 0.0015)) - 1)
    assert sell == pytest.approx(99.9 * (1 - 0.0015) / (101.1 * (1 + 0.0015)) - 1)
    assert buy > 0.005 > 0 > sell


def test_the_best_venue_of_each_side_counts() -> None:
    buy, sell = edges(quote("a", "101", "101.1"), quote("b", "102", "102.1"), quote("c", "90", "91"))
    assert buy == pytest.approx(edges(quote("b", "102", "102.1"))[0])
    assert sell == pytest.approx(edges(quote("c", "90", "91"))[1])


def test_quotes_must_be_of_this_moment() -> None:
    fresh = edges(quote("there", "101", "102", age_s=5))
    assert not math.isnan(fresh[0])
    assert math.isnan(edges(quote("there", "101", "102", age_s=5.001))[0])
    assert math.isnan(edges(quote("there", "101", "102", age_s=-5.001))[0])
    assert math.isnan(edges(quote("there", "101", "102"), own=quote("here", "99", "100", age_s=6))[0])
    only_fresh = edges(quote("a", "150", "151", age_s=6), quote("b", "101", "102"))
    assert only_fresh == edges(quote("b", "101", "102"))


def test_our_own_venue_is_no_other() -> None:
    assert math.isnan(edges()[0])
    assert math.isnan(edges(quote("here", "150", "151"))[0])


def test_another_symbols_quote_is_refused() -> None:
    with pytest.raises(ValueError, match="quotes of ETH/EUR at there among those of BTC/EUR"):
        edges(quote("there", "1", "2", symbol="ETH/EUR"))
