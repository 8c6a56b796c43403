"""Events from the engine to whoever watches, inside one process."""

import logging
from collections.abc import Callable

from cryptofunk_tui.domain.events import AnyEvent

Listener = Callable[[AnyEvent], None]
log = logging.getLogger(__name__)


class Bus:
    """Listeners are called in the order of their subscription, at once. One that raises is dropped and
    logged: a broken watcher never stops the engine."""

    def __init__(self) -> None:
        self._listeners: list[Listener] = []

    def subscribe(self, listener: Listener) -> None:
        self._listeners.append(listener)

    def publish(self, event: AnyEvent) -> None:
        for listener in tuple(self._listeners):
            try:
                listener(event)
            except Exception:
                self._listeners.remove(listener)
                log.exception("a listener failed at %s and is dropped", type(event).__name__)
