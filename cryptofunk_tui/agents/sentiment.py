"""The sentiment analyst: the tone of the news and the Fear & Greed index."""

import numpy as np

from cryptofunk_tui.agents.base import Need, Scores, lean_text, leaning
from cryptofunk_tui.agents.frame import FEAR_GREED_COLUMN, NEWS_COLUMN, Frame
from cryptofunk_tui.domain.agent_rules import SentimentRules
from cryptofunk_tui.domain.candles import Floats
from cryptofunk_tui.domain.signals import Action


class SentimentAgent:
    """Analysis of the mood. One of the two sources is enough; the weights are then those of what is there."""

    name = "sentiment"
    needs: tuple[Need, ...] = ()

    def __init__(self, rules: SentimentRules) -> None:
        self._rules = rules

    def score(self, frame: Frame) -> Scores:
        """An opinion in every row that has news or an index."""
        known = frame.known(NEWS_COLUMN) | frame.known(FEAR_GREED_COLUMN)
        if not known.any():
            return Scores.abstain(len(frame))
        return leaning(known, self._total(frame), self._rules.threshold)

    def reasons(self, frame: Frame, scores: Scores, row: int) -> tuple[str, ...]:
        """What is known of the mood in a row, and the score."""
        action, _ = scores.at(row)
        if action is Action.ABSTAIN:
            return frame.why_unknown(row, NEWS_COLUMN, FEAR_GREED_COLUMN)
        words = []
        if frame.known(NEWS_COLUMN)[row]:
            words.append(f"tone of the news {float(frame.columns[NEWS_COLUMN][row]):+.2f}")
        if frame.known(FEAR_GREED_COLUMN)[row]:
            words.append(f"Fear & Greed at {float(frame.columns[FEAR_GREED_COLUMN][row]):.0f} of 100")
        return (*words, lean_text(action, float(self._total(frame)[row]), self._rules.threshold))

    def _total(self, frame: Frame) -> Floats:
        """Mean of what is known, by weight; 0 where nothing is."""
        rules, rows = self._rules, len(frame)
        unknown = np.full(rows, np.nan)
        news = frame.columns.get(NEWS_COLUMN, unknown)
        mood = (frame.columns.get(FEAR_GREED_COLUMN, unknown) - 50) / 50
        total, weight = np.zeros(rows), np.zeros(rows)
        for values, share in ((news, rules.news_weight), (mood, rules.fear_greed_weight)):
            known = np.isfinite(values)
            total += np.where(known, share * values, 0.0)
            weight += share * known
        return np.divide(total, weight, out=np.zeros(rows), where=weight > 0)
