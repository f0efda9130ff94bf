"""What does a JMESPath expression find in a document? Parsed and checked once, then a plain Python function.

JMESPath as in its specification, but for what would go wrong silently: a number is never taken for true or false, `sum`
does not skip what is missing, and numbers with a fraction stay exact.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import partial
from typing import Any, TypeAlias, cast

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from syncworker.connector.answers import Json
from syncworker.connector.declarative import syntax
from syncworker.connector.declarative.functions import FUNCTIONS, ExpressionError, Function

Search: TypeAlias = Callable[[Json], Json]
Settings: TypeAlias = Mapping[str, Json]
_Node: TypeAlias = syntax.Node

#: ``${name}``, with a question mark if it may be left out.
SETTING = re.compile(r"\$\{([a-z][a-z0-9_]*)(\??)\}")


@dataclass(frozen=True, slots=True)
class Expression:
    """One JMESPath expression. ``'${name}'`` inside it stands for a setting, and is bound as a value, never as text."""

    text: str
    tree: _Node

    @classmethod
    def parse(cls, text: str) -> Expression:
        """Raises ``ExpressionError`` that says what is wrong, and where."""
        try:
            tree: Any = jmespath.compile(text).parsed
        except JMESPathError as error:
            raise ExpressionError(f"is no JMESPath: {_first_line(error)}") from None
        syntax.check(tree)
        return cls(text, tree)

    @property
    def steps(self) -> tuple[str, ...] | None:
        """The names of a plain path such as ``a.b``; ``None`` for any other expression."""
        return syntax.steps(self.tree)

    def settings(self) -> frozenset[str]:
        """Names of the settings it uses."""
        return frozenset(match[1] for text in syntax.texts(self.tree) for match in SETTING.finditer(text))

    def roots(self) -> frozenset[str]:
        """The first names it looks up in its own document, outside of every filter and projection."""
        return frozenset(syntax.roots(self.tree, inner=False))

    def inner_roots(self) -> frozenset[str]:
        """The first names that are looked up in an element of a list, where nothing outside of it is seen."""
        return frozenset(syntax.roots(self.tree, inner=True))

    def bind(self, settings: Settings) -> Search:
        """The expression as a function, which raises ``ExpressionError`` for what cannot be worked out."""
        return _compiled(self.tree, _Scope(settings))

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: object, _handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_validated)


def _validated(value: object) -> Expression:
    if isinstance(value, Expression):
        return value
    if not isinstance(value, str) or not value.strip():
        raise PydanticCustomError("expression", "expected a JMESPath expression in quotes")
    try:
        return Expression.parse(value)
    except ExpressionError as error:
        raise PydanticCustomError("expression", "{problem}", {"problem": str(error)}) from None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]


# ---------------------------------------------------------------- from tree to function


@dataclass(frozen=True, slots=True)
class _Scope:
    settings: Settings
    #: Whether an element without a value has to stay in a list as null (it would be missed in a sum).
    keeps_null: bool = False


def _compiled(node: _Node, scope: _Scope) -> Search:
    build = _BUILDERS.get(node["type"])
    if build is None:
        raise ExpressionError(f"uses {node['type'].replace('_', ' ')}, which is not known here")
    return build(node, scope)


def _parts(node: _Node, scope: _Scope) -> list[Search]:
    return [_compiled(child, scope) for child in syntax.children(node)]


def _field(node: _Node, _scope: _Scope) -> Search:
    name: str = node["value"]
    return lambda document: document.get(name) if isinstance(document, dict) else None


def _chain(node: _Node, scope: _Scope) -> Search:
    names = syntax.steps(node)
    if names is not None:
        return _path(names)
    steps = _parts(node, scope)
    if len(steps) == 2:
        first, second = steps
        return lambda document: second(first(document))

    def search(document: Json) -> Json:
        for step in steps:
            document = step(document)
        return document

    return search


def _path(names: tuple[str, ...]) -> Search:
    """The commonest chain, in one function."""

    def search(document: Json) -> Json:
        for name in names:
            if not isinstance(document, dict):
                return None
            document = document.get(name)
        return document

    return search


def _itself(_node: _Node, _scope: _Scope) -> Search:
    return lambda document: document


def _index(node: _Node, _scope: _Scope) -> Search:
    position: int = node["value"]

    def search(document: Json) -> Json:
        if not isinstance(document, list) or not -len(document) <= position < len(document):
            return None
        return document[position]

    return search


def _slice(node: _Node, _scope: _Scope) -> Search:
    cut = slice(*node["children"])
    return lambda document: document[cut] if isinstance(document, list) else None


def _literal(node: _Node, scope: _Scope) -> Search:
    value = _exact(node["value"])
    if isinstance(value, str):
        value = with_settings(value, scope.settings)
    return lambda _document: value


def _exact(value: Any) -> Json:  # Any: jmespath reads a literal's fraction as a float
    if isinstance(value, float):
        return Decimal(repr(value))
    if isinstance(value, list):
        return [_exact(one) for one in value]
    return {name: _exact(one) for name, one in value.items()} if isinstance(value, dict) else value


def with_settings(text: str, settings: Settings) -> Json:
    """``text`` with each ``${name}`` in it replaced; one that is the whole text keeps its type."""
    whole = SETTING.fullmatch(text)
    if whole is not None:
        return settings.get(whole[1])
    return SETTING.sub(lambda match: _as_text(settings.get(match[1])), text)


def _as_text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _projection(node: _Node, scope: _Scope) -> Search:
    base, each = (_compiled(child, scope) for child in node["children"])
    keeps_null, is_values = scope.keeps_null, node["type"] == "value_projection"

    def search(document: Json) -> Json:
        rows = base(document)
        if is_values:
            rows = list(rows.values()) if isinstance(rows, dict) else None
        if not isinstance(rows, list):
            return None
        found = [each(row) for row in rows]
        return found if keeps_null else [one for one in found if one is not None]

    return search


def _filter(node: _Node, scope: _Scope) -> Search:
    base, each, condition = (_compiled(child, scope) for child in node["children"])
    keeps_null = scope.keeps_null

    def search(document: Json) -> Json:
        rows = base(document)
        if not isinstance(rows, list):
            return None
        found = [each(row) for row in rows if is_true(condition(row))]
        return found if keeps_null else [one for one in found if one is not None]

    return search


def _flatten(node: _Node, scope: _Scope) -> Search:
    (base,) = _parts(node, scope)

    def search(document: Json) -> Json:
        rows = base(document)
        if not isinstance(rows, list):
            return None
        return [one for row in rows for one in (row if isinstance(row, list) else [row])]

    return search


def _comparison(node: _Node, scope: _Scope) -> Search:
    left, right = _parts(node, scope)
    compare = _COMPARE[node["value"]]
    fixed = right(None) if syntax.children(node)[1]["type"] == "literal" else None
    if isinstance(fixed, str) and node["value"] in {"eq", "ne"}:
        wanted = node["value"] == "eq"
        return lambda document: (left(document) == fixed) is wanted
    return lambda document: compare(left(document), right(document))


def _same(left: Json, right: Json) -> bool:
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def _ordered(left: Json, right: Json, *, holds: Callable[[Any, Any], bool]) -> Json:
    both_numbers = is_number(left) and is_number(right)
    both_texts = isinstance(left, str) and isinstance(right, str)
    return holds(left, right) if both_numbers or both_texts else None


def is_number(value: Json) -> bool:
    """Whether it is a number, which true and false are not."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def is_true(value: Json) -> bool:
    """JMESPath's truth, except that a number has none: there 0 would count as true."""
    if value is True or value is False or value is None:
        return value is True
    if is_number(value):
        raise ExpressionError(
            "takes a number for true or false, and 0 is true in JMESPath; compare it (a > `0`) or use present(a, b)"
        )
    return value not in ("", [], {})


def _or(node: _Node, scope: _Scope) -> Search:
    left, right = _parts(node, scope)

    def search(document: Json) -> Json:
        value = left(document)
        return value if is_true(value) else right(document)

    return search


def _and(node: _Node, scope: _Scope) -> Search:
    left, right = _parts(node, scope)

    def search(document: Json) -> Json:
        value = left(document)
        return right(document) if is_true(value) else value

    return search


def _not(node: _Node, scope: _Scope) -> Search:
    (inner,) = _parts(node, scope)
    return lambda document: not is_true(inner(document))


def _list(node: _Node, scope: _Scope) -> Search:
    parts = _parts(node, replace(scope, keeps_null=False))
    return lambda document: None if document is None else [part(document) for part in parts]


def _object(node: _Node, scope: _Scope) -> Search:
    parts = [(pair["value"], _compiled(pair["children"][0], scope)) for pair in syntax.children(node)]
    return lambda document: None if document is None else {name: part(document) for name, part in parts}


def _call(node: _Node, scope: _Scope) -> Search:
    name: str = node["value"]
    function: Function = FUNCTIONS[name]
    inner = replace(scope, keeps_null=function.misses_null)
    children = syntax.children(node)
    if name == "map":
        each, rows = _compiled(children[0]["children"][0], scope), _compiled(children[1], scope)
        return lambda document: _result(function, [each(row) for row in _rows(rows(document))])
    if name == "if":
        condition, yes, no = (_compiled(child, scope) for child in children)
        return lambda document: yes(document) if is_true(condition(document)) else no(document)
    arguments = [_compiled(child, inner) for child in children]
    if len(arguments) == 1:
        (only,), call = arguments, function.call
        return lambda document: cast("Json", call(only(document)))

    def search(document: Json) -> Json:
        return _result(function, [argument(document) for argument in arguments])

    return search


def _result(function: Function, arguments: list[Json]) -> Json:
    value: Json = function.call(*arguments)
    return value


def _rows(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def _reference(_node: _Node, _scope: _Scope) -> Search:
    raise ExpressionError("uses & outside of map(&…, list)")


_COMPARE: dict[str, Callable[[Json, Json], Json]] = {
    "eq": _same,
    "ne": lambda left, right: not _same(left, right),
    "lt": partial(_ordered, holds=lambda left, right: left < right),
    "lte": partial(_ordered, holds=lambda left, right: left <= right),
    "gt": partial(_ordered, holds=lambda left, right: left > right),
    "gte": partial(_ordered, holds=lambda left, right: left >= right),
}
_BUILDERS: dict[str, Callable[[_Node, _Scope], Search]] = {
    "field": _field,
    "subexpression": _chain,
    "index_expression": _chain,
    "pipe": _chain,
    "current": _itself,
    "identity": _itself,
    "index": _index,
    "slice": _slice,
    "literal": _literal,
    "projection": _projection,
    "value_projection": _projection,
    "filter_projection": _filter,
    "flatten": _flatten,
    "comparator": _comparison,
    "or_expression": _or,
    "and_expression": _and,
    "not_expression": _not,
    "multi_select_list": _list,
    "multi_select_dict": _object,
    "function_expression": _call,
    "expref": _reference,
}
