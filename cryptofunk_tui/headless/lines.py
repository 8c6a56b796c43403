"""A decision as one line of text."""

from cryptofunk_tui.domain.cycle import CycleRecord
from cryptofunk_tui.orchestrator.chronicle import outcome_words


def decision_line(record: CycleRecord) -> str:
    """When, what, how sure, and what came of it or why nothing did."""
    tally = record.tally
    head = f"{record.as_of:%Y-%m-%d %H:%M}Z  {record.symbol:<10} {tally.action:<4} {tally.consensus:4.0%}"
    return f"{head}  {outcome_words(record)}"
