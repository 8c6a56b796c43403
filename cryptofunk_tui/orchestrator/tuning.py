"""Changing one number of one agent while the run goes on: checked whole, or not at all."""

from typing import Any

import yaml
from pydantic import ValidationError

from cryptofunk_tui.agents.council import analysis_builders, strategy_builders
from cryptofunk_tui.domain.errors import Refused, WrongUse
from cryptofunk_tui.domain.rules import ANALYSIS_AGENTS, STRATEGY_AGENTS, Rules


def tuned(rules: Rules, agent: str, field: str, text: str) -> Rules:
    """The rules with `field` of an agent set to what `text` says in YAML. Raises WrongUse for a name or a
    value that cannot be, Refused for what only a new start can change."""
    if agent not in (*ANALYSIS_AGENTS, *STRATEGY_AGENTS):
        raise WrongUse(f"{agent} has no numbers that can be changed here")
    part = getattr(rules.council, agent)
    if field == "enabled" or field not in type(part).model_fields:
        raise WrongUse(f"{agent} has no number {field!r}")
    try:
        value = yaml.safe_load(text)
        changed = type(part).model_validate({**part.model_dump(), field: value})
    except yaml.YAMLError:
        raise WrongUse(f"{text!r} is no number") from None
    except ValidationError as error:
        raise WrongUse(f"{agent}.{field}: {error.errors()[0]['msg']}") from None
    after = rules.model_copy(update={"council": rules.council.model_copy(update={agent: changed})})
    if _needs(after, agent) != _needs(rules, agent):
        raise Refused(
            f"{agent}.{field} says which indicators are computed; put it into your file and start again"
        )
    return after


def _needs(rules: Rules, agent: str) -> Any:
    builders = {**analysis_builders(rules), **strategy_builders(rules)}
    return builders[agent]().needs if agent in builders else ()
