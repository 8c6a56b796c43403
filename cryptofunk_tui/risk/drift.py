"""When the market has left an entry behind that waits for a person. Pure."""

from decimal import Decimal

from cryptofunk_tui.domain.base import plain
from cryptofunk_tui.domain.corridor import Corridor
from cryptofunk_tui.domain.market import Quote
from cryptofunk_tui.domain.orders import Approval
from cryptofunk_tui.domain.rules import ApprovalRules
from cryptofunk_tui.risk.order_guard import exact


def corridor(approval: Approval, quote: Quote, rules: ApprovalRules) -> Corridor:
    """How far the ask may go from that of `quote`, at which a buy was asked for: by `rules.drift` either way,
    never beyond the collar, nor down to where the bid meets the stop, nor up to where the plan's own target
    and stop promise less than `rules.reward_risk`; that last bound is never below the price asked at."""
    order, asked, drift = approval.order, quote.ask, exact(rules.drift)
    moved = f"{plain(drift * 100)} % from the price asked at"
    lows, highs = [(asked * (1 - drift), moved)], [(asked * (1 + drift), moved)]
    highs.append((approval.collar, "its collar"))
    plan = order.protection
    if plan is not None:
        lows.append((plan.stop + quote.ask - quote.bid, "its stop"))
    if plan is not None and plan.target is not None and rules.reward_risk > 0:
        least = exact(rules.reward_risk)
        spent = (plan.target + least * plan.stop) / (1 + least)
        highs.append((max(asked, spent), f"reward over risk below {rules.reward_risk:g}"))
    low, why_low = max(lows)
    high, why_high = min(highs, key=lambda bound: bound[0])
    return Corridor(
        approval_id=approval.approval_id, asked=asked, low=low, why_low=why_low, high=high, why_high=why_high
    )


def left_behind(bounds: Corridor, quote: Quote) -> str:
    """Why the order is rejected at `quote`; empty while it is not."""
    if quote.ask > bounds.high:
        return _words("rose", quote.ask, bounds.high, bounds.why_high)
    if quote.ask <= bounds.low:
        return _words("fell", quote.ask, bounds.low, bounds.why_low)
    return ""


def _words(moved: str, price: Decimal, bound: Decimal, why: str) -> str:
    return f"the price {moved} to {plain(price)} while it waited, beyond {plain(round(bound, 8))} ({why})"
