"""How much to buy: fractional Kelly, cut to what the limits leave, rounded down to the venue's step."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal, localcontext

from cryptofunk_tui.domain.base import plain
from cryptofunk_tui.domain.market import Instrument, Quote
from cryptofunk_tui.domain.portfolio import Portfolio
from cryptofunk_tui.domain.rules import CostRules, LimitRules, SizingRules
from cryptofunk_tui.quant.kelly import Edge, edge_of
from cryptofunk_tui.risk.history import History, TooLittleHistory, correlations
from cryptofunk_tui.risk.limits import correlated_value
from cryptofunk_tui.risk.order_guard import Amounts, exact, holdings
from cryptofunk_tui.risk.reward import round_trip_costs

FINEST_STEP = Decimal("0.00000001")
"""Step where the venue's is not known."""


@dataclass(frozen=True, slots=True)
class Sizing:
    """A size and where it comes from. `notional` is quantity × ask in quote currency, `kelly` the full Kelly
    share of equity at risk, `basis` one line for people. Quantity 0 says in `basis` why."""

    quantity: Decimal
    notional: Decimal
    kelly: float
    basis: str


def entry_size(
    symbol: str,
    *,
    quote: Quote,
    reference: Decimal,
    stop: Decimal,
    results: Sequence[float],
    portfolio: Portfolio,
    reserved: Amounts,
    history: History,
    costs: CostRules,
    limits: LimitRules,
    sizing: SizingRules,
    instrument: Instrument | None = None,
) -> Sizing:
    """The size of a buy at `quote` with its stop `reference` − `stop` below. `results` are the strategy's net
    R-multiples, newest first. Notional = equity × λ × f / (stop fraction + costs), probation where f is 0.
    Raises ValueError where the stop is not between 0 and the reference."""
    if not 0 < stop < reference:
        raise ValueError(f"stop {plain(stop)} must lie above 0 and below reference {plain(reference)}")
    edge = edge_of(
        results[: sizing.history],
        prior_trades=sizing.prior_trades,
        prior_win_rate=sizing.prior_win_rate,
        prior_payoff=sizing.prior_payoff,
    )
    with localcontext() as context:
        context.rounding = ROUND_DOWN
        equity = max(portfolio.equity, Decimal(0))
        risked = float((reference - stop) / reference) + round_trip_costs(quote, costs)
        share = sizing.kelly_fraction * edge.kelly / risked if edge.kelly > 0 else sizing.probation
        caps = _caps(symbol, portfolio, reserved, history, costs, limits)
        binding = min(caps, key=lambda name: caps[name])
        notional = min(equity * exact(share), max(caps[binding], Decimal(0)))
        price = quote.ask * max(exact(sizing.price_cushion), 1 + exact(limits.price_collar))
        step = instrument.quantity_step if instrument and instrument.quantity_step else FINEST_STEP
        quantity = notional / price // step * step
    basis = _basis(edge, share, sizing, binding if notional < equity * exact(share) else None)
    reason = _too_small(quantity, quote, instrument)
    if reason:
        return Sizing(Decimal(0), Decimal(0), edge.kelly, f"{reason}: {basis}")
    return Sizing(quantity, quantity * quote.ask, edge.kelly, basis)


def _caps(
    symbol: str,
    portfolio: Portfolio,
    reserved: Amounts,
    history: History,
    costs: CostRules,
    limits: LimitRules,
) -> dict[str, Decimal]:
    """What each limit leaves for this symbol, in quote currency; may be below 0."""
    values = holdings(portfolio, reserved)
    equity, own = portfolio.equity, values.get(symbol, Decimal(0))
    free = portfolio.cash / (1 + costs.taker_fee) - sum(reserved.values(), Decimal(0))
    caps = {
        "position": exact(limits.position) * equity - own,
        "exposure": exact(limits.exposure) * equity - sum(values.values(), Decimal(0)),
        "correlated_exposure": exact(limits.correlated_exposure) * equity
        - _moving_with(symbol, values, history, limits),
        "cash": free,
    }
    if len(values.keys() | {symbol}) > limits.positions:
        caps["positions"] = Decimal(0)
    return caps


def _moving_with(symbol: str, values: dict[str, Decimal], history: History, limits: LimitRules) -> Decimal:
    """Value already held in what moves with the symbol; everything, where history cannot say."""
    values = {symbol: Decimal(0)} | values
    names = list(values)
    try:
        matrix = correlations(history.returns(names, limits.history_bars))
    except TooLittleHistory:
        return sum(values.values(), Decimal(0))
    return correlated_value(symbol, values, matrix, names, limits.correlation)


def _too_small(quantity: Decimal, quote: Quote, instrument: Instrument | None) -> str:
    """Why a quantity cannot be ordered; empty where it can. Valued at the bid, the lower price."""
    if quantity <= 0:
        return "no room for one step"
    if instrument and quantity * quote.bid < instrument.min_notional:
        return f"below the venue's least notional of {plain(instrument.min_notional)}"
    return ""


def _basis(edge: Edge, share: float, sizing: SizingRules, capped_by: str | None) -> str:
    evidence = f"{edge.trades} trades and {sizing.prior_trades} prior"
    if edge.kelly > 0:
        text = f"Kelly {edge.kelly:.4f} from {evidence}, × {sizing.kelly_fraction:g} over the stop"
    else:
        text = f"probation, no edge in {evidence}"
    cut = f", cut by the {capped_by} limit" if capped_by else ""
    return f"{text}: {share:.2%} of equity{cut}"
