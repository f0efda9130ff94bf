"""What is sent? Values of a manifest with settings and expressions in them, filled in for one request.

A text that begins with ``=`` is an expression, ``${name}`` stands for a setting, ``{name}`` in a path for a value of the
call. Everything else is sent as it stands.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias
from urllib.parse import quote

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from syncworker.connector.answers import Json
from syncworker.connector.declarative.expression import SETTING, Expression, Settings, with_settings
from syncworker.connector.declarative.functions import ExpressionError

#: What is known while a request is put together.
Facts: TypeAlias = "dict[str, Json]"
Fill: TypeAlias = Callable[[Facts], Json]

_PLACE = re.compile(r"\{([a-z_][a-z0-9_.]*)\}")


@dataclass(frozen=True, slots=True)
class Template:
    """A value, a list or a table whose texts are expressions, settings or literals."""

    #: A literal, an ``Expression``, or a list or dict of templates.
    value: object

    @classmethod
    def parse(cls, value: object) -> Template:
        """Raises ``ExpressionError`` for a broken expression."""
        if isinstance(value, Template):
            return value
        if isinstance(value, str):
            return cls(Expression.parse(value[1:].strip()) if value.startswith("=") else value)
        if isinstance(value, dict):
            return cls({str(name): cls.parse(one) for name, one in value.items()})
        if isinstance(value, list):
            return cls([cls.parse(one) for one in value])
        if isinstance(value, float):
            return cls(Decimal(repr(value)))
        if value is None or isinstance(value, bool | int | Decimal):
            return cls(value)
        raise ExpressionError("expected a text, number, true or false, list or table")

    def expressions(self) -> Iterator[Expression]:
        """Every expression in it."""
        if isinstance(self.value, Expression):
            yield self.value
        for one in self._inner():
            yield from one.expressions()

    def settings(self) -> frozenset[str]:
        """Names of the settings that it or its expressions use."""
        names: set[str] = set()
        if isinstance(self.value, str):
            names |= {match[1] for match in SETTING.finditer(self.value)}
        if isinstance(self.value, Expression):
            names |= self.value.settings()
        return frozenset(names.union(*(one.settings() for one in self._inner())))

    def _inner(self) -> list[Template]:
        if isinstance(self.value, dict):
            return list(self.value.values())
        return list(self.value) if isinstance(self.value, list) else []

    def bind(self, settings: Settings) -> Fill:
        """The value as a function of the call's facts."""
        value = self.value
        if isinstance(value, Expression):
            return _searching(value, settings)
        if isinstance(value, dict):
            pairs = [(name, one.bind(settings)) for name, one in value.items()]
            return lambda facts: {name: fill(facts) for name, fill in pairs}
        if isinstance(value, list):
            parts = [one.bind(settings) for one in value]
            return lambda facts: [fill(facts) for fill in parts]
        literal: Json = with_settings(value, settings) if isinstance(value, str) else _plain(value)
        return lambda _facts: literal

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_validated)


def _searching(expression: Expression, settings: Settings) -> Fill:
    search = expression.bind(settings)

    def fill(facts: Facts) -> Json:
        return search(facts)

    return fill


def _validated(value: object) -> Template:
    try:
        return Template.parse(value)
    except ExpressionError as error:
        raise PydanticCustomError("template", "{problem}", {"problem": str(error)}) from None


def _plain(value: object) -> Json:
    return value if value is None or isinstance(value, bool | int | Decimal) else str(value)


def fill_path(path: str, settings: Settings) -> Callable[[Facts], str]:
    """``path`` as a function of the call's facts: settings and ``{places}`` are quoted, so none can leave its step."""
    bound = SETTING.sub(lambda match: quote(str(settings.get(match[1]) or ""), safe=""), path)

    def fill(facts: Facts) -> str:
        return _PLACE.sub(lambda match: quote(_found(facts, match[1]), safe=""), bound)

    return fill


def places(path: str) -> frozenset[str]:
    """The first names of the ``{places}`` in a path."""
    return frozenset(match[1].partition(".")[0] for match in _PLACE.finditer(SETTING.sub("", path)))


def _found(facts: Mapping[str, Json], name: str) -> str:
    value: Json = dict(facts)
    for step in name.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, bool) or not isinstance(value, str | int) or value == "":
        raise ExpressionError(f"{{{name}}} in the path has no value")
    return str(value)


def without_nulls(value: Json) -> Json:
    """The value without any null in it: no number given must mean "leave it", never null."""
    if isinstance(value, dict):
        return {name: without_nulls(one) for name, one in value.items() if one is not None}
    if isinstance(value, list):
        return [without_nulls(one) for one in value if one is not None]
    return value
