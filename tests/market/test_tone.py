"""Whole names and the sound of a headline."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cryptofunk_tui.market.tone import bases_named, tone


@pytest.mark.parametrize(
    ("title", "bases"),
    [
        ("Bitcoin falls as ETH gains", ("BTC", "ETH")),
        ("A new method for the whole nether region", ()),
        ("Ethereum, bitcoin: what next?", ("BTC", "ETH")),
        ("the sol is shining", ()),
        ("SOL, XRP and PEPE rally", ("PEPE", "SOL", "XRP")),
        ("Shiba Inu burns", ("SHIB",)),
        ("BTCUSD chart", ()),
        ("Markets are calm", ()),
    ],
)
def test_names(title: str, bases: tuple[str, ...]) -> None:
    assert bases_named(title, ("BTC", "ETH", "PEPE")) == bases


@pytest.mark.parametrize(
    "title",
    [
        "Bitcoin surges to a record as ETF inflows soar",
        "SEC approves spot Ethereum ETF in bullish move",
        "Solana rallies after mainnet upgrade",
    ],
)
def test_good_news_sounds_good(title: str) -> None:
    assert tone(title) > 0.3


@pytest.mark.parametrize(
    "title",
    [
        "Exchange hacked, $200 million stolen",
        "Stablecoin depegs as investors panic",
        "Regulator bans trading; prices crash",
        "Protocol drained in exploit, team files for bankruptcy",
    ],
)
def test_bad_news_sounds_bad(title: str) -> None:
    assert tone(title) < -0.3


@pytest.mark.parametrize("title", ["", "Market wrap for Tuesday", "比特币", "🚀"])
def test_what_says_nothing_is_about_neutral(title: str) -> None:
    assert abs(tone(title)) < 0.1


@given(st.text(max_size=300))
def test_any_text_has_a_tone_and_names(title: str) -> None:
    assert -1 <= tone(title) <= 1
    assert set(bases_named(title, ("BTC",))) <= {"BTC", *bases_named(title, ())}
