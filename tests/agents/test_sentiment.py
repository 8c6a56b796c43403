import numpy as np
import pytest

from cryptofunk_tui.agents.sentiment import SentimentAgent
from cryptofunk_tui.domain.agent_rules import SentimentRules
from cryptofunk_tui.domain.signals import Action
from tests.agents.scene import frame, opinion

AGENT = SentimentAgent(SentimentRules())
NAN = float("nan")


@pytest.mark.parametrize(
    ("news", "fear_greed", "action", "confidence"),
    [
        (1.0, 100.0, Action.BUY, 1.0),
        (-1.0, 0.0, Action.SELL, 1.0),
        (0.5, 50.0, Action.BUY, 0.3),
        (0.49, 50.0, Action.HOLD, 1 - 0.294),
        (0.0, 10.0, Action.SELL, 0.32),
        (0.5, 12.5, Action.HOLD, 1.0),
        (0.4, NAN, Action.BUY, 0.4),
        (NAN, 20.0, Action.SELL, 0.6),
        (NAN, NAN, Action.ABSTAIN, 0.0),
    ],
)
def test_news_weigh_60_and_mood_40_of_what_is_known(
    news: float, fear_greed: float, action: Action, confidence: float
) -> None:
    scores = AGENT.score(frame({"news.score": [news], "fear_greed": [fear_greed]}))
    assert scores.at(0) == opinion(action, confidence)


def test_one_absent_source_is_as_good_as_an_unknown_one() -> None:
    assert AGENT.score(frame({"fear_greed": [100.0]})).at(0) == (Action.BUY, 1.0)
    assert AGENT.score(frame({"news.score": [-0.3]})).at(0) == opinion(Action.SELL, 0.3)
    assert AGENT.score(frame({"other": [1.0]})).at(0)[0] is Action.ABSTAIN


def test_reasons_name_what_is_known() -> None:
    seen = frame({"news.score": [0.42, np.nan, np.nan], "fear_greed": [71.0, 71.0, np.nan]})
    scores = AGENT.score(seen)
    assert AGENT.reasons(seen, scores, 0) == (
        "tone of the news +0.42",
        "Fear & Greed at 71 of 100",
        "score +0.42 is beyond ±0.3: BUY",
    )
    assert AGENT.reasons(seen, scores, 1)[0] == "Fear & Greed at 71 of 100"
    assert AGENT.reasons(seen, scores, 2) == ("news.score is not known", "fear_greed is not known")
