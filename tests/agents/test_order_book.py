import numpy as np
import pytest

from cryptofunk_tui.agents.frame import BOOK_COLUMNS
from cryptofunk_tui.agents.order_book import OrderBookAgent
from cryptofunk_tui.domain.agent_rules import OrderBookRules
from cryptofunk_tui.domain.signals import Action
from tests.agents.scene import frame, opinion

AGENT = OrderBookAgent(OrderBookRules())


@pytest.mark.parametrize(
    ("values", "action", "confidence"),
    [
        ((1, 1, 1, 1), Action.BUY, 1.0),
        ((-1, -1, -1, -1), Action.SELL, 1.0),
        ((1, 0, 0, 0), Action.BUY, 0.4),
        ((0, 1, 0, 0), Action.BUY, 0.3),
        ((0, 0, -1, 0), Action.HOLD, 0.8),
        ((0, 0, 0, 1), Action.HOLD, 0.9),
        ((0, -1, 0, 1), Action.HOLD, 0.8),
    ],
)
def test_the_parts_weigh_40_30_20_10(values: tuple[float, ...], action: Action, confidence: float) -> None:
    seen = frame({key: [value] for key, value in zip(BOOK_COLUMNS, values, strict=True)})
    assert AGENT.score(seen).at(0) == opinion(action, confidence)


def test_it_abstains_without_a_whole_book() -> None:
    columns = {key: [0.5, 0.5] for key in BOOK_COLUMNS}
    seen = frame({**columns, "book.large": [np.nan, 0.5]})
    scores = AGENT.score(seen)
    assert [scores.at(row)[0] for row in (0, 1)] == [Action.ABSTAIN, Action.BUY]
    assert AGENT.reasons(seen, scores, 0) == ("book.large is not known",)
    assert AGENT.score(frame({"other": [1.0]})).at(0) == (Action.ABSTAIN, 0.0)


def test_a_book_needs_no_warm_up() -> None:
    assert AGENT.score(frame({key: [1.0] for key in BOOK_COLUMNS}, warm=9)).at(0)[0] is Action.BUY


def test_reasons_name_a_suspicion() -> None:
    seen = frame({"book.imbalance": [0.5], "book.depth": [0.4], "book.large": [0.0], "book.spoof": [-0.6]})
    assert AGENT.reasons(seen, AGENT.score(seen), 0) == (
        "imbalance +0.50 on the best 10 levels",
        "depth within 1% +0.40",
        "orders above 5% of volume +0.00",
        "large bids were pulled untraded, -0.60: a suspicion of spoofing",
        "score +0.26 lies within ±0.3: no lean",
    )
    calm = seen.with_now({"book.spoof": 0.0})
    assert "no large order was pulled" in AGENT.reasons(calm, AGENT.score(calm), 0)
    asks = seen.with_now({"book.spoof": 0.2})
    assert any("large asks" in reason for reason in AGENT.reasons(asks, AGENT.score(asks), 0))
