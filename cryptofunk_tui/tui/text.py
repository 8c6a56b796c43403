"""Words and numbers as the screen shows them: outside text made harmless, figures at a fixed precision."""

import unicodedata
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

Number = Decimal | float | int

NOTHING = "–"
MINUS = "−"
ELLIPSIS = "…"
BUY, SELL, HOLD, ABSTAIN = "▲", "▼", "─", "·"
YES, NO, WARN, IDLE = "✓", "✗", "!", "–"
POINTER = "▸"
ACTION_GLYPHS = {"BUY": BUY, "SELL": SELL, "HOLD": HOLD, "ABSTAIN": ABSTAIN}
ACTION_TONES = {"BUY": "up", "SELL": "down", "HOLD": "dim", "ABSTAIN": "dim"}

_LONGEST = 400
_MOST_MARKS = 2
_PREFIXES = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


class Span(NamedTuple):
    """A run of text in one tone; `action` is what a click on it does."""

    text: str
    tone: str = ""
    action: str | None = None


Line = tuple[Span, ...]
BLANK: Line = ()


def clean(text: str, longest: int = _LONGEST) -> str:
    """Text from outside on one line: control, format and bidirectional characters become `·`, piles of
    combining marks are thinned, and what is longer than `longest` characters is cut."""
    cut = len(text) > longest
    text = text[:longest]
    if not (text.isascii() and text.isprintable()):
        text = "".join(_harmless(text))
    return text + ELLIPSIS if cut else text


def _harmless(text: str) -> Iterable[str]:
    marks = 0
    for character in text:
        if unicodedata.combining(character):
            marks += 1
            if marks <= _MOST_MARKS:
                yield character
            continue
        marks = 0
        if character in "\n\t\r":
            yield " "
        elif character.isprintable() and not "\ufe00" <= character <= "\ufe0f":
            yield character
        else:
            yield "·"


def fit(text: str, width: int, right: bool = False) -> str:
    """`text` in exactly `width` cells, cut with an ellipsis or padded."""
    if width <= 0:
        return ""
    length = len(text) if text.isascii() else cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + ELLIPSIS
    pad = " " * (width - length)
    return pad + text if right else text + pad


def wrap(text: str, width: int) -> list[str]:
    """`text` broken at blanks into lines of at most `width` cells; a longer word is cut."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        word = fit(word, width).rstrip() if cell_len(word) > width else word
        if line and cell_len(line) + 1 + cell_len(word) > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return [*lines, line] if line else lines


def holds(text: str, words: str) -> bool:
    """Whether every one of the words stands somewhere in the text, in any case."""
    folded = text.casefold()
    return all(word in folded for word in words.casefold().split())


def width_of(line: Iterable[Span]) -> int:
    """Cells that a line takes."""
    return sum(cell_len(span.text) for span in line)


def spread(left: Line, right: Line, width: int, fill: Span | None = None) -> Line:
    """`left` and `right` at the two ends of `width` cells; `right` gives way where both do not fit."""
    gap = width - width_of(left) - width_of(right)
    if gap < 1:
        return left
    filler = Span(" " * gap) if fill is None else Span(fill.text * gap, fill.tone)
    return (*left, filler, *right)


def decimals(value: Number) -> int:
    """Digits behind the point with which a price of this size is shown."""
    size = abs(float(value))
    for least, digits in ((1000, 2), (10, 3), (1, 4), (0.01, 5), (0.0001, 7), (0.000001, 8)):
        if size >= least:
            return digits
    return 10


def price(value: Number | None) -> str:
    """A price at the precision of its size; very large and very small ones in scientific notation."""
    if value is None:
        return NOTHING
    size = abs(float(value))
    if size >= 1e10 or 0 < size < 1e-8:
        return _minus(f"{float(value):.3e}")
    return _minus(f"{value:,.{decimals(value)}f}")


def money(value: Number | None, signed: bool = False) -> str:
    """An amount of quote currency with two decimals."""
    if value is None:
        return NOTHING
    if abs(float(value)) >= 1e12:
        return short(value)
    return _minus(f"{value:+,.2f}" if signed else f"{value:,.2f}")


def quantity(value: Number | None) -> str:
    """An amount of base currency in about six digits."""
    if value is None:
        return NOTHING
    size = abs(float(value))
    if size >= 1e9:
        return short(value)
    digits = 2 if size >= 1000 else 4 if size >= 1 else 6
    return _minus(f"{value:,.{digits}f}" if size >= 1e-6 or size == 0 else f"{float(value):.2e}")


def percent(fraction: Number | None, signed: bool = False, digits: int = 1) -> str:
    """A fraction as percent: 0.125 reads 12.5%."""
    if fraction is None:
        return NOTHING
    value = float(fraction) * 100
    if abs(value) >= 1e6:
        return short(value) + "%"
    shown = f"{value:+.{digits}f}%" if signed else f"{value:.{digits}f}%"
    return _minus(f"{0:.{digits}f}%" if float(shown[:-1]) == 0 else shown)


def ratio(value: Number | None) -> str:
    """A plain number in three digits."""
    if value is None:
        return NOTHING
    size = abs(float(value))
    if size >= 10_000:
        return short(value)
    return _minus(f"{value:.0f}" if size >= 100 else f"{value:.1f}" if size >= 10 else f"{value:.2f}")


def short(value: Number | None) -> str:
    """A large number with its prefix: 2.41T, 950.0M."""
    if value is None:
        return NOTHING
    size = abs(float(value))
    if size >= 1e16:
        return _minus(f"{float(value):.1e}")
    for least, prefix in _PREFIXES:
        if size >= least:
            return _minus(f"{float(value) / least:.2f}{prefix}")
    return _minus(f"{float(value):.2f}")


def age(seconds: float | None) -> str:
    """How long ago: 0.4s, 12s, 3m, 2h, 5d."""
    if seconds is None:
        return NOTHING
    seconds = max(0.0, seconds)
    if seconds < 10:
        return f"{seconds:.1f}s"
    for limit, unit, letter in ((60, 1, "s"), (3600, 60, "m"), (86_400, 3600, "h")):
        if seconds < limit:
            return f"{int(seconds // unit)}{letter}"
    return f"{int(seconds // 86_400)}d"


def countdown(seconds: float) -> str:
    """Time left as m:ss, never below 0:00."""
    left = max(0, int(seconds))
    return f"{left // 60}:{left % 60:02d}"


def clock(moment: datetime, date: bool = False) -> str:
    """A moment's time of day in UTC, with month and day where asked."""
    return moment.strftime("%m-%d %H:%M" if date else "%H:%M:%S")


def change_glyph(value: Number) -> str:
    """The sign of a change as a shape."""
    return BUY if value > 0 else SELL if value < 0 else HOLD


def change_tone(value: Number) -> str:
    """The sign of a change as a tone."""
    return "up" if value > 0 else "down" if value < 0 else "dim"


def _minus(text: str) -> str:
    return text.replace("-", MINUS)
