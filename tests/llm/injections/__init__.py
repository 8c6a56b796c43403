"""Hostile texts, and harmless ones beside them, as data: what may come from outside on its way to a model.

A file for each kind, a line for each text; what cannot be seen is written as an escape. New ones are appended
under the next number, so that an id keeps its text."""

from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, model_validator

from cryptofunk_tui.domain.base import Record

Kind = Literal["headline", "coin_name", "tool_description", "exchange_error", "symbol", "agent_reason"]
Aim = Literal[
    "buy", "sell", "hold", "keys", "kill", "limits", "numbers", "prompt", "state", "tools", "weights"
]
"""What a text wants: an order, secrets, the kill file gone, other limits, invented numbers repeated, the
prompt told, the engine's state changed, tools called, another weight."""
Trick = Literal[
    "acrostic",
    "ansi",
    "authority",
    "base32",
    "base64",
    "bidi",
    "chat_tokens",
    "closes_quote",
    "code",
    "combining",
    "emoji",
    "fake_reply",
    "fake_system",
    "fake_tool_result",
    "fullwidth",
    "hex",
    "homoglyph",
    "html",
    "html_entities",
    "leetspeak",
    "many_shot",
    "markdown",
    "mathematical",
    "morse",
    "padding",
    "plain",
    "pressure",
    "reversed",
    "role_play",
    "rot13",
    "shadowing",
    "spaced",
    "split",
    "tags",
    "template",
    "unicode_escapes",
    "url",
    "variation",
    "xml",
    "zero_width",
]
"""How it is dressed."""
Language = Literal[
    "ar",
    "bn",
    "cs",
    "de",
    "el",
    "en",
    "es",
    "fa",
    "fr",
    "he",
    "hi",
    "id",
    "it",
    "ja",
    "ko",
    "mixed",
    "nl",
    "pl",
    "pt",
    "ru",
    "sw",
    "th",
    "tr",
    "uk",
    "vi",
    "zh",
]
"""ISO 639-1, or several at once."""
HERE = Path(__file__).parent


class Injection(Record):
    """One text. A harmless one has neither trick nor aim."""

    id: str = Field(pattern=r"^[a-z]\d{3}$")
    kind: Kind
    language: Language
    trick: Trick | None = None
    aim: Aim | None = None
    text: str = Field(min_length=1, max_length=10_000)

    @model_validator(mode="after")
    def _whole(self) -> "Injection":
        if (self.trick is None) is not (self.aim is None):
            raise ValueError(f"{self.id}: a hostile text has a trick and an aim, a harmless one neither")
        return self

    @property
    def is_hostile(self) -> bool:
        return self.aim is not None


@cache
def injections() -> tuple[Injection, ...]:
    """All of them, by file. Raises ValueError for a line that is none."""
    return tuple(
        Injection.model_validate(row)
        for path in sorted(HERE.glob("*.yaml"))
        for row in yaml.safe_load(path.read_text(encoding="utf-8"))
    )


def hostile(kind: Kind | None = None) -> tuple[Injection, ...]:
    """Those that want something; of one kind where it is named."""
    return tuple(each for each in injections() if each.is_hostile and kind in (None, each.kind))


def harmless() -> tuple[Injection, ...]:
    """What a filter must let pass as it is."""
    return tuple(each for each in injections() if not each.is_hostile)
