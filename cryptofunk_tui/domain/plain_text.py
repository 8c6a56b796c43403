"""Texts from outside as data: one line, printable, short, and without a secret."""

import re
import unicodedata

MOST = 200
HIDDEN = "***"

_CONTROL = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
"""Unicode's controls, formats (the bidi overrides among them), surrogates and line separators."""
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_SIGNED = re.compile(
    r"(?i)((?:signature|x-mbx-apikey|api[-_]?key|api[-_]?secret|secret|passphrase|password|token|authorization)"
    r"[\"']?\s*[=:]\s*[\"']?(?:bearer\s+)?)[^\s\"'&,;}]+"
)
_QUERIES = re.compile(r"((?:https?|wss?)://[^\s?\"'<>]+)\?[^\s\"'<>]+")

_secrets: set[str] = set()


def keep_secret(*secrets: str | None) -> None:
    """From now on `redacted` hides these wherever they stand in this process's texts."""
    _secrets.update(secret for secret in secrets if secret and len(secret) >= 6)


def redacted(text: str) -> str:
    """Without known secrets, signatures, keys in headers, and what follows the `?` of an address."""
    for secret in _secrets:
        text = text.replace(secret, HIDDEN)
    return _SIGNED.sub(rf"\g<1>{HIDDEN}", _QUERIES.sub(rf"\g<1>?{HIDDEN}", text))


def safe_text(text: object, limit: int = MOST) -> str:
    """One printable, redacted line of at most `limit` characters."""
    plain = _ESCAPES.sub(" ", redacted(str(text)[: 20 * limit]))
    shown = "".join(" " if unicodedata.category(each) in _CONTROL else each for each in plain)
    line = " ".join(shown.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"
