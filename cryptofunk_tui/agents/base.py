"""What every agent is: a rule over all rows of a frame, and words for one of them."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from cryptofunk_tui.agents.frame import Frame
from cryptofunk_tui.domain.candles import Floats, Stamps
from cryptofunk_tui.domain.signals import Action

Codes = NDArray[np.int8]
Mask = NDArray[np.bool_]

BUY, SELL, HOLD, ABSTAIN = 1, -1, 0, 2
"""Actions as array codes; BUY and SELL are their own direction."""
ACTION_OF = {BUY: Action.BUY, SELL: Action.SELL, HOLD: Action.HOLD, ABSTAIN: Action.ABSTAIN}
CODE_OF = {action: code for code, action in ACTION_OF.items()}
ROUNDING = 1e-9
"""Two sums closer than this are the same number: a threshold is met in spite of float64's last digits."""
NEVER_MS = -1


@dataclass(frozen=True, slots=True)
class Need:
    """An indicator that an agent asks for, named as in quant.indicators."""

    name: str
    parameters: tuple[tuple[str, float], ...] = ()

    @property
    def key(self) -> str:
        """The key of its column, or the beginning of the keys of its columns."""
        return "_".join((self.name, *(repr(value).removesuffix(".0") for _, value in self.parameters)))


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """An agent's opinion in every row: a code, and a confidence in [0, 1] that is 0 where it abstains."""

    action: Codes
    confidence: Floats

    def __len__(self) -> int:
        return len(self.action)

    @classmethod
    def abstain(cls, rows: int) -> "Scores":
        """No opinion anywhere; takes no memory."""
        return cls(np.broadcast_to(np.int8(ABSTAIN), rows), np.broadcast_to(np.float64(0), rows))

    @classmethod
    def single(cls, action: Action, confidence: float) -> "Scores":
        """One row, from a record."""
        return cls(np.array([CODE_OF[action]], dtype=np.int8), np.array([confidence], dtype=np.float64))

    @classmethod
    def where(cls, known: Mask, direction: Codes, confidence: Floats) -> "Scores":
        """BUY, HOLD or SELL by direction in the known rows, ABSTAIN elsewhere."""
        return cls(
            np.where(known, direction, np.int8(ABSTAIN)), np.where(known, np.minimum(confidence, 1.0), 0.0)
        )

    def ending(self, action: Action, confidence: float) -> "Scores":
        """The same with another opinion in the last row."""
        last = Scores.single(action, confidence)
        return Scores(
            np.concatenate([self.action[:-1], last.action]),
            np.concatenate([self.confidence[:-1], last.confidence]),
        )

    def rows(self, start: int | None, stop: int | None = None) -> "Scores":
        """A slice as a view."""
        return Scores(self.action[start:stop], self.confidence[start:stop])

    def at(self, row: int) -> tuple[Action, float]:
        return ACTION_OF[int(self.action[row])], float(self.confidence[row])


@dataclass(frozen=True, slots=True, eq=False)
class Plans:
    """How a strategy would trade each of its BUY rows; NaN elsewhere, and where a plan has no trail.

    `stop` and `target` are prices in quote currency, `trail` and `trail_after` distances. `setup_ms` is
    when the setup came about: it is good for one entry; NEVER_MS where a setup may be used again."""

    stop: Floats
    target: Floats
    trail: Floats
    trail_after: Floats
    setup_ms: Stamps

    @classmethod
    def none(cls, rows: int) -> "Plans":
        """No plan anywhere; takes no memory."""
        unknown = np.broadcast_to(np.float64(np.nan), rows)
        return cls(unknown, unknown, unknown, unknown, np.broadcast_to(np.int64(NEVER_MS), rows))

    @classmethod
    def at(
        cls,
        length: int,
        rows: NDArray[np.intp],
        *,
        stop: Floats,
        target: Floats,
        trail: Floats | float = np.nan,
        trail_after: Floats | float = np.nan,
        setup_ms: Stamps | int = NEVER_MS,
    ) -> "Plans":
        """Plans for some of `length` rows."""

        def spread(values: Floats | float) -> Floats:
            column = np.full(length, np.nan)
            column[rows] = values
            return column

        setups = np.full(length, NEVER_MS, dtype=np.int64)
        setups[rows] = setup_ms
        return cls(spread(stop), spread(target), spread(trail), spread(trail_after), setups)

    def rows(self, start: int | None, stop: int | None = None) -> "Plans":
        """A slice as a view."""
        part = slice(start, stop)
        return Plans(
            self.stop[part], self.target[part], self.trail[part], self.trail_after[part], self.setup_ms[part]
        )


class Agent(Protocol):
    """A rule. The answer for a row depends on that row and the few before it that the rule names, never on
    a later one: the last row of a slice of LOOK_BACK_ROWS or more is the same as in the whole frame."""

    @property
    def name(self) -> str: ...

    @property
    def needs(self) -> tuple[Need, ...]: ...

    def score(self, frame: Frame) -> Scores:
        """An opinion in every row; ABSTAIN where a column is absent, unknown or not warm."""

    def reasons(self, frame: Frame, scores: Scores, row: int) -> tuple[str, ...]:
        """Why it thinks so in one row, in words and numbers."""


class StrategyAgent(Agent, Protocol):
    """An agent that votes, and says how it would trade."""

    def plan(self, frame: Frame, scores: Scores) -> Plans:
        """Stops and targets of the rows that it would buy in."""


def direction(up: Mask, down: Mask) -> Codes:
    """1 where up, −1 where down, 0 where neither or both."""
    side: Codes = up.view(np.int8) - down.view(np.int8)
    return side


def leaning(known: Mask, score: Floats, threshold: float) -> Scores:
    """A score in [−1, 1] as an opinion: BUY or SELL with |score| from the threshold on, else HOLD with
    1 − |score|."""
    strength = np.abs(score)
    leans = strength >= threshold - ROUNDING
    return Scores.where(
        known, np.where(leans, np.sign(score), 0).astype(np.int8), np.where(leans, strength, 1 - strength)
    )


def number(value: float) -> str:
    """A price or a reading for a reason: six digits that matter, thousands apart."""
    return f"{value:,.2f}" if abs(value) >= 1000 else f"{value:.6g}"


def lean_text(action: Action, score: float, threshold: float) -> str:
    """How a leaning came about, in words."""
    if action is Action.HOLD:
        return f"score {score:+.2f} lies within ±{threshold:g}: no lean"
    return f"score {score:+.2f} is beyond ±{threshold:g}: {action}"


def rsi_text(period: int, value: float, oversold: float, overbought: float) -> str:
    """An RSI reading against its two levels, in words."""
    if value <= oversold:
        return f"RSI {period} at {value:.1f}: oversold ({oversold:g} or below)"
    if value >= overbought:
        return f"RSI {period} at {value:.1f}: overbought ({overbought:g} or above)"
    return f"RSI {period} at {value:.1f}: neutral (between {oversold:g} and {overbought:g})"
