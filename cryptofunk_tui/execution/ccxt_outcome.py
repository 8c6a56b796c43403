"""What became of an order by what ccxt raised. Pure; the texts name no address and no key.

ccxt's tree says little of outcomes: Binance's "execution status unknown" is a RequestTimeout, its clock skew
an InvalidNonce, and both are NetworkErrors. So an order may have been placed unless the venue said that it
was not."""

import json
import re
from typing import Any

from cryptofunk_tui.domain.orders import OrderStatus
from cryptofunk_tui.domain.plain_text import safe_text
from cryptofunk_tui.market.venue_clients import ccxt_errors

_MESSAGE = re.compile(r"\{.*\}", re.DOTALL)
_TEXTS = ("msg", "message", "retMsg", "error")


def outcome(error: Exception) -> tuple[OrderStatus, str]:
    """REJECTED where the venue did not place the order, UNKNOWN where nobody can tell; and why."""
    errors = ccxt_errors()
    reason = venue_says(error)
    if isinstance(error, errors.DuplicateOrderId) or "duplicate" in str(error).lower():
        return OrderStatus.UNKNOWN, f"it was placed before: {reason}"
    if isinstance(error, (errors.DDoSProtection, errors.InvalidNonce)):
        return OrderStatus.REJECTED, reason
    if type(error) is errors.ExchangeError or not isinstance(error, errors.ExchangeError):
        return OrderStatus.UNKNOWN, f"no clear answer: {reason}"
    return OrderStatus.REJECTED, reason


def is_absent(error: Exception) -> bool:
    """Whether the venue says that it knows of no such order."""
    return isinstance(error, ccxt_errors().OrderNotFound)


def is_no_such_question(error: Exception) -> bool:
    """Whether the venue cannot be asked like this: it looks an order up by its own name alone."""
    errors = ccxt_errors()
    refused = isinstance(error, (errors.ArgumentsRequired, errors.NotSupported, errors.BadRequest))
    return refused or type(error) is errors.InvalidOrder


def venue_says(error: Exception) -> str:
    """The error's kind, and the venue's own words where its answer has some."""
    text = str(error)
    found = _MESSAGE.search(text)
    said = _words(found.group()) if found else _plain(text)
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _plain(text: str) -> str:
    """Words that ccxt puts behind the venue's name; nothing where an address is among them."""
    return "" if "://" in text else safe_text(text.partition(" ")[2])


def _words(body: str) -> str:
    try:
        answer: Any = json.loads(body)
    except ValueError:
        return ""
    if not isinstance(answer, dict):
        return ""
    return next((safe_text(answer[name]) for name in _TEXTS if isinstance(answer.get(name), str)), "")
