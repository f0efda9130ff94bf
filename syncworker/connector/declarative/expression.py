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
from typing import Any, TypeAlias

import jmespath
from jmespath.exceptions import JMESPathError
from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from syncworker.connector.answers import Json
from syncworker.connector.declarative.functions import FUNCTIONS, ExpressionError, Function

Search: TypeAlias = Callable[[Json], Json]
Settings: TypeAlias = Mapping[str, Json]
_Node: TypeAlias = "dict[str, Any]"  # Any: jmespath's own syntax tree, which has no types

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
        _check(tree)
        return cls(text, tree)

    @property
    def steps(self) -> tuple[str, ...] | None:
        """The names of a plain path such as ``a.b``; ``None`` for any other expression."""
        return _steps(self.tree)

    def settings(self) -> frozenset[str]:
        """Names of the settings it uses."""
        return frozenset(_settings_of(self.tree))

    def roots(self) -> frozenset[str]:
        """The first names it looks up in its own document, outside of every filter and projection."""
        return frozenset(_roots(self.tree, inner=False))

    def inner_roots(self) -> frozenset[str]:
        """The first names that are looked up in an element of a list, where nothing outside of it is seen."""
        return frozenset(_roots(self.tree, inner=True))

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


# ---------------------------------------------------------------- what is known without a document


def _children(node: _Node) -> list[_Node]:
    return [child for child in node.get("children", ()) if isinstance(child, dict)]


def _check(node: _Node) -> None:
    if node["type"] == "function_expression":
        function = FUNCTIONS.get(node["value"])
        if function is None:
            raise ExpressionError(f"calls {node['value']}(); there are {', '.join(sorted(FUNCTIONS))}")
        function.check_arity(node["value"], len(node["children"]))
    for child in _children(node):
        _check(child)


def _steps(node: _Node) -> tuple[str, ...] | None:
    if node["type"] == "field":
        return (node["value"],)
    if node["type"] != "subexpression":
        return None
    parts = [_steps(child) for child in _children(node)]
    return tuple(step for part in parts for step in part or ()) if all(parts) else None


def _settings_of(node: _Node) -> set[str]:
    found: set[str] = set()
    if node["type"] == "literal" and isinstance(node["value"], str):
        found |= {match[1] for match in SETTING.finditer(node["value"])}
    for child in _children(node):
        found |= _settings_of(child)
    return found


#: Which children of a node look into an element, not into what the node itself looks into.
_INTO_ELEMENTS = {"projection": (1,), "value_projection": (1,), "filter_projection": (1, 2)}


def _roots(node: _Node, *, inner: bool) -> set[str]:
    kind, children = node["type"], _children(node)
    if kind == "field":
        return set() if inner else {node["value"]}
    if kind in {"subexpression", "index_expression", "pipe"}:
        # What follows the first part looks into its result.
        rest = [_roots(child, inner=True) for child in children[1:]] if inner else []
        return _roots(children[0], inner=inner).union(*rest) if children else set()
    if kind == "expref":
        return _roots(children[0], inner=False) if inner else set()
    found: set[str] = set()
    for position, child in enumerate(children):
        if position in _INTO_ELEMENTS.get(kind, ()):
            found |= (_roots(child, inner=False) | _roots(child, inner=True)) if inner else set()
        else:
            found |= _roots(child, inner=inner)
    return found


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
    return [_compiled(child, scope) for child in _children(node)]


def _field(node: _Node, _scope: _Scope) -> Search:
    name: str = node["value"]
    return lambda document: document.get(name) if isinstance(document, dict) else None


def _chain(node: _Node, scope: _Scope) -> Search:
    steps = _parts(node, scope)
    if len(steps) == 2:
        first, second = steps
        return lambda document: second(first(document))

    def search(document: Json) -> Json:
        for step in steps:
            document = step(document)
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
    return lambda document: compare(left(document), right(document))


def _same(left: Json, right: Json) -> bool:
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _ordered(left: Json, right: Json, *, holds: Callable[[Any, Any], bool]) -> Json:
    both_numbers = is_number(left) and is_number(right)
    both_texts = isinstance(left, str) and isinstance(right, str)
    return holds(left, right) if both_numbers or both_texts else None


def is_number(value: Json) -> bool:
    """Whether it is a number, which true and false are not."""
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def is_true(value: Json) -> bool:
    """JMESPath's truth, except that a number has none: there 0 would count as true."""
    if is_number(value):
        raise ExpressionError(
            "takes a number for true or false, and 0 is true in JMESPath; compare it (a > `0`) or use present(a, b)"
        )
    return not (value is None or value is False or value in ("", [], {}))


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
    parts = [(pair["value"], _compiled(pair["children"][0], scope)) for pair in _children(node)]
    return lambda document: None if document is None else {name: part(document) for name, part in parts}


def _call(node: _Node, scope: _Scope) -> Search:
    name: str = node["value"]
    function: Function = FUNCTIONS[name]
    inner = replace(scope, keeps_null=function.misses_null)
    children = _children(node)
    if name == "map":
        each, rows = _compiled(children[0]["children"][0], scope), _compiled(children[1], scope)
        return lambda document: function.call(*((each(row) for row in _rows(rows(document)))))
    if name == "if":
        condition, yes, no = (_compiled(child, scope) for child in children)
        return lambda document: yes(document) if is_true(condition(document)) else no(document)
    arguments = [_compiled(child, inner) for child in children]

    def search(document: Json) -> Json:
        return function.call(*(argument(document) for argument in arguments))

    return search


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
