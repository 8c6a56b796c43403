"""The order-book analyst: which side rests with more weight, and how honestly."""

import numpy as np

from cryptofunk_tui.agents.base import Need, Scores, lean_text, leaning
from cryptofunk_tui.agents.frame import BOOK_COLUMNS, Frame
from cryptofunk_tui.domain.agent_rules import OrderBookRules
from cryptofunk_tui.domain.candles import Floats
from cryptofunk_tui.domain.signals import Action


class OrderBookAgent:
    """Analysis of the book's features, which agents.features takes from a snapshot."""

    name = "order_book"
    needs: tuple[Need, ...] = ()

    def __init__(self, rules: OrderBookRules) -> None:
        self._rules = rules

    def score(self, frame: Frame) -> Scores:
        """An opinion in every row that has a book."""
        known = frame.known(*BOOK_COLUMNS)
        if not known.any():
            return Scores.abstain(len(frame))
        return leaning(known, self._total(frame), self._rules.threshold)

    def reasons(self, frame: Frame, scores: Scores, row: int) -> tuple[str, ...]:
        """The four readings of a row, and their sum."""
        action, _ = scores.at(row)
        if action is Action.ABSTAIN:
            return frame.why_unknown(row, *BOOK_COLUMNS)
        rules = self._rules
        imbalance, depth, large, spoof = (float(frame.columns[key][row]) for key in BOOK_COLUMNS)
        total = float(self._total(frame)[row])
        return (
            f"imbalance {imbalance:+.2f} on the best {rules.imbalance_levels} levels",
            f"depth within {rules.depth:.0%} {depth:+.2f}",
            f"orders above {rules.large:.0%} of volume {large:+.2f}",
            _spoof_text(spoof),
            lean_text(action, total, rules.threshold),
        )

    def _total(self, frame: Frame) -> Floats:
        total = np.zeros(len(frame))
        for part, weight in self._rules.parts.items():
            total += weight * frame.columns[f"book.{part}"]
        return total


def _spoof_text(spoof: float) -> str:
    if spoof == 0:
        return "no large order was pulled"
    side = "asks" if spoof > 0 else "bids"
    return f"large {side} were pulled untraded, {spoof:+.2f}: a suspicion of spoofing"
