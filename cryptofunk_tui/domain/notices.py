"""What a person is told of while they look elsewhere, and by which way."""

from typing import Literal, get_args
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from cryptofunk_tui.domain.base import Record
from cryptofunk_tui.domain.sources import is_loopback

Kind = Literal["approval", "fill", "exit", "veto", "halt", "venue", "server", "feed", "engine"]
"""approval: an order waits; fill: an entry was filled; exit: a position was sold; veto: risk refused an
order; halt: trading was killed or halted; venue: the account and its venue disagree; server: one of the
servers is away; feed: prices no longer come; engine: the run failed."""
Way = Literal["screen", "bell", "osc9", "osc777"]

ALL: tuple[Kind, ...] = get_args(Kind)
GRAVE: tuple[Kind, ...] = ("halt", "venue", "feed", "engine")


class WebhookRules(Record):
    """An address that is sent every notice as JSON: `text` and `content` for chat services, and the parts."""

    url: SecretStr | None = None
    """An https address, or one on this machine. It is kept like a password: never logged, never shown."""
    kinds: tuple[Kind, ...] = ("approval", "fill", "exit", *GRAVE)

    @field_validator("url")
    @classmethod
    def _address(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None:
            parts = urlsplit(url.get_secret_value())
            host = parts.hostname or ""
            if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
                raise ValueError("a webhook is an https address, or an http one on this machine")
        return url


class NoticeRules(Record):
    """By which ways each kind of notice comes. The log has all of them."""

    screen: tuple[Kind, ...] = ("approval", "exit", "veto", *GRAVE)
    """A note on the screen for a few seconds."""
    bell: tuple[Kind, ...] = ("approval", "halt", "engine")
    """The terminal's bell."""
    desktop: tuple[Kind, ...] = ()
    """A note of the desktop, asked for from the terminal by OSC 9 or OSC 777; over SSH it comes out where you
    sit. Off unless asked for: a terminal that does not know the sequence may print it."""
    desktop_sequence: Literal["osc9", "osc777"] = "osc9"
    """osc9: iTerm2, WezTerm, Windows Terminal, kitty, Ghostty; osc777: foot, rxvt, WezTerm, Ghostty."""
    webhook: WebhookRules = WebhookRules()
    server_grace_s: float = Field(10.0, ge=0)
    """A server may be away this long before a person is told: most come back at once."""

    def ways(self, kind: Kind) -> tuple[Way, ...]:
        """The ways of a kind within the console."""
        known: tuple[tuple[Way, tuple[Kind, ...]], ...] = (
            ("screen", self.screen),
            ("bell", self.bell),
            (self.desktop_sequence, self.desktop),
        )
        return tuple(way for way, kinds in known if kind in kinds)
