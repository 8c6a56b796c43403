"""Who sits in the council, and what they need to be shown."""

from collections.abc import Callable
from dataclasses import dataclass

from cryptofunk_tui.agents.arbitrage import ArbitrageAgent
from cryptofunk_tui.agents.base import Agent, Need, Plans, Scores, StrategyAgent
from cryptofunk_tui.agents.frame import Frame
from cryptofunk_tui.agents.mean_reversion import MeanReversionAgent
from cryptofunk_tui.agents.order_book import OrderBookAgent
from cryptofunk_tui.agents.risk import RiskAgent
from cryptofunk_tui.agents.sentiment import SentimentAgent
from cryptofunk_tui.agents.technical import TechnicalAgent
from cryptofunk_tui.agents.trend_following import TrendFollowingAgent
from cryptofunk_tui.domain.rules import Rules


@dataclass(frozen=True, slots=True)
class Proposal:
    """A strategy's opinion and how it would trade it."""

    scores: Scores
    plans: Plans

    @classmethod
    def absent(cls, rows: int) -> "Proposal":
        """What stands for a strategy that is stopped or has failed."""
        return cls(Scores.abstain(rows), Plans.none(rows))

    def rows(self, start: int | None, stop: int | None = None) -> "Proposal":
        """A slice as a view."""
        return Proposal(self.scores.rows(start, stop), self.plans.rows(start, stop))


@dataclass(frozen=True, slots=True)
class Council:
    """The enabled agents, in the configured order."""

    analysis: tuple[Agent, ...]
    strategies: tuple[StrategyAgent, ...]
    risk: RiskAgent

    @property
    def needs(self) -> tuple[Need, ...]:
        """Every indicator that an agent asks for, once."""
        agents: tuple[Agent, ...] = (*self.analysis, *self.strategies)
        return tuple(dict.fromkeys(need for agent in agents for need in agent.needs))

    def signals(self, frame: Frame) -> dict[str, Scores]:
        """The analysis agents' opinions in every row."""
        return {agent.name: agent.score(frame) for agent in self.analysis}

    def proposals(self, frame: Frame) -> dict[str, Proposal]:
        """The strategies' opinions and plans in every row."""
        return {agent.name: propose(agent, frame) for agent in self.strategies}


def propose(agent: StrategyAgent, frame: Frame) -> Proposal:
    """One strategy's opinion and plans."""
    scores = agent.score(frame)
    return Proposal(scores, agent.plan(frame, scores))


def analysis_builders(rules: Rules) -> dict[str, Callable[[], Agent]]:
    """How each enabled analysis agent is made, by name."""
    council = rules.council
    makers: dict[str, Callable[[], Agent]] = {
        "technical": lambda: TechnicalAgent(council.technical),
        "order_book": lambda: OrderBookAgent(council.order_book),
        "sentiment": lambda: SentimentAgent(council.sentiment),
    }
    return {name: makers[name] for name in council.analysis}


def strategy_builders(rules: Rules) -> dict[str, Callable[[], StrategyAgent]]:
    """How each enabled strategy is made, by name."""
    council = rules.council
    makers: dict[str, Callable[[], StrategyAgent]] = {
        "trend_following": lambda: TrendFollowingAgent(council.trend_following),
        "mean_reversion": lambda: MeanReversionAgent(council.mean_reversion),
        "arbitrage": lambda: ArbitrageAgent(council.arbitrage, rules.costs),
    }
    return {name: makers[name] for name in council.strategies}


def build(rules: Rules) -> Council:
    """Seat everyone that the rules enable."""
    return Council(
        tuple(make() for make in analysis_builders(rules).values()),
        tuple(make() for make in strategy_builders(rules).values()),
        RiskAgent(rules.limits, rules.costs),
    )
