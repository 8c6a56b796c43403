"""The run in words: what happened, for the log panel and for a file that outlives the screen."""

import logging
from collections.abc import Callable
from logging.handlers import RotatingFileHandler
from pathlib import Path

from cryptofunk_tui.domain.base import Clock, plain
from cryptofunk_tui.domain.cycle import CycleRecord
from cryptofunk_tui.domain.events import (
    AccountChanged,
    AgentStatus,
    AnyEvent,
    CycleFinished,
    EngineStarted,
    Level,
    LogLine,
    ServerStatus,
)
from cryptofunk_tui.domain.orders import Order
from cryptofunk_tui.domain.risk import Decision, TradingState
from cryptofunk_tui.domain.signals import Action

LARGEST = 2_000_000
KEPT_FILES = 3
LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def outcome_words(record: CycleRecord) -> str:
    """What came of a decision, or why nothing did, and what was filled."""
    verdict = record.verdict
    if verdict.decision is Decision.NONE:
        head = record.tally.reason
    else:
        head = f"risk {verdict.decision}: {verdict.reason}" if verdict.reason else f"risk {verdict.decision}"
    return "; ".join((head, *map(_order_words, record.orders)))


class _LogFile(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:
        """A log that cannot be written must not write over the screen, nor stop the run."""


class Chronicle:
    """Listens to the events of a run and says them as lines; a file keeps those lines."""

    def __init__(self, state_dir: Path, publish: Callable[[AnyEvent], None], clock: Clock) -> None:
        self._publish = publish
        self._clock = clock
        self._servers: dict[str, str] = {}
        self._state: TradingState | None = None
        path = state_dir / "logs" / "run.log"
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._handler = _LogFile(path, maxBytes=LARGEST, backupCount=KEPT_FILES, encoding="utf-8")
        self._handler.setFormatter(logging.Formatter("%(message)s"))

    def close(self) -> None:
        """Close the file."""
        self._handler.close()

    def hear(self, event: AnyEvent) -> None:
        """Say an event, where there is something to say."""
        match event:
            case LogLine():
                self._keep(event)
            case CycleFinished(record=record, preview=False):
                self._say("info", record.symbol, _decision_words(record))
            case ServerStatus():
                self._server(event)
            case AgentStatus(state="failed"):
                self._say("warning", event.agent, f"failed and abstains: {event.detail}")
            case AccountChanged() if event.state is not self._state:
                self._state = event.state
                reason = f": {event.state_reason}" if event.state_reason else ""
                self._say("info", "trading", f"{event.state}{reason}")
            case EngineStarted():
                market = f"{event.market} market ({event.venue})"
                self._say("info", "engine", f"{event.mode} account on the {market}, {event.timeframe} bars")

    def _server(self, status: ServerStatus) -> None:
        if self._servers.get(status.name) == status.state:
            return
        self._servers[status.name] = status.state
        level: Level = "info" if status.state in ("starting", "ready", "stopped") else "warning"
        self._say(level, status.name, f"{status.state} {status.detail}".rstrip())

    def _say(self, level: Level, source: str, text: str) -> None:
        self._publish(LogLine(at=self._clock.now(), level=level, source=source, text=text))

    def _keep(self, line: LogLine) -> None:
        text = f"{line.at:%Y-%m-%dT%H:%M:%SZ} {line.level:<7} {line.source}: {line.text}"
        self._handler.handle(logging.LogRecord("run", LEVELS[line.level], "", 0, text, None, None))


def _decision_words(record: CycleRecord) -> str:
    words = outcome_words(record)
    return words if record.tally.action is Action.HOLD else f"{record.tally.action}, {words}"


def _order_words(order: Order) -> str:
    what = f"{order.purpose} {order.side} {plain(order.quantity)}"
    if order.price is None:
        return f"{what} {order.status}" + (f" ({order.reason})" if order.reason else "")
    return f"{what} at {plain(order.price)} {order.status}, fees {plain(order.fees)}"
