"""The live loop: brings the servers up, walks through market time, and obeys the person."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from cryptofunk_tui.domain.base import Clock, WallClock
from cryptofunk_tui.domain.errors import ProductError
from cryptofunk_tui.domain.events import AnyEvent, EngineStarted, LogLine, ModelsStatus, ServerStatus
from cryptofunk_tui.domain.market import Quote, timeframe_ms
from cryptofunk_tui.orchestrator import launch, timeline
from cryptofunk_tui.orchestrator.agent_watch import AgentWatch
from cryptofunk_tui.orchestrator.bus import Bus
from cryptofunk_tui.orchestrator.chronicle import Chronicle
from cryptofunk_tui.orchestrator.controls import Wires
from cryptofunk_tui.orchestrator.desk import Desk
from cryptofunk_tui.orchestrator.feed import Feed
from cryptofunk_tui.orchestrator.hearing import Chamber
from cryptofunk_tui.orchestrator.inquiries import Inquiries
from cryptofunk_tui.orchestrator.kill_witness import KillWitness
from cryptofunk_tui.orchestrator.notices import Notices
from cryptofunk_tui.orchestrator.opinions import Models
from cryptofunk_tui.orchestrator.session import Session
from cryptofunk_tui.orchestrator.sitting import Sitting
from cryptofunk_tui.orchestrator.timeline import Moment
from cryptofunk_tui.orchestrator.watch import AccountView, FeedAge, Pulse, bars_of
from cryptofunk_tui.settings import Settings
from cryptofunk_tui.storage.approvals import Approvals
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.lock import StateLock
from cryptofunk_tui.storage.records import Records
from cryptofunk_tui.toolbox.coingecko import CoinGecko, coingecko_server
from cryptofunk_tui.toolbox.errors import ToolboxError
from cryptofunk_tui.toolbox.toolbox import Toolbox

T = TypeVar("T")
RECORDS_FLUSH_S = 1.0


class Engine(Inquiries):
    """One run over one state directory. `watched` adds what a screen needs: previews, charts, breadth."""

    def __init__(
        self,
        settings: Settings,
        state_dir: Path,
        listener: Callable[[AnyEvent], None],
        *,
        cycles: int | None = None,
        resume: bool = False,
        watched: bool = False,
        origins: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        super().__init__(settings, state_dir, clock or WallClock(), origins or {})
        self._cycles = cycles
        self._resume = resume
        self._watched = watched
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._previewed = time.monotonic()
        self._bus = Bus()
        self._bus.subscribe(listener)
        self._notices = Notices(
            settings.notify, settings.rules.breakers.feed_age_s, self._bus.publish, self._clock
        )

    def request_stop(self) -> None:
        """End after the step in hand."""
        self._stopping.set()

    async def stop(self) -> None:
        """End after the step in hand; everything on disk is whole when this returns."""
        self.request_stop()
        await self._ended.wait()

    async def run(self) -> None:
        """From the lock to the last record. Raises ProductError with what to do."""
        try:
            self._state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            async with AsyncExitStack() as stack:
                stack.enter_context(StateLock(self._state_dir))
                chronicle = Chronicle(self._state_dir, self._bus.publish, self._clock)
                stack.callback(chronicle.close)
                self._bus.subscribe(chronicle.hear)
                await self._open_webhook(stack)
                try:
                    live = await self._unless_stopped(self._open(stack))
                    if live is not None:
                        await live()
                except Exception as error:
                    self._notices.fail(error)
                    raise
        except ToolboxError as error:
            raise ProductError(str(error)) from error
        except OSError as error:
            where = error.filename or self._state_dir
            raise ProductError(f"{where}: {error.strerror}; mend it or name another --state-dir") from error
        finally:
            self._wires = None
            self._ended.set()

    async def _open_webhook(self, stack: AsyncExitStack) -> None:
        if self._settings.notify.webhook.url is not None:
            from cryptofunk_tui.orchestrator.webhook import Webhook

            webhook = Webhook(self._settings.notify.webhook, self._bus.publish, self._clock)
            stack.push_async_callback(webhook.close)
            self._bus.subscribe(webhook.hear)

    async def _open(self, stack: AsyncExitStack) -> Callable[[], Awaitable[None]]:
        """Bring everything up; what is returned lives the run."""
        settings, state_dir = self._settings, self._state_dir
        journal = await Journal.open(state_dir)
        stack.push_async_callback(journal.close)
        config = launch.write_run_config(settings, state_dir)
        specs = list(launch.server_specs(config, state_dir))
        gateway = launch.gateway_spec(settings, config, state_dir)
        if gateway is not None:
            specs.append(gateway)
        if self._watched and settings.coingecko.enabled:
            specs.append(coingecko_server(settings.coingecko))
        toolbox = Toolbox(specs, self._on_status, self._clock, state_dir=state_dir)
        stack.push_async_callback(toolbox.close)
        await toolbox.start()
        facts = await launch.describe_market(toolbox)
        launch.write_run_config(
            settings.model_copy(update={"market": facts.kind, "venue": facts.venue}), state_dir
        )
        account, run, market_time = await launch.open_account(
            journal, settings, facts, self._clock, resume=self._resume
        )
        records = await Records.open(state_dir, source=f"{facts.kind}:{facts.venue}")
        stack.push_async_callback(records.close)
        for status in toolbox.status():
            records.add_health(status)
        self._bus.subscribe(self._notices.hear)
        self._bus.subscribe(lambda event: _keep_health(records, event))

        sitting = Sitting(settings.rules, self._bus.publish, self._clock)
        feed = Feed(toolbox, settings.timeframe, sitting.needs, settings.rules.council.warm_up_bars)
        asks = gateway is not None and (facts.kind == "exchange" or settings.models.ask == "always")
        models = (
            Models(toolbox, settings.models, settings.authority, self._bus.publish, self._clock)
            if asks
            else None
        )
        quotes: dict[str, Quote] = {}
        leave, ending = settings.rules.approvals, self._stopping.is_set
        desk = Desk(toolbox, Approvals(journal), leave, account, run, self._clock, quotes.get, ending)
        session = Session(
            settings,
            facts,
            run,
            toolbox,
            journal,
            records,
            feed,
            Chamber(feed, sitting, facts, models),
            desk,
            self._bus.publish,
            quotes,
        )
        age = FeedAge(quotes)
        view = AccountView(journal, state_dir, toolbox, desk.room, age, self._bus.publish, self._clock)
        self._wires = Wires(journal, toolbox, sitting, desk.room, records, view.show, self._bus.publish)
        self._announce(facts, account, sitting)
        self._tell_of_models(models, facts)
        first = await launch.first_moment(toolbox, settings, facts, market_time)
        if self._watched and settings.coingecko.enabled:
            gecko = CoinGecko(
                settings.coingecko,
                toolbox,
                symbols=settings.symbols,
                on_context=self._bus.publish,
                clock=self._clock,
            )
            stack.push_async_callback(gecko.close)
            gecko.start()

        async def live() -> None:
            beside = {
                "pulse": Pulse(journal, toolbox, age, self._clock).run(),
                "records": _flush(records),
                "kill witness": KillWitness(journal, state_dir, self._clock).run(),
            }
            if self._watched or self._settings.notify.webhook.url is not None:
                beside["account view"] = view.run()
            if self._watched:
                agents = AgentWatch(
                    records, settings.symbols, settings.timeframe, self._bus.publish, self._clock
                )
                self._bus.subscribe(agents.hear)
                beside["agent records"] = agents.run()
            async with self._beside(beside):
                await self._walk(session, feed, facts, first)

        return live

    @asynccontextmanager
    async def _beside(self, works: dict[str, Coroutine[Any, Any, None]]) -> AsyncIterator[None]:
        """Works that go on while the market is walked. One that fails is told and stays away: orders do not
        depend on it."""
        tasks = [asyncio.create_task(self._guarded(name, work)) for name, work in works.items()]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _guarded(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception as error:
            text = f"{name} has ended: {error}"
            self._bus.publish(LogLine(at=self._clock.now(), level="error", source="engine", text=text))

    def _announce(self, facts: launch.MarketFacts, account: str, sitting: Sitting) -> None:
        self._bus.publish(
            EngineStarted(
                at=self._clock.now(),
                mode=self._settings.mode,
                market=facts.kind,
                venue=facts.venue,
                account=account,
                symbols=self._settings.symbols,
                timeframe=self._settings.timeframe,
                speed=self._settings.simulated.speed if facts.kind == "simulated" else None,
                notice=facts.notice,
                voting=self._settings.rules.voting,
            )
        )
        sitting.announce()

    def _tell_of_models(self, models: Models | None, facts: launch.MarketFacts) -> None:
        """Who reasons, and what a day of it may cost; or why rules decide alone."""
        settings, now = self._settings, self._clock.now()
        if models is None:
            text = f"rules decide alone: {launch.why_rules_alone(settings, facts.kind)}"
            silent = ModelsStatus(
                at=now, asked=False, scripted=False, authority=settings.authority, detail=text
            )
            self._bus.publish(silent)
            self._bus.publish(LogLine(at=now, level="info", source="models", text=text))
            return
        council, budgets = settings.rules.council, settings.models.budgets
        calls = settings.models.calls(len(council.analysis) + len(council.strategies))
        models.announce(
            f"models are asked, with authority to {models.authority}: at most {calls} questions a symbol and "
            f"decision, ${budgets.cycle} each time, ${budgets.day} a day"
        )

    async def _walk(self, session: Session, feed: Feed, facts: launch.MarketFacts, first: datetime) -> None:
        done = 0
        moments = self._moments(facts, first)
        while moment := await self._unless_stopped(anext(moments, None)):
            if moment.closes:
                done += await session.close_bar(moment.at)
                self._show_bars(feed, moment.at)
            else:
                await session.tick(moment.at)
            if self._watched and time.monotonic() - self._previewed >= self._settings.preview_s:
                self._previewed = time.monotonic()
                await session.preview(moment.at)
            if self._cycles is not None and done >= self._cycles:
                break
        await session.settle()

    async def _unless_stopped(self, work: Awaitable[T]) -> T | None:
        """What comes of `work`; None, and the work cancelled, where the run is asked to stop before."""
        stopping = asyncio.ensure_future(self._stopping.wait())
        coming = asyncio.ensure_future(work)
        try:
            await asyncio.wait((stopping, coming), return_when=asyncio.FIRST_COMPLETED)
            return coming.result() if coming.done() and not self._stopping.is_set() else None
        finally:
            stopping.cancel()
            coming.cancel()
            await asyncio.gather(stopping, coming, return_exceptions=True)

    def _moments(self, facts: launch.MarketFacts, first: datetime) -> AsyncIterator[Moment]:
        """Where time comes from. Recorded time ends a bar early: an order fills in the bar that follows."""
        bar_ms, speed = timeframe_ms(self._settings.timeframe), self._settings.simulated.speed
        if facts.kind == "exchange":
            return timeline.live(self._clock, bar_ms)
        if facts.kind == "simulated" and speed is not None:
            return timeline.paced(first, bar_ms, speed)
        last = facts.span[1] - timedelta(milliseconds=bar_ms) if facts.span else None
        return timeline.stepped(first, last, bar_ms)

    def _show_bars(self, feed: Feed, at: datetime) -> None:
        if not self._watched:
            return
        for symbol in self._settings.symbols:
            bars = bars_of(feed, symbol, at)
            if bars is not None:
                self._bus.publish(bars)

    def _on_status(self, status: ServerStatus) -> None:
        self._bus.publish(status)


async def _flush(records: Records) -> None:
    """Write what waits, every second."""
    while True:
        await asyncio.sleep(RECORDS_FLUSH_S)
        await records.flush()


def _keep_health(records: Records, event: AnyEvent) -> None:
    if isinstance(event, ServerStatus):
        records.add_health(event)
