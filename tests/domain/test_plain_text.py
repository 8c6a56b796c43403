"""Texts from outside: one printable line, and no secret in it."""

import pytest

from cryptofunk_tui.domain.plain_text import keep_secret, redacted, safe_text

HOSTILE = [
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x1b]8;;http://evil\x1b\\link",
    "a\r\nb\tc",
    "\u202edesrever\u202c",
    "\u2066isolated\u2069",
    "zero\u200bwidth",
    "nul\x00byte",
    "\x9b31mred",
    "line\u2028separator",
    "[@click=app.quit]x[/]",
    "[red]markup[/red]",
    "'; drop table orders; --",
    "../../etc/passwd",
    "x" * 5000,
    "\ud800 half a pair",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_text_is_one_printable_line(text: str) -> None:
    shown = safe_text(text)
    assert shown.isprintable()
    assert len(shown) <= 200
    assert safe_text(shown) == shown


@pytest.mark.parametrize(
    "text",
    [
        "GET https://api.venue.com/order?symbol=X&signature=abcdef0123&timestamp=1",
        "wss://stream.venue.com/ws?listenKey=pqia91ma19a5s61c",
        "signature=abcdef0123",
        "X-MBX-APIKEY: abcdef0123",
        '{"apiKey": "abcdef0123", "secret": "pqia91ma19a5s61c"}',
        "Authorization: Bearer abcdef0123",
    ],
)
def test_what_signs_a_request_is_hidden(text: str) -> None:
    shown = redacted(text)
    assert "abcdef0123" not in shown
    assert "pqia91ma19a5s61c" not in shown
    assert "***" in shown


def test_a_known_secret_is_hidden_wherever_it_stands() -> None:
    keep_secret("canary-4711-secret", None, "", "short")
    assert redacted("the canary-4711-secret, short of breath") == "the ***, short of breath"
    assert safe_text(ValueError("at canary-4711-secret")) == "at ***"


def test_plain_words_stay_as_they_are() -> None:
    assert safe_text("Account has insufficient balance for requested action.") == (
        "Account has insufficient balance for requested action."
    )
    assert safe_text("Überweisung 5 €") == "Überweisung 5 €"
