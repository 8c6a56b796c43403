"""Money for model calls: taken before the call at its worst, given back where it cost less."""

from dataclasses import fields
from datetime import datetime
from decimal import Decimal

from cryptofunk_tui.domain.models import BudgetRules
from cryptofunk_tui.llm.question import Question
from cryptofunk_tui.storage.model_calls import ModelCalls, Spent

_NAMES = {"cycle": "a decision", "agent_day": "an agent's day", "hour": "an hour", "day": "a day"}


class OverBudget(Exception):
    """A call that might cost more than is left; the text names the budget."""


async def check_budget(
    calls: ModelCalls, question: Question, worst_usd: Decimal, rules: BudgetRules, now: datetime
) -> None:
    """Raises OverBudget where the worst that a call may cost is more than any budget has left. Nothing may be
    reserved between this and the call's own entry."""
    spent = await calls.spent(question.cycle, question.agent, now)
    for field in fields(Spent):
        most, so_far = getattr(rules, field.name), getattr(spent, field.name)
        if so_far + worst_usd > most:
            raise OverBudget(
                f"the budget of {_NAMES[field.name]} is ${most}: ${so_far:.4f} is spent and a call may cost "
                f"${worst_usd:.4f}"
            )
