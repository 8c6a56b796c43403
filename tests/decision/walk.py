"""A plain walk through one symbol's decisions: enough of a portfolio to count what the rules lead to."""

from typing import NamedTuple

import numpy as np

from cryptofunk_tui.agents.base import HOLD
from cryptofunk_tui.decision.decide import Deliberation, Standing, leader, outcome
from cryptofunk_tui.decision.voting import Reason
from cryptofunk_tui.domain.rules import Rules


class RoundTrip(NamedTuple):
    """Rows of the bars in which it was entered and left, and how it was left."""

    strategy: str
    entered: int
    left: int
    how: str
    r_multiple: float


class _Held(NamedTuple):
    strategy: str
    entered: int
    entry: float
    risk: float
    stop: float
    target: float
    trail: float
    trail_after: float
    high: float


def walk(made: Deliberation, rules: Rules) -> tuple[list[RoundTrip], dict[Reason, int]]:
    """Entries and exits at the next bar's open, stop and target shifted with the fill; in a bar first the
    stop, then the target, a gap at the open, the trail last. Also how often each reason decided."""
    bars, trips, reasons = made.candles, [], dict.fromkeys(Reason, 0)
    held: _Held | None = None
    last_entry = last_exit = None
    for row in range(len(made) - 1):
        if held is not None:
            held, how, price = _through(held, bars.open[row], bars.high[row], bars.low[row])
            if how:
                trips.append(_trip(held, row, how, price))
                held, last_exit = None, int(bars.close_ms[row])
        standing = Standing(held is not None, held.strategy if held else None, last_entry, last_exit)
        why = outcome(made, row, standing, rules.limits)
        reasons[why] += 1
        if why is not Reason.CARRIED or made.tallies.action[row] == HOLD:
            continue
        strategy, price = leader(made, row, standing), float(bars.open[row + 1])
        assert strategy is not None
        if held is not None:
            trips.append(_trip(held, row + 1, "vote", price))
            held, last_exit = None, int(bars.timestamp_ms[row + 1])
        else:
            held, last_entry = _enter(made, row, strategy, price), int(bars.timestamp_ms[row + 1])
    return trips, reasons


def _enter(made: Deliberation, row: int, strategy: str, price: float) -> _Held:
    close, plans = float(made.candles.close[row]), made.plans
    stop, target = float(plans.stop[row]), float(plans.target[row])
    return _Held(
        strategy,
        row + 1,
        price,
        close - stop,
        stop + price - close,
        target + price - close,
        float(plans.trail[row]),
        float(plans.trail_after[row]),
        price,
    )


def _through(held: _Held, open_: float, high: float, low: float) -> tuple[_Held, str, float]:
    if open_ <= held.stop:
        return held, "gap", open_
    if low <= held.stop:
        return held, "stop", held.stop
    if high >= held.target:
        return held, "target", max(held.target, open_)
    highest, stop = max(held.high, high), held.stop
    if np.isfinite(held.trail) and highest >= held.entry + held.trail_after:
        stop = max(stop, highest - held.trail)
    return held._replace(high=highest, stop=stop), "", 0.0


def _trip(held: _Held, row: int, how: str, price: float) -> RoundTrip:
    return RoundTrip(held.strategy, held.entered, row, how, (price - held.entry) / held.risk)
