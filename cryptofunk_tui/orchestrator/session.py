"""A run once its market is open: what happens when a bar closes, and between the closes."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from cryptofunk_tui.agents.risk import RiskAgent
from cryptofunk_tui.decision.decide import Standing, rank
from cryptofunk_tui.domain.base import to_ms
from cryptofunk_tui.domain.cycle import CycleRecord, cycle_id
from cryptofunk_tui.domain.events import AnyEvent, CycleFinished, LogLine, PriceTick
from cryptofunk_tui.domain.market import Quote
from cryptofunk_tui.domain.orders import Order, Side
from cryptofunk_tui.domain.portfolio import Portfolio
from cryptofunk_tui.domain.risk import Decision, Verdict
from cryptofunk_tui.domain.signals import Action, Plan, Tally
from cryptofunk_tui.orchestrator import briefing
from cryptofunk_tui.orchestrator.desk import NOTHING, Desk, Outcome, patiently
from cryptofunk_tui.orchestrator.feed import Feed
from cryptofunk_tui.orchestrator.hearing import Chamber, Hearing
from cryptofunk_tui.orchestrator.launch import MarketFacts
from cryptofunk_tui.settings import Settings
from cryptofunk_tui.storage.errors import StorageError
from cryptofunk_tui.storage.journal import Journal
from cryptofunk_tui.storage.records import Records
from cryptofunk_tui.toolbox.errors import ToolboxError
from cryptofunk_tui.toolbox.toolbox import Toolbox

Publish = Callable[[AnyEvent], None]


@dataclass(frozen=True, slots=True)
class Case:
    """A hearing with the vote as it stands before the account."""

    cycle: str
    hearing: Hearing
    tally: Tally
    exits: tuple[Order, ...]
    """What protection sold since the last decision."""


class Session:
    """Advances market time, lets the council hear, and carries what it decides to the desk."""

    def __init__(
        self,
        settings: Settings,
        facts: MarketFacts,
        run: str,
        toolbox: Toolbox,
        journal: Journal,
        records: Records,
        feed: Feed,
        chamber: Chamber,
        desk: Desk,
        publish: Publish,
        quotes: dict[str, Quote],
    ) -> None:
        """`quotes` holds the newest price of each symbol; the session keeps it up to date."""
        self._settings = settings
        self._facts = facts
        self._run = run
        self._toolbox = toolbox
        self._journal = journal
        self._records = records
        self._feed = feed
        self._chamber = chamber
        self._desk = desk
        self._publish = publish
        self._risk = RiskAgent(settings.rules.limits, settings.rules.costs)
        self._standings: dict[str, Standing] = {}
        self._waiting: dict[str, asyncio.Task[None]] = {}
        self._decided_at: dict[str, float] = {}
        self._exits: dict[str, dict[str, Order]] = {}
        self._held: dict[str, str] = {}
        self._quotes = quotes

    async def close_bar(self, at: datetime) -> bool:
        """Decide on every symbol that has a bar closing at or before `at` that was not decided on; whether
        there was one. The council hears while the executor follows the market; what it decides is settled
        against the account that the executor leaves."""
        heard, portfolio = await asyncio.gather(
            asyncio.gather(*(self._learn_and_hear(symbol, at) for symbol in self._settings.symbols)),
            self._follow(at),
        )
        hearings = [hearing for hearing in heard if hearing is not None]
        if hearings and portfolio is not None:
            self._records.add_equity(at, self._settings.timeframe, portfolio)
        await self._decide(hearings)
        return bool(hearings)

    async def tick(self, at: datetime) -> None:
        """Between closes: follow the market, show prices, and decide early where a price has moved far."""
        await self._follow(at)
        await asyncio.gather(*(self._price(symbol, at) for symbol in self._settings.symbols))
        moved = [symbol for symbol in self._settings.symbols if self._has_moved(symbol)]
        heard = await asyncio.gather(*(self._hear(symbol, at) for symbol in moved))
        hearings = [hearing for hearing in heard if hearing is not None]
        await self._decide(hearings)
        for hearing in hearings:
            self._decided_at[hearing.symbol] = float(self._quotes[hearing.symbol].mid)

    async def preview(self, at: datetime) -> None:
        """What the council would say on the bars in progress: shown, never traded."""
        for symbol in filter(self._feed.candles, self._settings.symbols):
            try:
                hearing = await self._chamber.hear(symbol, at, forming=True)
            except ToolboxError as error:
                self._warn("preview", f"{symbol}: {error}", at)
                continue
            tally = hearing.settle(self._standings.get(symbol, Standing()), self._risk)
            name = cycle_id(self._run, f"preview {symbol}", to_ms(at))
            self._tell(Case(name, hearing, tally, ()), NOTHING, {}, preview=True)

    async def settle(self) -> None:
        """Wait for the answers that are still awaited from a person."""
        await asyncio.gather(*self._waiting.values())

    async def _follow(self, at: datetime) -> Portfolio | None:
        """Move the market's clock and let the executor catch up: the account as it leaves it, None where it
        did not answer. What it filled goes into the symbol's next record. A live venue may fail to answer for
        a while, and the executor goes on trying by itself; time that the engine makes must not run ahead of
        what was followed."""
        if self._facts.kind != "exchange":
            await self._journal.set_market_time(at)
        try:
            answer = await patiently(
                self._toolbox,
                "order_executor",
                lambda: self._toolbox.call("order_executor", "process_market", {}, deadline_s=20.0),
            )
        except ToolboxError as error:
            if self._facts.kind != "exchange":
                raise
            self._warn("order_executor", f"the market was not followed: {error}", at)
            return None
        for data in answer["orders"]:
            order = Order.model_validate(data)
            self._exits.setdefault(order.symbol, {})[order.client_order_id] = order
            self._standings.pop(order.symbol, None)
        portfolio = Portfolio.model_validate(answer["portfolio"])
        await self._compare({held.symbol: held.entry_order for held in portfolio.positions})
        if self._held:
            await self._mind_breakers(at)
        return portfolio

    async def _mind_breakers(self, at: datetime) -> None:
        """Let the risk officer look at what is held: a drawdown halts trading whether or not an order is
        asked for."""
        try:
            await self._toolbox.call("risk_analyzer", "check_breakers", {})
        except ToolboxError as error:
            self._warn("risk_analyzer", f"the breakers were not looked at: {error}", at)

    async def _compare(self, held: dict[str, str]) -> None:
        """Hold the positions, by the order that opened each, against those seen last. What a person sold, or
        an executor that died before it could tell, is found in the journal."""
        for symbol in sorted({symbol for symbol, _ in held.items() ^ self._held.items()}):
            self._standings.pop(symbol, None)
            newest = await self._journal.orders(symbol=symbol, limit=1) if symbol in self._held else ()
            for order in newest:
                if order.side is Side.SELL and order.decision_id is None:
                    self._exits.setdefault(symbol, {})[order.client_order_id] = order
        self._held = held

    async def _learn_and_hear(self, symbol: str, at: datetime) -> Hearing | None:
        try:
            fresh = await self._feed.advance(symbol, at)
        except ToolboxError as error:
            self._warn("market_data", f"{symbol}: {error}", at)
            return None
        if fresh is None:
            return None
        self._records.add_candles(fresh)
        return await self._hear(symbol, at)

    async def _hear(self, symbol: str, at: datetime) -> Hearing | None:
        try:
            return await self._chamber.hear(symbol, at)
        except ToolboxError as error:
            self._warn("council", f"{symbol}: no decision: {error}", at)
            return None

    async def _decide(self, hearings: list[Hearing]) -> None:
        cases = [await self._case(hearing) for hearing in hearings]
        entries = {case.hearing.symbol: case for case in cases if case.tally.action is Action.BUY}
        for case in cases:
            if case.hearing.symbol not in entries:
                await self._conclude(case)
        for symbol, _ in rank((symbol, case.tally) for symbol, case in entries.items()):
            await self._conclude(entries[symbol])

    async def _case(self, hearing: Hearing) -> Case:
        symbol = hearing.symbol
        self._decided_at[symbol] = hearing.inputs["close"] or 0.0
        tally = hearing.settle(await self._standing(symbol), self._risk)
        exits = tuple(self._exits.pop(symbol, {}).values())
        return Case(cycle_id(self._run, symbol, to_ms(hearing.as_of)), hearing, tally, exits)

    async def _conclude(self, case: Case) -> None:
        """Trade what was decided and tell it. Where a person is asked while the market goes on, so does the
        session; recorded time waits."""
        symbol = case.hearing.symbol
        if case.tally.action not in (Action.BUY, Action.SELL):
            self._tell(case, NOTHING, {})
            return
        if symbol in self._waiting:
            waits = Verdict(
                decision=Decision.REJECTED, checks=(), reason="an order of this symbol waits for a person"
            )
            self._tell(case, Outcome(waits), {})
            return
        if self._settings.approval == "manual" and self._facts.kind != "recorded":
            self._waiting[symbol] = asyncio.create_task(self._trade(case))
            self._waiting[symbol].add_done_callback(lambda _: self._waiting.pop(symbol, None))
            return
        await self._trade(case)

    async def _trade(self, case: Case) -> None:
        started = time.perf_counter()
        try:
            outcome = await self._ask_desk(case)
        except (ToolboxError, StorageError) as error:
            self._warn("desk", f"{case.hearing.symbol}: {error}", case.hearing.as_of)
            unknown = isinstance(error, ToolboxError) and error.outcome_unknown
            what = (
                "an order may have left and is settled when the executor is back"
                if unknown
                else "no order left"
            )
            lost = Verdict(decision=Decision.REJECTED, checks=(), reason=f"{what}: {error}")
            outcome = Outcome(lost)
        self._standings.pop(case.hearing.symbol, None)
        self._tell(case, outcome, {"trade": round((time.perf_counter() - started) * 1000, 3)})

    async def _ask_desk(self, case: Case) -> Outcome:
        symbol, at = case.hearing.symbol, case.hearing.as_of
        await self._records.flush()
        quote = await self._feed.quote(symbol, at)
        self._records.add_quote(quote)

        def waiting(outcome: Outcome) -> None:
            self._tell(case, outcome, {})

        if case.tally.action is Action.SELL:
            position = (await self._journal.portfolio()).position(symbol)
            return await self._desk.leave(case.cycle, position, quote, waiting) if position else NOTHING
        ballot = case.hearing.ballot(case.tally.leader)
        if ballot is None or ballot.plan is None:
            none = Verdict(decision=Decision.REJECTED, checks=(), reason="the vote's leader has no plan")
            return Outcome(none)
        if reason := await self._veto(case, ballot.plan, quote):
            return Outcome(Verdict(decision=Decision.REJECTED, checks=(), reason=reason))
        instrument = await self._feed.instrument(symbol)
        return await self._desk.enter(case.cycle, ballot.agent, ballot.plan, quote, instrument, waiting)

    async def _veto(self, case: Case, plan: Plan, quote: Quote) -> str | None:
        """Why the risk officer's model forbids an entry, before the officer itself is asked for leave."""
        hearing = case.hearing
        if hearing.models is None:
            return None
        return await hearing.models.veto(briefing.proposed(case.tally, hearing.ballots, plan, quote))

    async def _standing(self, symbol: str) -> Standing:
        if symbol not in self._standings:
            position = (await self._journal.portfolio()).position(symbol)
            self._standings[symbol] = Standing.of(
                position, await self._journal.last_entry(symbol), await self._journal.last_exit(symbol)
            )
        return self._standings[symbol]

    async def _price(self, symbol: str, at: datetime) -> None:
        try:
            quote = self._quotes[symbol] = await self._feed.quote(symbol, at)
        except ToolboxError as error:
            self._warn("market_data", f"{symbol}: {error}", at)
            return
        self._publish(PriceTick(at=quote.at, symbol=symbol, bid=quote.bid, ask=quote.ask, last=quote.last))

    def _has_moved(self, symbol: str) -> bool:
        decided, quote = self._decided_at.get(symbol), self._quotes.get(symbol)
        if not decided or quote is None:
            return False
        return abs(float(quote.mid) / decided - 1) >= self._settings.early_move

    def _tell(
        self, case: Case, outcome: Outcome, timings: dict[str, float], *, preview: bool = False
    ) -> None:
        hearing = case.hearing
        record = CycleRecord(
            cycle_id=case.cycle,
            symbol=hearing.symbol,
            as_of=hearing.as_of,
            mode=self._settings.mode,
            market=self._facts.kind,
            inputs=hearing.inputs,
            signals=hearing.signals,
            context=hearing.context,
            ballots=hearing.ballots,
            tally=case.tally,
            verdict=outcome.verdict,
            approval=outcome.approval,
            orders=(*case.exits, *outcome.orders),
            llm=tuple(hearing.models.calls) if hearing.models else (),
            timings_ms={**hearing.timings_ms, **timings},
        )
        self._records.add_cycle(record, preview)
        self._publish(CycleFinished(at=hearing.as_of, record=record, preview=preview))

    def _warn(self, source: str, text: str, at: datetime) -> None:
        self._publish(LogLine(at=at, level="warning", source=source, text=text))
