"""The console on a scripted engine: `python -m tests.tui.feeder [TICKS_A_SECOND] [--ascii] [--slow]`."""

import asyncio
import itertools
import math
import sys
from collections.abc import Callable

from cryptofunk_tui.domain.events import AnyEvent
from cryptofunk_tui.domain.risk import Decision
from cryptofunk_tui.tui.app import CryptoFunkApp
from tests.tui import accounts, props, reports, scenes
from tests.tui.stage import RecordingEngine


class Feeder(RecordingEngine):
    """Tells a scene, then moves its prices for ever."""

    def __init__(self, publish: Callable[[AnyEvent], None], rate: float) -> None:
        super().__init__(publish, scenes.normal())
        self._rate = rate
        self.report = reports.report()

    async def run(self) -> None:
        for event in self._events:
            self._publish(event)
            await asyncio.sleep(0.02)
        for count in itertools.count():
            if self._stopped.is_set():
                return
            symbol = props.SYMBOLS[count % len(props.SYMBOLS)]
            self._publish(props.tick(symbol, 1 + 0.004 * math.sin(count / 40)))
            if count % 50 == 0:
                decision = Decision.APPROVED if count % 100 else Decision.NONE
                self._publish(props.cycle(symbol, decision, preview=count % 3 == 0))
                self._publish(accounts.account())
                self._publish(props.bars(symbol, 160 - count % 7))
                self._publish(props.log(f"{symbol} {decision.lower()}", source="council"))
            await asyncio.sleep(1 / self._rate)


def main() -> None:
    rate = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    app = CryptoFunkApp(lambda publish: Feeder(publish, rate), only_ascii="--ascii" in sys.argv)
    app.desk.is_slow = "--slow" in sys.argv
    app.run()


if __name__ == "__main__":
    main()
