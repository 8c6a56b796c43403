"""A screen in a terminal with a probe in it: `python -m tests.benchmarks.probed WHAT OUT [OPTIONS…]`.

The probe asks every 10 ms when a callback is due on the loop, and writes how late each was, in ms,
to OUT when the screen ends. WHAT is `console` (the real one, with the options of the command), `fed` (the
console on the recorded wire, every best bid and ask an event through the engine's bus), `quiet` (a scene in
which nothing happens) or `table` (a plain DataTable on the same ticks)."""

import asyncio
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Static

from cryptofunk_tui.cli.console import keeping_loaded
from cryptofunk_tui.domain.events import AnyEvent, PriceTick
from cryptofunk_tui.orchestrator.bus import Bus
from cryptofunk_tui.tui.app import CryptoFunkApp
from tests.benchmarks.orders import RECORDING, SPEED
from tests.stand_ins.venue.replay import top_of_book
from tests.tui import props, scenes
from tests.tui.stage import RecordingEngine

EVERY_S = 0.01
Quote = tuple[str, Decimal, Decimal]


async def probe(late_ms: list[float]) -> None:
    while True:
        due = time.perf_counter() + EVERY_S
        await asyncio.sleep(EVERY_S)
        late_ms.append(max(0.0, time.perf_counter() - due) * 1000)


async def replayed(tell: Callable[[Quote], None]) -> None:
    """Tell every best bid and ask when it is due, at ten times the recorded speed, again and again. The other
    symbols move with the first."""
    while True:
        started = time.perf_counter()
        for number, (seconds, bid, ask) in enumerate(top_of_book(RECORDING)):
            ahead_s = seconds / SPEED - (time.perf_counter() - started)
            if ahead_s > 0.002:
                await asyncio.sleep(ahead_s)
            symbol = props.SYMBOLS[number % 20 % len(props.SYMBOLS)] if number % 20 < 5 else props.SYMBOLS[0]
            scale = Decimal(str(round(props.PRICES[symbol] / props.PRICES[props.SYMBOLS[0]], 8)))
            tell((symbol, bid * scale, ask * scale))


class Fed(RecordingEngine):
    """Tells a scene, then the recorded wire."""

    def __init__(self, publish: Callable[[AnyEvent], None], ticking: bool) -> None:
        super().__init__(publish, scenes.normal())
        self._ticking = ticking

    async def run(self) -> None:
        bus = Bus()
        bus.subscribe(self._publish)
        for event in self._events:
            bus.publish(event)

        def tell(quote: Quote) -> None:
            symbol, bid, ask = quote
            bus.publish(PriceTick(at=datetime.now(UTC), symbol=symbol, bid=bid, ask=ask, last=bid))

        ticking = asyncio.create_task(replayed(tell)) if self._ticking else None
        await self._stopped.wait()
        if ticking is not None:
            ticking.cancel()


class Table(App[None]):
    """What one would write first: a table, a cell set for each tick."""

    BINDINGS = [("question_mark", "help", "Help"), ("ctrl+q", "quit", "Quit")]

    def compose(self) -> ComposeResult:
        yield Static("nothing", id="said")
        yield DataTable()

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        for name in ("symbol", "bid", "ask", "spread", "age", "vote"):
            table.add_column(name, key=name)
        for symbol in props.SYMBOLS:
            table.add_row(symbol, "", "", "", "", "HOLD", key=symbol)
        self.run_worker(replayed(self._tell))

    def _tell(self, quote: Quote) -> None:
        symbol, bid, ask = quote
        table = self.query_one(DataTable)
        table.update_cell(symbol, "bid", f"{bid:,.2f}")
        table.update_cell(symbol, "ask", f"{ask:,.2f}")
        table.update_cell(symbol, "spread", f"{ask / bid - 1:.4%}")

    def action_help(self) -> None:
        self.query_one("#said", Static).update("what each key does")
        self.set_timer(0.3, lambda: self.query_one("#said", Static).update("nothing"))


def probed(kind: Any, late_ms: list[float]) -> Any:
    """The app's class with the probe in it, which starts with the first paint."""

    class Probed(kind):  # type: ignore[misc]
        def on_ready(self) -> None:
            super_ready = getattr(super(), "on_ready", None)
            if super_ready is not None:
                super_ready()
            self._probe = asyncio.get_running_loop().create_task(probe(late_ms))

    Probed.__name__ = kind.__name__
    return Probed


def run(what: str, options: list[str], late_ms: list[float]) -> None:
    if what == "table":
        probed(Table, late_ms)().run()
        return
    console = probed(CryptoFunkApp, late_ms)
    if what == "console":
        from cryptofunk_tui import cli
        from cryptofunk_tui.cli import console as opened

        vars(opened)["CryptoFunkApp"] = console
        sys.argv = ["cryptofunk", *options]
        cli.main()
        return

    def make_engine(publish: Callable[[AnyEvent], None]) -> Fed:
        return Fed(keeping_loaded(publish), what == "fed")

    app = console(make_engine)
    app.desk.is_slow = "--low-bandwidth" in options
    app.run()


def main() -> None:
    what, out, *options = sys.argv[1:]
    late_ms: list[float] = []
    try:
        run(what, options, late_ms)
    finally:
        Path(out).write_text(json.dumps([round(value, 2) for value in late_ms]))


if __name__ == "__main__":
    main()
