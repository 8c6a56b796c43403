"""How a position is protected: the anchor at the fill, stop before target, the trail last. Pure."""

from dataclasses import dataclass
from decimal import Decimal

from cryptofunk_tui.domain.market import Quote
from cryptofunk_tui.domain.orders import Protection, Purpose
from cryptofunk_tui.domain.portfolio import Position
from cryptofunk_tui.execution.fills import Bar, derived


@dataclass(frozen=True, slots=True)
class Armed:
    """Protection as absolute prices, with the trail's distance and threshold in quote currency."""

    stop: Decimal
    target: Decimal | None
    trail: Decimal | None
    trail_after: Decimal | None


@dataclass(frozen=True, slots=True)
class Exit:
    """A protection that was met, and the price that it is filled at."""

    purpose: Purpose
    price: Decimal


def anchor(protection: Protection, fill_price: Decimal) -> Armed:
    """Stop and target shifted by the fill's distance from the price decided on, so that the risk taken is
    the risk approved. Distances stay as they are."""
    shift = fill_price - protection.reference
    target = None if protection.target is None else derived(protection.target + shift)
    return Armed(derived(protection.stop + shift), target, protection.trail, protection.trail_after)


def exit_on_bar(position: Position, bar: Bar) -> Exit | None:
    """What closes a position within a bar: the stop, else the target, each at its price or at the open
    where the bar opens beyond it. Where both lie in one bar the stop is taken, the worse of the two."""
    if position.stop is not None and bar.low <= position.stop:
        return Exit(stop_purpose(position), min(bar.open, position.stop))
    if position.target is not None and bar.high >= position.target:
        return Exit(Purpose.TARGET, max(bar.open, position.target))
    return None


def exit_on_quote(position: Position, quote: Quote) -> Exit | None:
    """What closes a position at a live quote; it is sold at the bid."""
    if position.stop is not None and quote.bid <= position.stop:
        return Exit(stop_purpose(position), quote.bid)
    if position.target is not None and quote.bid >= position.target:
        return Exit(Purpose.TARGET, quote.bid)
    return None


def trailed(position: Position, high: Decimal) -> Position:
    """The position after the market reached `high`: the highest price, and the stop behind it once the
    gain over the entry reached `trail_after`. A stop never moves down."""
    raised = position if high <= position.high else position.model_copy(update={"high": high})
    stop = trail_stop(raised)
    return raised if stop is None else raised.model_copy(update={"stop": stop})


def trail_stop(position: Position) -> Decimal | None:
    """Where the trail puts the stop, or None where it does not raise it."""
    if position.trail is None or position.high - position.entry_price < (position.trail_after or 0):
        return None
    stop = derived(position.high - position.trail)
    return stop if position.stop is None or stop > position.stop else None


def stop_purpose(position: Position) -> Purpose:
    """STOP where the stop stands as it was approved, TRAIL once it has moved."""
    moved = position.initial_stop is not None and position.stop != position.initial_stop
    return Purpose.TRAIL if moved else Purpose.STOP
