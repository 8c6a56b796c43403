"""How much of the equity to put at risk: the Kelly criterion.

Source: J. L. Kelly, "A New Interpretation of Information Rate" (1956); f = p − q/b for a bet that wins b
times its stake with probability p and loses the stake with probability q = 1 − p. Never below 0."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cryptofunk_tui.quant.checked import checked_series


def kelly(win_rate: float, payoff: float) -> float:
    """Share of the equity to risk. `win_rate` is a fraction, `payoff` the mean win over the mean loss.
    0 where there is no edge. Raises ValueError for a rate outside [0, 1] or a payoff that is not above 0."""
    if not 0 <= win_rate <= 1:
        raise ValueError(f"win_rate must lie between 0 and 1, not {win_rate}")
    if not payoff > 0:
        raise ValueError(f"payoff must be above 0, not {payoff}")
    return max(0.0, win_rate - (1 - win_rate) / payoff)


@dataclass(frozen=True, slots=True)
class Edge:
    """What a record of trades says. `payoff` is None where no win or no loss lets it be reckoned."""

    trades: int
    win_rate: float
    payoff: float | None
    kelly: float


def edge_of(
    r_multiples: Sequence[float], *, prior_trades: int, prior_win_rate: float, prior_payoff: float
) -> Edge:
    """The edge in net R-multiples (profit over the equity risked), tempered by `prior_trades` pseudo-trades
    that win `prior_payoff` R at `prior_win_rate` and lose 1 R otherwise, so that a short lucky streak does
    not size the next trade. A result of 0 counts as lost. Raises ValueError for one that is not finite."""
    results = checked_series("r_multiples", r_multiples, least=0)
    wins, losses = results[results > 0], results[results <= 0]
    prior_wins = prior_trades * prior_win_rate
    prior_losses = prior_trades - prior_wins
    won, lost = wins.size + prior_wins, losses.size + prior_losses
    gain = float(np.sum(wins)) + prior_wins * prior_payoff
    loss = float(-np.sum(losses)) + prior_losses
    if won == 0 or loss == 0:
        win_rate = won / (won + lost) if won + lost else 0.0
        return Edge(results.size, win_rate, None, win_rate if loss == 0 else 0.0)
    win_rate = won / (won + lost)
    payoff = (gain / won) / (loss / lost)
    return Edge(results.size, win_rate, payoff, kelly(win_rate, payoff))
