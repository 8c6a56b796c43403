"""What each agent's brief shows of a moment."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from cryptofunk_tui.agents.frame import Frame
from cryptofunk_tui.domain.market import Quote
from cryptofunk_tui.domain.signals import Ballot, Context, Plan, Signal, Tally
from cryptofunk_tui.llm import brief

RECENT_BARS = 12
_OF_THE_MOMENT = {"order_book": ("book.",), "sentiment": ("news.", "fear_greed"), "arbitrage": ("arb.",)}
"""Columns of agents that read the moment; the others read candles and what is computed of them."""
_MOMENT = tuple(prefix for prefixes in _OF_THE_MOMENT.values() for prefix in prefixes)


def seen(agent: str, frame: Frame, inputs: Mapping[str, float | None], at: datetime) -> dict[str, Any]:
    """The moment in an agent's own numbers."""
    wanted = _OF_THE_MOMENT.get(agent)
    if wanted is None:
        mine = {name: value for name, value in inputs.items() if not name.startswith(_MOMENT)}
    else:
        mine = {name: value for name, value in inputs.items() if name.startswith(wanted) or name == "close"}
    parts: dict[str, Any] = {
        "as_of": f"{at:%Y-%m-%d %H:%M}Z",
        "timeframe": frame.candles.timeframe,
        "numbers": brief.numbers(mine),
    }
    if wanted is None:
        parts["recent_closes"] = brief.listed(frame.candles.close[-RECENT_BARS:].tolist())
    return parts


def council(signals: Sequence[Signal], context: Context) -> dict[str, Any]:
    """What the analysts said, for those who vote."""
    return {"signals": [brief.opinion_of(each) for each in signals], "context": brief.context_of(context)}


def proposed(tally: Tally, ballots: Sequence[Ballot], plan: Plan, quote: Quote) -> dict[str, Any]:
    """An entry, for the risk officer's model."""
    return {
        "vote": {
            "leader": tally.leader,
            **brief.numbers(tally.model_dump(include={"consensus", "confidence", "quorum"})),
        },
        "ballots": [brief.opinion_of(each) for each in ballots],
        "plan": {name: float(value) for name, value in plan if value is not None},
        "quote": brief.numbers({"bid": float(quote.bid), "ask": float(quote.ask)}),
    }
