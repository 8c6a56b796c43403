"""The risk officer over MCP: what a trade may risk, and leave for exactly one order."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Annotated, Any

from mcp.server import MCPServer
from mcp_types import ToolAnnotations
from pydantic import WithJsonSchema

from cryptofunk_tui.domain.base import Record, WallClock, plain
from cryptofunk_tui.domain.market import checked_symbol
from cryptofunk_tui.quant import performance, value_at_risk
from cryptofunk_tui.quant.kelly import kelly
from cryptofunk_tui.settings import Settings
from servers.arguments import Number, OptionalText, Text, number, text
from servers.risk_inputs import (
    AmountJson,
    InstrumentJson,
    OrderJson,
    QuoteJson,
    parse_amount,
    parse_decision_id,
    parse_instrument,
    parse_limits,
    parse_order,
    parse_quote,
)
from servers.risk_office import Question, RiskOffice
from servers.support import READ, run, settings, state_directory, tool
from servers.what_if import MarketJson, PortfolioJson, ProposalJson, check_imagined

ANSWER = ToolAnnotations(
    read_only_hint=False, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)
"""Writes to the journal, destroys nothing, and answers the same question the same way."""
MOST_KELLY = 0.5

Numbers = Annotated[Any, WithJsonSchema({"type": "array", "items": {"type": "number"}})]
Method = Annotated[Any, WithJsonSchema({"enum": ["historical", "normal", "cornish_fisher"]})]
Limits = Annotated[Any, WithJsonSchema({"type": ["object", "null"], "default": None})]


class PositionSize(Record):
    """`kelly_percentage` and `adjusted_kelly` are fractions of the capital, never below 0; `position_size` is
    in the capital's currency."""

    kelly_percentage: float
    adjusted_kelly: float
    position_size: float
    has_positive_edge: bool
    kelly_fraction: float


class Var(Record):
    """Positive losses of one period, as fractions. `reliable` is False where skewness and kurtosis are beyond
    what Cornish-Fisher can express."""

    var: float
    cvar: float
    observations: int
    confidence_level: float
    method: str
    reliable: bool


class Sharpe(Record):
    """None where there is no risk to divide by."""

    sharpe: float | None
    annualized_sharpe: float | None
    annualized_sortino: float | None
    observations: int
    periods_per_year: float


class Drawdown(Record):
    """Fractions at or below 0. Indices and `calmar` are None where the curve never fell, the recovery's while
    it has not recovered."""

    max_drawdown: float
    current_drawdown: float
    peak_index: int | None
    trough_index: int | None
    recovery_index: int | None
    calmar: float | None
    observations: int
    periods_per_year: float


@cache
def configured() -> Settings:
    """The run's settings, read when first asked for."""
    return settings()


@cache
def office() -> RiskOffice:
    """The officer of this process, made when first asked."""
    return RiskOffice(configured(), state_directory(), WallClock())


@asynccontextmanager
async def _until_the_end(_: MCPServer) -> AsyncIterator[None]:
    try:
        yield
    finally:
        if office.cache_info().currsize:
            await office().close()


server = MCPServer(
    "risk_analyzer",
    instructions="Position size, value at risk, performance, limits and breakers, and the single-use "
    "approval without which no order is placed. Ratios are fractions; money travels as decimal strings.",
    lifespan=_until_the_end,
)


@tool(server, READ)
async def calculate_position_size(
    win_rate: Number, avg_win: Number, avg_loss: Number, capital: Number, kelly_fraction: Number = 0.25
) -> PositionSize:
    """Kelly position size, f = p − q/b with b = avg_win / avg_loss. `avg_loss` is the size of the mean loss,
    above 0; `kelly_fraction` of the full Kelly is used, at most 0.5."""
    rate, capital = number("win_rate", win_rate), number("capital", capital)
    win, loss = _above_zero("avg_win", avg_win), _above_zero("avg_loss", avg_loss)
    fraction = _above_zero("kelly_fraction", kelly_fraction)
    if fraction > MOST_KELLY:
        raise ValueError(f"kelly_fraction must be at most {MOST_KELLY}, not {fraction}: more is ruinous")
    if capital < 0:
        raise ValueError(f"capital must not be below 0, not {capital}")
    full = kelly(rate, win / loss)
    return PositionSize(
        kelly_percentage=full,
        adjusted_kelly=full * fraction,
        position_size=capital * full * fraction,
        has_positive_edge=full > 0,
        kelly_fraction=fraction,
    )


@tool(server, READ)
async def calculate_var(
    returns: Numbers, confidence_level: Number = 0.95, method: Method = "historical"
) -> Var:
    """Value at risk and its tail mean (CVaR) of one period of simple returns, as positive losses."""
    confidence, way = number("confidence_level", confidence_level), text("method", method)
    found = value_at_risk.value_at_risk(returns, confidence, value_at_risk.checked_method(way))
    return Var(
        var=found.var,
        cvar=found.cvar,
        observations=found.observations,
        confidence_level=confidence,
        method=way,
        reliable=found.reliable,
    )


@tool(server, READ)
async def calculate_sharpe(
    returns: Numbers, risk_free_rate: Number = 0.0, periods_per_year: Number = performance.DAYS_A_YEAR
) -> Sharpe:
    """Sharpe and Sortino ratios of simple returns. `risk_free_rate` is a fraction a year."""
    periods = number("periods_per_year", periods_per_year)
    found = performance.ratios(returns, number("risk_free_rate", risk_free_rate), periods)
    return Sharpe(
        sharpe=found.sharpe,
        annualized_sharpe=found.annualized_sharpe,
        annualized_sortino=found.annualized_sortino,
        observations=found.observations,
        periods_per_year=periods,
    )


@tool(server, READ)
async def calculate_drawdown(
    equity_curve: Numbers, periods_per_year: Number = performance.DAYS_A_YEAR
) -> Drawdown:
    """The deepest fall of an equity curve from its peak, with the rows of peak, trough and recovery, and the
    Calmar ratio: compound yearly growth over that fall."""
    periods = _above_zero("periods_per_year", periods_per_year)
    found = performance.drawdown(equity_curve)
    return Drawdown(
        max_drawdown=found.max_drawdown,
        current_drawdown=found.current_drawdown,
        peak_index=found.peak_index,
        trough_index=found.trough_index,
        recovery_index=found.recovery_index,
        calmar=performance.calmar(equity_curve, periods) if len(equity_curve) > 1 else None,
        observations=len(equity_curve),
        periods_per_year=periods,
    )


@tool(server, READ)
async def check_portfolio_limits(
    proposal: ProposalJson, portfolio: PortfolioJson, market: MarketJson = None, limits: Limits = None
) -> dict[str, Any]:
    """Hold an imagined purchase against every limit. `market` gives the best prices and the closes that value
    at risk and correlation need; without closes those fail closed. `limits` changes configured ones by name.
    """
    rules = configured().rules
    checks = check_imagined(proposal, portfolio, market, parse_limits(limits, rules.limits), rules.costs)
    broken = [check.name for check in checks if not check.ok]
    return {"approved": not broken, "checks": _plain(checks), "violations": broken}


@tool(server, READ)
async def size_entry(
    symbol: Text,
    strategy: OptionalText,
    reference: AmountJson,
    stop: AmountJson,
    quote: QuoteJson,
    instrument: InstrumentJson = None,
) -> dict[str, Any]:
    """How much of `symbol` the strategy may buy at `quote`, with its stop as far below the fill as `stop` is
    below `reference`: fractional Kelly, cut to what the limits leave. Quantity 0 says why in `basis`."""
    checked, seen = checked_symbol(text("symbol", symbol)), parse_quote(quote)
    if seen.symbol != checked:
        raise ValueError(f"quote.symbol: {seen.symbol} does not price {checked}")
    sizing = await office().size(
        None if strategy is None else text("strategy", strategy),
        parse_amount("reference", reference),
        parse_amount("stop", stop),
        seen,
        parse_instrument(instrument, checked),
    )
    return {
        "quantity": plain(sizing.quantity),
        "notional": plain(sizing.notional),
        "kelly": sizing.kelly,
        "basis": sizing.basis,
    }


@tool(server, ANSWER)
async def check_breakers() -> dict[str, Any]:
    """Every circuit breaker as it stands, over all symbols the worst; the strictest effect wins. A drawdown
    beyond its limit halts trading until a person resumes it."""
    alarm = await office().alarm()
    return {
        "state": alarm.state,
        "state_reason": alarm.state_reason,
        "breakers": _plain(alarm.breakers),
        "effect": alarm.effect,
    }


@tool(server, ANSWER)
async def request_approval(
    decision_id: Text, order: OrderJson, quote: QuoteJson, instrument: InstrumentJson = None
) -> dict[str, Any]:
    """Ask for leave to place one order. The portfolio is read from the journal. GRANTED binds every field of
    the order until `expires_at` and can be used once; PENDING waits for a person; REJECTED names the limits.
    """
    seen = parse_quote(quote)
    asked = parse_order(order, seen)
    steps = parse_instrument(instrument, asked.symbol)
    answer = await office().request(Question(parse_decision_id(decision_id), asked, seen, steps))
    return {
        "approval_id": answer.approval_id,
        "decision": answer.decision,
        "expires_at": answer.expires_at.isoformat(),
        "reason": answer.reason,
        "checks": _plain(answer.checks),
    }


def _plain(records: tuple[Record, ...]) -> list[dict[str, Any]]:
    return [record.model_dump(mode="json") for record in records]


def _above_zero(name: str, value: Any) -> float:
    checked = number(name, value)
    if checked <= 0:
        raise ValueError(f"{name} must be above 0, not {checked}")
    return checked


if __name__ == "__main__":
    run(server)
