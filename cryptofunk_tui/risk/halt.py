"""Two ways to be HALTED: by the drawdown breaker, which lets exits pass, and by a kill, which does not."""

from cryptofunk_tui.domain.risk import TradingState

_BY_DRAWDOWN = "drawdown"


def halt_reason(drawdown: float, limit: float) -> str:
    """Why the breaker halted trading, as the control state keeps it; both are fractions below 0."""
    return f"{_BY_DRAWDOWN} of {drawdown:.2%} from the equity's peak, {limit:.2%} is the limit"


def is_kill(state: TradingState, reason: str) -> bool:
    """Whether a control state stops exits too: HALTED for any reason but the drawdown."""
    return state is TradingState.HALTED and not reason.startswith(_BY_DRAWDOWN)
