"""The settings of a run, each with its default, where it comes from and what it means."""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import yaml
from pydantic import BaseModel, SecretStr

from cryptofunk_tui.domain.parts import SettingFacts
from cryptofunk_tui.settings import Settings

HIDDEN = "(set, not shown)"


def explain(settings: Settings, origins: Mapping[str, str]) -> tuple[SettingFacts, ...]:
    """Every setting in the order of the file. `origins` names what is not a default, by dotted key."""
    return tuple(_facts(settings, Settings(), "", origins))


def _facts(
    model: BaseModel, default: BaseModel, path: str, origins: Mapping[str, str]
) -> Iterator[SettingFacts]:
    words = field_words(type(model))
    for name in type(model).model_fields:
        value, usual, key = getattr(model, name), getattr(default, name, None), f"{path}{name}"
        if isinstance(value, BaseModel) and isinstance(usual, BaseModel):
            yield from _facts(value, usual, f"{key}.", origins)
            continue
        now, default_words = _written(value), _written(usual)
        yield SettingFacts(
            key=key,
            value=now,
            default=default_words,
            origin=origins.get(key, "default" if now == default_words else "this run"),
            words=words.get(name, ""),
        )


def _written(value: object) -> str:
    """A value as YAML writes it, on one line; a secret is never shown."""
    if isinstance(value, SecretStr):
        return HIDDEN
    plain: Any = (
        str(value) if not isinstance(value, str | int | float | bool | tuple | dict | None) else value
    )
    if isinstance(value, tuple):
        plain = [each if isinstance(each, int | float) else str(each) for each in value]
    return yaml.safe_dump(plain, default_flow_style=True, width=10_000).removesuffix("...\n").strip()


@cache
def field_words(model: type[BaseModel]) -> dict[str, str]:
    """What the docstring below each field says, those of base classes too. Read from the source, where it is
    written once."""
    words: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if not issubclass(base, BaseModel) or base.__module__.startswith("pydantic"):
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, following in zip(body.body, body.body[1:], strict=False):
            if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                text = _docstring(following)
                if text:
                    words[field.target.id] = text
    return words


def _docstring(node: ast.stmt) -> str:
    """A string that stands alone, on one line."""
    if (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    ):
        return " ".join(node.value.value.split())
    return ""
