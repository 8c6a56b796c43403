"""The council in session: agents that are stopped, started, and seated anew when they fail."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from cryptofunk_tui.agents.base import Agent, Need, Scores, StrategyAgent
from cryptofunk_tui.agents.council import Proposal, analysis_builders, propose, strategy_builders
from cryptofunk_tui.agents.frame import Frame
from cryptofunk_tui.domain.base import Clock
from cryptofunk_tui.domain.errors import WrongUse
from cryptofunk_tui.domain.events import AgentState, AgentStatus, AnyEvent
from cryptofunk_tui.domain.rules import Rules
from cryptofunk_tui.orchestrator.threads import Threads
from cryptofunk_tui.orchestrator.tuning import tuned

SCORE_DEADLINE_S = 2.0


A = TypeVar("A", bound=Agent)
T = TypeVar("T")


@dataclass(slots=True)
class _Seat(Generic[A]):
    build: Callable[[], A]
    agent: A
    state: AgentState = "running"
    restarts: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Voice(Generic[T]):
    """What an agent made of a frame; an absent one has no opinion, and its reasons say why."""

    opinion: T | None
    reasons: tuple[str, ...]


class Sitting:
    """Every agent's seat. A failing agent is absent from that cycle, visibly, and a fresh one takes its
    seat in the next; a stopped one stays away until a person starts it."""

    def __init__(self, rules: Rules, publish: Callable[[AnyEvent], None], clock: Clock) -> None:
        self._analysts = {name: _Seat(build, build()) for name, build in analysis_builders(rules).items()}
        self._strategists = {name: _Seat(build, build()) for name, build in strategy_builders(rules).items()}
        self._rules = rules
        self._next: Rules | None = None
        self._publish = publish
        self._clock = clock
        self._threads = Threads("agent")

    @property
    def rules(self) -> Rules:
        """What is in force, or will be from the next hearing on."""
        return self._next or self._rules

    def tune(self, name: str, field: str, text: str) -> None:
        """Change a number of an agent, from the next hearing on. Raises WrongUse, Refused."""
        self._next = tuned(self.rules, name, field, text)

    def turn(self) -> Rules:
        """Between two hearings: bring what was changed into force. Returns the rules of the next one."""
        if self._next is not None:
            before, self._rules, self._next = self._rules, self._next, None
            builders = {**analysis_builders(self._rules), **strategy_builders(self._rules)}
            for name, build in builders.items():
                seat = self._seat(name)
                seat.build = build
                if getattr(before.council, name) != getattr(self._rules.council, name):
                    seat.agent = build()
        return self._rules

    @property
    def analysts(self) -> tuple[str, ...]:
        return tuple(self._analysts)

    @property
    def strategists(self) -> tuple[str, ...]:
        return tuple(self._strategists)

    @property
    def needs(self) -> tuple[Need, ...]:
        """Every indicator that an agent asks for, once."""
        seats: tuple[_Seat[Any], ...] = (*self._analysts.values(), *self._strategists.values())
        return tuple(dict.fromkeys(need for seat in seats for need in seat.agent.needs))

    def announce(self) -> None:
        """Tell where every agent stands."""
        for name in (*self._analysts, *self._strategists):
            self._tell(name)

    def stop(self, name: str) -> None:
        """An agent leaves its seat. Raises WrongUse for a name that nobody has."""
        seat = self._seat(name)
        seat.state, seat.detail = "stopped", "stopped by a person"
        self._tell(name)

    def start(self, name: str) -> None:
        """A fresh agent takes the seat. Raises WrongUse for a name that nobody has."""
        seat = self._seat(name)
        seat.agent, seat.state, seat.detail = seat.build(), "running", ""
        self._tell(name)

    def reads_candles(self, name: str) -> bool:
        """Whether an agent's word rests on candles, and ages with them."""
        return bool(self._seat(name).agent.needs)

    async def signal(self, name: str, frame: Frame) -> Voice[Scores]:
        """An analysis agent's opinion on a frame, its reasons for the last row."""
        return await self._hear(name, self._analysts[name], lambda agent: _signal(agent, frame))

    async def proposal(self, name: str, frame: Frame) -> Voice[Proposal]:
        """A strategy's opinion and plans on a frame, its reasons for the last row."""
        return await self._hear(name, self._strategists[name], lambda agent: _propose(agent, frame))

    async def _hear(self, name: str, seat: _Seat[A], question: Callable[[A], Voice[T]]) -> Voice[T]:
        if seat.state == "stopped":
            return Voice(None, ("the agent is stopped",))
        if seat.state == "failed":
            seat.restarts += 1
            self.start(name)
        agent = seat.agent
        try:
            async with asyncio.timeout(SCORE_DEADLINE_S):
                return await self._threads.run(lambda: question(agent))
        except TimeoutError:
            detail = f"no answer within {SCORE_DEADLINE_S:g} s"
        except Exception as error:
            detail = f"{type(error).__name__}: {error}"
        if seat.agent is agent and seat.state == "running":
            seat.state, seat.detail = "failed", detail
            self._tell(name)
        return Voice(None, (f"the agent failed: {detail}",))

    def _seat(self, name: str) -> _Seat[Any]:
        seat = self._analysts.get(name) or self._strategists.get(name)
        if seat is None:
            raise WrongUse(f"no agent {name!r}; there are {', '.join(self.analysts + self.strategists)}")
        return seat

    def _tell(self, name: str) -> None:
        seat = self._seat(name)
        self._publish(
            AgentStatus(
                at=self._clock.now(), agent=name, state=seat.state, restarts=seat.restarts, detail=seat.detail
            )
        )


def _signal(agent: Agent, frame: Frame) -> Voice[Scores]:
    scores = agent.score(frame)
    return Voice(scores, agent.reasons(frame, scores, len(frame) - 1))


def _propose(agent: StrategyAgent, frame: Frame) -> Voice[Proposal]:
    proposal = propose(agent, frame)
    return Voice(proposal, agent.reasons(frame, proposal.scores, len(frame) - 1))
