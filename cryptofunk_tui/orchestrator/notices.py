"""Which events a person should be told of, each once."""

from collections.abc import Callable
from datetime import datetime, timedelta

from cryptofunk_tui.domain.base import Clock, plain
from cryptofunk_tui.domain.events import AccountChanged, AnyEvent, CycleFinished, Notice, ServerStatus
from cryptofunk_tui.domain.notices import Kind, NoticeRules
from cryptofunk_tui.domain.orders import Approval, Order, OrderStatus, Purpose
from cryptofunk_tui.domain.risk import Decision, TradingState


class Notices:
    """Listens to a run and publishes a notice where something begins; what goes on is not said again."""

    def __init__(
        self, rules: NoticeRules, feed_age_s: float, publish: Callable[[AnyEvent], None], clock: Clock
    ) -> None:
        self._rules = rules
        self._feed_age_s = feed_age_s
        self._publish = publish
        self._clock = clock
        self._account: AccountChanged | None = None
        self._approvals: set[str] = set()
        self._filled: set[str] = set()
        self._vetoed: set[str] = set()
        self._away: dict[str, datetime] = {}
        self._told_away: set[str] = set()
        self._is_stale = False

    def hear(self, event: AnyEvent) -> None:
        """Take in an event."""
        match event:
            case AccountChanged():
                self._hear_account(event)
            case CycleFinished(record=record, preview=False):
                if record.verdict.decision is Decision.REJECTED and record.cycle_id not in self._vetoed:
                    self._vetoed.add(record.cycle_id)
                    self._tell(
                        "veto", f"{record.symbol} {record.tally.action} refused", record.verdict.reason
                    )
            case ServerStatus():
                self._hear_server(event)

    def fail(self, error: Exception) -> None:
        """The run cannot go on."""
        self._tell("engine", "The engine failed", str(error) or type(error).__name__)

    def _hear_account(self, event: AccountChanged) -> None:
        before, self._account = self._account, event
        for approval in event.approvals:
            if approval.approval_id not in self._approvals:
                self._tell("approval", *_asked(approval))
        self._approvals = {approval.approval_id for approval in event.approvals}
        filled = {
            order.client_order_id: order for order in event.orders if order.status is OrderStatus.FILLED
        }
        for name, order in filled.items():
            if before is not None and name not in self._filled:
                self._tell("fill" if order.purpose is Purpose.ENTRY else "exit", *_traded(order))
        self._filled |= set(filled)
        was_halted = before is not None and before.state is TradingState.HALTED
        if event.state is TradingState.HALTED and not was_halted:
            self._tell("halt", "Trading is halted", event.state_reason)
        if event.undone and (before is None or not before.undone):
            self._tell("halt", "The kill could not do everything", "; ".join(event.undone))
        problem = event.venue.problem if event.venue else ""
        if problem and not (before is not None and before.venue and before.venue.problem):
            self._tell("venue", "No entries", problem)
        self._hear_feed(event.feed_age_s)
        self._tell_away()

    def _hear_feed(self, age_s: float | None) -> None:
        stale = age_s is not None and age_s > self._feed_age_s
        if stale and not self._is_stale:
            self._tell("feed", "Prices no longer come", f"the newest is {age_s:.0f} s old")
        self._is_stale = stale

    def _hear_server(self, status: ServerStatus) -> None:
        if status.state in ("ready", "starting", "stopped"):
            self._away.pop(status.name, None)
            self._told_away.discard(status.name)
        else:
            self._away.setdefault(status.name, self._clock.now())

    def _tell_away(self) -> None:
        grace = timedelta(seconds=self._rules.server_grace_s)
        for name, since in self._away.items():
            if name not in self._told_away and self._clock.now() - since >= grace:
                self._told_away.add(name)
                self._tell("server", f"{name} is away", f"for {grace.total_seconds():.0f} s and more")

    def _tell(self, kind: Kind, title: str, text: str) -> None:
        self._publish(
            Notice(at=self._clock.now(), kind=kind, title=title, text=text, ways=self._rules.ways(kind))
        )


def _asked(approval: Approval) -> tuple[str, str]:
    order = approval.order
    left = (approval.expires_at - approval.requested_at).total_seconds()
    return (
        f"{order.side} {order.symbol} waits for you",
        f"{plain(order.quantity)}; silence rejects it in {left:.0f} s",
    )


def _traded(order: Order) -> tuple[str, str]:
    price = "" if order.price is None else f" at {plain(order.price)}"
    verb = "bought" if order.side == "BUY" else "sold"
    why = "" if order.purpose is Purpose.ENTRY else f" ({order.purpose.lower()})"
    return f"{order.symbol} {verb}", f"{plain(order.filled)}{price}{why}"
